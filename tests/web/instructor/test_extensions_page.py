"""Extensions in a page: granted with a reason, all or none; what is due when because of them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.web.instructor.course_pages import change_course, noted, sent, told, words
from tests.web.site import Site

PAGE = "/course/extensions/"


@pytest.fixture
def ivy(site: Site) -> Client:
    return site.client("ivy")


def grant(client: Client, **values: Any) -> list[str]:
    ask = {"assignment": "hw1", "students": "ada", "days": "2", "reason": "ill", **values}
    return told(client.post(f"{PAGE}grant/", ask))


def given(site: Site) -> list[tuple[str, str | None, int]]:
    return [(row.assignment, row.student, row.days) for row in site.store.extensions.all()]


def test_students_are_given_more_time(site: Site, ivy: Client) -> None:
    (said,) = grant(ivy, students="ada, bob")
    assert said.startswith("2 extensions were given. hw1 of ada: due before 23:59 on Sat 30 Jan")
    assert given(site) == [("hw1", "ada", 2), ("hw1", "bob", 2)]
    rows = noted(site, "extension granted")
    assert [(row.by, row.subject, row.reason) for row in rows] == [
        ("ivy", "hw1 bob", "ill"),
        ("ivy", "hw1 ada", "ill"),
    ]
    assert site.store.record.version_in_force() is not None  # students rely on it now
    page = words(ivy.get(PAGE))
    assert "Sat 30 Jan 2027, 23:59 EST" in page
    assert 'href="/staff/students/bob/"' in page


def test_a_group_is_given_more_time(site: Site, ivy: Client) -> None:
    group = site.store.groups.form("essay", "A 1", ["ada", "bob"], largest=3, by="prof")
    grant(ivy, assignment="essay", students="", groups="A 1", days="", until="2027-02-12T12:00")
    (row,) = site.store.extensions.all()
    assert (row.group, row.until_text) == (group.id, "2027-02-12 12:00 America/Toronto")
    assert "Fri 12 Feb 2027, 12:00 EST" in words(ivy.get(PAGE))


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"students": "ada zoe"}, "No student 'zoe' is in the roster"),
        ({"students": ""}, "Say who is to have more time."),
        ({"reason": " "}, "Say why; it is kept in the course's record."),
        ({"days": ""}, "Say until a time, or how many days."),
        ({"days": "-1"}, "Days is '-1', expected a number."),
        ({"days": "400"}, "400 days are more than 366."),
        ({"assignment": "hw9"}, "There is no assignment 'hw9'; did you mean"),
        ({"days": "", "until": "2027-01-20T12:00"}, "2027-01-20 12:00 is not after the due time"),
        ({"time_factor": "1.5"}, "hw1 is not timed: a time factor changes nothing."),
        ({"time_factor": "nan"}, "The time factor is 'nan', expected a number from 1 to 10."),
        ({"groups": "Z"}, "There is no group 'Z' for hw1; there are: none."),
    ],
)
def test_a_mistake_grants_nothing(
    site: Site, ivy: Client, values: dict[str, str], why: str
) -> None:
    assert grant(ivy, **values)[0].startswith(why)
    assert given(site) == []


def test_a_later_close_gives_no_time_to_who_has_begun(site: Site, ivy: Client) -> None:
    due = "    due: 2027-01-28 23:59\n"
    change_course(site, due, f"{due}    time_allowed: 90 min\n")
    site.store.starts.begin("hw1", "ada", site.now, by="ada")
    assert grant(ivy)[0].startswith("ada has begun hw1")
    (said,) = grant(ivy, days="", time_factor="1.5")
    assert "with 2 h 15 min since they began" in said


def test_what_others_may_have_read_is_said(site: Site, ivy: Client) -> None:
    site.at(datetime(2027, 1, 30, 12, tzinfo=UTC))
    _, warning = grant(ivy, days="3")
    assert warning.startswith("Feedback of hw1 has been out since 2027-01-28 23:59 EST")


def test_a_file_grants_all_or_none(site: Site, ivy: Client) -> None:
    def upload(rows: str) -> list[str]:
        text = f"assignment,student,until,days,reason\n{rows}"
        return told(
            ivy.post(f"{PAGE}import/", {"file": SimpleUploadedFile("e.csv", text.encode())})
        )

    assert upload("hw1,ada,,1,ill\nhw1,zoe,,1,ill\n")[0].startswith("e.csv:3: no student 'zoe'")
    assert given(site) == []
    assert upload("hw1,ada,,1,ill\nhw2,bob,2027-02-20 12:00,,travel\n")[0].startswith(
        "2 extensions"
    )
    assert given(site) == [("hw1", "ada", 1), ("hw2", "bob", 0)]


def test_one_is_withdrawn_with_a_reason(site: Site, ivy: Client) -> None:
    grant(ivy)
    (row,) = site.store.extensions.all()
    path = f"{PAGE}{row.id}/withdraw/"
    assert told(ivy.post(path, {"reason": ""}))[0].startswith("Say why")
    answer = sent(ivy, ivy.get(PAGE), path, reason="a mistake")
    assert "hw1 of ada: due before 23:59 on Thu 28 Jan 2027" in told(answer)[0]
    assert given(site) == []
    assert noted(site, "extension withdrawn")[0].reason == "a mistake"
    assert told(ivy.post(path, {"reason": "again"}))[0] == (
        f"There is no extension {row.id} to withdraw."
    )
    assert "withdrawn" in words(ivy.get(PAGE, {"withdrawn": "yes"}))


def test_extensions_are_found_by_assignment_and_by_whom_they_are_for(
    site: Site, ivy: Client
) -> None:
    grant(ivy, reason="a broken arm")
    grant(ivy, assignment="hw2", students="bob")
    for query, shown in (({"assignment": "hw2"}, "bob"), ({"text": "BROKEN"}, "ada")):
        page = words(ivy.get(PAGE, query))
        assert [name for name in ("ada", "bob") if f"/staff/students/{name}/" in page] == [shown]


def test_reasons_are_shown_as_text(ivy: Client) -> None:
    grant(ivy, reason="<script>alert(1)</script>")
    assert "<script>alert" not in ivy.get(PAGE).content.decode()
