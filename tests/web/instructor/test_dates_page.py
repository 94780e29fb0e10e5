"""One time of an assignment, set from its page: in course.yaml and in force, or neither."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client

from tests.term_course import COURSE
from tests.web.instructor.course_pages import change_course, noted, sent, told, words
from tests.web.site import Site

HW2 = "/course/assignments/hw2/"
HW1 = "/course/assignments/hw1/"


@pytest.fixture
def ivy(site: Site) -> Client:
    return site.client("ivy")


def text_of(site: Site) -> str:
    return site.served.course_file.read_text()


def ask(client: Client, path: str, field: str, value: str) -> Any:
    return client.get(f"{path}date/", {"field": field, "value": value})


def confirm(client: Client, path: str, page: Any, reason: str = "the room is free") -> Any:
    return sent(client, page, f"{path}date/", reason=reason)


def test_an_assignment_is_released_now(site: Site, ivy: Client) -> None:
    site.place.rely("prof")
    page = ask(ivy, HW2, "release", "now")
    assert page.status_code == 200
    assert text_of(site) == COURSE  # to look at it changes nothing
    assert "assignments.hw2.release" in words(page)
    answer = confirm(ivy, HW2, page)
    assert (answer.status_code, answer["Location"]) == (302, HW2)
    assert text_of(site) == COURSE.replace("release: 2027-01-28 18:00", "release: 2027-01-20 12:00")
    version = site.store.record.version_in_force()
    assert version is not None
    assert (version.text, version.by) == (text_of(site), "ivy")
    (row,) = noted(site, "setting changed")
    assert (row.subject, row.by, row.reason) == (
        "assignments.hw2.release", "ivy", "the room is free",
    )  # fmt: skip
    assert row.detail == "2027-01-28T18:00:00-05:00 -> 2027-01-20T12:00:00-05:00"
    assert site.client("ada").get("/").status_code == 200
    current = site.place.current()
    assert not current.waits
    assert current.course.assignments["hw2"].release_utc <= site.now


def test_the_first_course_file_is_put_in_force_by_an_edit_and_what_changed_is_kept(
    site: Site, ivy: Client
) -> None:
    confirm(ivy, HW2, ask(ivy, HW2, "release", "now"))
    assert [row.subject for row in noted(site, "setting changed")] == ["assignments.hw2.release"]


def test_feedback_is_held_back_until_a_time(site: Site, ivy: Client) -> None:
    page = ask(ivy, HW1, "feedback", "2027-02-03T12:00")
    assert "feedback</dt><dd>from" in words(page)
    confirm(ivy, HW1, page)
    due = "    due: 2027-01-28 23:59\n"
    assert text_of(site) == COURSE.replace(due, f"{due}    feedback: 2027-02-03 12:00\n")


def test_feedback_is_shown_now(site: Site, ivy: Client) -> None:
    confirm(ivy, HW1, ask(ivy, HW1, "feedback", "now"))
    assert "    feedback: 2027-01-20 12:00\n" in text_of(site)


def test_a_time_may_be_relative_to_another(site: Site, ivy: Client) -> None:
    confirm(ivy, HW1, ask(ivy, HW1, "lock", "hw1.due  +  2 days"))
    lock = site.place.current().course.assignments["hw1"].lock
    assert f"{lock:%Y-%m-%d %H:%M}" == "2027-01-30 23:59"


@pytest.mark.parametrize(
    ("path", "field", "value", "why"),
    [
        (HW1, "release", "now", "hw1 has been open since 2027-01-14 18:00 EST."),
        (HW1, "lock", " ", "Say which time. Such as"),
        ("/course/assignments/essay/", "feedback", "now", "essay is graded by hand"),
    ],
)
def test_what_would_change_nothing_is_refused(
    site: Site, ivy: Client, path: str, field: str, value: str, why: str
) -> None:
    answer = ask(ivy, path, field, value)
    assert answer.status_code == 302
    assert why in told(answer)[0]
    assert text_of(site) == COURSE


def test_feedback_waits_for_who_may_still_hand_in(site: Site, ivy: Client) -> None:
    site.store.extensions.grant("hw1", student="ada", days=5, reason="ill", by="prof")
    site.at(datetime(2027, 1, 30, 12, tzinfo=UTC))
    answer = ask(ivy, HW1, "feedback", "now")
    assert "waits for the last who may hand it in, until 2027-02-02 23:59 EST" in told(answer)[0]


def test_a_time_that_breaks_a_rule_is_told_with_its_line_and_not_written(
    site: Site, ivy: Client
) -> None:
    page = ask(ivy, HW1, "due", "2027-01-13 12:00")
    line = COURSE[: COURSE.index("due: 2027-01-28")].count("\n") + 1
    assert page.status_code == 400
    assert f"?line={line}" in words(page)
    assert "expected a time after the release" in words(page)
    answer = ivy.post(f"{HW1}date/", {"field": "due", "value": "2027-01-13 12:00", "reason": "x"})
    assert (answer.status_code, text_of(site)) == (400, COURSE)


def test_what_is_in_braces_is_said_with_its_line_and_what_to_write(site: Site, ivy: Client) -> None:
    start, end = COURSE.index("  hw2:\n"), COURSE.index("  essay:\n    title")
    fields = ", ".join(line.strip() for line in COURSE[start:end].splitlines()[1:-2])
    questions = "questions: {q1: {title: All of it, points: 10}}"
    change_course(site, COURSE[start:end], f"  hw2: {{{fields}, {questions}}}\n")
    answer = ask(ivy, HW2, "feedback", "2027-03-01 12:00")
    (why,) = told(answer)
    assert "assignments.hw2 can't be edited by itself, as its fields are in braces" in why
    assert "write `feedback: 2027-03-01 12:00` there" in why


def test_an_edit_without_a_reason_is_not_made(site: Site, ivy: Client) -> None:
    answer = confirm(ivy, HW2, ask(ivy, HW2, "release", "now"), reason=" ")
    assert (answer.status_code, text_of(site)) == (400, COURSE)
    assert "Say why" in words(answer)


def test_a_file_that_somebody_changed_meanwhile_is_not_written_over(
    site: Site, ivy: Client
) -> None:
    page = ask(ivy, HW2, "release", "now")
    change_course(site, "title: Second homework", "title: Homework 2")
    theirs = text_of(site)
    answer = confirm(ivy, HW2, page)
    assert (answer.status_code, text_of(site)) == (409, theirs)
    assert "was changed by somebody else meanwhile" in words(answer)
    assert confirm(ivy, HW2, answer).status_code == 302
    assert text_of(site) == theirs.replace("release: 2027-01-28 18:00", "release: 2027-01-20 12:00")


def test_an_edit_that_waits_must_be_settled_first(site: Site, ivy: Client) -> None:
    site.place.rely("prof")
    change_course(site, "percent: 10,", "percent: 20,")
    answer = ask(ivy, HW2, "release", "now")
    assert "has an edit that is not in force yet" in told(answer)[0]


def test_what_cannot_be_put_in_force_is_not_left_in_the_file(
    site: Site, ivy: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from grader.store.tables import Tables

    page = ask(ivy, HW2, "release", "now")

    def refuse(*_: object) -> None:
        raise DatabaseError("fault")

    monkeypatch.setattr(Tables, "act", refuse)
    ivy.raise_request_exception = False
    assert confirm(ivy, HW2, page).status_code == 500
    assert text_of(site) == COURSE
    assert site.store.record.version_in_force() is None


def test_a_rehearsal_shows_the_change_but_does_not_write_it(
    site: Site, ivy: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site.place, "is_rehearsal", True)
    answer = confirm(ivy, HW2, ask(ivy, HW2, "release", "now"))
    assert (answer.status_code, text_of(site)) == (400, COURSE)
    assert "This is a rehearsal" in words(answer)
    (Path(site.served.course_file).parent / "rehearsal").touch()
    assert confirm(ivy, HW2, ask(ivy, HW2, "release", "now")).status_code == 302


def test_whose_grades_change_is_a_part_of_its_own(site: Site, ivy: Client) -> None:
    site.at(datetime(2027, 1, 27, 12, tzinfo=UTC))
    site.hand_in("ada")
    site.grade()
    site.place.rely("prof")
    query = {"field": "due", "value": "2027-01-26 12:00"}
    part = ivy.get(f"{HW1}date/grades/", query)
    assert "1 student would have other grades" in words(part)
    assert 'href="/staff/students/ada/"' in words(part)
    assert text_of(site) == COURSE


@pytest.mark.parametrize(
    "path",
    [
        "/course/assignments/hw9/",
        f"{HW1}date/?field=points&value=now",
        f"{HW1}date/grades/?field=x",
    ],
)
def test_what_there_is_not_is_not_found(ivy: Client, path: str) -> None:
    assert ivy.get(path).status_code == 404
