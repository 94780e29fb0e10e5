"""The tables: spreadsheets take no cell for a formula, and empty is not zero."""

import csv
import io
import json
import math

import pytest

from grader.gradebook.exports import csv_text
from grader.outcomes import CheckResult, Ending, GradedSubmission, Outcome
from grader.report import score_table, score_table_columns
from grader.report.document import report_json
from grader.report.tables import checks_csv, scores_csv
from tests.report.cohort import Finding, cohort_report, one_student


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_a_text_that_a_spreadsheet_would_run_gets_an_apostrophe(start: str) -> None:
    formula = start + 'cmd|" /C calc"!A1,\n;x'
    rows = list(csv.reader(io.StringIO(csv_text(["a", "b"], [[formula, 1]]), newline="")))
    assert rows == [["a", "b"], ["'" + formula, "1"]]


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        (-1.5, "-1.5"),
        (0.1 + 0.2, "0.3"),
        (7, "7"),
        (None, ""),
        (math.nan, ""),
        (-math.inf, ""),
        ("plain, with \"quotes\"", "plain, with \"quotes\""),
        ("a=b", "a=b"),
    ],
)  # fmt: skip
def test_numbers_stay_numbers_and_plain_text_stays_as_it_is(
    cell: str | float | None, written: str
) -> None:
    text = csv_text(["a", "b"], [[cell, "end"]])
    assert list(csv.reader(io.StringIO(text, newline="")))[1] == [written, "end"]


def test_hostile_names_and_messages_survive_the_round_trip_as_text() -> None:
    report = one_student(
        student="=2+5",
        name='@SUM(A1)\n"x",',
        note="-1",
        findings={"iterates": Finding(Outcome.RAISED, "=HYPERLINK(0)", "+mutant")},
    )
    row = read(scores_csv(report))[0]
    assert (row["student"], row["name"]) == ("'=2+5", '\'@SUM(A1)\n"x",')
    assert row["note"] == "'-1"
    check = read(checks_csv(report))[0]
    assert (check["message"], check["mutant"]) == ("'=HYPERLINK(0)", "'+mutant")


def test_a_score_that_is_not_there_is_empty_and_a_zero_is_zero() -> None:
    rows = {row["student"]: row for row in read(scores_csv(cohort_report()))}
    assert len(rows) == 22
    assert (rows["rossi"]["final"], rows["rossi"]["q1"]) == ("0", "0")
    for student in ("tanaka", "umarov", "vargas"):
        assert (rows[student]["final"], rows[student]["q1"], rows[student]["raw"]) == ("", "", "")
    assert rows["tanaka"]["pending"] == "delayed"
    assert (rows["chen"]["final"], rows["chen"]["late_days"]) == ("84.6", "1")


def test_the_checks_table_has_a_row_for_each_student_and_check() -> None:
    rows = read(checks_csv(cohort_report()))
    assert len(rows) == 19 * 14
    hvp = next(r for r in rows if (r["student"], r["check"]) == ("chen", "hvp_of_mlp"))
    assert (hvp["outcome"], hvp["earned"], hvp["error"]) == ("wrong value", "0", "0.4217733")


def test_the_json_counts_states_and_lists_every_student() -> None:
    document = json.loads(report_json(cohort_report()))
    assert document["counts"] == {
        "graded": 19, "queued": 0, "delayed": 1, "refused": 1, "by hand": 0, "not submitted": 1,
    }  # fmt: skip
    assert [row["student"] for row in document["rows"]][:2] == ["adeyemi", "bergstr"]
    assert document["rows"][19]["score"]["final"] is None
    assert document["mistakes"][0]["students"] == ["chen", "dasilva", "kim"]


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_cannot_say_are_null(number: float) -> None:
    result = CheckResult("c", "q1", "t", 1, 0, Outcome.NOT_FINITE, error=number)
    graded = GradedSubmission(Ending.FINISHED, "", (), (result,))
    report = one_student()
    row = report.rows[0]
    changed = type(row)(
        row.student, row.name, row.state, row.score, row.submission, row.received_at, graded
    )
    text = report_json(
        type(report)(
            report.course_code, report.course_title, report.assignment, report.title, report.due,
            report.generated_at, report.questions, (changed,),
        )
    )  # fmt: skip
    assert json.loads(text)["rows"][0]["checks"][0]["error"] is None


def test_the_terminal_table_has_no_control_characters() -> None:
    report = one_student(student="\x1b[2Jevil\x07\u202e\r\nx")
    rows = score_table(report)
    assert rows[0][0] == "evil x"
    assert len(rows[0]) == len(score_table_columns(report))


@pytest.mark.parametrize(
    ("student", "cells"),
    [
        ("chen", (*"12 12 10 10 12 12 12 8 6 88 1 84.60".split(), "finished")),
        ("okafor", (*"12 12 10 0 0 0 0 0 5 34".split(), "", "39.00", "out of memory")),
        ("tanaka", (*["…"] * 9, "", "", "", "delayed")),
        ("vargas", (*["–"] * 9, "", "", "", "not submitted")),
    ],
)
def test_the_terminal_table_says_what_the_pages_say(student: str, cells: tuple[str, ...]) -> None:
    rows = {row[0]: row[1:] for row in score_table(cohort_report())}
    assert rows[student] == cells
