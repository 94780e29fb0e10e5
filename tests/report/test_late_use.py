"""Lateness, extensions, requests and absentees: told to staff, and to nobody else."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from grader.course.calendar import Standing
from grader.gradebook import Pending, unscored
from grader.report import AssignmentReport, RowState
from grader.report.document import report_json
from grader.report.late_use import late_views
from grader.report.pages import feedback_page, index_page
from grader.standalone import UNKNOWN_NAME
from tests.report.cohort import (
    BEHAVIOURS,
    DUE,
    QUESTIONS,
    REASON,
    asked,
    cohort_report,
    granted,
    one_student,
)
from tests.report.test_pages import HOSTILE, Page

REPORT = cohort_report()


def test_late_students_come_first_then_who_had_more_time():
    views = late_views(REPORT)
    assert [(view.student.text, view.late) for view in views] == [
        ("Lucía Quispe", "3 days"),
        ("Chen Wei", "1 day"),
        ("María García", ""),
        ("Kim Seo-yeon", ""),
    ]
    assert [view.cost for view in views][:2] == ["70 % counts", "90 % counts"]
    (text,) = views[1].extensions
    assert text == (
        f"group Saddle points: until Fri 12 Feb 23:59, by prof, Sun 7 Feb 23:59: {REASON}"
    )


def test_a_late_submission_is_late_also_while_it_has_no_score():
    row = replace(
        REPORT.rows[0],
        state=RowState.QUEUED,
        graded=None,
        score=unscored("adeyemi", QUESTIONS, Pending.QUEUED),
        standing=Standing(2, 1.0, grace_days=2),
        due=DUE + timedelta(days=1),
    )
    (view,) = late_views(replace(REPORT, rows=(row,)))
    assert (view.late, view.grace, view.due) == ("2 days", "2", "Thu 11 Feb 23:59")


def test_staff_read_reasons_requests_and_addresses():
    text = Page(index_page(REPORT)).text
    for words in (REASON, "My sign is right.", "1 answer", "vargas@mail.example", "L0101"):
        assert words in text
    document = json.loads(report_json(REPORT))
    assert document["extensions"][1]["students"] == ["chen", "garcia"]
    assert document["extensions"][0]["reason"] == REASON
    assert document["open_requests"][0]["text"] == "My sign is right."
    assert document["rows"][0]["email"] == "adeyemi@mail.example"


@pytest.mark.parametrize("row", REPORT.rows, ids=lambda row: row.student)
def test_no_students_page_has_any_of_it(row):
    html = feedback_page(REPORT, row)
    for words in (REASON, "My sign is right.", "mail.example", "L0101", "Saddle points"):
        assert words not in html


def test_a_student_reads_their_own_due_time():
    row = replace(REPORT.rows[0], due=DUE + timedelta(days=2))
    assert "Fri 12 Feb 2027, 23:59:00 EST" in Page(feedback_page(REPORT, row)).text


def test_hostile_reasons_requests_and_addresses_stay_text():
    report = one_student(student="ada")
    row = replace(report.rows[0], email=HOSTILE, section=HOSTILE)
    absent = replace(
        row, student="eve", state=RowState.NOT_SUBMITTED, graded=None,
        score=unscored("eve", QUESTIONS, Pending.NOT_SUBMITTED),
    )  # fmt: skip
    made: AssignmentReport = replace(
        report,
        rows=(row, absent),
        extensions=(granted("ada", group=HOSTILE, reason=HOSTILE),),
        requests=(asked("ada", HOSTILE),),
    )
    page = Page(index_page(made))
    assert not {"script", "img", "form"} & set(page.tags)
    # Group, reason, request, section, and the address twice.
    assert page.text.count("<script>alert(1)</script>") == 6
    assert UNKNOWN_NAME not in page.text


def test_a_request_of_who_left_the_course_is_not_shown():
    report = replace(cohort_report(BEHAVIOURS[:2]), requests=(asked("gone"),))
    assert "Open regrade requests" not in index_page(report)
