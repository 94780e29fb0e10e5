"""The dates of a new assignment lie inside the term, whenever it is."""

from datetime import date

import pytest

from grader.scaffold.dates import Dates, default_dates, default_term

START, END = date(2027, 1, 11), date(2027, 4, 30)


@pytest.mark.parametrize(
    ("today", "released", "due"),
    [
        (date(2027, 2, 1), date(2027, 2, 1), date(2027, 2, 15)),
        (date(2026, 9, 1), START, date(2027, 1, 25)),
        (date(2027, 4, 25), date(2027, 4, 25), END),
        (END, END, END),
        (date(2028, 1, 1), date(2027, 4, 16), END),
    ],
)
def test_two_weeks_from_today_as_far_as_the_term_allows(
    today: date, released: date, due: date
) -> None:
    assert default_dates(START, END, today=today) == Dates(released, due)


def test_a_term_of_two_days_is_enough() -> None:
    short = default_dates(START, date(2027, 1, 12), today=date(2030, 1, 1))
    assert (short.release_text, short.due_text) == ("2027-01-11 18:00", "2027-01-12 23:59")


def test_a_new_term_begins_today() -> None:
    start, end = default_term(START)
    assert (start, (end - start).days) == (START, 112)
