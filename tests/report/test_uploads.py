"""The pages and tables of an upload: no checks, no plots without numbers, rubric and comment."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from grader.course import RubricItem
from grader.gradebook import (
    Lateness,
    ManualScore,
    Pending,
    QuestionInfo,
    score_submission,
    unscored,
)
from grader.report import AssignmentReport, ReportRow, RowState, score_table, score_table_columns
from grader.report.document import report_json
from grader.report.pages import feedback_page, index_page
from grader.report.sentences import PENDING, UPLOAD_UNGRADED
from grader.report.statistics import score_spread
from grader.report.tables import checks_csv, scores_csv
from grader.standalone import UNKNOWN_NAME
from tests.report.cohort import DUE
from tests.report.test_pages import HOSTILE, Page, all_pages

QUESTIONS = (
    QuestionInfo(
        "idea",
        "Idea",
        6,
        manual=True,
        rubric=(
            RubricItem(name="question", points=4, text="A question"),
            RubricItem(name="why", points=2, text="Why open"),
        ),
    ),
    QuestionInfo("plan", "Plan", 4, manual=True),
)
ON_TIME = Lateness()
BOTH = (ManualScore("idea", 5, "Which data?\nSay so."), ManualScore("plan", 4))


def row(student: str, *marks: ManualScore, late: Lateness = ON_TIME) -> ReportRow:
    score = score_submission(student, QUESTIONS, None, lateness=late, manual=marks)
    received = DUE.astimezone(UTC) + timedelta(days=late.days - 1)
    return ReportRow(student, student.title(), RowState.BY_HAND, score, "7", received)


def report(*rows: ReportRow) -> AssignmentReport:
    absent = unscored("zoe", QUESTIONS, Pending.NOT_SUBMITTED)
    return AssignmentReport(
        course_code="NN101",
        course_title="Nets",
        assignment="essay",
        title="Essay",
        due=DUE,
        generated_at=datetime(2027, 3, 1, tzinfo=UTC),
        questions=QUESTIONS,
        rows=(*rows, ReportRow("zoe", "Zoe", RowState.NOT_SUBMITTED, absent)),
        submit="pdf",
    )


NOBODY = report()
UNREAD = report(row("ada"), row("bob"))
SOME = report(row("ada", *BOTH, late=Lateness(1, 0.9)), row("bob", BOTH[1]), row("eve"))
ALL = report(row("ada", *BOTH), row("bob", ManualScore("idea", 0), ManualScore("plan", 0)))


@pytest.mark.parametrize(
    ("made", "plots", "facts"),
    [
        pytest.param(NOBODY, 0, "0 to be graded", id="nobody has handed in"),
        pytest.param(UNREAD, 0, "2 to be graded", id="none is read"),
        pytest.param(SOME, 2, "2 to be graded", id="some are read"),
        pytest.param(ALL, 2, "0 to be graded", id="all are read"),
    ],
)
def test_the_staff_page_has_scores_only_and_no_empty_plot(
    made: AssignmentReport, plots: int, facts: str
) -> None:
    html = index_page(made)
    assert UNKNOWN_NAME not in html
    assert html.count('role="img"') == plots  # the histogram, wide and narrow
    assert html.count("<figure>") == plots // 2
    text = Page(html).text
    assert facts in text
    for words in ("Checks", "Time and memory", "automatic", "tampered"):
        assert words not in text


def test_the_staff_page_lists_whose_file_waits() -> None:
    text = Page(index_page(SOME)).text
    waiting = text[text.index("Without a score") : text.index("Not submitted")]
    assert "Bob: waiting for a grade by hand" in waiting
    assert "Eve: waiting for a grade by hand" in waiting
    assert "Ada" not in waiting


@pytest.mark.parametrize(
    ("made", "values"), [(NOBODY, ()), (UNREAD, ()), (SOME, (8.1,)), (ALL, (9.0, 0.0))]
)
def test_scores_are_those_that_are_final(made: AssignmentReport, values: tuple) -> None:
    spread = score_spread(made)
    assert (spread.kind, spread.points, spread.values) == ("final score", 10, values)


@pytest.mark.parametrize(
    ("student", "words", "not_there"),
    [
        ("ada", ["Final score", "1 day late: 9 points × 90 % = 8.1", "Say so."], "Not final"),
        ("bob", ["Points so far", UPLOAD_UNGRADED.what, "4 / 4", "– / 6"], "automatic tests"),
        ("eve", [UPLOAD_UNGRADED.label, UPLOAD_UNGRADED.advice, "– / 4"], "Points so far"),
        ("zoe", [PENDING[Pending.NOT_SUBMITTED].what], "Final score"),
    ],
)
def test_a_student_reads_the_rubric_and_where_things_stand(
    student: str, words: list[str], not_there: str
) -> None:
    (its,) = (row for row in SOME.rows if row.student == student)
    html = feedback_page(SOME, its)
    text = Page(html).text
    for word in (*words, "A question", "Why open", "think that a grade is wrong"):
        assert word in text
    assert UNKNOWN_NAME not in html
    assert not_there not in text
    assert "inputs that you have not seen" not in text


def test_a_hostile_comment_or_name_stays_text() -> None:
    score = score_submission(HOSTILE, QUESTIONS, None, manual=[ManualScore("idea", 1, HOSTILE)])
    made = report(ReportRow(HOSTILE, HOSTILE, RowState.BY_HAND, score, note=HOSTILE))
    for page in map(Page, all_pages(made)[:2]):
        assert not {"script", "img", "form"} & set(page.tags)
        assert "<script>alert(1)</script>" in page.text


def test_the_tables_leave_out_what_was_never_run() -> None:
    assert score_table_columns(SOME) == ("student", "idea", "plan", "late", "final", "state")
    assert score_table(SOME)[:3] == [
        ("ada", "5", "4", "1", "8.10", "graded by hand"),
        ("bob", "by hand", "4", "", "", "waiting for a grade by hand"),
        ("eve", "by hand", "by hand", "", "", "waiting for a grade by hand"),
    ]
    rows = list(csv.DictReader(io.StringIO(scores_csv(SOME), newline="")))
    assert [(r["state"], r["final"], r["idea"]) for r in rows] == [
        ("by hand", "8.1", "5"),
        ("by hand", "", ""),
        ("by hand", "", ""),
        ("not submitted", "", ""),
    ]
    assert len(checks_csv(SOME).splitlines()) == 1
    document = json.loads(report_json(SOME))
    assert document["assignment"]["submit"] == "pdf"
    assert document["counts"]["by hand"] == 3
    assert document["questions"][0]["rubric"][1] == {"points": 2.0, "text": "Why open"}
