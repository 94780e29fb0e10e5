"""What a student's page says: the score, each check, and the cells that failed.

The hidden numbers of a check (its error, what is allowed, which mutant it matched) are left
behind here, so that no template can show them by mistake.
"""

from dataclasses import dataclass, replace

from grader.gradebook.records import Pending, QuestionInfo, QuestionScore, QuestionState, Score
from grader.outcomes import CellRecord, CellStatus, CheckResult, Ending, Outcome, Shown
from grader.report.cleaning import clean_block, clean_line
from grader.report.records import AssignmentReport, ReportRow, RowState
from grader.report.sentences import (
    CELLS,
    COUNTS_ZERO,
    ENDINGS,
    OUTCOMES,
    PENDING,
    TRUST,
    UPLOAD_UNGRADED,
    WITHDRAWN,
    WITHDRAWN_ZERO,
    Sentence,
)
from grader.report.statistics import FAMILIES, Family
from grader.report.withholding import as_shown
from grader.report.wording import counted, credit_text, points_text, time_text

STAYS_HIDDEN = "A test that stays hidden"
_SHOWN_CELLS = 20  # a notebook that fails everywhere fails for one reason, near the top


@dataclass(frozen=True)
class CheckView:
    """One check in a student's words; `family` is its colour's number."""

    title: str
    label: str
    family: int
    passed: bool
    points: str
    message: str
    advice: str


@dataclass(frozen=True)
class QuestionView:
    """One question's card. `share` is 0..100 for the bar, None without a score.

    An item of the `rubric` is its points and its text.
    """

    name: str
    title: str
    points: str
    share: str | None
    note: str
    comment: str
    rubric: tuple[tuple[str, str], ...]
    checks: tuple[CheckView, ...]


@dataclass(frozen=True)
class CellView:
    """One cell that failed."""

    number: int
    label: str
    what: str
    error: str
    output: str


@dataclass(frozen=True)
class FeedbackView:
    """All of a student's page, as text."""

    course: str
    title: str
    name: str
    student: str
    score: str
    out_of: str
    score_label: str
    lateness: str
    received: str
    due: str
    submission: str
    note: str
    notice: Sentence | None
    ending: Sentence | None
    ending_message: str
    questions: tuple[QuestionView, ...]
    cells: tuple[CellView, ...]
    more_cells: str
    not_run: str
    trust: str
    by_hand: bool
    generated: str


def feedback_view(report: AssignmentReport, row: ReportRow) -> FeedbackView:
    """The page of one student."""
    row = as_shown(report, row)
    score, graded = row.score, row.graded
    stopped = graded is not None and graded.ending is not Ending.FINISHED
    cells = graded.cells if graded else ()
    failed = [c for c in cells if c.status in (CellStatus.RAISED, CellStatus.INTERRUPTED)]
    not_run = sum(cell.status is CellStatus.NOT_RUN for cell in cells)
    number, out_of, label = _headline(score)
    zone = report.due.tzinfo
    return FeedbackView(
        course=clean_line(f"{report.course_code} · {report.course_title}"),
        title=clean_line(report.title),
        name=clean_line(row.name or row.student, 80),
        student=clean_line(row.student, 80),
        score=number,
        out_of=out_of,
        score_label=label,
        lateness=_lateness(score),
        received=time_text(row.received_at, zone) if row.received_at else "",
        due=time_text(row.due or report.due, zone),
        submission=clean_line(row.submission, 80),
        note=clean_line(row.note, 600),
        notice=_notice(report, row),
        ending=ENDINGS[graded.ending] if graded and stopped else None,
        ending_message=clean_block(graded.message, 12) if graded and stopped else "",
        questions=tuple(_question_view(report, info, row) for info in report.questions),
        cells=tuple(_cell_view(cell) for cell in failed[:_SHOWN_CELLS]),
        more_cells=_more(len(failed) - _SHOWN_CELLS),
        not_run=_not_reached(not_run),
        trust="" if report.is_upload else TRUST[report.tests],
        by_hand=report.is_upload,
        generated=time_text(report.generated_at, zone),
    )


def _headline(score: Score) -> tuple[str, str, str]:
    """The number, what it is out of, and what to call it; without a score all are empty."""
    if score.final is not None:
        return points_text(score.final), points_text(score.points), "Final score"
    known = [q for q in score.questions if q.earned is not None]
    if not known or score.pending is Pending.HIDDEN:
        return "", "", ""
    earned = points_text(sum(q.earned or 0.0 for q in known))
    return earned, points_text(sum(q.points for q in known)), "Points so far"


