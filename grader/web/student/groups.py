"""Which groups a student is in, and with whom."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render

from grader.desk.grouping import GroupSet, group_sets, size_note
from grader.store import GroupRow
from grader.web.visits import STUDENTS, Visit, page


@dataclass(frozen=True)
class SetView:
    """A set of groups: what is done in it, and the student's own group."""

    titles: tuple[tuple[str, bool, str], ...]
    size: str
    group: str
    members: tuple[str, ...]
    note: str


@page(STUDENTS)
def groups(visit: Visit) -> HttpResponse:
    """The student's group in each set. Staff form them."""
    sets = group_sets(visit.course).values()
    values = {"here": "home", "sets": [_view(visit, one) for one in sets]}
    return render(visit.request, "web/student/groups.html", values)


def _view(visit: Visit, one: GroupSet) -> SetView:
    found = visit.store.groups.of(one.name, visit.student.identifier)
    titles = tuple(
        (name, visit.course.assignments[name].release_utc <= visit.now,
         visit.course.assignments[name].title)
        for name in one.assignments
    )  # fmt: skip
    return SetView(
        titles=titles,
        size=one.size.text,
        group=found.name if found else "",
        members=_names(visit, found) if found else (),
        note=size_note(found, one.size) if found else "",
    )


def _names(visit: Visit, group: GroupRow) -> tuple[str, ...]:
    people = [visit.store.roster.find(name) for name in group.members]
    return tuple(one.name or one.identifier for one in people if one is not None)
