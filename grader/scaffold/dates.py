"""Dates for a new assignment that pass the course's rules. They are there to be edited."""

from dataclasses import dataclass
from datetime import date, timedelta

_WORK = timedelta(days=14)
_TERM = timedelta(days=112)


@dataclass(frozen=True)
class Dates:
    """The days of a release, at 18:00, and of a due time, at 23:59."""

    released: date
    due: date

    @property
    def release_text(self) -> str:
        return f"{self.released} 18:00"

    @property
    def due_text(self) -> str:
        return f"{self.due} 23:59"


def default_dates(start: date, end: date, *, today: date) -> Dates:
    """Two weeks from today, moved and cut so that they lie inside the term.

    Of a term that is to come they are its first two weeks, of one that is past its last two.

    >>> print(default_dates(date(2027, 1, 11), date(2027, 4, 30), today=date(2027, 2, 1)))
    Dates(released=datetime.date(2027, 2, 1), due=datetime.date(2027, 2, 15))
    """
    if today > end:
        return Dates(max(start, end - _WORK), end)
    released = max(start, today)
    return Dates(released, min(released + _WORK, end))


def default_term(today: date) -> tuple[date, date]:
    """First and last day of a term of 16 weeks that begins today."""
    return today, today + _TERM
