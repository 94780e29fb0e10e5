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
from datetime import UTC, datetime, timedelta, tzinfo

from grader.course.policy import LatePolicy, NoLateWork, PastMaxDays


@dataclass(frozen=True)
class Standing:
    """What a submission received at some instant is worth: a credit of 0 to 1."""

    days_late: int
    credit: float

    @property
    def is_late(self) -> bool:
        return self.days_late > 0


def standing(received: datetime, due: datetime, policy: LatePolicy, zone: tzinfo) -> Standing:
    """The standing of a submission: of one received, or a preview of one sent now."""
    days = lateness(received, due, policy.slack, zone)
    return Standing(days, credit(days, policy))


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


def credit(days_late: int, policy: LatePolicy) -> float:
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
    """The first instant from which a submission has no credit, or None if it always has some."""
    if isinstance(policy, NoLateWork):
        return (_instant(due) + policy.slack).astimezone(zone)
    worth = [credit(days, policy) for days in range(policy.max_days + 2)]
    if worth[-1] > 0:
        return None
    days = worth.index(0.0) - 1
    return (_instant(days_after(due, days, zone)) + policy.slack).astimezone(zone)


def due_text(due: datetime, zone: tzinfo) -> str:
    """A due time for people, true to `received < due`.

    A due time of 00:00 is told as the last second of the day before, which nobody misreads.
    """
    local = _instant(due).astimezone(zone)
    if (local.hour, local.minute, local.second) == (0, 0, 0):
        last = (_instant(due) - timedelta(seconds=1)).astimezone(zone)
        return f"by {last:%H:%M:%S} on {_day(last)} ({local:%Z}, {zone})"
    clock = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
    return f"before {clock} on {_day(local)} ({local:%Z}, {zone})"


def standing_text(found: Standing) -> str:
    """A standing for people, such as `2 days late: 80 % of the points earned`."""
    if not found.is_late:
        return "on time"
    days = "1 day late" if found.days_late == 1 else f"{found.days_late} days late"
    if found.credit == 0:
        return f"{days}: no credit"
    return f"{days}: {found.credit * 100:g} % of the points earned"


def best_after_penalty(attempts: Iterable[tuple[float, Standing]]) -> int | None:
    """The index of the attempt that counts: most points after the penalty, the first of equals.

    An attempt is the raw points and the standing. None if there are no attempts.
    """
    worth = [points * found.credit for points, found in attempts]
    if any(math.isnan(points) for points in worth):
        raise ValueError("points that are not a number")
    return max(range(len(worth)), key=worth.__getitem__) if worth else None


def _instant(moment: datetime) -> datetime:
    """The UTC instant: Python compares two times of one zone by their clocks alone."""
    if moment.utcoffset() is None:
        raise ValueError("a time without a zone has no place among instants")
    return moment.astimezone(UTC)


def _day(moment: datetime) -> str:
    # Not strftime's names, which follow the server's locale.
    return f"{_WEEKDAYS[moment.weekday()]} {moment.day} {_MONTHS[moment.month]} {moment.year}"


_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    *("", "Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
