"""A second implementation of how a term is settled, by exact fractions, to compare with."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from grader.course.policy import Then, ThenCharges
from grader.course.settling import Work

DAY = timedelta(days=1)


class Plain(NamedTuple):
    """A submission that counts, and what is made of it."""

    submission: int
    days: int
    kept: Fraction
    off: Fraction
    charged: int
    worth: Fraction | None


def plain_settle(term: Iterable[Work], budget: int, zone: ZoneInfo) -> dict[str, Plain | None]:
    """What counts in a term. Due times before extensions give the order of grace days."""
    found: dict[str, Plain | None] = {}
    left = budget
    for one in sorted(term, key=lambda work: (work.dates.set_due, work.assignment)):
        best: Plain | None = None
        for here in plain_attempts(one, left, zone):
            if best is None or one.policy.counts == "newest" or displaces(here, best):
                best = here
        left -= best.charged if best else 0
        assert left >= 0
        found[one.assignment] = best
    return found


def displaces(here: Plain, best: Plain) -> bool:
    """Whether a later submission counts instead of the best so far."""
    if here.worth is None:
        return best.worth is None and (here.kept, -here.off) >= (best.kept, -best.off)
    return best.worth is None or (here.worth, -here.charged) > (best.worth, -best.charged)


def plain_attempts(one: Work, left: int, zone: ZoneInfo) -> Iterable[Plain]:
    """What each submission that was taken would be worth, in order of arrival."""
    for sent in sorted(one.attempts, key=lambda sent: (sent.received, sent.submission)):
        if one.dates.lock is None or sent.received < one.dates.lock:
            days, share = days_and_share(one, sent.received, zone)
            kept, off, charged = plain_credit(one.policy, days, left, share)
            worth = None
            if sent.points is not None:
                worth = max(Fraction(0), Fraction(sent.points) * kept - off)
            yield Plain(sent.submission, days, kept, off, charged, worth)


def plain_credit(
    policy: Any, days: int, left: int, share: Fraction
) -> tuple[Fraction, Fraction, int]:
    """(share of the points, points off, grace days) by the policy's own words."""
    none = (Fraction(0), Fraction(0), 0)
    if days == 0:
        return Fraction(1), Fraction(0), 0
    match policy.kind:
        case "no late work":
            return none
        case "windows":
            return share, Fraction(0), 0
        case "grace days":
            free = min(left, policy.per_assignment)
            if days <= free:
                return Fraction(1), Fraction(0), days
            if policy.then is Then.NO_CREDIT:
                return none
            charged = free if policy.then_charges is ThenCharges.DAYS_LEFT else 0
            kept = 1 - (days - charged) * Fraction(policy.percent) / 100
            if days - charged > policy.max_days or kept <= 0:
                return none
            return kept, Fraction(0), charged
        case _:
            if days > policy.max_days and policy.past_max_days == "no credit":
                return none
            counted = min(days, policy.max_days)
            if policy.kind == "points per day":
                return Fraction(1), counted * Fraction(policy.points), 0
            kept = 1 - counted * Fraction(policy.percent) / 100
            return max(Fraction(0), kept), Fraction(0), 0


def days_and_share(one: Work, received: datetime, zone: ZoneInfo) -> tuple[int, Fraction]:
    """Days late by counting due times on the wall, and the credit of a window."""
    counted = (received - one.policy.slack).astimezone(UTC)
    local = one.dates.due.astimezone(zone).replace(tzinfo=None)

    def on_the_wall(days: int) -> datetime:
        readings = [(local + days * DAY).replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
        return max(reading.astimezone(UTC) for reading in readings)

    days = 0
    while counted >= (on_the_wall(days) if days else one.dates.due.astimezone(UTC)):
        days += 1
    if one.policy.kind == "windows":
        for window in one.policy.windows:
            span = window.until
            end = (
                one.dates.due + timedelta(hours=span.hours) if span.hours
                else on_the_wall(span.days)
            )  # fmt: skip
            if counted < end:
                return days, Fraction(window.credit) / 100
    return days, Fraction(0)
