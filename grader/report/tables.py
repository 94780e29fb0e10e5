"""The report as rows: CSV for spreadsheets and the LMS, JSON, and the terminal's table."""

import csv
import io
import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

from grader.gradebook.records import QuestionScore, QuestionState, Score
from grader.outcomes import CheckResult
from grader.report.cleaning import clean_line
from grader.report.records import AssignmentReport, ReportRow, RowState
from grader.report.statistics import count_states, known_mistakes, score_spread, summarise_checks
from grader.report.wording import points_text

JSON_FORMAT = "course-report/1"

Cell = str | int | float | None

# What makes a spreadsheet take a text for a formula; the wide forms are Excel's in East
# Asian locales.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """RFC 4180 text. Texts that a spreadsheet would run get a leading apostrophe."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([_csv_cell(name) for name in header])
    writer.writerows([_csv_cell(cell) for cell in row] for row in rows)
    return out.getvalue()


def scores_csv(report: AssignmentReport) -> str:
    """One row a student. An empty cell is 'no score', which is not the same as 0."""
    names = [info.name for info in report.questions]
    header = ["student", "name", "state", *names, "automatic", "manual", "raw", "points"]
    header += ["late_days", "credit", "penalty", "final", "pending", "submission", "received_at"]
    return csv_text([*header, "note"], (_score_cells(row) for row in report.rows))


def checks_csv(report: AssignmentReport) -> str:
    """One row a student and check, with the hidden numbers: for staff."""
    header = ["student", "submission", "question", "check", "title", "outcome", "points"]
    header += ["earned", "mutant", "error", "allowed", "seconds", "message"]
    return csv_text(
        header,
        (
            _check_cells(row, result)
            for row in report.rows
            for result in (row.graded.checks if row.graded else ())
        ),
    )


def report_json(report: AssignmentReport) -> str:
    """Everything but the cells' outputs, for scripts; see `format` for its version."""
    spread = score_spread(report)
    document = {
        "format": JSON_FORMAT,
        "course": {"code": report.course_code, "title": report.course_title},
        "assignment": {
            "name": report.assignment,
            "title": report.title,
            "tests": report.tests,
            "submit": report.submit,
        },
        "due": report.due.isoformat(),
        "generated_at": report.generated_at.isoformat(),
        "counts": {str(state): number for state, number in count_states(report).items()},
        "scores": {
            "kind": spread.kind,
            "points": spread.points,
            "low": spread.low,
            "median": spread.middle,
            "mean": spread.average,
            "high": spread.high,
        },
        "questions": [
            {
                "name": q.name,
                "title": q.title,
                "points": q.points,
                "manual": q.manual,
                "rubric": [{"points": item.points, "text": item.text} for item in q.rubric],
            }
            for q in report.questions
        ],
        "checks": [
            {
                "check": c.check,
                "question": c.question,
                "title": c.title,
                "points": c.points,
                "outcomes": {str(outcome): number for outcome, number in c.outcomes.items()},
            }
            for c in summarise_checks(report)
        ],
        "mistakes": [
            {"mutant": m.mutant, "check": m.check, "students": [r.student for r in m.rows]}
            for m in known_mistakes(report)
        ],
        "rows": [_row_json(row) for row in report.rows],
    }
    return json.dumps(_finite(document), indent=1, allow_nan=False) + "\n"


def score_table_columns(report: AssignmentReport) -> tuple[str, ...]:
    """The heads of `score_table`'s columns."""
    names = (clean_line(info.name, 24) for info in report.questions)
    automatic = () if report.is_upload else ("automatic",)
    return ("student", *names, *automatic, "late", "final", "state")


