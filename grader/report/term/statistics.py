"""The numbers of a term's report, from its rows alone."""

from collections import Counter
from dataclasses import dataclass

from grader.report.statistics import Spread, spread_of
from grader.report.term.records import Entry, EntryState, TermAssignment, TermReport, TermStudent

# An assignment that a student has not submitted though it was due, and the empty entry.
Missing = tuple[TermAssignment, Entry]


@dataclass(frozen=True)
class AssignmentSummary:
    """How far a class has come with one assignment; `shares` are in percent of its points."""

    assignment: TermAssignment
    submitted: int
    states: dict[EntryState, int]
    late: int
    scores: Spread
    shares: Spread


@dataclass(frozen=True)
class GraceUse:
    """How many students used so many of their grace days, and what each who did used and where."""

    budget: int
    students: dict[int, int]
    users: tuple[tuple[TermStudent, tuple[tuple[TermAssignment, int], ...]], ...]


def totals(report: TermReport) -> Spread:
    """Everybody's total, in percent of what is final."""
    percents = [row.percent for row in report.students if row.percent is not None]
    return spread_of("total", 100.0, percents)


def summarise_assignments(report: TermReport) -> list[AssignmentSummary]:
    """One summary an assignment, in the course's order."""
    return [
        _summarise(assignment, [row.entries[place] for row in report.students])
        for place, assignment in enumerate(report.assignments)
    ]


def missing_work(report: TermReport) -> list[tuple[TermStudent, tuple[Missing, ...]]]:
    """Who has not submitted what was due, who misses most first."""
    found = [(row, _missing(report, row)) for row in report.students]
    return sorted(
        ((row, what) for row, what in found if what),
        key=lambda pair: (-len(pair[1]), pair[0].student),
    )


def grace_use(report: TermReport) -> GraceUse | None:
    """The use of grace days, who used most first; None where the course has none."""
    if report.grace_budget is None:
        return None
    used = {row.student: row.grace_days for row in report.students}
    counts = Counter(used.values())
    users = sorted(
        (row for row in report.students if used[row.student]),
        key=lambda row: (-used[row.student], row.student),
    )
    return GraceUse(
        budget=report.grace_budget,
        students={days: counts[days] for days in range(max([report.grace_budget, *counts]) + 1)},
        users=tuple((row, _used_where(report, row)) for row in users),
    )


def _summarise(assignment: TermAssignment, entries: list[Entry]) -> AssignmentSummary:
    counts = Counter(entry.state for entry in entries)
    # Of what was handed in: a 0 for nothing says nothing about the assignment.
    finals = [
        entry.final
        for entry in entries
        if entry.final is not None and entry.state is EntryState.FINAL
    ]
    out_of = assignment.points or 1.0
    return AssignmentSummary(
        assignment=assignment,
        submitted=sum(entry.submitted for entry in entries),
        states={state: counts[state] for state in EntryState},
        late=sum(entry.late_days > 0 for entry in entries),
        scores=spread_of("final score", assignment.points, finals),
        shares=spread_of("final score", 100.0, [100.0 * final / out_of for final in finals]),
    )


def _missing(report: TermReport, row: TermStudent) -> tuple[Missing, ...]:
    pairs = zip(report.assignments, row.entries, strict=True)
    return tuple(pair for pair in pairs if pair[1].state is EntryState.MISSING)


def _used_where(report: TermReport, row: TermStudent) -> tuple[tuple[TermAssignment, int], ...]:
    pairs = zip(report.assignments, row.entries, strict=True)
    return tuple((one, entry.grace_days) for one, entry in pairs if entry.grace_days)
