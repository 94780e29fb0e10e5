"""One student: what counts of each assignment and how that came about, and by which dates."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from django.http import HttpResponse
from django.shortcuts import render

from grader.course import Assignment
from grader.course.calendar import standing_text
from grader.gradebook.evidence import Evidence, gather_student
from grader.gradebook.explaining import Step, explain
from grader.gradebook.term import Grade, Sheets
from grader.report.wording import counted, points_text
from grader.store import ExtensionRow, State, SubmissionRow
from grader.web.finding import find_student
from grader.web.staff.reach import hides_names
from grader.web.visits import STAFF, Visit, page

ANOTHER = "another of the group"


@dataclass(frozen=True)
class AssignmentCard:
    """One assignment of a student.

    `sent` is with who of the group handed it in, where that was another. Names of its papers are
    hidden if it `is_hidden`; it `is_open` once it is released to them.
    """

    assignment: Assignment
    score: str
    due: datetime
    is_extended: bool
    late: str
    group: str
    counts: SubmissionRow | None
    sent: tuple[tuple[SubmissionRow, str], ...]
    extensions: tuple[str, ...]
    steps: tuple[Step, ...]
    is_hidden: bool
    is_open: bool


@page(STAFF)
def student(visit: Visit, identifier: str) -> HttpResponse:
    """All of a student's assignments."""
    row = find_student(visit, identifier)
    values: dict[str, object] = {"here": "students", "student": row, "cards": []}
    if row.active:
        evidence = gather_student(visit.store, visit.course, identifier)
        sheets = Sheets(visit.course, evidence, visit.now)
        term = sheets.term(identifier)
        cards = [
            card_of(visit, evidence, sheets, grade, explain(visit.course, term, name))
            for name, grade in term.grades.items()
        ]
        values |= {
            "cards": [card for card in cards if card.is_open],
            "later": [card.assignment.title for card in cards if not card.is_open],
            "total": term.total,
            "percent": None if term.total.percent is None else f"{term.total.percent:.2f}",
            "so_far": f"{term.total.so_far:.4g}",
            "requests": visit.store.requests.of(identifier),
        }
    return render(visit.request, "web/staff/student.html", values)


def card_of(
    visit: Visit, evidence: Evidence, sheets: Sheets, grade: Grade, steps: Sequence[Step]
) -> AssignmentCard:
    """What to say of one assignment."""
    assignment = visit.course.assignments[grade.assignment]
    student = grade.score.student
    group = sheets.calendar.group_of(assignment, student)
    is_hidden = hides_names(visit, assignment)
    handed = evidence.handed[assignment.name].submissions
    shares = {row.id for row in sheets.shares(student, assignment.name)}
    sent = [
        row
        for row in reversed(handed)
        if row.id in shares or (row.state is State.WITHDRAWN and student in row.credited)
    ]
    dates = grade.dates
    return AssignmentCard(
        assignment=assignment,
        score=score_text(grade),
        due=dates.due,
        is_extended=dates.set_due is not None and dates.due > dates.set_due,
        late=standing_text(grade.standing) if grade.standing else "",
        group=group.name if group else "",
        counts=None if is_hidden else grade.submission,
        sent=() if is_hidden else tuple((row, _sender(visit, row, student)) for row in sent),
        extensions=tuple(
            extension_text(row)
            for row in evidence.extensions
            if row.assignment == assignment.name
            and (row.student == student or (group and row.group == group.id))
        ),
        steps=() if is_hidden else tuple(_told(visit, grade, step) for step in steps),
        is_hidden=is_hidden,
        is_open=bool(sent) or dates.release.astimezone(UTC) <= visit.now,
    )


def _sender(visit: Visit, row: SubmissionRow, student: str) -> str:
    """Who handed it in, if another of the group; named only to whom they may be."""
    if row.student == student:
        return ""
    sender = visit.store.roster.find(row.student)
    return row.student if sender and visit.visitor.may_see(sender) else ANOTHER


def _told(visit: Visit, grade: Grade, step: Step) -> Step:
    """The step without the name of one of the group whom the visitor may not see."""
    row = grade.submission
    if row is None or _sender(visit, row, grade.score.student) != ANOTHER:
        return step
    return replace(step, text=step.text.replace(f"by {row.student}:", f"by {ANOTHER}:"))


def score_text(grade: Grade) -> str:
    """The final score, or why there is none."""
    score = grade.score
    if score.final is None:
        return str(score.pending or "")
    text = f"{points_text(score.final)} of {points_text(score.points)}"
    return f"{text}, set by hand" if score.override else text


def extension_text(row: ExtensionRow) -> str:
    """An extension with who granted it and why."""
    parts = [f"until {row.until_text}"] if row.until_text else []
    parts += [counted(row.days, "day")] if row.days else []
    parts += [f"{row.time_factor:g} times the time"] if row.time_factor > 1 else []
    whose = "" if row.student else "for the group, "
    return f"{whose}{', '.join(parts)}, by {row.by}: {row.reason}"