def score_table(report: AssignmentReport) -> list[tuple[str, ...]]:
    """One row of texts a student, for a terminal: no control characters are left in them.

    Square brackets are: wrap cells in `rich.text.Text`, which takes no markup.
    """
    return [
        (
            clean_line(row.student, 32),
            *(question_text(score) for score in row.score.questions),
            *(() if report.is_upload else (points_text(row.score.auto) if row.graded else "",)),
            str(row.score.late_days or ""),
            "" if row.score.final is None else f"{row.score.final:.2f}",
            state_text(row),
        )
        for row in report.rows
    ]


def question_text(score: QuestionScore) -> str:
    """A question's points, or a mark for why there are none."""
    if score.earned is not None:
        mark = "*" if score.state is QuestionState.OVERRIDDEN else ""
        return points_text(score.earned) + mark
    return {QuestionState.UNGRADED: "by hand", QuestionState.DELAYED: "…"}.get(score.state, "–")


def state_text(row: ReportRow) -> str:
    """What there is to say of a row in a word or two: how it ended, or why it has no score."""
    if row.graded is not None:
        return str(row.graded.ending)
    if row.state is RowState.BY_HAND and row.score.final is not None:
        return "graded by hand"
    return str(row.score.pending or row.state)


def _csv_cell(cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
    if isinstance(cell, float):
        # Ten digits hide the noise of binary sums and lose nothing that was measured.
        return f"{cell:.10g}" if math.isfinite(cell) else ""
    return cell


def _score_cells(row: ReportRow) -> list[Cell]:
    s = row.score
    known = any(question.earned is not None for question in s.questions)
    totals = [s.auto, s.manual, s.raw] if known else [None, None, None]
    return [
        row.student,
        row.name,
        str(row.state),
        *(question.earned for question in s.questions),
        *totals,
        s.points,
        s.late_days,
        s.credit,
        s.penalty if known else None,
        s.final,
        str(s.pending or ""),
        row.submission,
        row.received_at.isoformat() if row.received_at else "",
        row.note,
    ]


def _check_cells(row: ReportRow, r: CheckResult) -> list[Cell]:
    names = [row.student, row.submission, r.question, r.check, r.title, str(r.outcome)]
    numbers = [r.error, r.allowed, r.seconds]
    return [*names, r.points, r.earned, r.mutant, *numbers, clean_line(r.message, 2000)]


def _row_json(row: ReportRow) -> dict[str, Any]:
    graded = row.graded
    return {
        "student": row.student,
        "name": row.name,
        "state": str(row.state),
        "submission": row.submission,
        "received_at": row.received_at.isoformat() if row.received_at else None,
        "note": row.note,
        "score": _score_json(row.score),
        "ending": str(graded.ending) if graded else None,
        "checks_version": graded.checks_version if graded else None,
        "phases": dict(sorted(graded.phases.items())) if graded else {},
        "wall_seconds": graded.usage.wall_seconds if graded else None,
        "cpu_seconds": graded.usage.cpu_seconds if graded else None,
        "memory_peak_bytes": graded.usage.memory_peak_bytes if graded else None,
        "checks": [_check_json(result) for result in graded.checks] if graded else [],
    }


def _score_json(score: Score) -> dict[str, Any]:
    return {
        "questions": {
            q.question: {"earned": q.earned, "points": q.points, "state": str(q.state)}
            for q in score.questions
        },
        "automatic": score.auto,
        "manual": score.manual,
        "raw": score.raw,
        "points": score.points,
        "late_days": score.late_days,
        "credit": score.credit,
        "penalty": score.penalty,
        "final": score.final,
        "pending": str(score.pending) if score.pending else None,
    }


def _check_json(result: CheckResult) -> dict[str, Any]:
    return {
        "check": result.check,
        "question": result.question,
        "points": result.points,
        "earned": result.earned,
        "outcome": str(result.outcome),
        "mutant": result.mutant,
        "error": result.error,
        "allowed": result.allowed,
        "seconds": result.seconds,
        "message": result.message,
    }


def _finite(value: Any) -> Any:
    """`value` with NaN and infinities, which JSON has no word for, as null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value
