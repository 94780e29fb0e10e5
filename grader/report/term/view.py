"""What the pages of a term's report say, in words."""

from dataclasses import dataclass

from grader.report.cleaning import clean_line
from grader.report.staff import Fact, spread_text
from grader.report.statistics import Spread
from grader.report.student_table import points_tone
from grader.report.term.records import Entry, EntryState, TermAssignment, TermReport, TermStudent
from grader.report.term.statistics import (
    AssignmentSummary,
    grace_use,
    missing_work,
    summarise_assignments,
    totals,
)
from grader.report.wording import counted, percent_text, points_text, short_time_text, time_text

MARKS = {
    EntryState.WAITING: "…",
    EntryState.MISSING: "–",
    EntryState.EXCUSED: "ex",
    EntryState.OPEN: "",
}


@dataclass(frozen=True)
class AssignmentView:
    """One assignment's line; `waiting` and `requests` ask somebody to do something."""

    name: str
    title: str
    due: str
    counts_for: str
    submitted: str
    final: str
    waiting: str
    missing: str
    late: str
    median: str
    middle_half: str
    points: str
    requests: str


@dataclass(frozen=True)
class MissingView:
    """A student and what they have not submitted."""

    student: str
    name: str
    section: str
    email: str
    number: str
    what: str


@dataclass(frozen=True)
class GraceView:
    """A student and the grace days that they used."""

    student: str
    name: str
    used: str
    left: str
    where: str


@dataclass(frozen=True)
class TermView:
    """All of the term's page, but for the plots."""

    course: str
    generated: str
    facts: tuple[Fact, ...]
    spread: str
    assignments: tuple[AssignmentView, ...]
    missing: tuple[MissingView, ...]
    grace_budget: str
    grace_counts: tuple[tuple[str, str], ...]
    grace: tuple[GraceView, ...]


@dataclass(frozen=True)
class GradebookView:
    """The gradebook's page. A row is the student's texts, cells as (text, tone), and sums."""

    course: str
    generated: str
    assignments: tuple[tuple[str, str, str], ...]
    rows: tuple[tuple[tuple[str, ...], tuple[tuple[str, str], ...], tuple[str, ...]], ...]
    has_grace: bool


def term_view(report: TermReport) -> TermView:
    """The term's page."""
    summaries = summarise_assignments(report)
    missing = missing_work(report)
    spread = totals(report)
    use = grace_use(report)
    return TermView(
        course=_course(report),
        generated=time_text(report.generated_at, report.zone),
        facts=_facts(report, summaries, spread, len(missing)),
        spread=spread_text(spread, "student"),
        assignments=tuple(_assignment_view(report, summary) for summary in summaries),
        missing=tuple(_missing_view(row, [one for one, _ in what]) for row, what in missing),
        grace_budget="" if use is None else counted(use.budget, "day"),
        grace_counts=tuple((counted(d, "day"), str(n)) for d, n in use.students.items())
        if use
        else (),
        grace=tuple(_grace_view(row, where, use.budget) for row, where in use.users) if use else (),
    )


def gradebook_view(report: TermReport) -> GradebookView:
    """The gradebook's page."""
    points = [one.points for one in report.assignments]
    return GradebookView(
        course=_course(report),
        generated=time_text(report.generated_at, report.zone),
        assignments=tuple(
            (clean_line(one.name, 24), clean_line(one.title), points_text(one.points))
            for one in report.assignments
        ),
        rows=tuple(
            (
                (
                    clean_line(row.student, 32),
                    clean_line(row.name, 60),
                    clean_line(row.section, 24),
                ),
                tuple(map(_cell, row.entries, points)),
                _sums(row),
            )
            for row in report.students
        ),
        has_grace=report.grace_budget is not None,
    )


def _course(report: TermReport) -> str:
    return clean_line(f"{report.course_code} · {report.course_title}")


def _facts(
    report: TermReport, summaries: list[AssignmentSummary], spread: Spread, missing: int
) -> tuple[Fact, ...]:
    waiting = sum(summary.states[EntryState.WAITING] for summary in summaries)
    requests = sum(one.requests for one in report.assignments)
    facts = [
        Fact(f"{len(report.students):,}", "students"),
        Fact(f"{waiting:,}", "scores waiting", "for our side, or for a grade by hand"),
        Fact(f"{missing:,}", "students miss something", "that was due"),
        Fact(f"{requests:,}", "open regrade requests"),
    ]
    if spread.middle is not None:
        facts.insert(1, Fact(f"{points_text(spread.middle)} %", "median total", "of what is final"))
    return tuple(facts)


def _assignment_view(report: TermReport, summary: AssignmentSummary) -> AssignmentView:
    one, states = summary.assignment, summary.states
    quartiles = summary.scores.quartiles
    return AssignmentView(
        name=clean_line(one.name, 24),
        title=clean_line(one.title),
        due=short_time_text(one.due, report.zone),
        counts_for=clean_line(one.counts_for, 60),
        submitted=f"{summary.submitted:,}",
        final=f"{states[EntryState.FINAL]:,}",
        waiting=f"{states[EntryState.WAITING]:,}" if states[EntryState.WAITING] else "",
        missing=f"{states[EntryState.MISSING]:,}" if states[EntryState.MISSING] else "",
        late=f"{summary.late:,}" if summary.late else "",
        median="" if summary.scores.middle is None else points_text(summary.scores.middle),
        middle_half=" to ".join(map(points_text, quartiles)) if quartiles else "",
        points=points_text(one.points),
        requests=str(one.requests or ""),
    )


def _missing_view(row: TermStudent, what: list[TermAssignment]) -> MissingView:
    return MissingView(
        student=clean_line(row.student, 32),
        name=clean_line(row.name, 60),
        section=clean_line(row.section, 24),
        email=clean_line(row.email, 120),
        number=str(len(what)),
        what=", ".join(clean_line(one.name, 24) for one in what),
    )


def _grace_view(
    row: TermStudent, where: tuple[tuple[TermAssignment, int], ...], budget: int
) -> GraceView:
    return GraceView(
        student=clean_line(row.student, 32),
        name=clean_line(row.name, 60),
        used=str(row.grace_days),
        left=str(budget - row.grace_days),
        where=", ".join(f"{clean_line(one.name, 24)} ({days})" for one, days in where),
    )


def _cell(entry: Entry, points: float) -> tuple[str, str]:
    if entry.final is None:
        return MARKS[entry.state], "open"
    if entry.state is EntryState.MISSING:
        return "0–", "open"
    tone = points_tone(entry.final, points)
    # Nearly every score is a part of the points: coloured, it would say nothing.
    text = points_text(entry.final) + ("*" if entry.is_set else "")
    return text, "" if tone == "some" else tone


def _sums(row: TermStudent) -> tuple[str, ...]:
    percent = "" if row.percent is None else f"{row.percent:.1f}"
    so_far = percent_text(row.so_far / 100.0)
    return (percent, so_far, str(row.late_days or ""), str(row.grace_days or ""))
