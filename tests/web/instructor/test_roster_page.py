"""The roster in a page: what a file would change is shown, and only then written."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.web.instructor.course_pages import noted, sent, told, words
from tests.web.site import Site

ROSTER = "/course/roster/"
WRITE = "/course/roster/write/"
HEAD = "student,name,email,section\n"
# bob left, zoe is new, eve has a section now.
NEW = (
    f"{HEAD}ada,Ada,ada@mail.example,\neve,Eve,eve@mail.example,L2\njoe,Joe,joe@mail.example,\n"
    "kim,Kim,kim@mail.example,\nzoe,Zoë,,L1\n"
)
CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section
    Points Possible,,,,
"Lovelace, Ada",1,ada,ada,L1
"""


@pytest.fixture
def ivy(site: Site) -> Client:
    return site.client("ivy")


def upload(client: Client, text: str, name: str = "new.csv") -> Any:
    return client.post(f"{ROSTER}upload/", {"file": SimpleUploadedFile(name, text.encode())})


def on_disk(site: Site) -> str:
    return (site.served.course_file.parent / "roster.csv").read_text()


def names(site: Site) -> list[str]:
    return [row.identifier for row in site.store.roster.students()]


def test_the_students_are_listed_and_found(ivy: Client) -> None:
    page = words(ivy.get(ROSTER))
    assert "5 students" in page
    assert 'href="/staff/students/kim/"' in page
    found = words(ivy.get(ROSTER, {"text": "KIM"}))
    assert 'href="/staff/students/kim/"' in found
    assert 'href="/staff/students/ada/"' not in found


def test_what_a_file_changes_is_shown_and_not_written(site: Site, ivy: Client) -> None:
    before = on_disk(site)
    page = words(upload(ivy, NEW))
    assert "<dt>added</dt><dd>1</dd>" in page
    assert "section: – → L2" in page
    assert '<dt>left</dt><dd class="alert">1</dd>' in page
    assert (on_disk(site), names(site)) == (before, ["ada", "bob", "eve", "joe", "kim"])


def test_a_roster_that_was_shown_is_written_and_counts(site: Site, ivy: Client) -> None:
    answer = sent(ivy, upload(ivy, NEW), WRITE)
    assert told(answer) == ["roster.csv is written: 1 added, 1 changed, 1 left."]
    assert on_disk(site) == NEW
    assert names(site) == ["ada", "eve", "joe", "kim", "zoe"]
    gone = site.store.roster.find("bob")
    assert gone is not None
    assert not gone.active
    (row,) = noted(site, "roster taken")
    assert (row.by, row.detail) == ("ivy", "1 added, 1 changed, 1 left")
    (row,) = noted(site, "roster changed")
    assert row.by == "ivy"
    assert site.client("bob").get("/").status_code == 403


def test_an_export_of_the_lms_is_taken_and_known_addresses_stay(site: Site, ivy: Client) -> None:
    sent(ivy, upload(ivy, CANVAS, "grades.csv"), WRITE)
    assert on_disk(site) == f"{HEAD}ada,Ada Lovelace,ada@mail.example,L1\n"


def test_mistakes_are_told_by_line_and_nothing_is_written(site: Site, ivy: Client) -> None:
    before = on_disk(site)
    page = upload(ivy, f"{HEAD}ada,Ada,not an address,\n")
    assert page.status_code == 400
    assert '<span class="id">2:9</span>' in words(page)
    assert "expected an address such as" in words(page)
    assert on_disk(site) == before


def test_what_is_in_the_form_is_read_as_strictly(site: Site, ivy: Client) -> None:
    before = on_disk(site)
    answer = sent(ivy, upload(ivy, NEW), WRITE, csv="student,name,email\n../x,X,\n")
    assert "expected letters, digits" in told(answer)[0]
    assert on_disk(site) == before


def test_a_roster_that_changed_meanwhile_is_not_written_over(site: Site, ivy: Client) -> None:
    page = upload(ivy, NEW)
    theirs = f"{HEAD}ada,Ada,ada@mail.example,L9\n"
    (site.served.course_file.parent / "roster.csv").write_text(theirs)
    answer = sent(ivy, page, WRITE)
    assert "was changed by somebody else meanwhile" in told(answer)[0]
    assert on_disk(site) == theirs


def test_a_file_that_was_edited_beside_the_page_is_taken_in(site: Site, ivy: Client) -> None:
    (site.served.course_file.parent / "roster.csv").write_text(NEW)
    page = ivy.get(ROSTER)
    assert "It has 1 added, 1 changed, 1 left beside the students below" in words(page)
    sent(ivy, page, f"{ROSTER}read/")
    assert names(site) == ["ada", "eve", "joe", "kim", "zoe"]
    assert "was changed" not in words(ivy.get(ROSTER))


def test_a_roster_that_can_not_be_read_leaves_the_students(site: Site, ivy: Client) -> None:
    (site.served.course_file.parent / "roster.csv").write_text("student,nmae\n")
    assert "can't be read" in words(ivy.get(ROSTER))
    answer = ivy.post(f"{ROSTER}read/")
    assert "did you mean `name`?" in told(answer)[0]
    assert len(names(site)) == 5


def test_a_rehearsal_writes_no_roster(
    site: Site, ivy: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site.place, "is_rehearsal", True)
    before = on_disk(site)
    assert "This is a rehearsal" in told(sent(ivy, upload(ivy, NEW), WRITE))[0]
    assert on_disk(site) == before


def test_a_roster_that_can_not_be_written_is_told(
    site: Site, ivy: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("grader.desk.enrolling.write_durably", refuse)
    said = told(sent(ivy, upload(ivy, NEW), WRITE))
    assert said[0].startswith("roster.csv can't be written from here: Permission denied.")
    assert len(names(site)) == 5


def test_an_upload_without_a_file_is_refused(ivy: Client) -> None:
    assert told(ivy.post(f"{ROSTER}upload/")) == ["Choose a file."]
