"""What the staff's page says: the cohort in numbers, each check, each student."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from grader.gradebook.records import QuestionScore
from grader.outcomes import CheckResult, Ending, Outcome
from grader.report.cleaning import clean_block, clean_line
from grader.report.records import AssignmentReport, ReportRow, RowState
from grader.report.sentences import OUTCOMES, TRUST
from grader.report.statistics import (
    FAMILIES,
    CheckSummary,
    Family,
    Mistake,
    Spread,
    count_states,
    known_mistakes,
    score_spread,
    summarise_checks,
)
from grader.report.tables import question_text, state_text
from grader.report.wording import (
    bytes_text,
    counted,
    page_name,
    percent_text,
    points_text,
    seconds_text,
    short_time_text,
    spoken_name,
    time_text,
)


@dataclass(frozen=True)
class Fact:
    """One headline number, what it counts, and a remark."""

    number: str
    label: str
    remark: str = ""


@dataclass(frozen=True)
class Link:
    """A student and the page to read on."""

    text: str
    page: str


@dataclass(frozen=True)
class FailureView:
    """One submission that did not pass a check, with the numbers that students don't see."""

    student: Link
    label: str
    family: int
    earned: str
    error: str
    allowed: str
    mutant: str
    message: str


@dataclass(frozen=True)
class CheckRowView:
    """One check's line and the submissions that did not pass it."""

    question: str
    check: str
    title: str
    points: str
    pass_rate: str
    outcomes: str
    failures: tuple[FailureView, ...]
    heading: str


@dataclass(frozen=True)
class MistakeView:
    """One known mistake and who made it."""

    count: str
    mutant: str
    check: str
    message: str
    students: tuple[Link, ...]


@dataclass(frozen=True)
class PointsView:
    """A cell of the table of students; `tone` is full, some, none or open."""

    text: str
    tone: str


@dataclass(frozen=True)
class StudentView:
    """A row of the table of students."""

    student: Link
    name: str
    points: tuple[PointsView, ...]
    automatic: str
    final: str
    late: str
    state: str
    trouble: bool
    received: str
    time: str
    memory: str


@dataclass(frozen=True)
class Sorting:
    """The table's rows in one order; the page holds each order and shows one."""

    key: str
    label: str
    rows: tuple[StudentView, ...]


@dataclass(frozen=True)
class StaffView:
    """All of the staff's page, but for the plots."""

    course: str
    title: str
    due: str
    generated: str
    trust: str
    by_hand: bool
    facts: tuple[Fact, ...]
    spread: str
    questions: tuple[tuple[str, str, str], ...]
    families: tuple[tuple[int, str], ...]
    checks: tuple[CheckRowView, ...]
    mistakes: tuple[MistakeView, ...]
    sortings: tuple[Sorting, ...]
    missing: tuple[Link, ...]
    waiting: tuple[tuple[Link, str, str], ...]


def staff_view(report: AssignmentReport) -> StaffView:
    """The staff's page of an assignment."""
    zone = report.due.tzinfo
    checks = summarise_checks(report)
    spread = score_spread(report)
    families = sorted({f for c in checks for f in c.families}, key=list(Family).index)
    return StaffView(
        course=clean_line(f"{report.course_code} · {report.course_title}"),
        title=clean_line(report.title),
        due=time_text(report.due, zone),
        generated=time_text(report.generated_at, zone),
        trust="" if report.is_upload else TRUST[report.tests],
        by_hand=report.is_upload,
        facts=_facts(report, spread),
        spread=_spread_text(spread),
        questions=tuple(
            (clean_line(q.name, 24), clean_line(q.title), points_text(q.points))
            for q in report.questions
        ),
        families=tuple((list(Family).index(f), str(f)) for f in families),
        checks=tuple(_check_row(c) for c in checks),
        mistakes=tuple(_mistake_view(m) for m in known_mistakes(report)),
        sortings=_sortings(report),
        missing=tuple(_link(r) for r in report.rows if r.state is RowState.NOT_SUBMITTED),
        waiting=tuple(
            (_link(r), state_text(r), clean_line(r.note, 300))
            for r in report.rows
            if r.state in (RowState.DELAYED, RowState.QUEUED, RowState.REFUSED)
            or (r.state is RowState.BY_HAND and r.score.final is None)
        ),
    )


def _facts(report: AssignmentReport, spread: Spread) -> tuple[Fact, ...]:
    counts = count_states(report)
    total, absent = len(report.rows), counts[RowState.NOT_SUBMITTED]
    late = sum(row.score.late_days > 0 for row in report.rows)
    facts = [
        Fact(str(total - absent), "submitted", f"of {total}"),
        _graded_by_hand(report) if report.is_upload else _graded(report),
        Fact(str(counts[RowState.DELAYED]), "delayed", "our side failed; no score"),
        Fact(str(counts[RowState.QUEUED]), "in the queue"),
        Fact(str(counts[RowState.REFUSED]), "refused", "not a notebook we can run"),
        Fact(str(late), "late"),
    ]
    shown = [fact for i, fact in enumerate(facts) if i < 2 or fact.number != "0"]
    if spread.middle is not None:
        label = f"median {spread.kind}"
        shown.insert(2, Fact(points_text(spread.middle), label, f"of {points_text(spread.points)}"))
    return tuple(shown)


