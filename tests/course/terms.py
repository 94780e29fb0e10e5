"""Terms made up by hypothesis: policies of every kind, dates, submissions."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

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
from grader.course.settling import Attempt, Work
from grader.course.student_dates import Dates
from grader.course.units import Span
from tests.course.wall_clock import SHIFTS

BUDGET = 4

instants = st.datetimes(
    min_value=datetime(2027, 1, 1),  # noqa: DTZ001
    max_value=datetime(2028, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)
zones = st.sampled_from([ZoneInfo(name) for name, *_ in SHIFTS])
# Whole numbers, so that equal points are equal also by exact fractions.
percents = st.integers(0, 100).map(float)
raw_points = st.integers(0, 80).map(lambda n: n / 2)
slacks = st.timedeltas(min_value=timedelta(0), max_value=timedelta(hours=12))


@st.composite
def windows(draw: st.DrawFn) -> list[Window]:
    """Longer and longer windows with less and less credit."""
    hours = sorted(draw(st.sets(st.integers(1, 200), min_size=1, max_size=4)))
    falling = sorted(
        draw(st.sets(st.integers(1, 99), min_size=len(hours), max_size=len(hours))), reverse=True
    )
    spans = [Span(days=h // 24) if h % 24 == 0 else Span(hours=h) for h in hours]
    return [
        Window(until=span, credit=float(credit))
        for span, credit in zip(spans, falling, strict=True)
    ]


def policies_that_count(counts: st.SearchStrategy[Any]) -> st.SearchStrategy[LatePolicy]:
    """Policies of every kind. Grace days have one budget, as in one term."""
    common = {"slack": slacks, "counts": counts}
    days = st.integers(1, 6)
    return st.one_of(
        st.builds(NoLateWork, kind=st.just("no late work"), **common),
        st.builds(
            PercentPerDay,
            kind=st.just("percent per day"),
            percent=percents,
            max_days=st.integers(1, 30),
            past_max_days=st.sampled_from(PastMaxDays),
            **common,
        ),
        st.builds(
            PointsPerDay,
            kind=st.just("points per day"),
            points=st.integers(0, 24).map(lambda n: n / 2),
            max_days=days,
            past_max_days=st.sampled_from(PastMaxDays),
            **common,
        ),
        st.builds(
            GraceDays,
            kind=st.just("grace days"),
            budget=st.just(BUDGET),
            per_assignment=st.integers(1, BUDGET),
            then=st.just(Then.NO_CREDIT),
            **common,
        ),
        st.builds(
            GraceDays,
            kind=st.just("grace days"),
            budget=st.just(BUDGET),
            per_assignment=st.integers(1, BUDGET),
            then=st.just(Then.PERCENT_PER_DAY),
            then_charges=st.sampled_from(ThenCharges),
            percent=percents,
            max_days=days,
            **common,
        ),
        st.builds(Windows, kind=st.just("windows"), windows=windows(), **common),
    )


policies = policies_that_count(st.sampled_from(["newest", "best"]))
START = datetime(2027, 2, 20, tzinfo=UTC)
hours = st.integers(0, 24 * 40).map(lambda n: timedelta(hours=n))
some_points = st.one_of(st.none(), raw_points)


@st.composite
def works(
    draw: st.DrawFn,
    name: str,
    policy: st.SearchStrategy[LatePolicy] = policies,
    points: st.SearchStrategy[float | None] = some_points,
    most: int = 4,
) -> Work:
    """One assignment's work: submissions before and after due times around both shifts."""
    set_due = START + draw(hours)
    due = set_due + draw(st.sampled_from([timedelta(0), timedelta(hours=30), timedelta(days=5)]))
    lock = draw(st.one_of(st.none(), hours.map(lambda after: due + after)))
    sent = draw(st.lists(st.tuples(hours, points), max_size=most))
    first = due - timedelta(days=10)
    attempts = tuple(
        Attempt(number, first + wait / 2, earned) for number, (wait, earned) in enumerate(sent, 1)
    )
    return Work(name, Dates(first, due, lock, set_due), draw(policy), attempts)


terms = st.integers(1, 5).flatmap(lambda n: st.tuples(*(works(f"ps{i}") for i in range(n))))
