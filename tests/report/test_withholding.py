"""Before hidden results are shown, a student's page has nothing that follows from them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from grader.outcomes import Shown
from grader.report.feedback import feedback_view
from grader.report.pages import feedback_page
from grader.report.records import AssignmentReport, ReportRow, RowState
from tests.report.cohort import cohort_report

REPORT = cohort_report()
GRADED = [row for row in REPORT.rows if row.state is RowState.GRADED]
LATER = replace(REPORT, hidden_until=REPORT.due + timedelta(days=3))


def with_shown(row: ReportRow, shown: Shown) -> ReportRow:
    assert row.graded
    checks = tuple(replace(check, shown=shown) for check in row.graded.checks)
    return replace(row, graded=replace(row.graded, checks=checks))


def same_page(report: AssignmentReport, row: ReportRow) -> str:
    """The page, without what is the student's own."""
    return feedback_page(report, replace(row, student="x", name="x", submission="1"))


@pytest.mark.parametrize("row", GRADED, ids=lambda row: row.student)
def test_no_hidden_result_is_on_the_page(row: ReportRow):
    view = feedback_view(LATER, row)
    assert [question.checks for question in view.questions if question.checks] == []
    assert (view.score, view.lateness.count("=")) == ("", 0)
    assert view.notice
    assert view.notice.label == "Shown later"
    assert row.graded
    for result in row.graded.checks:
        assert result.title not in feedback_page(LATER, row)


def test_two_grades_that_differ_in_hidden_results_only_look_alike():
    row = next(row for row in GRADED if row.graded and row.score.final)
    assert row.graded
    nothing = tuple(replace(check, earned=0.0, message="wrong") for check in row.graded.checks)
    zero = replace(row.score, final=0.0, raw=0.0, auto=0.0)
    other = replace(row, graded=replace(row.graded, checks=nothing), score=zero)
    assert same_page(LATER, row) == same_page(LATER, other)
    assert same_page(REPORT, row) != same_page(REPORT, other)


def test_what_is_shown_at_once_is_there():
    row = with_shown(GRADED[0], Shown.AT_ONCE)
    assert feedback_page(LATER, row) == feedback_page(REPORT, row)


def test_the_page_says_from_when_on_it_is_shown():
    assert "is shown from" in feedback_page(LATER, GRADED[0])
    assert "is shown from" not in feedback_page(REPORT, GRADED[0])
