"""The list of submissions, by what staff look for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render

from grader.desk.missing import without_submission
from grader.desk.papers import nameless
from grader.report.cleaning import clean_line
from grader.store import State, StudentRow
from grader.store.browsing import Listed, Order
from grader.web.staff.choosing import Chosen, Outcome, read_choice
from grader.web.staff.given import asked
from grader.web.staff.kinds import choices, kinds_of_results, label_of, labels_of
from grader.web.staff.paging import part_of
from grader.web.staff.reach import hides_names, seen_of, sees_everybody
from grader.web.visits import STAFF, Visit, page

PAGE = 50
# A line names so many kinds of failure.
_NAMED = 3


@dataclass(frozen=True)
class Line:
    """One submission in the list."""

    number: int
    who: str
    names: str
    assignment: str
    received: datetime
    state: State
    earned: float | None
    points: float | None
    failures: tuple[str, ...]
    more: int
    has_proposal: bool


@page(STAFF)
def submissions(visit: Visit) -> HttpResponse:
    """Submissions by assignment, section, what became of them, what failed, and student."""
    given = asked(visit)
    choice = read_choice(visit, given)
    chosen = Chosen(visit, choice)
    values = {
        "here": "submissions",
        "choice": choice,
        "assignments": visit.course.assignments.values(),
        "sections": sorted({row.section for row in chosen.people.values()} - {""}),
        "outcomes": list(Outcome),
        "orders": list(Order),
        "sees_everybody": sees_everybody(visit),
        "needs_assignment": choice.outcome is Outcome.MISSING and not choice.assignment,
    }
    if choice.outcome is Outcome.MISSING:
        absent = part_of(_absent(visit, chosen), given, size=PAGE, query=choice.query)
        return render(visit.request, "web/staff/submissions.html", {**values, "absent": absent})
    part = part_of(chosen.numbers, given, size=PAGE, query=choice.query)
    values |= {
        "part": part,
        "lines": list(lines_of(visit, part.entries, chosen)),
        "kinds": choices(chosen.kinds, chosen.before_kind),
        "kind_label": label_of(choice.kind),
    }
    return render(visit.request, "web/staff/submissions.html", values)


def lines_of(visit: Visit, numbers: Sequence[int], chosen: Chosen) -> Iterator[Line]:
    """What to say of each, of whose work it is only those who may be seen."""
    secret = visit.store.secret()
    listed = visit.store.browsing.listed(numbers)
    kinds = kinds_of_results(visit.store, (one.result for one in listed if one.result))
    for one in listed:
        row, people = one.submission, chosen.people
        failures = labels_of(kinds.get(one.result or 0, ()))
        if hides_names(visit, visit.course.assignments[row.assignment]):
            yield _line(one, "", f"Paper {nameless(secret, row)}", failures)
        else:
            seen = seen_of(row, people)
            names = ", ".join(people[name].name or name for name in seen)
            yield _line(one, ", ".join(seen), names, failures)


def _line(one: Listed, who: str, names: str, failures: list[str]) -> Line:
    row = one.submission
    return Line(
        number=row.id,
        who=clean_line(who, 80),
        names=clean_line(names, 120),
        assignment=row.assignment,
        received=row.received_at,
        state=row.state,
        earned=one.earned,
        points=one.points,
        failures=tuple(failures[:_NAMED]),
        more=max(0, len(failures) - _NAMED),
        has_proposal=one.has_proposal,
    )


def _absent(visit: Visit, chosen: Chosen) -> list[StudentRow]:
    """Who of those that are looked for has handed in nothing for the assignment."""
    name = chosen.choice.assignment
    if not name:
        return []
    absent = without_submission(visit.course, visit.store, name, visit.now)
    return [row for row in chosen.students if row.active and row.identifier in absent]
