from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.course import NoLateWork, PercentPerDay
from grader.course.calendar import (
    Standing,
    best_after_penalty,
    credit,
    days_after,
    due_text,
    effective_due,
    lateness,
    no_credit_from,
    standing,
    standing_text,
    time_text,
    worth,
)
from grader.course.policy import PastMaxDays
from tests.course.terms import instants, policies, slacks, zones
from tests.course.wall_clock import NIGHTS, boundaries

NONE = timedelta(0)
DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
TORONTO = ZoneInfo("America/Toronto")
POLICY = PercentPerDay(kind="percent per day", percent=10.0, max_days=3)
HARD = NoLateWork(kind="no late work")


@pytest.mark.parametrize(("name", "night"), NIGHTS)
@pytest.mark.parametrize("due_clock", ["00:00", "01:30", "01:45", "02:15", "02:30", "23:59"])
def test_every_minute_around_a_shift_is_as_late_as_the_clock_on_the_wall_says(
    name: str, night: str, due_clock: str
):
    zone = ZoneInfo(name)
    due = datetime.fromisoformat(f"{night} {due_clock}").replace(tzinfo=zone) - DAY
    starts = boundaries(due, zone, 3)
    minute = due.astimezone(UTC) - timedelta(hours=1)
    while minute < starts[3]:
        expected = sum(minute >= start for start in starts)
        assert lateness(minute, due, NONE, zone) == expected, minute
        minute += timedelta(minutes=1)


@pytest.mark.parametrize(("name", "night"), NIGHTS)
def test_a_day_over_a_shift_is_not_86400_seconds(name: str, night: str):
    zone = ZoneInfo(name)
    noon = datetime.fromisoformat(f"{night} 12:00").replace(tzinfo=zone)
    before = noon - DAY
    assert days_after(before, 1, zone) == noon
    assert noon.astimezone(UTC) - before.astimezone(UTC) != DAY


@pytest.mark.parametrize("slack", [NONE, timedelta(minutes=5)])
@pytest.mark.parametrize("days", [0, 1, 2, 40, 300])
def test_a_boundary_is_sharp_to_the_microsecond(days: int, slack: timedelta):
    due = datetime(2027, 2, 10, 23, 59, tzinfo=TORONTO)
    boundary = days_after(due, days, TORONTO).astimezone(UTC) + slack
    assert lateness(boundary - MICROSECOND, due, slack, TORONTO) == days
    assert lateness(boundary, due, slack, TORONTO) == days + 1
    assert lateness(boundary + MICROSECOND, due, slack, TORONTO) == days + 1


@settings(max_examples=200, deadline=None)
@given(instants, instants, instants, policies, zones)
def test_submitting_later_never_gives_more_credit(one, other, due, policy, zone):
    early, late = sorted([one, other])
    found = [standing(received, due, policy, zone) for received in (early, late)]
    assert found[0].days_late <= found[1].days_late
    assert 1.0 >= found[0].credit >= found[1].credit >= 0.0
    assert worth(10.0, found[0]) >= worth(10.0, found[1]) >= 0.0


@settings(max_examples=200, deadline=None)
@given(instants, instants, instants, st.integers(0, 30), policies, zones)
def test_an_extension_never_hurts(received, due, until, days, policy, zone):
    extended = effective_due(due, zone, until=until, extra_days=days)
    assert extended.astimezone(UTC) >= due
    with_it = standing(received, extended, policy, zone)
    without = standing(received, due, policy, zone)
    assert with_it.credit >= without.credit
    assert worth(10.0, with_it) >= worth(10.0, without)


@settings(max_examples=100, deadline=None)
@given(instants, instants, slacks, zones, st.sampled_from(["UTC", "Asia/Tokyo", "US/Hawaii"]))
def test_the_zone_in_which_times_are_given_makes_no_difference(received, due, slack, zone, other):
    elsewhere = ZoneInfo(other)
    assert lateness(received, due, slack, zone) == lateness(
        received.astimezone(elsewhere), due.astimezone(elsewhere), slack, zone
    )


def test_the_hour_that_the_clocks_show_twice_is_told_apart():
    due = datetime(2027, 11, 7, 1, 30, tzinfo=TORONTO)
    assert lateness(due.replace(fold=1), due, NONE, TORONTO) == 1
    assert lateness(due, due.replace(fold=1), NONE, TORONTO) == 0


def test_an_extension_is_the_latest_of_what_was_granted():
    due = datetime(2027, 2, 10, 23, 59, tzinfo=TORONTO)
    until = datetime(2027, 2, 12, 12, 0, tzinfo=TORONTO)
    assert effective_due(due, TORONTO) == due
    assert effective_due(due, TORONTO, until=until) == until
    assert effective_due(due, TORONTO, until=until, extra_days=3) == due + 3 * DAY
    assert effective_due(until, TORONTO, until=due) == until


