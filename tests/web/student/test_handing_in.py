"""Handing in on the page: what is taken, what is refused, and what is kept of either."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.http import HttpResponse
from django.test import Client

from grader.intake import Refused
from grader.outcomes import GraderError
from grader.store import State, is_genuine, read_receipt
from grader.web.student.handing_in import MOST_A_MINUTE, read_upload
from tests.term_course import at, notebook
from tests.web.site import Site

NOTEBOOK = notebook("x = 1")


def send(
    client: Client, data: bytes, name: str = "mine.ipynb", assignment: str = "hw1", **more: str
) -> HttpResponse:
    file = SimpleUploadedFile(name, data)
    return client.post(f"/assignments/{assignment}/submit", {"file": file, **more})


def test_a_notebook_is_taken_with_a_receipt(site: Site):
    client = site.client("ada")
    answer = send(client, NOTEBOOK)
    (row,) = site.store.submissions("hw1")
    assert (answer.status_code, answer["Location"]) == (302, f"/submissions/{row.id}/")
    assert (row.student, row.file_name, row.state) == ("ada", "mine.ipynb", State.QUEUED)
    assert row.received_at == site.now
    assert site.store.read_notebook_bytes(row) == NOTEBOOK
    text = client.get(answer["Location"]).content.decode()
    assert "Received. Your receipt is below." in text
    assert row.sha256 in text
    receipt = client.get(f"/submissions/{row.id}/receipt")
    assert receipt["Content-Disposition"] == f'attachment; filename="receipt-{row.id}.json"'
    assert is_genuine(read_receipt(receipt.content), site.store.secret())
    assert site.store.record.version_in_force() is not None


def test_the_same_file_again_is_the_same_submission(site: Site):
    client = site.client("ada")
    answer = [send(client, NOTEBOOK) for _ in range(3)][-1]
    assert len(site.store.submissions("hw1")) == 1
    text = client.get(answer["Location"]).content.decode()
    assert "This file was your newest submission already. Nothing was used up." in text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the file is empty."),
        (b"PK\x03\x04", "this is no notebook but a zip archive"),
        (b'{"cells": [', "the file ends in the middle of the notebook."),
        (
            NOTEBOOK.replace(b'"source"', b'"sauce"'),
            "&#x27;source&#x27; is missing; text or a list of lines was expected.",
        ),
    ],
)
def test_a_bad_file_is_refused_on_the_page_and_uses_nothing_up(site: Site, data: bytes, words: str):
    answer = send(site.client("ada"), data)
    text = answer.content.decode()
    assert (answer.status_code, words in text) == (422, True)
    assert "Nothing was used up." in text
    assert site.store.submissions("hw1") == ()


def test_what_is_wrong_is_told_with_its_place(site: Site):
    bad = NOTEBOOK.replace(b"x = 1", b"x = \\u0000")
    text = send(site.client("ada"), bad).content.decode()
    assert '<span class="place">cell 1, line 1</span>' in text
    assert "U+0000" in text


def test_no_file_is_told(site: Site):
    answer = site.client("ada").post("/assignments/hw1/submit")
    assert (answer.status_code, "no file came with that." in answer.content.decode()) == (422, True)


class Unread(UploadedFile):
    """An upload that must not be read."""

    def read(self, *args: object) -> bytes:
        raise AssertionError("it was read")


def test_a_file_that_is_too_large_is_refused_before_it_is_read(site: Site):
    file = Unread(BytesIO(), "large.ipynb", size=(20 << 20) + 1)
    with pytest.raises(Refused, match="20,971,521 bytes; 20,971,520 is the limit"):
        read_upload(file, site.place.current().course.assignments["hw1"])


def test_late_work_is_taken_and_told_what_it_costs(site: Site):
    site.at(at("2027-01-30 12:00"))
    client = site.client("ada")
    text = client.get(send(client, NOTEBOOK)["Location"]).content.decode()
    assert "2 days late: 80 % of the points earned" in text


@pytest.mark.parametrize(
    ("assignment", "now", "status", "words"),
    [
        ("hw2", "2027-01-20 12:00", 404, ""),
        ("hw9", "2027-01-20 12:00", 404, ""),
        ("essay", "2027-01-20 12:00", 422, "essay is done in groups of 2 to 3, and ada is in none"),
    ],
)
def test_what_the_rules_refuse_is_refused_here(
    site: Site, assignment: str, now: str, status: int, words: str
):
    site.at(at(now))
    data = b"%PDF-1.7\n%%EOF\n" if assignment == "essay" else NOTEBOOK
    answer = send(site.client("ada"), data, assignment=assignment)
    assert (answer.status_code, words in answer.content.decode()) == (status, True)
    assert site.store.submissions(assignment) == ()


def test_a_file_of_a_group_is_everybodys(site: Site):
    site.store.groups.form("essay", "A", ("ada", "bob"), largest=3, by="ivy")
    answer = send(site.client("ada"), b"%PDF-1.7\n%%EOF\n", "e.pdf", "essay")
    (row,) = site.store.submissions("essay")
    assert (row.credited, row.state) == (("ada", "bob"), State.BY_HAND)
    for login, status in (("ada", 200), ("bob", 200), ("eve", 404)):
        assert site.client(login).get(answer["Location"]).status_code == status


def test_nobody_hands_in_for_somebody_else(site: Site):
    send(site.client("ada"), NOTEBOOK, student="bob", login="bob")
    assert [row.student for row in site.store.submissions("hw1")] == ["ada"]
    assert send(site.client("tam"), NOTEBOOK).status_code == 403
    assert send(site.client(), NOTEBOOK).status_code == 401


def test_a_form_that_is_not_ours_is_refused(site: Site):
    client = site.client("ada", enforce_csrf_checks=True)
    assert send(client, NOTEBOOK).status_code == 403
    assert site.store.submissions("hw1") == ()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.ipynb", "passwd.ipynb"),
        ("C:\\a\\b.ipynb", "b.ipynb"),
        ('a"b<script>.ipynb', 'a"b<script>.ipynb'),
        ("\u202elanif.ipynb", "lanif.ipynb"),
    ],
)
def test_an_odd_name_stays_a_name(site: Site, name: str, kept: str):
    client = site.client("ada")
    answer = send(client, NOTEBOOK, name)
    (row,) = site.store.submissions("hw1")
    assert row.file_name == kept
    assert "<script>.ipynb" not in client.get(answer["Location"]).content.decode()
    file = client.get(f"/submissions/{row.id}/file")
    assert file["Content-Type"] == "application/octet-stream"
    assert file["X-Content-Type-Options"] == "nosniff"
    assert file["Content-Security-Policy"].startswith("sandbox;")
    disposition = file["Content-Disposition"]
    assert disposition.startswith("attachment; filename")
    assert not set("\r\n/") & set(disposition)
    assert file.getvalue() == NOTEBOOK


def test_where_our_side_fails_that_is_told_and_nothing_is_taken(
    site: Site, monkeypatch: pytest.MonkeyPatch
):
    def fails(*_: object, **__: object) -> None:
        raise GraderError("the disk is full")

    monkeypatch.setattr("grader.web.student.handing_in.submit", fails)
    answer = send(site.client("ada"), NOTEBOOK)
    assert answer.status_code == 503
    text = answer.content.decode()
    assert "your file was NOT taken" in text
    assert "disk" not in text


def test_too_many_files_in_a_minute_are_slowed_down(site: Site):
    client = site.client("ada")
    statuses = [send(client, b"x").status_code for _ in range(MOST_A_MINUTE + 1)]
    assert statuses == [422] * MOST_A_MINUTE + [429]
    assert send(site.client("bob"), NOTEBOOK).status_code == 302


def test_in_a_day_no_account_fills_the_disk(site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("grader.web.student.handing_in.MOST_A_DAY", 2)
    client = site.client("ada")
    answers = [send(client, notebook(f"x = {number}")) for number in range(3)]
    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert "you sent 2 files in a day." in answers[-1].content.decode()
    assert len(site.store.submissions("hw1")) == 2
