"""The tables of sentences are complete, and the numbers read as people write them."""

import re
from enum import StrEnum

import pytest

from grader.gradebook import Pending
from grader.outcomes import CellStatus, Ending, Outcome
from grader.report.sentences import CELLS, ENDINGS, OUTCOMES, PENDING, Sentence
from grader.report.statistics import FAMILIES, Spread, histogram
from grader.report.wording import (
    bytes_text,
    credit_text,
    page_name,
    percent_text,
    points_text,
    seconds_text,
)

TABLES = [(Ending, ENDINGS), (Outcome, OUTCOMES), (CellStatus, CELLS), (Pending, PENDING)]


@pytest.mark.parametrize(("kind", "table"), TABLES)
def test_every_state_has_a_sentence(kind: type[StrEnum], table: dict[StrEnum, Sentence]) -> None:
    assert set(table) == set(kind)
    for sentence in table.values():
        assert sentence.label
        assert sentence.what.endswith(".")
        assert not sentence.advice or sentence.advice.endswith(".")


@pytest.mark.parametrize(("kind", "table"), TABLES)
def test_no_two_states_say_the_same(kind: type[StrEnum], table: dict[StrEnum, Sentence]) -> None:
    assert len({sentence.what for sentence in table.values()}) == len(kind)


def test_whoever_failed_is_told_what_to_do() -> None:
    assert all(s.advice for o, s in OUTCOMES.items() if o is not Outcome.PASSED)
    assert all(s.advice for e, s in ENDINGS.items() if e is not Ending.FINISHED)
    assert not [s for s in OUTCOMES.values() if re.search(r"\de-\d|0\.\d", s.what + s.advice)]


def test_every_outcome_has_a_colour() -> None:
    assert set(FAMILIES) == set(Outcome)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (points_text(3.0), "3"),
        (points_text(4 / 3), "1.33"),
        (points_text(2.675), "2.68"),
        (points_text(100), "100"),
        (points_text(0), "0"),
        (percent_text(0.001), "< 1 %"),
        (percent_text(0.999), "> 99 %"),
        (percent_text(1.0), "100 %"),
        (credit_text(0.875), "87.5 %"),
        (seconds_text(0.84), "0.8 s"),
        (seconds_text(9.97), "10 s"),
        (seconds_text(200), "3 min 20 s"),
        (bytes_text(312 << 20), "312 MiB"),
        (bytes_text(2 << 30), "2.0 GiB"),
        (page_name("a_b-1"), "a_b-1.html"),
    ],
)
def test_numbers_read_as_people_write_them(said: str, expected: str) -> None:
    assert said == expected


@pytest.mark.parametrize(
    ("values", "bins"),
    [
        ((), {}),
        ((0.0, 10.0), {0: 1, 9: 1}),
        ((0.3 * 3, 1.0, 9.9999), {0: 1, 1: 1, 9: 1}),
        ((3.0, 5.0, 7.0), {3: 1, 5: 1, 7: 1}),
    ],
)
def test_each_score_lies_in_one_tenth(values: tuple[float, ...], bins: dict[int, int]) -> None:
    counted = [number for _, number in histogram(Spread("final score", 10.0, values))]
    assert {i: n for i, n in enumerate(counted) if n} == bins
