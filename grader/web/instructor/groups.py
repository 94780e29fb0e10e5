"""Who works with whom, set by set: groups, who is in none, and what staff change of that."""

from collections.abc import Callable, Mapping

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from grader.desk.extending import check_students
from grader.desk.grouping import (
    COLUMNS,
    GroupSet,
    alone,
    find_group,
    group_sets,
    read_groups,
    size_note,
)
from grader.intake import Refused
from grader.store import CannotGroup, GroupRow, UnknownGroup, UnknownStudent
from grader.web.instructor.frame import back_to, refuse, show
from grader.web.staff.paging import part_of
from grader.web.visits import INSTRUCTORS, Visit, page

PAGE = 50
MOST_ALONE = 100
LARGEST_BYTES = 1 << 20

REFUSED = (Refused, CannotGroup, UnknownGroup, UnknownStudent)


@page(INSTRUCTORS)
def all_sets(visit: Visit) -> HttpResponse:
    """To the first set of groups; or that there is none."""
    sets = group_sets(visit.course)
    if sets:
        return HttpResponseRedirect(reverse("course-group-set", args=[next(iter(sets))]))
    return show(visit, "groups", "course-groups", {"sets": {}})


@page(INSTRUCTORS)
def groups(visit: Visit, name: str) -> HttpResponse:
    """The groups of a set."""
    one = find_set(visit, name)
    names = {row.identifier: row.name for row in visit.store.roster.students()}
    every = visit.store.groups.all(name)
    standing = [group for group in every if group.members]
    without = alone(names, standing)
    text = visit.request.GET.get("text", "").strip()[:128]
    found = [group for group in standing if fits(group, text, names)]
    shown = part_of(
        found, visit.request.GET, size=PAGE, query=urlencode({"text": text}) if text else ""
    )
    alone_found = [each for each in without if _holds(f"{each}\n{names[each]}", text)]
    values = {
        "sets": group_sets(visit.course),
        "one": one,
        "part_shown": shown,
        "groups": [
            (
                group,
                [(each, names.get(each, "")) for each in group.members],
                size_note(group, one.size),
            )
            for group in shown.entries
        ],
        "text": text,
        "count": len(standing),
        "few": sum(bool(size_note(group, one.size)) for group in standing),
        "alone": [(each, names[each]) for each in alone_found[:MOST_ALONE]],
        "alone_count": len(without),
        "alone_more": max(0, len(alone_found) - MOST_ALONE),
        "columns": ",".join(COLUMNS),
    }
    return show(visit, "groups", "course-groups", values)


@page(INSTRUCTORS, "POST")
def form_group(visit: Visit, name: str) -> HttpResponse:
    """Make a group of these students."""
    given = visit.request.POST

    def form(one: GroupSet) -> str:
        members = given.get("students", "").replace(",", " ").split()
        if not members:
            raise Refused("say who is in the group")
        check_students({row.identifier for row in visit.store.roster.students()}, members)
        group = visit.store.groups.form(
            one.name, given.get("group", "").strip(), members, largest=one.size.max, by=visit.by
        )
        return f"{told(group)} {size_note(group, one.size)}".strip()

    return _change(visit, name, form)


@page(INSTRUCTORS, "POST")
def join(visit: Visit, name: str) -> HttpResponse:
    """Add a student to a group."""
    given = visit.request.POST

    def add(one: GroupSet) -> str:
        student = given.get("student", "").strip()
        check_students({row.identifier for row in visit.store.roster.students()}, [student])
        group = find_group(visit.store, one.name, given.get("group", "").strip())
        return told(visit.store.groups.join(group.id, student, largest=one.size.max, by=visit.by))

    return _change(visit, name, add)


@page(INSTRUCTORS, "POST")
def leave(visit: Visit, name: str) -> HttpResponse:
    """Take a student out of a group; what it handed in stays the group's."""
    given = visit.request.POST

    def remove(one: GroupSet) -> str:
        group = find_group(visit.store, one.name, given.get("group", ""))
        return told(visit.store.groups.leave(group.id, given.get("student", ""), by=visit.by))

    return _change(visit, name, remove)


@page(INSTRUCTORS, "POST")
def from_file(visit: Visit, name: str) -> HttpResponse:
    """Form the groups of a CSV file: all of them or none."""
    sent = visit.request.FILES.get("file")

    def form(one: GroupSet) -> str:
        if sent is None or (sent.size or 0) > LARGEST_BYTES:
            raise Refused("choose a file" if sent is None else "the file is too large")
        members: Mapping[str, list[str]] = read_groups(sent.name or "groups.csv", sent.read())
        made = visit.store.groups.form_all(one.name, members, largest=one.size.max, by=visit.by)
        return f"{len(made)} groups were formed."

    return _change(visit, name, form)


def find_set(visit: Visit, name: str) -> GroupSet:
    """A set of groups that the course has. Raises `Http404`."""
    found = group_sets(visit.course).get(name)
    if found is None:
        raise Http404("there is no such set of groups")
    return found


def fits(group: GroupRow, text: str, names: Mapping[str, str]) -> bool:
    """Whether the text is in a group's name, or in that of a member."""
    members = "\n".join(f"{each}\n{names.get(each, '')}" for each in group.members)
    return _holds(f"{group.name}\n{members}", text)


def told(group: GroupRow) -> str:
    """Who is in a group."""
    return f"{group.name}: {', '.join(group.members) or 'nobody'}."


def _change(visit: Visit, name: str, change: Callable[[GroupSet], str]) -> HttpResponse:
    """Do it and say what it did, or why nothing was changed."""
    one = find_set(visit, name)
    try:
        messages.success(visit.request, change(one))
    except REFUSED as error:
        refuse(visit, error)
    return back_to("course-group-set", name)


def _holds(words: str, text: str) -> bool:
    return text.casefold() in words.casefold()
