"""The numbers of a staff report, from its rows alone."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import mean, median

from grader.outcomes import CheckResult, Outcome
from grader.report.records import AssignmentReport, ReportRow, RowState

HISTOGRAM_BINS = 10


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
    """Where scores lie; `kind` says which scores. All None where there are none."""

    kind: str
    points: float
    values: tuple[float, ...]
    low: float | None = None
    middle: float | None = None
    average: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class CheckSummary:
    """One check over all graded submissions, in the order of the questions."""

    check: str
    question: str
    title: str
    points: float
    outcomes: dict[Outcome, int]
    results: tuple[tuple[ReportRow, CheckResult], ...]

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


@dataclass(frozen=True)
class Mistake:
    """A known wrong solution (a mutant) and the students whose values match it."""

    mutant: str
    check: str
    question: str
    title: str
    message: str
    rows: tuple[ReportRow, ...]


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
        return _spread("final score", sum(q.points for q in report.questions), finals)
    return _spread("automatic points", points, [row.score.auto for row in graded])


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
    found: dict[str, list[tuple[ReportRow, CheckResult]]] = {}
    for row in report.rows:
        for result in row.graded.checks if row.graded else ():
            found.setdefault(result.check, []).append((row, result))
    summaries = [_summarise(results) for results in found.values()]
    return sorted(summaries, key=lambda s: order.get(s.question, len(order)))


def known_mistakes(report: AssignmentReport) -> list[Mistake]:
    """The mutants that submissions matched, the most frequent first."""
    found: dict[tuple[str, str], list[tuple[ReportRow, CheckResult]]] = {}
    for summary in summarise_checks(report):
        for row, result in summary.results:
            if result.mutant:
                found.setdefault((result.check, result.mutant), []).append((row, result))
    mistakes = [_mistake(results) for results in found.values()]
    return sorted(mistakes, key=lambda m: -len(m.rows))


def _spread(kind: str, points: float, values: Sequence[float]) -> Spread:
    if not values:
        return Spread(kind, points, ())
    return Spread(
        kind, points, tuple(values), min(values), median(values), mean(values), max(values)
    )


def _summarise(results: list[tuple[ReportRow, CheckResult]]) -> CheckSummary:
    first = results[0][1]
    counts = Counter(result.outcome for _, result in results)
    outcomes = {outcome: counts[outcome] for outcome in Outcome if counts[outcome]}
    return CheckSummary(
        first.check, first.question, first.title, first.points, outcomes, tuple(results)
    )


def _mistake(results: list[tuple[ReportRow, CheckResult]]) -> Mistake:
    first = results[0][1]
    rows = tuple(row for row, _ in results)
    return Mistake(
        first.mutant or "", first.check, first.question, first.title, first.message, rows
    )