def _when(report: AssignmentReport) -> str:
    assert report.hidden_until is not None
    return time_text(report.hidden_until, report.due.tzinfo)


def _notice(report: AssignmentReport, row: ReportRow) -> Sentence | None:
    score = row.score
    if row.state is RowState.NOT_SUBMITTED and score.override is None:
        if score.final == 0:
            return WITHDRAWN_ZERO if row.was_withdrawn else COUNTS_ZERO
        if row.was_withdrawn:
            return WITHDRAWN
    if report.is_upload and score.pending is Pending.UNGRADED:
        return UPLOAD_UNGRADED
    return PENDING[score.pending] if score.pending else None


def _lateness(score: Score) -> str:
    if not score.late_days and score.credit == 1.0:
        return ""
    days = counted(score.late_days, "day")
    if score.final is None:
        return f"{days} late: {credit_text(score.credit)} of the points will count."
    raw, final = points_text(score.raw), points_text(score.final)
    return f"{days} late: {raw} points × {credit_text(score.credit)} = {final}."


def _question_view(report: AssignmentReport, info: QuestionInfo, row: ReportRow) -> QuestionView:
    score = row.score.question(info.name)
    results = row.graded.checks if row.graded else ()
    return QuestionView(
        name=clean_line(info.name, 40),
        title=clean_line(info.title),
        points=_earned_text(score),
        share=None if score.earned is None else f"{100 * score.earned / (score.points or 1):.1f}",
        note=_question_note(report, info, score) or _stopped_note(results, info),
        comment=clean_block(score.comment),
        rubric=tuple(
            (points_text(item.points), clean_line(item.text, 500)) for item in info.rubric
        ),
        checks=tuple(_check_view(r) for r in results if r.question == info.name),
    )


def _earned_text(score: QuestionScore) -> str:
    points = points_text(score.points)
    return f"– / {points}" if score.earned is None else f"{points_text(score.earned)} / {points}"


def _question_note(report: AssignmentReport, info: QuestionInfo, score: QuestionScore) -> str:
    if score.state is QuestionState.HIDDEN and report.hidden_until is not None:
        return f"What its hidden tests found is shown from {_when(report)} on."
    if score.state is QuestionState.OVERRIDDEN:
        return "The teaching staff set these points by hand."
    if score.state is QuestionState.UNGRADED:
        return "This question is graded by hand and has not been read yet."
    if score.state is QuestionState.DELAYED:
        return "Not graded yet."
    return "Graded by hand." if info.manual and score.earned is not None else ""


def _stopped_note(results: tuple[CheckResult, ...], info: QuestionInfo) -> str:
    """Why checks were not reached, once a question and not once a check."""
    stopped = any(r.question == info.name and r.outcome is Outcome.STOPPED for r in results)
    sentence = OUTCOMES[Outcome.STOPPED]
    return f"{sentence.what} {sentence.advice}" if stopped else ""


def _check_view(result: CheckResult) -> CheckView:
    sentence = OUTCOMES[result.outcome]
    passed = result.outcome is Outcome.PASSED
    silent = passed or result.outcome is Outcome.STOPPED
    # A mistake that we know by name needs no general advice beside it.
    named = result.mutant is not None and bool(result.message)
    if result.shown is Shown.NEVER:
        result = replace(result, title=STAYS_HIDDEN, message="")
        silent = True
    return CheckView(
        title=clean_line(result.title),
        label=sentence.label,
        family=list(Family).index(FAMILIES[result.outcome]),
        passed=passed,
        points=f"{points_text(result.earned)} / {points_text(result.points)}",
        message=clean_block(result.message, 12) or ("" if silent else sentence.what),
        advice="" if silent or named else sentence.advice,
    )


def _cell_view(cell: CellRecord) -> CellView:
    sentence = CELLS[cell.status]
    return CellView(
        number=cell.index + 1,
        label=sentence.label,
        what=sentence.what,
        error=clean_block(cell.error),
        output=clean_block(cell.output, 24),
    )


def _more(number: int) -> str:
    return f"{counted(number, 'more cell')} failed." if number > 0 else ""


def _not_reached(number: int) -> str:
    if not number:
        return ""
    return f"{counted(number, 'cell')} after that {'was' if number == 1 else 'were'} not reached."
