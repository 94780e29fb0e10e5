"""Dates and times as staff write them, and the instants that they mean in the course's zone.

Every parser raises `ValueError` with what was expected, and a hint, as its words.
"""

import calendar
import functools
import re
import zoneinfo
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from grader.course.complaints import did_you_mean

# What a course can mean, with room on both sides for all that is reckoned from its dates.
FIRST_YEAR, LAST_YEAR = 1970, 2999

_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_CLOCK = re.compile(r"([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?(?: ?(Z|[-+][0-9]{2}:[0-9]{2}))?")
_EXPECTED_DATE = "expected a date such as `2027-01-14`"
_EXPECTED_TIME = "expected a local date and time such as `2027-01-14 18:00`"
_EXPECTED_CLOCK = "expected a time of day such as `18:00`"


@dataclass(frozen=True)
class LocalTime:
    """A wall-clock time as written: no zone yet, and seldom an offset from UTC."""

    clock: datetime
    offset: timedelta | None = None


def parse_zone(name: object) -> zoneinfo.ZoneInfo:
    """The zone of an IANA name such as `America/Toronto`."""
    expected = "expected an IANA time zone such as `America/Toronto`"
    if not isinstance(name, str):
        raise ValueError(expected)
    known = _known_zones()
    # Names without an area, such as EST, are fixed offsets or aliases kept for old systems.
    if name in known and ("/" in name or name == "UTC"):
        return zoneinfo.ZoneInfo(name)
    cities = {zone.rsplit("/", 1)[-1]: zone for zone in sorted(known, reverse=True)}
    by_city = cities.get(name.rsplit("/", 1)[-1].strip().replace(" ", "_").title())
    hint = f"did you mean `{by_city}`?" if by_city else did_you_mean(name, known)
    raise ValueError(f"{expected}; {hint}" if hint else expected)


@functools.cache
def _known_zones() -> frozenset[str]:
    """Looking through the system's files takes longer than reading a course file."""
    return frozenset(zoneinfo.available_timezones())


def parse_date(text: object) -> date:
    """A calendar date, `YYYY-MM-DD`."""
    match = _DATE.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(_EXPECTED_DATE)
    year, month, day = (int(part) for part in match.groups())
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"expected a year from {FIRST_YEAR} to {LAST_YEAR}")
    if not 1 <= month <= 12:
        raise ValueError(f"which is no date: there is no month {month:02}; {_EXPECTED_DATE}")
    days = calendar.monthrange(year, month)[1]
    if not 1 <= day <= days:
        name = calendar.month_name[month]
        raise ValueError(f"which is no date: {name} {year} has {days} days")
    return date(year, month, day)


def parse_local_time(text: object) -> LocalTime:
    """A date and time of day, `YYYY-MM-DD HH:MM[:SS]`, with an offset only where it is needed."""
    parts = re.split("[ T]", text, maxsplit=1) if isinstance(text, str) else []
    if not parts or not _DATE.fullmatch(parts[0]):
        raise ValueError(_EXPECTED_TIME)
    day = parse_date(parts[0])
    if len(parts) == 1:
        raise ValueError(f"which has no time of day; {_EXPECTED_TIME}")
    if parts[1] in ("24:00", "24:00:00"):
        raise ValueError(f"which is no time of day; write `{day + timedelta(days=1)} 00:00`")
    if not _CLOCK.fullmatch(parts[1]):
        raise ValueError(_EXPECTED_TIME)
    clock, offset = parse_clock(parts[1])
    return LocalTime(datetime.combine(day, clock), offset)


def parse_clock(text: str) -> tuple[time, timedelta | None]:
    """A time of day, `HH:MM[:SS]`, and the offset from UTC if one is written after it."""
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise ValueError(_EXPECTED_CLOCK)
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError("which is no time of day: hours go to 23, minutes and seconds to 59")
    return time(hour, minute, second), _parse_offset(match[4])


def _parse_offset(text: str | None) -> timedelta | None:
    if text is None:
        return None
    if text == "Z":
        return timedelta(0)
    size = timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))
    if size >= timedelta(days=1):
        raise ValueError("whose offset from UTC is a day or more")
    return -size if text[0] == "-" else size


def in_zone(local: LocalTime, zone: tzinfo) -> datetime:
    """The aware time that a written time means in `zone`.

    Raises:
        ValueError: the clocks skip it, or show it twice and no offset says which is meant, or
            the offset is not the zone's.
    """
    readings = _readings(local.clock, zone)
    if not readings:
        raise ValueError(_skipped(local.clock, zone))
    if local.offset is None:
        if len(readings) == 1:
            return readings[0]
        offsets = " or ".join(
            f"`{_written(local.clock)} {_offset(reading)}`" for reading in readings
        )
        raise ValueError(f"which the clocks of {zone} show twice that night; write {offsets}")
    for reading in readings:
        if reading.utcoffset() == local.offset:
            return reading
    offsets = " or ".join(f"`{_offset(reading)}`" for reading in readings)
    raise ValueError(f"whose offset is not that of {zone}, {offsets}; leave it out")


def _readings(clock: datetime, zone: tzinfo) -> list[datetime]:
    """The zero, one or two moments, in order, at which the zone's clocks show `clock`."""
    found: list[datetime] = []
    for fold in (0, 1):
        aware = clock.replace(tzinfo=zone, fold=fold)
        back = aware.astimezone(UTC).astimezone(zone)
        if back.replace(tzinfo=None, fold=0) == clock and back.fold == fold:
            found.append(aware)
    return found


def _skipped(clock: datetime, zone: tzinfo) -> str:
    """Words for a time that the clocks jump over."""
    before = clock.replace(tzinfo=zone).utcoffset() or timedelta(0)
    after = clock.replace(tzinfo=timezone(before)).astimezone(zone)
    jump = (after.utcoffset() or timedelta(0)) - before
    return (
        f"which does not exist: the clocks of {zone} go forward by "
        f"{jump // timedelta(minutes=1)} minutes that night; "
        f"write `{_written(after.replace(tzinfo=None))}` if you mean the same moment"
    )


def _written(clock: datetime) -> str:
    return clock.isoformat(" ", "seconds" if clock.second else "minutes")


def _offset(moment: datetime) -> str:
    return moment.isoformat()[-6:]
