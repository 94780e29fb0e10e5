"""Sizes and durations as staff write them: a number and its unit."""

import re
from dataclasses import dataclass

from grader.course.complaints import did_you_mean

_SPAN = re.compile(r"([0-9]{1,4}) (day|week|hour)s?")
_LONGEST_SPAN = 1000
_QUANTITY = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?) ?([A-Za-z]+)")
_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}
_BYTES = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_BINARY = {"k": "KiB", "kb": "KiB", "m": "MiB", "mb": "MiB", "g": "GiB", "gb": "GiB"}
_LONGER = {"sec": "s", "secs": "s", "second": "s", "seconds": "s", "m": "min", "mins": "min"}
_LONGER |= {"minute": "min", "minutes": "min", "hour": "h", "hours": "h", "hr": "h"}


def parse_seconds(text: object) -> float:
    """A duration such as `90 s` or `5 min`, in seconds.

    Raises:
        ValueError: with what was expected.
    """
    expected = "expected a duration such as `90 s` or `5 min`"
    return _parse(text, _SECONDS, _LONGER, expected, "s")


def parse_bytes(text: object) -> int:
    """A size such as `64 MiB` or `2 GiB`, in bytes.

    Raises:
        ValueError: with what was expected.
    """
    return int(_parse(text, _BYTES, _BINARY, "expected a size such as `64 MiB` or `2 GiB`", "MiB"))


@dataclass(frozen=True)
class Span:
    """A distance on a calendar: whole days of the wall clock, or hours, which are instants.

    A day has 23 to 25 hours, so neither is a number of the other.
    """

    days: int = 0
    hours: int = 0

    @property
    def text(self) -> str:
        """For people, such as `2 days`."""
        number, unit = (self.hours, "hour") if self.hours else (self.days, "day")
        return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def parse_span(text: object) -> Span:
    """A distance such as `2 days`, `1 week` or `36 hours`, more than nothing.

    Raises:
        ValueError: with what was expected.
    """
    match = _SPAN.fullmatch(text) if isinstance(text, str) else None
    number = int(match[1]) if match else 0
    if match is None or not 0 < number <= _LONGEST_SPAN:
        raise ValueError(f"expected a number and `days`, `weeks` or `hours`, up to {_LONGEST_SPAN}")
    if match[2] == "hour":
        return Span(hours=number)
    return Span(days=number * (7 if match[2] == "week" else 1))


def _parse(
    text: object,
    units: dict[str, float] | dict[str, int],
    almost: dict[str, str],
    expected: str,
    usual: str,
) -> float:
    if isinstance(text, int | float) and not isinstance(text, bool):
        raise ValueError(f"which has no unit; {expected}; did you mean `{text} {usual}`?")
    match = _QUANTITY.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(expected)
    number, unit = match.groups()
    if unit in units:
        return float(number) * units[unit]
    if near := almost.get(unit.lower()):
        raise ValueError(f"{expected}; did you mean `{number} {near}`?")
    hint = did_you_mean(unit, units)
    raise ValueError(f"{expected}; {hint}" if hint else expected)