@pytest.mark.parametrize(
    ("days", "policy", "expected"),
    [
        (0, POLICY, 1.0),
        (1, POLICY, 0.9),
        (3, POLICY, 0.7),
        (4, POLICY, 0.0),
        (4, POLICY.model_copy(update={"past_max_days": PastMaxDays.SAME_CREDIT}), 0.7),
        (3, POLICY.model_copy(update={"percent": 40.0}), 0.0),
        (0, HARD, 1.0),
        (1, HARD, 0.0),
    ],
)
def test_credit_is_a_share_of_the_raw_points(days, policy, expected):
    assert credit(days, policy) == expected


@pytest.mark.parametrize("slack", [NONE, timedelta(minutes=5)])
@pytest.mark.parametrize(
    "policy", [POLICY, HARD, POLICY.model_copy(update={"percent": 50.0, "max_days": 9})]
)
def test_credit_ends_where_no_credit_from_says(policy, slack):
    policy = policy.model_copy(update={"slack": slack})
    due = datetime(2027, 3, 12, 2, 30, tzinfo=TORONTO)
    end = no_credit_from(due, policy, TORONTO)
    assert end is not None
    end = end.astimezone(UTC)
    assert standing(end - MICROSECOND, due, policy, TORONTO).credit > 0
    assert standing(end, due, policy, TORONTO).credit == 0


def test_some_policies_never_end():
    policy = POLICY.model_copy(update={"past_max_days": PastMaxDays.SAME_CREDIT})
    assert no_credit_from(datetime(2027, 1, 1, tzinfo=TORONTO), policy, TORONTO) is None


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        ("2027-02-10 23:59", "before 23:59 on Wed 10 Feb 2027 (EST, America/Toronto)"),
        ("2027-02-11 00:00", "by 23:59:59 on Wed 10 Feb 2027 (EST, America/Toronto)"),
        ("2027-03-15 00:00", "by 23:59:59 on Sun 14 Mar 2027 (EDT, America/Toronto)"),
        ("2027-01-01 00:00:30", "before 00:00:30 on Fri 1 Jan 2027 (EST, America/Toronto)"),
    ],
)
def test_a_due_time_is_told_as_it_is_judged(due: str, expected: str):
    assert due_text(datetime.fromisoformat(due).replace(tzinfo=TORONTO), TORONTO) == expected


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", "12:00 on Wed 10 Feb 2027 (UTC)"),
        ("Etc/UTC", "12:00 on Wed 10 Feb 2027 (UTC, Etc/UTC)"),
        ("America/Toronto", "07:00 on Wed 10 Feb 2027 (EST, America/Toronto)"),
    ],
)
def test_a_zone_is_told_once_if_its_abbreviation_is_its_name(zone: str, expected: str):
    assert time_text(datetime(2027, 2, 10, 12, tzinfo=UTC), ZoneInfo(zone)) == expected


@pytest.mark.parametrize(
    ("days", "share", "expected"),
    [
        (0, 1.0, "on time"),
        (1, 0.9, "1 day late: 90 % of the points earned"),
        (2, 0.825, "2 days late: 82.5 % of the points earned"),
        (4, 0.0, "4 days late: no credit"),
    ],
)
def test_a_standing_is_told_in_words(days: int, share: float, expected: str):
    assert standing_text(Standing(days, share)) == expected


@pytest.mark.parametrize(
    ("attempts", "expected"),
    [
        ([], None),
        ([(80.0, Standing(0, 1.0)), (85.0, Standing(1, 0.9))], 0),
        ([(60.0, Standing(0, 1.0)), (90.0, Standing(1, 0.9))], 1),
        ([(50.0, Standing(0, 1.0)), (50.0, Standing(0, 1.0))], 0),
    ],
)
def test_the_best_attempt_is_the_best_after_its_penalty(attempts, expected):
    assert best_after_penalty(attempts) == expected


NAIVE = datetime(2027, 2, 10)  # noqa: DTZ001
AWARE = datetime(2027, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: lateness(NAIVE, AWARE, NONE, TORONTO),
        lambda: lateness(AWARE, NAIVE, NONE, TORONTO),
        lambda: lateness(AWARE, AWARE, -MICROSECOND, TORONTO),
        lambda: effective_due(NAIVE, TORONTO),
        lambda: effective_due(AWARE, TORONTO, until=NAIVE),
        lambda: effective_due(AWARE, TORONTO, extra_days=-1),
        lambda: due_text(NAIVE, TORONTO),
        lambda: best_after_penalty([(float("nan"), Standing(0, 1.0))]),
    ],
)
def test_what_has_no_answer_is_refused(ask):
    with pytest.raises(ValueError, match=r"zone|negative|not a number"):
        ask()
