"""Times that are written relative to others: `ps1.due + 7 days`, `exam - 2 days at 18:00`.

A name is that of an event, or an assignment's `release`, `due` or `lock`. Days and weeks go by
the wall clock in the course's zone, hours by instants; a result that the clocks skip or show
twice is refused, as a written time is. Nothing here knows what time it is now.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from grader.course.complaints import did_you_mean
from grader.course.dates import (
    FIRST_YEAR,
    LAST_YEAR,
    LocalTime,
    in_zone,
    parse_clock,
    parse_date,
    parse_local_time,
)
from grader.course.units import Span, parse_span

# Of times between one and the date that it is reckoned from. Each is followed anew for each time.
MOST_BETWEEN = 20

# What of an assignment other times may refer to.
NAMED = ("release", "due", "lock")

_NAME = r"[a-z][a-z0-9_-]{0,31}(?:\.[a-z]+)?"
_RELATIVE = re.compile(rf"({_NAME})(?: ([-+]) ([0-9]+ [a-z]+))?(?: at ([0-9].*))?")
_UNSPACED = re.compile(rf"({_NAME}) ?[-+] ?[0-9]")
_EXPECTED = (
    "expected a local date and time such as `2027-01-14 18:00`, or one by name such as "
    "`ps1.due + 7 days` or `exam - 1 day at 18:00`"
)
_BEYOND = f"which is not in the years {FIRST_YEAR} to {LAST_YEAR}"
_NONE = Span()


class After(StrEnum):
    """A time that depends on what was granted to whom (`student_dates.last_due`)."""

    LAST_DUE = "after the last due date"


@dataclass(frozen=True)
class Relative:
    """A time by the name of another: so much later (or earlier), at a time of day if it says."""

    base: str
    span: Span = _NONE
    is_earlier: bool = False
    clock: time | None = None
    offset: timedelta | None = None


Written = date | LocalTime | Relative


class FaultElsewhere(ValueError):
    """The time that this one refers to can't be used, and has its own complaint."""


class Circle(ValueError):
    """Times that refer to each other in a circle; `names` are those in it."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        shown = " -> ".join(f"`{name}`" for name in (*self.names, self.names[0]))
        super().__init__(f"which is in a circle, {shown}; write one of them as a date and time")


class TooFar(ValueError):
    """A time that refers to another, and that one to another, over and over."""

    def __init__(self) -> None:
        super().__init__(
            f"which goes through more than {MOST_BETWEEN} other times; write it as a date and time"
        )


def parse_time(text: object) -> LocalTime | Relative:
    """A time as a date and time of day, or by name. Raises `ValueError` with what was expected."""
    if isinstance(text, str) and text[:1].isdigit():
        return parse_local_time(text)
    match = _RELATIVE.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        if isinstance(text, str) and _UNSPACED.match(text):
            raise ValueError(f"{_EXPECTED}; put spaces around `+` and `-`")
        raise ValueError(_EXPECTED)
    base, sign, span, clock = match.groups()
    found = parse_span(span) if span else _NONE
    if clock is None:
        return Relative(base, found, sign == "-")
    if found.hours:
        raise ValueError("which has both hours and a time of day; keep one of them")
    return Relative(base, found, sign == "-", *parse_clock(clock))


def parse_event(text: object) -> Written:
    """A day, or a time as in `parse_time`."""
    if isinstance(text, str) and re.fullmatch("[0-9-]+", text):
        return parse_date(text)
    return parse_time(text)


def parse_opening(text: object) -> After | LocalTime | Relative:
    """When something is shown to students: `after the last due date`, or a time."""
    if text == After.LAST_DUE:
        return After.LAST_DUE
    try:
        return parse_time(text)
    except ValueError as error:
        if str(error) == _EXPECTED:
            raise ValueError(
                f"expected `{After.LAST_DUE}`, or a time such as `ps1.due + 2 days`"
            ) from error
        raise


class Schedule:
    """The times of a course by name, each as written, and what they mean in its zone.

    Names are such as `exam` and `ps1.due`. `unusable` are names of times that are there but could
    not be read.
    """

    def __init__(
        self, zone: tzinfo, written: Mapping[str, Written], unusable: Iterable[str] = ()
    ) -> None:
        self.zone = zone
        self.written = dict(written)
        self.unusable = frozenset(unusable)

    def moment(self, written: LocalTime | Relative, *, name: str = "") -> datetime:
        """The time in the course's zone that is meant; `name` is that of the time itself, if any.

        Raises:
            FaultElsewhere: a time that it refers to is wrong.
            ValueError: it is wrong itself, with why as words.
        """
        found = self._meaning(written, (name,) if name else ())
        if isinstance(found, datetime):
            return found
        assert isinstance(written, Relative)
        raise ValueError(f"which is a day; say when on it, such as `{written.base} at 18:00`")

    def named(self, name: str) -> date | datetime:
        """What a name means, an event's or an assignment's. Raises as `moment`."""
        return self._meaning(self.written[name], (name,))

    def _meaning(self, written: Written, trail: tuple[str, ...]) -> date | datetime:
        match written:
            case LocalTime():
                return in_zone(written, self.zone)
            case Relative():
                return self._shifted(self._base(written.base, trail), written)
            case _:
                return written

    def _base(self, name: str, trail: tuple[str, ...]) -> date | datetime:
        if name in self.unusable:
            raise FaultElsewhere(f"`{name}` can't be used")
        if name not in self.written:
            raise ValueError(self._unknown(name))
        if name in trail:
            raise Circle(trail[trail.index(name) :])
        if len(trail) > MOST_BETWEEN:
            raise TooFar
        try:
            return self._meaning(self.written[name], (*trail, name))
        except (Circle, TooFar):
            raise
        except ValueError as error:
            raise FaultElsewhere(f"`{name}` can't be used: {error}") from error

    def _unknown(self, name: str) -> str:
        own = [f"`{name}.{field}`" for field in NAMED if f"{name}.{field}" in self.written]
        if own:
            return f"but `{name}` is an assignment, not a time; write {' or '.join(own)}"
        known = sorted({*self.written, *self.unusable})
        expected = "the name of one of `events`, or such as `ps1.due`"
        hint = did_you_mean(name, known)
        said = f"but there is no time of the name `{name}`, expected {expected}"
        return f"{said}; {hint}" if hint else said

    def _shifted(self, base: date | datetime, by: Relative) -> date | datetime:
        sign = -1 if by.is_earlier else 1
        try:
            if by.span.hours:
                found = self._hours_from(base, timedelta(hours=sign * by.span.hours))
            else:
                found = self._days_from(base, sign * by.span.days, by)
        except OverflowError as error:
            raise ValueError(_BEYOND) from error
        if not FIRST_YEAR <= found.year <= LAST_YEAR:
            raise ValueError(_BEYOND)
        return found

    def _hours_from(self, base: date | datetime, hours: timedelta) -> datetime:
        if not isinstance(base, datetime):
            raise ValueError("but a day has no hour to count from; write days, and `at 18:00`")
        return (base.astimezone(UTC) + hours).astimezone(self.zone)

    def _days_from(self, base: date | datetime, days: int, by: Relative) -> date | datetime:
        if by.clock is not None:
            day = base.date() if isinstance(base, datetime) else base
            clock = datetime.combine(day + timedelta(days=days), by.clock)
            return in_zone(LocalTime(clock, by.offset), self.zone)
        if not isinstance(base, datetime):
            return base + timedelta(days=days)
        if days == 0:
            return base
        clock = base.replace(tzinfo=None, fold=0) + timedelta(days=days)
        return in_zone(LocalTime(clock), self.zone)
