"""A long list, a page at a time: which part is shown, and the addresses of its neighbours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Part(Generic[T]):
    """What is shown of a list. `number` counts pages from 1; `first` and `last` entries, too."""

    entries: Sequence[T]
    total: int
    number: int
    pages: int
    first: int
    query: str = ""

    @property
    def last(self) -> int:
        return self.first + len(self.entries) - 1

    @property
    def before(self) -> str:
        """The address's query of the page before; "" on the first."""
        return self._query(self.number - 1) if self.number > 1 else ""

    @property
    def after(self) -> str:
        """The address's query of the page after; "" on the last."""
        return self._query(self.number + 1) if self.number < self.pages else ""

    def _query(self, number: int) -> str:
        return f"?{self.query}&page={number}" if self.query else f"?page={number}"


def part_of(
    entries: Sequence[T], given: Mapping[str, str], *, size: int, query: str = ""
) -> Part[T]:
    """The page that the address asks for, or the nearest that there is.

    >>> part_of("abcde", {"page": "2"}, size=2).entries
    'cd'
    >>> part_of("abcde", {"page": "9"}, size=2).entries
    'e'
    >>> part_of("abcde", {"page": "x"}, size=2).after
    '?page=2'
    """
    pages = max(1, -(-len(entries) // size))
    text = given.get("page", "")
    wanted = int(text) if text.isdecimal() and len(text) < 9 else 1
    number = min(max(wanted, 1), pages)
    start = size * (number - 1)
    shown = entries[start : start + size]
    return Part(shown, len(entries), number, pages, start + 1 if shown else 0, query)
