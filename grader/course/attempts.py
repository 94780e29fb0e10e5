"""How often a student may submit: limits in all, on one day, and the wait between two.

A pure function of what was taken and when. What was refused is no attempt.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from grader.course.models import Attempts


@dataclass(frozen=True)
class Allowance:
    """What a student may still submit.

    `left` is how many now and later, None without a limit in all; `opens` is when the next one is
    taken, None if that is now or never.
    """

    is_open: bool
    left: int | None = None
    opens: datetime | None = None


def allowance(
    attempts: Attempts, taken: Iterable[datetime], now: datetime, zone: tzinfo
) -> Allowance:
    """Whether a submission may be taken now, by the times at which others were received.

    A day is one of the calendar in the course's zone.
    """
    received = sorted(one.astimezone(UTC) for one in taken)
    left = None if attempts.limit is None else max(0, attempts.limit - len(received))
    if left == 0:
        return Allowance(is_open=False, left=0)
    moment = now.astimezone(UTC)
    # What came later can be known already: files that were stamped first may wait longer.
    earlier = [one for one in received if one <= moment]
    opens = max(_after_wait(attempts, earlier), _after_day(attempts, received, now, zone))
    if opens <= moment:
        return Allowance(is_open=True, left=left)
    return Allowance(is_open=False, left=left, opens=opens.astimezone(zone))


_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def _after_wait(attempts: Attempts, received: list[datetime]) -> datetime:
    return received[-1] + attempts.wait if received and attempts.wait else _LONG_AGO


def _after_day(
    attempts: Attempts, received: list[datetime], now: datetime, zone: tzinfo
) -> datetime:
    """The start of the next day if today's submissions are used up."""
    today = now.astimezone(zone).date()
    used = sum(one.astimezone(zone).date() == today for one in received)
    if attempts.per_day is None or used < attempts.per_day:
        return _LONG_AGO
    midnight = datetime.combine(today + timedelta(days=1), time(), tzinfo=zone)
    return midnight.astimezone(UTC)
