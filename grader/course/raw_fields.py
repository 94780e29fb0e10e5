"""The raw data of `course.yaml`, as the rules read it: what is missing or wrong is passed over."""

import math
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, TypeVar

from grader.course.complaints import Parts, near_word, quoted
from grader.course.dates import parse_date
from grader.course.yaml_source import Document

_T = TypeVar("_T")


class RawFields:
    """A document's data by path, and complaints about it."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def get(self, *path: str | int) -> Any:
        """What the file has at a path, or None."""
        found: Any = self.document.data
        for part in path:
            if isinstance(part, str) and isinstance(found, dict):
                found = found.get(part)
            elif isinstance(part, int) and isinstance(found, list) and part < len(found):
                found = found[part]
            else:
                return None
        return found

    def read(self, parse: Callable[[object], _T], *path: str | int) -> _T | None:
        """What the file has at a path, parsed; None where that fails."""
        try:
            return parse(self.get(*path))
        except ValueError:
            return None

    def names(self, *path: str | int) -> list[str]:
        """The keys of the fields at a path."""
        found = self.get(*path)
        return list(found) if isinstance(found, dict) else []

    def is_misspelt(self, name: str, known: Iterable[str], *path: str | int) -> bool:
        """Whether an unknown field at a path is probably the known one of that name."""
        fields = set(known)
        unknown = [key for key in self.names(*path) if key not in fields]
        return any(near_word(key, fields) == name for key in unknown)

    def saw(self, path: Parts, what: str) -> None:
        """Complain of the value at a path."""
        seen = quoted(self.document.texts.get(path, self.get(*path)))
        self.document.complain(path, f"saw {seen}, {what}")


def finite_sum(numbers: Iterable[Any]) -> float | None:
    """The sum; None where a number is none, not finite or too large, which has its complaint."""
    each = list(numbers)
    if not all(type(number) in (int, float) and math.isfinite(number) for number in each):
        return None
    try:
        return math.fsum(each)
    except OverflowError:
        return None


class TermFields(RawFields):
    """A document's data, and the days of its term as far as they are known."""

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self.start = self.read(parse_date, "term", "start")
        self.end = self.read(parse_date, "term", "end")

    def within_term(self, path: Parts, day: date, what: str) -> bool:
        """Whether a day is in the term, as far as that is known; complains if not."""
        if not self.start or not self.end or self.end <= self.start:
            return True
        if self.start <= day <= self.end:
            return True
        self.saw(path, f"expected {what} inside the term, {self.start} to {self.end}")
        return False
