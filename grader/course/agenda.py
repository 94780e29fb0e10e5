"""The term in order of time: releases, due times, lectures, events, for all or for one student."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from grader.course.calendar import due_text, no_credit_from, span_after
from grader.course.models import Assignment, Course
from grader.course.policy import GraceDays, LatePolicy, NoLateWork, Windows
from grader.course.student_dates import Dates, dates_for, feedback_from, solution_from


class Kind(StrEnum):
    """What happens at a time, in the order of what happens at the same one."""

    LECTURE = "lecture"
    EVENT = "event"
    RELEASE = "release"
    DUE = "due"
    LATE = "late work"
    LOCK = "lock"
    FEEDBACK = "feedback"
    SOLUTION = "solution"


@dataclass(frozen=True)
class Entry:
    """Something on the calendar, at a time or on a day.

    `key` names it for as long as the course does, whenever it is: `ps1/due`, `lecture/3`.
    `subject` is an assignment, an event or a lecture's number; `section` is given where it is for
    one section only.
    """

    at: datetime | date
    kind: Kind
    subject: str
    title: str
    text: str
    key: str
    section: str = ""


def agenda(
    course: Course,
    *,
    own: Mapping[str, Dates] | None = None,
    extended: Mapping[str, Iterable[Dates]] | None = None,
) -> tuple[Entry, ...]:
    """What is on the course's calendar, in order of time.

    Args:
        course: the course.
        own: the dates of one student by assignment, if the calendar is for one. Otherwise it
            shows what holds for everybody, and for a section where that differs.
        extended: by assignment, the dates of whoever has some of their own, or of everybody;
            feedback and solutions wait for them.
    """
    entries = [*_lectures(course), *_events(course)]
    for name, assignment in course.assignments.items():
        late = tuple((extended or {}).get(name, ()))
        if own is not None and name in own:
            entries += _of_assignment(course, assignment, own[name])
            late = (*late, own[name])
        else:
            entries += _of_everybody(course, assignment)
        entries += _openings(course, assignment, late)
    return tuple(sorted(entries, key=lambda entry: _order(entry, course.zone)))


def _order(entry: Entry, zone: tzinfo) -> tuple[datetime, int, str]:
    at = entry.at
    if not isinstance(at, datetime):
        at = datetime.combine(at, time(), tzinfo=zone)
    return at.astimezone(UTC), list(Kind).index(entry.kind), entry.key


def _lectures(course: Course) -> Iterator[Entry]:
    for one in course.lectures:
        number = str(one.number)
        yield Entry(one.date, Kind.LECTURE, number, one.title, "", f"lecture/{number}")


def _events(course: Course) -> Iterator[Entry]:
    for name, at in course.events.items():
        title = name.replace("_", " ")
        yield Entry(at, Kind.EVENT, name, title, "", f"event/{name}")


def _of_everybody(course: Course, assignment: Assignment) -> Iterator[Entry]:
    common = tuple(_of_assignment(course, assignment, dates_for(assignment, course.zone)))
    yield from common
    known = {(entry.key, entry.at) for entry in common}
    for section in assignment.sections:
        dates = dates_for(assignment, course.zone, section=section)
        for entry in _of_assignment(course, assignment, dates, section):
            if (entry.key.removesuffix(f"/{section}"), entry.at) not in known:
                yield entry


def _of_assignment(
    course: Course, assignment: Assignment, dates: Dates, section: str = ""
) -> Iterator[Entry]:
    def entry(at: datetime, kind: Kind, text: str, part: str) -> Entry:
        key = "/".join([assignment.name, part, *([section] if section else [])])
        return Entry(at, kind, assignment.name, assignment.title, text, key, section)

    zone = course.zone
    yield entry(dates.release, Kind.RELEASE, "", "release")
    text = due_text(dates.due, zone)
    if dates.time_allowed is not None:
        minutes = dates.time_allowed.total_seconds() / 60
        text += f"; timed: {minutes:g} min from when a student begins"
    yield entry(dates.due, Kind.DUE, text, "due")
    policy = course.late_policy_of(assignment)
    for number, (end, text) in enumerate(_late_ends(dates.due, policy, zone), start=1):
        # What a lock cuts off never comes.
        if dates.lock is None or end.astimezone(UTC) < dates.lock.astimezone(UTC):
            yield entry(end, Kind.LATE, text, f"late/{number}")
    if dates.lock is not None:
        yield entry(dates.lock, Kind.LOCK, "nothing is taken from then on", "lock")


def _late_ends(due: datetime, policy: LatePolicy, zone: tzinfo) -> Iterator[tuple[datetime, str]]:
    """When late work is worth less from one moment to the next, without the slack."""
    if isinstance(policy, NoLateWork):
        return
    if isinstance(policy, Windows):
        for window in policy.windows:
            until = span_after(due, window.until, zone)
            yield until, f"until then late work counts {window.credit:g} %"
        return
    strict = policy.model_copy(update={"slack": timedelta(0)})
    end = no_credit_from(due, strict, zone)
    if end is not None:
        graced = ", with all grace days" if isinstance(policy, GraceDays) else ""
        yield end, f"from then on late work has no credit{graced}"


def _openings(course: Course, assignment: Assignment, late: Iterable[Dates]) -> Iterator[Entry]:
    name, title, dates = assignment.name, assignment.title, tuple(late)
    feedback = feedback_from(assignment, course.zone, dates)
    if not assignment.by_hand:
        text = "results of the hidden checks are shown"
        yield Entry(feedback, Kind.FEEDBACK, name, title, text, f"{name}/feedback")
    solution = solution_from(assignment, course.zone, dates)
    if solution is not None:
        text = "the solution is released"
        yield Entry(solution, Kind.SOLUTION, name, title, text, f"{name}/solution")