def _graded(report: AssignmentReport) -> Fact:
    endings = [row.graded.ending for row in report.rows if row.graded is not None]
    stopped = sum(ending is not Ending.FINISHED for ending in endings)
    return Fact(str(len(endings)), "graded", f"{stopped} did not run to the end")


def _graded_by_hand(report: AssignmentReport) -> Fact:
    uploads = [row for row in report.rows if row.state is RowState.BY_HAND]
    graded = sum(row.score.final is not None for row in uploads)
    return Fact(str(graded), "graded by hand", f"{len(uploads) - graded} to be graded")


def _spread_text(spread: Spread) -> str:
    if spread.low is None or spread.average is None or spread.high is None:
        return "No submission has been graded yet."
    low, mean, high = (points_text(v) for v in (spread.low, spread.average, spread.high))
    middle = points_text(spread.middle or 0.0)
    return (
        f"{spread.kind.capitalize()} of {counted(len(spread.values), 'submission')}: lowest {low}, "
        f"median {middle}, mean {mean}, highest {high}, of {points_text(spread.points)}."
    )


def _link(row: ReportRow) -> Link:
    return Link(clean_line(row.name or row.student, 60), f"feedback/{page_name(row.student)}")


def _check_row(summary: CheckSummary) -> CheckRowView:
    failures = [(row, r) for row, r in summary.results if r.outcome is not Outcome.PASSED]
    outcomes = (f"{number} {outcome}" for outcome, number in summary.outcomes.items())
    return CheckRowView(
        question=clean_line(summary.question, 24),
        check=clean_line(summary.check, 80),
        title=clean_line(summary.title),
        points=points_text(summary.points),
        pass_rate=percent_text(summary.pass_rate),
        outcomes=", ".join(outcomes),
        failures=tuple(_failure(row, result) for row, result in failures),
        heading=f"{counted(len(failures), 'submission')} did not pass",
    )


def _failure(row: ReportRow, result: CheckResult) -> FailureView:
    return FailureView(
        student=_link(row),
        label=OUTCOMES[result.outcome].label,
        family=list(Family).index(FAMILIES[result.outcome]),
        earned=points_text(result.earned),
        error="" if result.error is None else f"{result.error:.2e}",
        allowed="" if result.allowed is None else f"{result.allowed:.2e}",
        mutant=spoken_name(result.mutant or ""),
        message=clean_block(result.message, 12),
    )


def _mistake_view(mistake: Mistake) -> MistakeView:
    return MistakeView(
        count=counted(len(mistake.rows), "student"),
        mutant=spoken_name(mistake.mutant),
        check=clean_line(f"{mistake.question} · {mistake.title}"),
        message=clean_line(mistake.message, 400),
        students=tuple(_link(row) for row in mistake.rows),
    )


def _sortings(report: AssignmentReport) -> tuple[Sorting, ...]:
    """The orders that the table offers; students without a value come last."""
    far = datetime.max.replace(tzinfo=UTC)
    orders: list[tuple[str, str, Callable[[ReportRow], tuple[float | str | datetime, ...]]]] = [
        ("name", "name", lambda r: (clean_line(r.name or r.student).casefold(), r.student)),
        ("high", "highest first", lambda r: (_is_open(r), -_sort_points(r), r.student)),
        ("low", "lowest first", lambda r: (_is_open(r), _sort_points(r), r.student)),
        ("received", "time received", lambda r: (r.received_at or far, r.student)),
    ]
    views = {row.student: _student_view(report, row) for row in report.rows}
    return tuple(
        Sorting(key, label, tuple(views[r.student] for r in sorted(report.rows, key=order)))
        for key, label, order in orders
    )


def _is_open(row: ReportRow) -> bool:
    """Whether there is no number yet to sort a student by."""
    return row.graded is None and row.score.final is None


def _sort_points(row: ReportRow) -> float:
    return row.score.auto if row.score.final is None else row.score.final


def _student_view(report: AssignmentReport, row: ReportRow) -> StudentView:
    graded, score = row.graded, row.score
    return StudentView(
        student=Link(clean_line(row.student, 32), _link(row).page),
        name=clean_line(row.name, 60),
        points=tuple(PointsView(question_text(q), _tone(q)) for q in score.questions),
        automatic=points_text(score.auto) if graded else "",
        final="" if score.final is None else points_text(score.final),
        late=counted(score.late_days, "day") if score.late_days else "",
        state=state_text(row),
        trouble=_is_trouble(row),
        received=short_time_text(row.received_at, report.due.tzinfo) if row.received_at else "",
        time=seconds_text(graded.usage.wall_seconds) if graded else "",
        memory=bytes_text(graded.usage.memory_peak_bytes) if graded else "",
    )


def _is_trouble(row: ReportRow) -> bool:
    if row.graded is None:
        return row.state is not RowState.BY_HAND
    return row.graded.ending is not Ending.FINISHED


def _tone(score: QuestionScore) -> str:
    if score.earned is None:
        return "open"
    if score.earned >= score.points - 1e-9:
        return "full"
    return "some" if score.earned > 0 else "none"
