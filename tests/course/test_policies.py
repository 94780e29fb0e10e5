"""What each late policy makes of lateness, beside an oracle of another making."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from grader.course.calendar import Standing, days_after, no_credit_from, span_after, standing, worth
from grader.course.policy import (
    GraceDays,
    LatePolicy,
    NoLateWork,
    PastMaxDays,
    PercentPerDay,
    PointsPerDay,
    Then,
    ThenCharges,
    Window,
    Windows,
)
from grader.course.policy_text import policy_text
from grader.course.units import Span
from tests.course.terms import instants, policies, zones
from tests.course.wall_clock import NIGHTS, boundaries

MICROSECOND = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)
TORONTO = ZoneInfo("America/Toronto")
DUE = datetime(2027, 2, 10, 23, 59, tzinfo=TORONTO)

NONE = NoLateWork(kind="no late work")
PERCENT = PercentPerDay(kind="percent per day", percent=10.0, max_days=3)
POINTS = PointsPerDay(kind="points per day", points=2.5, max_days=2)
POINTS_ON = POINTS.model_copy(update={"past_max_days": PastMaxDays.SAME_CREDIT})
GRACE = GraceDays(kind="grace days", budget=5, per_assignment=2, then=Then.NO_CREDIT)
GRACE_THEN = GRACE.model_copy(update={"then": Then.PERCENT_PER_DAY, "percent": 20.0, "max_days": 4})
GRACE_FIRST = GRACE_THEN.model_copy(update={"then_charges": ThenCharges.DAYS_LEFT})
WINDOWS = Windows(
    kind="windows",
    windows=[
        Window(until=Span(hours=6), credit=90.0),
        Window(until=Span(days=2), credit=80.0),
        Window(until=Span(days=7), credit=50.0),
    ],
)
EVERY = [NONE, PERCENT, POINTS, POINTS_ON, GRACE, GRACE_THEN, GRACE_FIRST, WINDOWS]


@pytest.mark.parametrize(
    ("policy", "days", "left", "expected"),
    [
        (NONE, 1, None, Standing(1, 0.0)),
        (PERCENT, 3, None, Standing(3, 0.7)),
        (POINTS, 1, None, Standing(1, 1.0, points_off=2.5)),
        (POINTS, 2, None, Standing(2, 1.0, points_off=5.0)),
        (POINTS, 3, None, Standing(3, 0.0)),
        (POINTS_ON, 9, None, Standing(9, 1.0, points_off=5.0)),
        (GRACE, 1, None, Standing(1, 1.0, grace_days=1)),
        (GRACE, 2, 2, Standing(2, 1.0, grace_days=2)),
        (GRACE, 2, 1, Standing(2, 0.0)),
        (GRACE, 3, None, Standing(3, 0.0)),
        (GRACE, 1, 0, Standing(1, 0.0)),
        (GRACE_THEN, 2, None, Standing(2, 1.0, grace_days=2)),
        (GRACE_THEN, 3, None, Standing(3, 0.4)),
        (GRACE_THEN, 2, 1, Standing(2, 0.6)),
        (GRACE_THEN, 5, None, Standing(5, 0.0)),
        (GRACE_FIRST, 3, None, Standing(3, 0.8, grace_days=2)),
        (GRACE_FIRST, 3, 1, Standing(3, 0.6, grace_days=1)),
        (GRACE_FIRST, 6, None, Standing(6, 0.2, grace_days=2)),
        (GRACE_FIRST, 7, None, Standing(7, 0.0)),
        (WINDOWS, 1, None, Standing(1, 0.8)),
        (WINDOWS, 2, None, Standing(2, 0.8)),
        (WINDOWS, 3, None, Standing(3, 0.5)),
        (WINDOWS, 7, None, Standing(7, 0.5)),
        (WINDOWS, 8, None, Standing(8, 0.0)),
    ],
)
def test_a_standing_is_what_the_policy_states(
    policy: LatePolicy, days: int, left: int | None, expected: Standing
) -> None:
    last_instant = days_after(DUE, days, TORONTO) - MICROSECOND
    assert standing(last_instant, DUE, policy, TORONTO, grace_left=left) == expected


@pytest.mark.parametrize("policy", EVERY, ids=lambda policy: policy.kind)
@pytest.mark.parametrize("slack", [timedelta(0), timedelta(minutes=5)])
def test_due_times_are_sharp_to_the_microsecond(policy: LatePolicy, slack: timedelta) -> None:
    slackened = policy.model_copy(update={"slack": slack})
    due = DUE.astimezone(UTC) + slack
    assert standing(due - MICROSECOND, DUE, slackened, TORONTO) == Standing(0, 1.0)
    assert standing(due, DUE, slackened, TORONTO).days_late == 1
    assert standing(due + MICROSECOND, DUE, slackened, TORONTO).days_late == 1


def test_a_window_ends_sharply() -> None:
    end = DUE.astimezone(UTC) + timedelta(hours=6)
    assert standing(end - MICROSECOND, DUE, WINDOWS, TORONTO).credit == 0.9
    assert standing(end, DUE, WINDOWS, TORONTO).credit == 0.8


def expected_worth(policy: LatePolicy, days: int, waited: timedelta, ends: list[datetime]) -> float:
    """What 20 points are worth, by exact fractions. `ends` are when days late begin."""
    points, now = Fraction(20), ends[0] + waited
    if days == 0:
        return 20.0
    if isinstance(policy, NoLateWork):
        return 0.0
    if isinstance(policy, Windows):
        for window in policy.windows:
            in_hours = waited < timedelta(hours=window.until.hours)
            if in_hours or (window.until.days and now < ends[window.until.days]):
                return float(points * Fraction(window.credit) / 100)
        return 0.0
    if isinstance(policy, GraceDays):
        free = min(policy.budget, policy.per_assignment)
        if days <= free:
            return 20.0
        if policy.then == "no credit":
            return 0.0
        paid = days - (free if policy.then_charges == "the days left" else 0)
        share = 1 - Fraction(policy.percent) / 100 * paid
        return float(points * max(share, Fraction(0))) if paid <= policy.max_days else 0.0
    if days > policy.max_days and policy.past_max_days == "no credit":
        return 0.0
    counted = min(days, policy.max_days)
    if isinstance(policy, PointsPerDay):
        return float(max(Fraction(0), points - Fraction(policy.points) * counted))
    return float(points * max(Fraction(0), 1 - Fraction(policy.percent) / 100 * counted))


@pytest.mark.parametrize(("name", "night"), NIGHTS)
@pytest.mark.parametrize("due_clock", ["01:45", "02:15", "23:59"])
def test_every_minute_around_a_shift_is_worth_what_the_clock_on_the_wall_says(
    name: str, night: str, due_clock: str
) -> None:
    zone = ZoneInfo(name)
    due = datetime.fromisoformat(f"{night} {due_clock}").replace(tzinfo=zone) - timedelta(days=1)
    ends = boundaries(due, zone, 8)
    received = ends[0] - timedelta(hours=1)
    while received < ends[2] + timedelta(hours=1):
        days = sum(received >= end for end in ends)
        for policy in EVERY:
            expected = expected_worth(policy, days, received - ends[0], ends)
            found = worth(20.0, standing(received, due, policy, zone))
            assert found == pytest.approx(expected, abs=1e-12), (policy, received)
        received += MINUTE


@pytest.mark.parametrize("slack", [timedelta(0), timedelta(minutes=5)])
@pytest.mark.parametrize("policy", EVERY, ids=lambda policy: policy.kind)
def test_credit_ends_where_no_credit_from_says(policy: LatePolicy, slack: timedelta) -> None:
    policy = policy.model_copy(update={"slack": slack})
    due = datetime(2027, 3, 12, 2, 30, tzinfo=TORONTO)
    end = no_credit_from(due, policy, TORONTO)
    if policy == POINTS_ON.model_copy(update={"slack": slack}):
        assert end is None
        return
    assert end is not None
    end = end.astimezone(UTC)
    assert standing(end - MICROSECOND, due, policy, TORONTO).credit > 0
    assert standing(end, due, policy, TORONTO).credit == 0


@settings(max_examples=150, deadline=None)
@given(instants, policies, zones)
def test_no_standing_uses_more_grace_days_than_are_left(due, policy, zone) -> None:
    for left in range(4):
        for hours in (1, 30, 50, 80, 200):
            found = standing(due + timedelta(hours=hours), due, policy, zone, grace_left=left)
            assert 0 <= found.grace_days <= min(left, found.days_late)


def test_days_go_by_the_wall_clock_and_hours_by_instants() -> None:
    before = datetime(2027, 3, 13, 12, 0, tzinfo=TORONTO)
    assert span_after(before, Span(days=1), TORONTO).isoformat() == "2027-03-14T12:00:00-04:00"
    assert span_after(before, Span(hours=24), TORONTO).isoformat() == "2027-03-14T13:00:00-04:00"


NEWEST = " The newest submission counts."


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        (NONE, "Late work has no credit."),
        (
            PERCENT,
            "Each day late, begun or full, costs 10 % of the points earned; after 3 days there is "
            "no credit.",
        ),
        (
            POINTS_ON,
            "Each day late, begun or full, costs 2.5 points; after 2 days it costs no more.",
        ),
        (
            GRACE,
            "There are 5 days of grace in the term, 2 at most for one assignment; each day late, "
            "begun or full, uses up one. Work that is later than they cover has no credit and uses "
            "up none.",
        ),
        (
            GRACE_THEN,
            "There are 5 days of grace in the term, 2 at most for one assignment; each day late, "
            "begun or full, uses up one. Work that is later uses up none: each day late costs 20 % "
            "of the points earned; after 4 days of that there is no credit.",
        ),
        (
            GRACE_FIRST,
            "There are 5 days of grace in the term, 2 at most for one assignment; each day late, "
            "begun or full, uses up one. Each further day costs 20 % of the points earned; after 4 "
            "days of that there is no credit.",
        ),
        (
            WINDOWS,
            "Late work counts 90 % until 6 hours, 80 % until 2 days, 50 % until 7 days after the "
            "due time; then it has no credit.",
        ),
    ],
)
def test_a_policy_is_told_in_sentences(policy: LatePolicy, text: str) -> None:
    assert policy_text(policy) == text + NEWEST
