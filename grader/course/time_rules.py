"""What the times of `course.yaml` must mean together: names that lead somewhere, and their order.

Where one time is wrong, those that refer to it are passed over.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from grader.course.complaints import Parts
from grader.course.dates import LocalTime, parse_zone
from grader.course.named_times import (
    NAMED,
    Circle,
    FaultElsewhere,
    Relative,
    Schedule,
    Written,
    parse_event,
    parse_time,
)
from grader.course.raw_fields import TermFields
from grader.course.written import WrittenAssignment, WrittenSection
from grader.course.yaml_source import Document

# Without a value, these would be as good as not there, which may not be what was meant.
_OPTIONAL = ("lock", "solution", "late_policy", "attempts", "time_allowed")


def check_times(document: Document) -> None:
    """Add a complaint for each event or time of an assignment that breaks a rule."""
    check = _Times(document)
    check.events()
    for name in check.names("assignments"):
        check.assignment(("assignments", name), name)


@dataclass(frozen=True)
class _Known:
    """A time of the file: where it is, and what it means if that is known."""

    path: Parts
    moment: datetime | None


@dataclass(frozen=True)
class _Three:
    release: _Known
    due: _Known
    lock: _Known


class _Times(TermFields):
    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self.zone = self.read(parse_zone, "zone")
        self.circles: set[frozenset[str]] = set()
        self.unusable: list[str] = []
        self.schedule = Schedule(self.zone or ZoneInfo("UTC"), self.named_times(), self.unusable)

    def named_times(self) -> dict[str, Written]:
        """Every time that has a name, as written; names of unreadable ones are kept apart."""
        places: dict[str, tuple[Callable[[object], Written], Parts]] = {
            f"{name}.{field}": (parse_time, ("assignments", name, field))
            for name in self.names("assignments")
            for field in NAMED
            if self.get("assignments", name, field) is not None
        }
        places |= {name: (parse_event, ("events", name)) for name in self.names("events")}
        found: dict[str, Written] = {}
        for name, (parse, path) in places.items():
            written = self.read_time(parse, path)
            if written is None:
                self.unusable.append(name)
            else:
                found[name] = written
        return found

    def read_time(self, parse: Callable[[object], Written], path: Parts) -> Written | None:
        written = self.read(parse, *path)
        # With a wrong zone, the order of times can still be checked, by their clocks.
        if self.zone is None and isinstance(written, LocalTime | Relative):
            return replace(written, offset=None)
        return written

    def events(self) -> None:
        for name in self.names("events"):
            path = ("events", name)
            if name in self.names("assignments"):
                what = "also the name of an assignment; give one of them another name"
                self.document.complain(path, what, of_key=True)
            if name in self.schedule.written:
                self.meaning(path, name, lambda name=name: self.schedule.named(name))

    def moment(self, path: Parts, name: str = "") -> datetime | None:
        """The time at a path, or None; a complaint if it means none."""
        written = self.read_time(parse_time, path)
        if not isinstance(written, LocalTime | Relative):
            return None
        found = self.meaning(path, name, lambda: self.schedule.moment(written, name=name))
        return found if isinstance(found, datetime) else None

    def meaning(
        self, path: Parts, name: str, find: Callable[[], date | datetime]
    ) -> date | datetime | None:
        """What `find` gives, or None and a complaint at a path, unless it has one elsewhere."""
        try:
            return find()
        except FaultElsewhere:
            return None
        except Circle as error:
            circle = frozenset(error.names)
            if name in circle and circle not in self.circles:
                self.circles.add(circle)
                self.saw(path, str(error))
        except ValueError as error:
            self.saw(path, str(error))
        return None

    def assignment(self, at: Parts, name: str) -> None:
        if not isinstance(self.get(*at), dict):
            return
        self.not_empty(at, WrittenAssignment, _OPTIONAL)
        times = self.times(at, name)
        self.in_order(times)
        for section in self.names(*at, "sections"):
            self.not_empty((*at, "sections", section), WrittenSection, NAMED)
            self.section((*at, "sections", section), times)
        for field in ("feedback", "solution"):
            self.opening((*at, field), times)

    def not_empty(self, at: Parts, model: type[BaseModel], fields: Iterable[str]) -> None:
        """Complain of fields that may be left out, but are there without a value."""
        for field in fields:
            if field in self.names(*at) and self.get(*at, field) is None:
                expected = model.model_fields[field].description
                what = f"saw nothing, expected {expected}; or delete it"
                self.document.complain((*at, field), what)

    def times(self, at: Parts, name: str = "") -> _Three:
        found = {
            field: _Known((*at, field), self.moment((*at, field), name and f"{name}.{field}"))
            for field in NAMED
        }
        for field in ("release", "due"):
            path, moment = found[field].path, found[field].moment
            if moment and not self.within_term(path, moment.date(), "a time"):
                found[field] = _Known(path, None)
        return _Three(**found)

    def section(self, at: Parts, base: _Three) -> None:
        """The dates of a section: its own, and the assignment's where it has none."""
        if isinstance(self.get(*at), dict) and not self.get(*at):
            what = "saw no dates, expected one of `release`, `due` and `lock`; or delete it"
            self.document.complain(at, what, of_key=True)
            return
        own = self.times(at)
        there = self.names(*at)
        self.in_order(
            _Three(*(getattr(own if field in there else base, field) for field in NAMED)),
            within=at,
        )

    def in_order(self, times: _Three, within: Parts = ()) -> None:
        """Release before due, and due no later than lock.

        The complaint is at the later of the two, or at the one that is `within` a section.
        """
        release, due, lock = times.release, times.due, times.lock
        if release.moment and due.moment and _utc(due.moment) <= _utc(release.moment):
            if _is_at(due.path, within):
                self.saw(due.path, f"expected a time after the release, {self.told(release)}")
            elif _is_at(release.path, within):
                self.saw(release.path, f"expected a time before the due time, {self.told(due)}")
        if due.moment and lock.moment and _utc(lock.moment) < _utc(due.moment):
            if _is_at(lock.path, within):
                what = f"expected the due time, {self.told(due)}, or later"
                self.saw(lock.path, what)
            elif _is_at(due.path, within):
                what = f"expected no time after the lock, {self.told(lock)}"
                self.saw(due.path, f"{what}; give the section a `lock` of its own")

    def told(self, known: _Known) -> str:
        """A time as it is written, and what it means where that isn't the same."""
        written = str(self.get(*known.path))
        if known.moment is None or written[:1].isdigit():
            return written
        return f"{written} ({known.moment:%Y-%m-%d %H:%M})"

    def opening(self, path: Parts, times: _Three) -> None:
        moment = self.moment(path)
        if moment is None:
            return
        if path[-1] == "solution":
            least, which = (times.lock, "lock") if times.lock.moment else (times.due, "due time")
        else:
            least, which = times.release, "release"
        if least.moment and _utc(moment) < _utc(least.moment):
            self.saw(path, f"expected the {which}, {self.told(least)}, or later")


def _is_at(path: Parts, within: Parts) -> bool:
    return path[: len(within)] == within


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
