"""The numbers of a staff report, from its rows alone."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import fsum, sqrt
from statistics import correlation, fmean, median, quantiles

from grader.outcomes import CheckResult, Outcome
from grader.report.records import AssignmentReport, ReportRow, RowState

HISTOGRAM_BINS = 10
# Two submissions that differ always correlate perfectly.
FEWEST_TO_CORRELATE = 3
_SAME_SHARE = 1e-9


class Family(StrEnum):
    """Outcomes that a plot shows in one colour: eight is what eyes can tell apart."""

    PASSED = "passed"
    PARTIAL = "partly right"
    VALUE = "wrong value"
    FORM = "wrong shape or type"
    NOT_FINITE = "NaN or infinity"
    BUDGET = "over budget"
    RAISED = "missing or raised an error"
    STOPPED = "out of time or not reached"


FAMILIES: dict[Outcome, Family] = {
    Outcome.PASSED: Family.PASSED,
    Outcome.PARTIAL: Family.PARTIAL,
    Outcome.WRONG_VALUE: Family.VALUE,
    Outcome.WRONG_SHAPE: Family.FORM,
    Outcome.WRONG_TYPE: Family.FORM,
    Outcome.NOT_FINITE: Family.NOT_FINITE,
    Outcome.MISSING: Family.RAISED,
    Outcome.RAISED: Family.RAISED,
    Outcome.TIMEOUT: Family.STOPPED,
    Outcome.STOPPED: Family.STOPPED,
    Outcome.OVER_BUDGET: Family.BUDGET,
    Outcome.NOT_EXPORTABLE: Family.BUDGET,
}


@dataclass(frozen=True)
class Spread:
    """Where scores lie; `kind` says which scores. All None where there are none.

    `quartiles` are the lower and the upper one, `deviation` is the standard deviation.
    """

    kind: str
    points: float
    values: tuple[float, ...]
    low: float | None = None
    middle: float | None = None
    average: float | None = None
    high: float | None = None
    quartiles: tuple[float, float] | None = None
    deviation: float | None = None


@dataclass(frozen=True)
class CheckSummary:
    """One check over the graded submissions that it was run on, be they all or some.

    `outcomes` counts a group's submission once; `results` has it for each member.
    `discrimination` is the point-biserial correlation of the share of the check's points with that
    of all others of the same submission; None where either is the same for all.
    """

    check: str
    question: str
    title: str
    points: float
    outcomes: dict[Outcome, int]
    results: tuple[tuple[ReportRow, CheckResult], ...]
    discrimination: float | None = None

    @property
    def graded(self) -> int:
        """Submissions that the check was run on."""
        return sum(self.outcomes.values())

    @property
    def pass_rate(self) -> float:
        """Fraction of the submissions that passed."""
        return self.outcomes.get(Outcome.PASSED, 0) / self.graded

    @property
    def families(self) -> dict[Family, int]:
        """Submissions per family, in the families' order, none of them zero."""
        counts = Counter[Family]()
        for outcome, number in self.outcomes.items():
            counts[FAMILIES[outcome]] += number
        return {family: counts[family] for family in Family if counts[family]}


def count_states(report: AssignmentReport) -> dict[RowState, int]:
    """Students per state; every state is there."""
    counts = Counter(row.state for row in report.rows)
    return {state: counts[state] for state in RowState}


def score_spread(report: AssignmentReport) -> Spread:
    """The final scores where every graded student has one, else the automatic points.

    Where there are none of those, as for uploads: the final scores that there are.
    """
    by_hand = RowState.BY_HAND
    graded = [row for row in report.rows if row.graded is not None or row.state is by_hand]
    finals = [row.score.final for row in graded if row.score.final is not None]
    points = sum(q.points for q in report.questions if not q.manual)
    if len(finals) == len(graded) or not points:
        return spread_of("final score", sum(q.points for q in report.questions), finals)
    return spread_of("automatic points", points, [row.score.auto for row in graded])


def histogram(spread: Spread) -> list[tuple[str, int]]:
    """(label, students) per tenth of the points; full marks lie in the last one."""
    counts = [0] * HISTOGRAM_BINS
    for value in spread.values:
        tenth = int(HISTOGRAM_BINS * value / spread.points + 1e-9) if spread.points else 0
        counts[min(tenth, HISTOGRAM_BINS - 1)] += 1
    width = 100 // HISTOGRAM_BINS
    return [(f"{width * i}–{width * (i + 1)}", number) for i, number in enumerate(counts)]


def summarise_checks(report: AssignmentReport) -> list[CheckSummary]:
    """One summary a check: by question, then in the order in which the checks ran."""
    order = {info.name: place for place, info in enumerate(report.questions)}
    found: dict[tuple[str, str], list[tuple[ReportRow, CheckResult]]] = {}
    for row in report.rows:
        for result in row.graded.checks if row.graded else ():
            # A choice that was not made goes by the same name in every question.
            found.setdefault((result.question, result.check), []).append((row, result))
    summaries = [_summarise(results) for results in found.values()]
    return sorted(summaries, key=lambda s: order.get(s.question, len(order)))


def one_a_submission(rows: Iterable[ReportRow]) -> list[ReportRow]:
    """The rows, but of a group's submission the first member's only."""
    first: dict[str, ReportRow] = {}
    return [r for r in rows if not r.submission or first.setdefault(r.submission, r) is r]


def spread_of(kind: str, points: float, values: Sequence[float]) -> Spread:
    """Where the values lie; `points` are what they are out of."""
    if not values:
        return Spread(kind, points, ())
    average = fmean(values)
    lower, _, upper = quantiles(values, method="inclusive") if len(values) > 1 else 3 * [values[0]]
    return Spread(
        kind,
        points,
        tuple(values),
        low=min(values),
        middle=median(values),
        average=average,
        high=max(values),
        quartiles=(lower, upper),
        # `statistics.pstdev` computes in fractions, which takes a hundred times as long.
        deviation=sqrt(fsum((value - average) ** 2 for value in values) / len(values)),
    )


def correlate(shares: Sequence[float], rests: Sequence[float]) -> float | None:
    """Their correlation, or None where either is constant or there are too few."""
    if len(shares) < FEWEST_TO_CORRELATE:
        return None
    if any(max(values) - min(values) <= _SAME_SHARE for values in (shares, rests)):
        return None
    return correlation(shares, rests)


def _summarise(results: list[tuple[ReportRow, CheckResult]]) -> CheckSummary:
    by_student = {row.student: result for row, result in results}
    distinct = one_a_submission(row for row, _ in results)
    counts = Counter(by_student[row.student].outcome for row in distinct)
    pairs = [pair for row in distinct if (pair := _shares(row, by_student[row.student]))]
    first = results[0][1]
    return CheckSummary(
        check=first.check,
        question=first.question,
        title=first.title,
        points=first.points,
        outcomes={outcome: counts[outcome] for outcome in Outcome if counts[outcome]},
        results=tuple(results),
        discrimination=correlate([own for own, _ in pairs], [rest for _, rest in pairs]),
    )


def _shares(row: ReportRow, result: CheckResult) -> tuple[float, float] | None:
    """The share earned of the check's points, and of all other checks' of the submission."""
    assert row.graded
    rest = row.graded.points - result.points
    if result.points <= 0 or rest <= _SAME_SHARE:
        return None
    return result.earned / result.points, (row.graded.earned - result.earned) / rest
