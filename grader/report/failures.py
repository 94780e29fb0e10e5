"""What went wrong and for whom, grouped: how programs ended, what checks found, known mistakes."""

from collections.abc import Iterable
from dataclasses import dataclass

from grader.outcomes import CheckResult, Ending, Outcome
from grader.report.records import AssignmentReport, ReportRow
from grader.report.statistics import CheckSummary, summarise_checks


@dataclass(frozen=True)
class EndingGroup:
    """The students whose program ended in one way, which is not its own end."""

    ending: Ending
    rows: tuple[ReportRow, ...]


@dataclass(frozen=True)
class OutcomeGroup:
    """The students with checks of one outcome, and in how many submissions each check had it."""

    outcome: Outcome
    rows: tuple[ReportRow, ...]
    checks: tuple[tuple[CheckSummary, int], ...]


@dataclass(frozen=True)
class Mistake:
    """A known wrong solution (a mutant) and the students whose values match it."""

    mutant: str
    check: str
    question: str
    title: str
    message: str
    rows: tuple[ReportRow, ...]


def endings(report: AssignmentReport) -> list[EndingGroup]:
    """Programs that did not run to their end, the most frequent ending first."""
    found: dict[Ending, list[ReportRow]] = {}
    for row in report.rows:
        if row.graded and row.graded.ending is not Ending.FINISHED:
            found.setdefault(row.graded.ending, []).append(row)
    groups = [EndingGroup(ending, tuple(rows)) for ending, rows in found.items()]
    return sorted(groups, key=lambda group: -len(group.rows))


def outcomes(summaries: Iterable[CheckSummary]) -> list[OutcomeGroup]:
    """The outcomes of checks that did not pass, that of most students first."""
    each = list(summaries)
    groups = [_outcome_group(outcome, each) for outcome in Outcome if outcome is not Outcome.PASSED]
    return sorted((g for g in groups if g.rows), key=lambda group: -len(group.rows))


def known_mistakes(report: AssignmentReport) -> list[Mistake]:
    """The mutants that submissions matched, the most frequent first."""
    found: dict[tuple[str, str], list[tuple[ReportRow, CheckResult]]] = {}
    for summary in summarise_checks(report):
        for row, result in summary.results:
            if result.mutant:
                found.setdefault((result.check, result.mutant), []).append((row, result))
    mistakes = [_mistake(results) for results in found.values()]
    return sorted(mistakes, key=lambda m: -len(m.rows))


def _outcome_group(outcome: Outcome, summaries: list[CheckSummary]) -> OutcomeGroup:
    with_it = [s for s in summaries if s.outcomes.get(outcome)]
    rows = {
        row.student: row
        for summary in with_it
        for row, result in summary.results
        if result.outcome is outcome
    }
    checks = sorted(((s, s.outcomes[outcome]) for s in with_it), key=lambda pair: -pair[1])
    return OutcomeGroup(outcome, tuple(rows.values()), tuple(checks))


def _mistake(results: list[tuple[ReportRow, CheckResult]]) -> Mistake:
    first = results[0][1]
    rows = tuple(row for row, _ in results)
    return Mistake(
        first.mutant or "", first.check, first.question, first.title, first.message, rows
    )
