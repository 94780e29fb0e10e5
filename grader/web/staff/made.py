"""What takes seconds to make of a course's term, kept while it is what would be made now."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from weakref import WeakKeyDictionary

from grader.course import Course
from grader.course.settling import closing_time
from grader.course.student_dates import Dates
from grader.gradebook.dates import Calendar
from grader.gradebook.evidence import gather_dates
from grader.store import Store
from grader.store.changes import Stamp
from grader.web.visits import Visit

# A page of 2,000 students is some 6 MB long.
_KEPT = 12
# So many requests make something, or wait until it is made; the other threads are for students.
_AT_ONCE = 3
Key = tuple[str, ...]
State = tuple[Stamp, int | None, str]


@dataclass
class _Made:
    """Something that was made, of what, and until when time alone doesn't change it."""

    content: bytes
    of: State
    until: datetime | None


@dataclass
class _Shelf:
    """What was made of one store."""

    made: OrderedDict[Key, _Made] = field(default_factory=OrderedDict[Key, _Made])
    locks: dict[Key, threading.Lock] = field(default_factory=dict[Key, threading.Lock])
    lock: threading.Lock = field(default_factory=threading.Lock)


_shelves: WeakKeyDictionary[Store, _Shelf] = WeakKeyDictionary()
_turns = threading.BoundedSemaphore(_AT_ONCE)
_here = threading.local()


class Busy(Exception):
    """As much is made as may be at a time."""


def made(visit: Visit, key: Key, make: Callable[[], bytes]) -> bytes:
    """What `make` gives, or gave since when nothing has changed that it may follow from.

    Those are the store, the course that counts, what the visitor may see, and the times at which
    something begins or ends for a student. Two who ask at once wait for one that is made. Raises
    `Busy` where many do.
    """
    shelf = _shelves.setdefault(visit.store, _Shelf())
    sections = visit.visitor.sections
    key = (*key, "everybody" if sections is None else "\n".join(sorted(sections)))
    if known := _known(visit, shelf, key, _state(visit)):
        return known.content
    with _turn():
        return _made(visit, shelf, key, make)


@contextmanager
def _turn() -> Iterator[None]:
    """One of the few; whoever makes something of something else, as a PDF of a page, has one."""
    if getattr(_here, "has_turn", False):
        yield
        return
    if not _turns.acquire(blocking=False):
        raise Busy
    _here.has_turn = True
    try:
        yield
    finally:
        _here.has_turn = False
        _turns.release()


def _known(visit: Visit, shelf: _Shelf, key: Key, of: State) -> _Made | None:
    known = shelf.made.get(key)
    is_good = known is not None and known.of == of and _still(known.until, visit.now)
    return known if is_good else None


def _made(visit: Visit, shelf: _Shelf, key: Key, make: Callable[[], bytes]) -> bytes:
    with shelf.lock:
        alone = shelf.locks.setdefault(key, threading.Lock())
    with alone:
        # Looked at before it is made: what changes meanwhile is found changed next time.
        of = _state(visit)
        known = _known(visit, shelf, key, of)
        if known is None:
            known = _Made(make(), of, next_change(visit.course, visit.store, visit.now))
        with shelf.lock:
            shelf.made[key] = known
            shelf.made.move_to_end(key)
            while len(shelf.made) > _KEPT:
                shelf.made.popitem(last=False)
        return known.content


def _state(visit: Visit) -> State:
    version = visit.current.version
    text = visit.place.course_text
    return visit.store.changes.stamp(), version.id if version else None, text


def _still(until: datetime | None, now: datetime) -> bool:
    return until is None or now.timestamp() < until.timestamp()


def next_change(course: Course, store: Store, now: datetime) -> datetime | None:
    """When time alone changes something for a student next: a due time, a lock, a term's end."""
    calendar = Calendar(course, gather_dates(store, course))
    students = [row.identifier for row in store.roster.students()]
    later = [
        moment
        for assignment in course.assignments.values()
        for dates in {calendar.dates(assignment, student) for student in students}
        for moment in _moments(course, assignment.name, [dates])
        if moment > now.astimezone(UTC)
    ]
    return min(later, default=None)


def _moments(course: Course, name: str, each: Iterable[Dates]) -> Iterator[datetime]:
    """The instants at which the assignment changes for whom these dates hold."""
    policy = course.late_policy_of(course.assignments[name])
    over = datetime.combine(course.term.end + timedelta(days=1), time(), tzinfo=course.zone)
    for dates in each:
        closes = closing_time(dates, policy, course.zone)
        for moment in (dates.release, dates.due, dates.lock, closes, over):
            if moment is not None:
                yield moment.astimezone(UTC)
