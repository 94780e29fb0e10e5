"""When things are due for one student, for a group, and for everybody: pure functions.

An extension never moves a due time earlier, and moves the lock along where it would cut the
extension short. A group has the latest of its members' dates.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

from grader.course.calendar import effective_due
from grader.course.models import Assignment
from grader.course.named_times import After


@dataclass(frozen=True)
class Extension:
    """What one student was granted: a time of their own, or days, or the later of both.

    `days` are wall-clock days beyond the due time as it is now: if that moves, so do they.
    `time_factor` lengthens the time allowed for a timed assignment.
    """

    until: datetime | None = None
    days: int = 0
    time_factor: float = 1.0


@dataclass(frozen=True)
class Dates:
    """The dates of an assignment that hold for one student or group.

    `set_due` is the due time before extensions. Grace days are charged in its order, so that an
    extension can't cost its assignment the days that another one then uses first.

    Of a timed assignment `time_allowed` is the student's own; `due` is when it is over since they
    began at `started`, and while they haven't, the last moment for it.
    """

    release: datetime
    due: datetime
    lock: datetime | None
    set_due: datetime | None = None
    time_allowed: timedelta | None = None
    started: datetime | None = None


def dates_for(
    assignment: Assignment,
    zone: tzinfo,
    *,
    section: str = "",
    extensions: Iterable[Extension] = (),
    started: datetime | None = None,
) -> Dates:
    """The dates that hold for a student of a section, with the extensions granted to them.

    Args:
        assignment: the assignment.
        zone: the course's zone.
        section: the student's section.
        extensions: what was granted to the student, or to their group.
        started: when the student began, of a timed assignment.

    Raises:
        ValueError: an extension of negative days, or until a time without a zone.
    """
    own = assignment.sections.get(section)
    release = (own and own.release) or assignment.release
    set_due = (own and own.due) or assignment.due
    lock = (own and own.lock) or assignment.lock
    due = set_due.astimezone(zone)
    factor = 1.0
    for extension in extensions:
        factor = max(factor, extension.time_factor)
        granted = effective_due(set_due, zone, until=extension.until, extra_days=extension.days)
        due = max(due, granted, key=_instant)
    if lock is not None:
        lock = max(lock, due, key=_instant).astimezone(zone)
    found = Dates(release.astimezone(zone), due, lock, set_due.astimezone(zone))
    if assignment.time_allowed is None:
        return found
    allowed = assignment.time_allowed * factor
    if started is not None:
        due = timed_end(started, assignment.time_allowed, due, time_factor=factor)
    return replace(found, due=due, time_allowed=allowed, started=started)


def is_locked(received: datetime, dates: Dates) -> bool:
    """Whether nothing was taken any more when something was received."""
    return dates.lock is not None and _instant(received) >= _instant(dates.lock)


def group_dates(members: Iterable[Dates]) -> Dates:
    """The dates of a group: the earliest release, the latest due time and lock of its members.

    Raises:
        ValueError: there are no members.
    """
    each = list(members)
    if not each:
        raise ValueError("a group without members has no dates")
    locks = [dates.lock for dates in each if dates.lock is not None]
    return Dates(
        min((dates.release for dates in each), key=_instant),
        max((dates.due for dates in each), key=_instant),
        max(locks, key=_instant) if len(locks) == len(each) else None,
        max((dates.set_due or dates.due for dates in each), key=_instant),
    )


def last_due(assignment: Assignment, zone: tzinfo, dates: Iterable[Dates]) -> datetime:
    """The last time at which anybody's work is due, be it on time.

    `dates` are those of the students who have dates of their own; all may be given.
    """
    sections = [one.due for one in assignment.sections.values() if one.due is not None]
    every = [assignment.due, *sections, *(own.due for own in dates)]
    return max(every, key=_instant).astimezone(zone)


def timed_end(
    start: datetime, allowed: timedelta, close: datetime, *, time_factor: float = 1.0
) -> datetime:
    """When the time is up for who began at `start`: never later than the close.

    `time_factor` lengthens the time of a student with an accommodation, such as 1.5.

    Raises:
        ValueError: the factor shortens the time, or a time is naive.
    """
    if not 1 <= time_factor <= 10:
        raise ValueError(f"a time factor is from 1 to 10, not {time_factor:g}")
    return min(_instant(start) + allowed * time_factor, _instant(close)).astimezone(close.tzinfo)


def feedback_from(assignment: Assignment, zone: tzinfo, dates: Iterable[Dates]) -> datetime:
    """When the results of hidden checks are shown: from then on, also of what comes later.

    A time that is written before the due time shows results early, as staff wish. One at or after
    the due time waits for the last individual due time all the same, and so does the default.
    """
    shown = assignment.feedback
    if isinstance(shown, datetime) and _instant(shown) < assignment.due_utc:
        return shown.astimezone(zone)
    return _after_all(shown, last_due(assignment, zone, dates), zone)


def solution_from(assignment: Assignment, zone: tzinfo, dates: Iterable[Dates]) -> datetime | None:
    """When the solution is released, never before the last individual due time; None for never."""
    if assignment.solution is None:
        return None
    return _after_all(assignment.solution, last_due(assignment, zone, dates), zone)


def _after_all(shown: datetime | After, last: datetime, zone: tzinfo) -> datetime:
    if isinstance(shown, After):
        return last
    return max(shown, last, key=_instant).astimezone(zone)


def _instant(moment: datetime) -> datetime:
    """The UTC instant: Python compares two times of one zone by their clocks alone."""
    if moment.utcoffset() is None:
        raise ValueError("a time without a zone has no place among instants")
    return moment.astimezone(UTC)
