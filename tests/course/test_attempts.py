"""How often a student may submit, and when next."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from grader.course import Attempts
from grader.course.attempts import Allowance, allowance

TORONTO = ZoneInfo("America/Toronto")
MINUTE = timedelta(minutes=1)
# The last minutes of a day by the wall clock, on the night before one with 23 hours.
NOW = datetime(2027, 3, 13, 23, 50, tzinfo=TORONTO)
MIDNIGHT = datetime(2027, 3, 14, 0, 0, tzinfo=TORONTO)
OPEN = Allowance(is_open=True)


@pytest.mark.parametrize(
    ("limits", "minutes_ago", "expected"),
    [
        ({}, [1, 2, 3], OPEN),
        ({"limit": 3}, [], Allowance(True, 3)),
        ({"limit": 3}, [90, 5000], Allowance(True, 1)),
        ({"limit": 3}, [1, 90, 5000], Allowance(False, 0)),
        ({"limit": 3}, [1, 1, 90, 5000], Allowance(False, 0)),
        # What was stamped later may be known already: it counts, and nobody waits for it.
        ({}, [-1], OPEN),
        ({"limit": 2}, [-1, 3], Allowance(False, 0)),
        ({"wait": 30 * MINUTE}, [-5], OPEN),
        ({"per_day": 2}, [1], OPEN),
        ({"per_day": 2}, [1, 2], Allowance(False, None, MIDNIGHT)),
        ({"per_day": 2}, [1, 24 * 60], OPEN),
        ({"wait": 30 * MINUTE}, [30], OPEN),
        ({"wait": 30 * MINUTE}, [29, 99], Allowance(False, None, NOW + MINUTE)),
        ({"wait": 30 * MINUTE}, [99, 29], Allowance(False, None, NOW + MINUTE)),
        ({"wait": 30 * MINUTE, "per_day": 1}, [25], Allowance(False, None, MIDNIGHT)),
        ({"wait": 60 * MINUTE, "per_day": 1}, [1], Allowance(False, None, NOW + 59 * MINUTE)),
        ({"limit": 3, "wait": 30 * MINUTE}, [29], Allowance(False, 2, NOW + MINUTE)),
        ({"limit": 1, "wait": 30 * MINUTE}, [29], Allowance(False, 0)),
    ],
)
def test_a_submission_is_taken_when_no_limit_is_reached(
    limits: dict[str, object], minutes_ago: list[int], expected: Allowance
) -> None:
    taken = [NOW.astimezone(UTC) - ago * MINUTE for ago in minutes_ago]
    found = allowance(Attempts.model_validate(limits), taken, NOW, TORONTO)
    assert found == expected
    if expected.opens is not None:
        assert allowance(Attempts.model_validate(limits), taken, expected.opens, TORONTO).is_open
        before = expected.opens - timedelta(microseconds=1)
        assert not allowance(Attempts.model_validate(limits), taken, before, TORONTO).is_open


def test_a_day_is_one_of_the_courses_zone() -> None:
    limits = Attempts(per_day=1)
    late = datetime(2027, 3, 14, 4, 30, tzinfo=UTC)  # still the 13th in Toronto
    early = datetime(2027, 3, 14, 5, 30, tzinfo=UTC)
    assert not allowance(limits, [late - timedelta(hours=20)], late, TORONTO).is_open
    assert allowance(limits, [late], early, TORONTO).is_open
    assert not allowance(limits, [late], early, ZoneInfo("UTC")).is_open
