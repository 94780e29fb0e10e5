"""Lateness and credit: pure functions of instants, a policy and a zone.

The rules, which preview, grade and report share:

1. The server's receive time decides. A submission is on time iff `received < due`.
2. Slack is forgiven: lateness is that of `received - slack`. It moves no deadline.
3. Any part of a day late is a day, and days are those of the wall clock in the course's zone:
   one day after a due time is the same local time on the next day, be it 23, 24 or 25 hours
   off. So n days late means `due + (n-1) days <= received - slack < due + n days`.
4. Where the clocks show that local time twice, or skip it, the later reading holds.
5. An extension never moves a due time earlier, and comes before the penalty.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from grader.course.policy import (
    GraceDays,
    LatePolicy,
    NoLateWork,
    PastMaxDays,
    PercentPerDay,
    PointsPerDay,
    Then,
    ThenCharges,
    Windows,
)
from grader.course.units import Span


@dataclass(frozen=True)
class Standing:
    """What a submission received at some instant is worth (`worth`).

    `credit` is the share of the points earned that counts, from 0 to 1; `points_off` are then
    taken off. `grace_days` is how many grace days it uses up.
    """

    days_late: int
    credit: float
    grace_days: int = 0
    points_off: float = 0.0

    @property
    def is_late(self) -> bool:
        return self.days_late > 0


def worth(points: float, standing: Standing) -> float:
    """The points that count of the points earned; not rounded.

    Raises:
        ValueError: the points are not a number.
    """
    if math.isnan(points):
        raise ValueError("points that are not a number")
    return max(0.0, points * standing.credit - standing.points_off)


def standing(
    received: datetime,
    due: datetime,
    policy: LatePolicy,
    zone: tzinfo,
    *,
    grace_left: int | None = None,
) -> Standing:
    """The standing of a submission: of one received, or a preview of one sent now.

    `grace_left` is how many grace days are left for it; without it the whole budget.
    """
    days = lateness(received, due, policy.slack, zone)
    if isinstance(policy, Windows) and days > 0:
        counted = _instant(received) - policy.slack
        return Standing(days, _window_credit(counted, due, policy, zone))
    return _standing_of(days, policy, grace_left)


def _standing_of(days: int, policy: LatePolicy, grace_left: int | None) -> Standing:
    """The standing by days late alone. In windows they alone decide nothing."""
    match policy:
        case NoLateWork() | PercentPerDay():
            return Standing(days, credit(days, policy))
        case PointsPerDay():
            return _points_taken(days, policy)
        case GraceDays():
            return _graced(days, policy, policy.budget if grace_left is None else grace_left)
        case Windows():
            return Standing(days, 1.0)


def _points_taken(days: int, policy: PointsPerDay) -> Standing:
    if days > policy.max_days and policy.past_max_days is PastMaxDays.NO_CREDIT:
        return Standing(days, 0.0)
    return Standing(days, 1.0, points_off=policy.points * min(days, policy.max_days))


def _graced(days: int, policy: GraceDays, left: int) -> Standing:
    covered = min(left, policy.per_assignment)
    if days <= covered:
        return Standing(days, 1.0, grace_days=days)
    if policy.then is Then.NO_CREDIT:
        return Standing(days, 0.0)
    charged = covered if policy.then_charges is ThenCharges.DAYS_LEFT else 0
    paid = days - charged
    share = max(0.0, (100.0 - policy.percent * paid) / 100.0) if paid <= policy.max_days else 0.0
    # What has no credit uses up no grace day.
    return Standing(days, share, grace_days=charged if share > 0 else 0)


def _window_credit(counted: datetime, due: datetime, policy: Windows, zone: tzinfo) -> float:
    for window in policy.windows:
        if counted < _instant(span_after(due, window.until, zone)):
            return window.credit / 100.0
    return 0.0


def lateness(received: datetime, due: datetime, slack: timedelta, zone: tzinfo) -> int:
    """Days late, 0 if on time.

    Raises:
        ValueError: a time is naive, or the slack is negative.
    """
    if slack < timedelta(0):
        raise ValueError("slack is negative")
    counted = _instant(received) - slack
    if counted < _instant(due):
        return 0
    # A day lasts 23 to 25 hours, so this guess is at most a day or so short.
    days = max(1, (counted - _instant(due)) // timedelta(days=1) - 1)
    while counted >= days_after(due, days, zone).astimezone(UTC):
        days += 1
    while days > 1 and counted < days_after(due, days - 1, zone).astimezone(UTC):
        days -= 1
    return days


def days_after(moment: datetime, days: int, zone: tzinfo) -> datetime:
    """The same wall-clock time in `zone`, `days` later; the later reading if there are two.

    In a gap the readings are those by the offset before it and by the offset after it.
    """
    _instant(moment)
    if days == 0:
        return moment.astimezone(zone)
    clock = moment.astimezone(zone).replace(tzinfo=None, fold=0) + timedelta(days=days)
    readings = [clock.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    return max(readings).astimezone(zone)


def span_after(moment: datetime, span: Span, zone: tzinfo) -> datetime:
    """The time in `zone` that is a span later: days by the wall clock, hours by instants."""
    later = days_after(moment, span.days, zone).astimezone(UTC) + timedelta(hours=span.hours)
    return later.astimezone(zone)


def credit(days_late: int, policy: NoLateWork | PercentPerDay) -> float:
    """The share of the earned points that counts, from 0 to 1."""
    if days_late <= 0:
        return 1.0
    if isinstance(policy, NoLateWork):
        return 0.0
    if days_late > policy.max_days:
        if policy.past_max_days is PastMaxDays.NO_CREDIT:
            return 0.0
        days_late = policy.max_days
    return max(0.0, (100.0 - policy.percent * days_late) / 100.0)


def effective_due(
    due: datetime, zone: tzinfo, *, until: datetime | None = None, extra_days: int = 0
) -> datetime:
    """When an extended student's work is due: the latest of the due time and its extensions.

    Args:
        due: the assignment's due time as of now.
        zone: the course's zone.
        until: an individual due time.
        extra_days: days that the student has beyond `due`, whenever that is.

    Raises:
        ValueError: a time is naive, or the days are negative.
    """
    if extra_days < 0:
        raise ValueError("an extension of negative days")
    candidates = [due, days_after(due, extra_days, zone), *([until] if until else [])]
    return max(candidates, key=_instant).astimezone(zone)


def no_credit_from(due: datetime, policy: LatePolicy, zone: tzinfo) -> datetime | None:
    """The first instant from which a submission has no credit, or None if it always has some.

    With grace days, this is for a student who has used none.
    """
    if isinstance(policy, Windows):
        end = span_after(due, policy.windows[-1].until, zone)
    else:
        days = next((n for n in range(1, _MOST_DAYS) if _has_none(n, policy)), None)
        if days is None:
            return None
        end = days_after(due, days - 1, zone)
    return (_instant(end) + policy.slack).astimezone(zone)


def _has_none(days: int, policy: LatePolicy) -> bool:
    return _standing_of(days, policy, None).credit == 0


def due_text(due: datetime, zone: tzinfo) -> str:
    """A due time for people, true to `received < due`.

    A due time of 00:00 is told as the last second of the day before, which nobody misreads.
    """
    local = _instant(due).astimezone(zone)
    if (local.hour, local.minute, local.second) == (0, 0, 0):
        return f"by {time_text(_instant(due) - timedelta(seconds=1), zone)}"
    return f"before {time_text(due, zone)}"


def time_text(moment: datetime, zone: tzinfo) -> str:
    """A time for people, such as `23:59 on Wed 10 Feb 2027 (EST, America/Toronto)`.

    A zone whose abbreviation is its name, such as UTC, is told once.
    """
    local = _instant(moment).astimezone(zone)
    clock = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
    zone_names = ", ".join(dict.fromkeys((f"{local:%Z}", str(zone))))
    return f"{clock} on {day_text(local)} ({zone_names})"


def day_text(day: date) -> str:
    """A day for people, such as `Wed 10 Feb 2027`."""
    # Not strftime's names, which follow the server's locale.
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month]} {day.year}"


def standing_text(found: Standing) -> str:
    """A standing for people, such as `2 days late: 80 % of the points earned`."""
    if not found.is_late:
        return "on time"
    late = f"{_counted(found.days_late, 'day')} late"
    if found.credit == 0:
        return f"{late}: no credit"
    parts = [f"{_counted(found.grace_days, 'grace day')} used"] if found.grace_days else []
    if found.points_off:
        off = f"{found.points_off:g} point" + ("" if found.points_off == 1 else "s")
        parts.append(f"{off} off")
    elif found.credit < 1 or not parts:
        parts.append(f"{found.credit * 100:g} % of the points earned")
    return f"{late}: {', '.join(parts)}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def best_after_penalty(attempts: Iterable[tuple[float, Standing]]) -> int | None:
    """The index of the attempt that counts: most points after the penalty.

    Of equals it is the one that uses up fewer grace days, then the first. An attempt is the raw
    points and the standing. None if there are no attempts.
    """
    # 3 * 0.7 is a hair less than 2.1: such attempts are equal, and the first of them counts.
    each = [(round(worth(points, found), 9), -found.grace_days) for points, found in attempts]
    return max(range(len(each)), key=each.__getitem__) if each else None


def _instant(moment: datetime) -> datetime:
    """The UTC instant: Python compares two times of one zone by their clocks alone."""
    if moment.utcoffset() is None:
        raise ValueError("a time without a zone has no place among instants")
    return moment.astimezone(UTC)


# No policy looks further: at most a year of grace days and then a year of days that cost.
_MOST_DAYS = 2 * 366 + 2
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    *("", "Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
