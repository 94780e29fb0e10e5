"""Sizes and durations as staff write them: a number and its unit."""

import re

from grader.course.complaints import did_you_mean

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
