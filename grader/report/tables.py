"""The report as rows: CSV for spreadsheets, and the terminal's table."""

from grader.gradebook.exports.spreadsheet import Cell, csv_text
from grader.gradebook.records import QuestionScore, QuestionState
from grader.outcomes import CheckResult, Outcome
from grader.report.cleaning import clean_line
from grader.report.records import AssignmentReport, ReportRow, RowState
from grader.report.statistics import summarise_checks
from grader.report.wording import points_text


def scores_csv(report: AssignmentReport) -> str:
    """One row a student. An empty cell is 'no score', which is not the same as 0."""
    names = [info.name for info in report.questions]
    header = ["student", "name", "email", "section", "state", *names]
    header += ["automatic", "manual", "raw", "points", "late_days", "grace_days", "credit"]
    header += ["points_off", "penalty", "final", "pending", "due", "submission", "received_at"]
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


def difficulty_csv(report: AssignmentReport) -> str:
    """One row a check: how many passed, and how well it tells strong submissions from weak ones."""
    header = ["question", "check", "title", "points", "submissions", "passed", "pass_share"]
    outcomes = [outcome for outcome in Outcome if outcome is not Outcome.PASSED]
    header += ["discrimination", *(str(outcome).replace(" ", "_") for outcome in outcomes)]
    return csv_text(
        header,
        (
            [
                *(c.question, c.check, c.title, c.points, c.graded),
                *(c.outcomes.get(Outcome.PASSED, 0), c.pass_rate, c.discrimination),
                *(c.outcomes.get(outcome, 0) for outcome in outcomes),
            ]
            for c in summarise_checks(report)
        ),
    )


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
            str(row.late_days or ""),
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


def _score_cells(row: ReportRow) -> list[Cell]:
    s = row.score
    known = any(question.earned is not None for question in s.questions)
    totals = [s.auto, s.manual, s.raw] if known else [None, None, None]
    return [
        row.student,
        row.name,
        row.email,
        row.section,
        str(row.state),
        *(question.earned for question in s.questions),
        *totals,
        s.points,
        row.late_days,
        row.grace_days,
        s.credit,
        s.points_off,
        s.penalty if known else None,
        s.final,
        str(s.pending or ""),
        row.due.isoformat() if row.due else "",
        row.submission,
        row.received_at.isoformat() if row.received_at else "",
        row.note,
    ]


def _check_cells(row: ReportRow, r: CheckResult) -> list[Cell]:
    names = [row.student, row.submission, r.question, r.check, r.title, str(r.outcome)]
    numbers = [r.error, r.allowed, r.seconds]
    return [*names, r.points, r.earned, r.mutant, *numbers, clean_line(r.message, 2000)]
