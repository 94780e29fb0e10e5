"""The record, checks and backups in pages."""

import csv
import io
from datetime import UTC, datetime

import pytest
from django.test import Client

from grader.desk.backups import note_backup
from grader.desk.checking import keep_found
from grader.grading.otter_verification import OtterVerification
from tests.web.instructor.course_pages import words
from tests.web.site import Site

RECORD = "/course/record/"


@pytest.fixture
def ivy(site: Site) -> Client:
    return site.client("ivy")


def note(site: Site, number: int, by: str = "prof", what: str = "released") -> None:
    for each in range(number):
        site.store.record.note(by=by, what=what, subject=f"s{each}", detail="", reason="why")


def test_a_hundred_changes_are_shown_at_a_time_the_newest_first(site: Site, ivy: Client) -> None:
    note(site, 130)
    first, second = (words(ivy.get(RECORD, {"page": str(page)})) for page in (1, 2))
    assert first.count('<th scope="row">') == 100
    assert second.count('<th scope="row">') == 30
    assert first.index(">s129<") < first.index(">s30<")
    assert "101–130 of 130" in second
    for page in ("99", "-1", "x"):
        assert words(ivy.get(RECORD, {"page": page})).count('<th scope="row">') in (100, 30)


def test_changes_are_found_by_who_what_and_about_what(site: Site, ivy: Client) -> None:
    note(site, 3)
    note(site, 2, by="ta", what="extension granted")
    for query, count in (
        ({"by": "ta"}, 2),
        ({"what": "released"}, 3),
        ({"about": "S1"}, 2),
        ({"by": "ta", "about": "s1"}, 1),
        ({"by": "nobody"}, 0),
    ):
        assert words(ivy.get(RECORD, query)).count('<th scope="row">') == count, query


def test_what_was_found_is_had_as_csv_without_formulas(site: Site, ivy: Client) -> None:
    note(site, 3)
    site.store.record.note(by="ta", what="x", subject="=1+1", detail='"a", b', reason="")
    answer = ivy.get(f"{RECORD}csv/", {"by": "ta"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="record.csv"' in answer["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["by"], row["subject"], row["detail"]) for row in rows] == [
        ("ta", "'=1+1", '"a", b')
    ]
    everything = ivy.get(f"{RECORD}csv/").content.decode("utf-8-sig")
    assert len(everything.splitlines()) == 5


def test_what_is_on_record_is_shown_as_text(site: Site, ivy: Client) -> None:
    site.store.record.note(by="ta", what="x", subject="<b>s</b>", detail="<i>", reason="<u>")
    page = ivy.get(RECORD).content.decode()
    assert "&lt;b&gt;s&lt;/b&gt;" in page
    assert "<i>" not in page


def keep(site: Site, *complaints: str) -> None:
    hw1 = site.place.current().course.assignments["hw1"]
    found = OtterVerification(None, None, complaints, ("there is no solution.ipynb",))
    keep_found(site.served.data, hw1, found, at=datetime(2027, 1, 19, 12, tzinfo=UTC), by="prof")


def test_what_was_checked_last_is_shown(site: Site, ivy: Client) -> None:
    page = words(ivy.get("/course/checks/"))
    assert page.count("course check hw1") == 1
    assert "essay" not in page.split("Checks</h1>")[1]
    keep(site, "q1 `check_a`: the mutant `off_by_one` is accepted")
    assert "1 mistake" in words(ivy.get("/course/checks/"))
    one = words(ivy.get("/course/checks/hw1/"))
    assert "Checked <time" in one
    assert "the mutant <code>off_by_one</code> is accepted" in one
    assert "was changed since" not in one
    (site.served.course_file.parent / "assignments" / "hw1" / "checks.py").write_text("x = 1\n")
    assert "was changed since" in words(ivy.get("/course/checks/hw1/"))
    assert "changed since" in words(ivy.get("/course/checks/"))
    assert "It is graded by hand" in words(ivy.get("/course/checks/essay/"))


def test_what_was_never_checked_says_how(ivy: Client) -> None:
    assert ">course check hw2</pre>" in words(ivy.get("/course/checks/hw2/"))


def test_the_last_backup_is_shown_and_the_command(site: Site, ivy: Client) -> None:
    page = words(ivy.get("/course/backup/"))
    assert "No backup was made" in page
    assert f"--data {site.served.data} backup course-2027-01-20.tar.gz" in page
    assert "no backup was made of this course" in words(ivy.get("/course/")).lower()
    file = site.served.data.parent / "b.tar.gz"
    note_backup(site.served.data, file, submissions=7, left_out=0)
    page = words(ivy.get("/course/backup/"))
    assert f"<code>{file}</code>" in page
    assert "<dd>7</dd>" in page
    assert "no backup was made" not in words(ivy.get("/course/")).lower()
