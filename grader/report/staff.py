"""What the staff's page says: the cohort in numbers, each check, each student."""

from dataclasses import dataclass

from grader.outcomes import Ending
from grader.report import failures
from grader.report.check_views import (
    CheckRowView,
    KindView,
    MistakeView,
    check_row,
    kinds,
    mistake_view,
)
from grader.report.cleaning import clean_line
from grader.report.late_use import (
    AbsentView,
    LateView,
    RequestView,
    absent_addresses,
    absent_views,
    late_views,
    request_views,
)
from grader.report.links import Link, page_link
from grader.report.outlier_views import OutlierView, outlier_views
from grader.report.records import AssignmentReport, RowState
from grader.report.sentences import TRUST
from grader.report.statistics import (
    Family,
    Spread,
    count_states,
    one_a_submission,
    score_spread,
    summarise_checks,
)
from grader.report.student_table import Sorting, sortings
from grader.report.tables import state_text
from grader.report.wording import counted, points_text, time_text


@dataclass(frozen=True)
class Fact:
    """One headline number, what it counts, and a remark."""

    number: str
    label: str
    remark: str = ""


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
    kinds: tuple[KindView, ...]
    mistakes: tuple[MistakeView, ...]
    outliers: tuple[OutlierView, ...]
    sortings: tuple[Sorting, ...]
    late: tuple[LateView, ...]
    missing: tuple[AbsentView, ...]
    addresses: str
    requests: tuple[RequestView, ...]
    waiting: tuple[tuple[Link, str, str], ...]


def staff_view(report: AssignmentReport) -> StaffView:
    """The staff's page of an assignment."""
    zone = report.due.tzinfo
    checks = summarise_checks(report)
    spread = score_spread(report)
    families = sorted({f for c in checks for f in c.families}, key=list(Family).index)
    graded = len(one_a_submission(row for row in report.rows if row.graded))
    return StaffView(
        course=clean_line(f"{report.course_code} · {report.course_title}"),
        title=clean_line(report.title),
        due=time_text(report.due, zone),
        generated=time_text(report.generated_at, zone),
        trust="" if report.is_upload else TRUST[report.tests],
        by_hand=report.is_upload,
        facts=_facts(report, spread),
        spread=spread_text(spread, "submission"),
        questions=tuple(
            (clean_line(q.name, 24), clean_line(q.title), points_text(q.points))
            for q in report.questions
        ),
        families=tuple((list(Family).index(f), str(f)) for f in families),
        checks=tuple(check_row(c, graded) for c in checks),
        kinds=kinds(failures.endings(report), failures.outcomes(checks)),
        mistakes=tuple(map(mistake_view, failures.known_mistakes(report))),
        outliers=outlier_views(report),
        sortings=sortings(report),
        late=late_views(report),
        missing=absent_views(report),
        addresses=absent_addresses(report),
        requests=request_views(report),
        waiting=tuple(
            (page_link(r), state_text(r), clean_line(r.note, 300))
            for r in report.rows
            if r.state in (RowState.DELAYED, RowState.QUEUED, RowState.REFUSED)
            or (r.state is RowState.BY_HAND and r.score.final is None)
        ),
    )


def spread_text(spread: Spread, noun: str) -> str:
    """Where values lie, of so many of what the noun says."""
    if spread.low is None or spread.average is None or spread.high is None:
        return f"No {noun} has been graded yet."
    low, mean, high = (points_text(v) for v in (spread.low, spread.average, spread.high))
    lower, upper = (points_text(v) for v in spread.quartiles or (0.0, 0.0))
    middle, deviation = points_text(spread.middle or 0.0), points_text(spread.deviation or 0.0)
    return (
        f"{spread.kind.capitalize()} of {counted(len(spread.values), noun)}: lowest {low}, "
        f"median {middle} (half of all from {lower} to {upper}), mean {mean} with standard "
        f"deviation {deviation}, highest {high}, of {points_text(spread.points)}."
    )


def _facts(report: AssignmentReport, spread: Spread) -> tuple[Fact, ...]:
    counts = count_states(report)
    total, absent = len(report.rows), counts[RowState.NOT_SUBMITTED]
    late = sum(row.late_days > 0 for row in report.rows)
    facts = [
        Fact(str(total - absent), "submitted", f"of {total}"),
        _graded_by_hand(report) if report.is_upload else _graded(report),
        Fact(str(counts[RowState.DELAYED]), "delayed", "our side failed; no score"),
        Fact(str(counts[RowState.QUEUED]), "in the queue"),
        Fact(str(counts[RowState.REFUSED]), "refused", "not a notebook we can run"),
        Fact(str(late), "late"),
        Fact(str(len(request_views(report))), "open regrade requests"),
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
