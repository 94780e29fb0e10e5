"""What holds of every term, whatever its policies, dates and submissions."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from grader.course.calendar import standing, worth
from grader.course.policy import GraceDays
from grader.course.settling import Attempt, Settled, Work, grace_left, preview, settle
from grader.course.student_dates import is_locked
from tests.course.plain_settling import plain_settle
from tests.course.terms import BUDGET, policies_that_count, raw_points, terms, works, zones


def value(term: Sequence[Work], name: str, zone: ZoneInfo) -> float:
    """What an assignment is worth in a term."""
    one = {work.assignment: work for work in term}[name]
    found = settle(term, zone)[name]
    if found.standing is None:
        return 0.0
    points = next(sent.points for sent in one.attempts if sent.submission == found.submission)
    return worth(points or 0.0, found.standing)


@settings(max_examples=150, deadline=None)
@given(terms, zones, st.randoms(use_true_random=False))
def test_settling_depends_on_no_order_and_gives_the_same_again(term, zone, random) -> None:
    found = settle(term, zone)
    shuffled = [replace(one, attempts=tuple(random.sample(one.attempts, len(one.attempts))))
                for one in random.sample(term, len(term))]  # fmt: skip
    assert settle(shuffled, zone) == found == settle(term, zone)


@settings(max_examples=200, deadline=None)
@given(terms, zones)
def test_the_budget_is_never_exceeded(term, zone) -> None:
    found = settle(term, zone)
    policy = {one.assignment: one.policy for one in term}
    used = {name: one.standing.grace_days for name, one in found.items() if one.standing}
    left = grace_left(term, zone)
    if left is None:
        assert not any(used.values())
        return
    assert left == BUDGET - sum(used.values()) >= 0
    for name, days in used.items():
        own = policy[name]
        assert 0 <= days <= (own.per_assignment if isinstance(own, GraceDays) else 0)


@settings(max_examples=200, deadline=None)
@given(terms, st.data(), zones, st.integers(0, 200))
def test_sending_the_only_submission_later_is_never_worth_more(term, data, zone, hours) -> None:
    one = data.draw(st.sampled_from(term))
    early = Attempt(1, one.dates.release + timedelta(days=8), 20.0)
    late = replace(early, received=early.received + timedelta(hours=hours))
    others = [other for other in term if other is not one]
    values = [
        value([*others, replace(one, attempts=(attempt,))], one.assignment, zone)
        for attempt in (early, late)
    ]
    assert values[0] >= values[1]


@settings(max_examples=300, deadline=None)
@given(terms, st.data(), zones, st.integers(0, 300))
def test_an_extension_never_hurts_its_assignment(term, data, zone, hours) -> None:
    one = data.draw(st.sampled_from(term))
    # Where the newest counts, one that an extension lets in may have earned fewer points.
    even = replace(one, attempts=tuple(replace(sent, points=20.0) for sent in one.attempts))
    due = even.dates.due + timedelta(hours=hours)
    lock = even.dates.lock and max(even.dates.lock, due)
    longer = replace(even, dates=replace(even.dates, due=due, lock=lock))
    others = [other for other in term if other is not one]
    without = value([*others, even], one.assignment, zone)
    assert value([*others, longer], one.assignment, zone) >= without


@settings(max_examples=200, deadline=None)
@given(works("ps1", policies_that_count(st.just("best")), raw_points), zones)
def test_with_best_a_further_submission_never_lowers_the_grade(one, zone) -> None:
    assume(one.attempts)
    latest = max(one.attempts, key=lambda attempt: (attempt.received, attempt.submission))
    before = replace(one, attempts=tuple(sent for sent in one.attempts if sent != latest))
    assert value([one], "ps1", zone) >= value([before], "ps1", zone) - 1e-9


@settings(max_examples=200, deadline=None)
@given(works("ps1", policies_that_count(st.just("best")), raw_points), zones)
def test_the_best_is_the_best_after_its_penalty(one, zone) -> None:
    taken = [sent for sent in one.attempts if not is_locked(sent.received, one.dates)]
    each = [
        worth(sent.points or 0.0, standing(sent.received, one.dates.due, one.policy, zone))
        for sent in taken
    ]
    assert value([one], "ps1", zone) == pytest.approx(max(each, default=0.0), abs=1e-9)


@settings(max_examples=150, deadline=None)
@given(terms, st.data(), zones, st.integers(-200, 300))
def test_a_preview_is_what_the_submission_then_is_worth(term, data, zone, hours) -> None:
    one = data.draw(st.sampled_from(term))
    now = one.dates.due + timedelta(hours=hours)
    assume(not is_locked(now, one.dates))
    told = preview(term, one.assignment, now, zone)
    alone = [
        replace(other, attempts=(Attempt(9, now, 5.0),)) if other is one else other
        for other in term
    ]
    assert settle(alone, zone)[one.assignment].standing == told


@settings(max_examples=300, deadline=None)
@given(terms, zones)
def test_a_term_is_settled_as_a_second_implementation_settles_it(term, zone) -> None:
    found = settle(term, zone)
    for name, plain in plain_settle(term, BUDGET, zone).items():
        result = found[name]
        if plain is None:
            assert result == Settled(name, None, None)
            continue
        assert result.standing is not None
        assert (result.submission, result.standing.days_late) == (plain.submission, plain.days)
        assert result.standing.credit == pytest.approx(float(plain.kept), abs=1e-12)
        assert result.standing.points_off == pytest.approx(float(plain.off), abs=1e-12)
        assert result.standing.grace_days == plain.charged
