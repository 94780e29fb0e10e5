"""How long a submission waits after a failure of ours before it is tried again."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

FIRST_SECONDS = 2.0
GROWTH = 5.0
MOST_SECONDS = 60.0
# So that what failed together doesn't come back together.
SPREAD = 0.25

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """What time it is."""
    return datetime.now(UTC)


def pause_after(attempts: int) -> timedelta:
    """The wait after so many failures in a row: about 2 s, then 10 s, and never over a minute."""
    exact = FIRST_SECONDS * GROWTH ** (attempts - 1)
    return timedelta(seconds=min(MOST_SECONDS, exact * random.uniform(1 - SPREAD, 1 + SPREAD)))


def seconds_left(not_before: datetime | None, now: datetime) -> float:
    """What is left of a wait. One that is longer than any is over: the clock was set back."""
    if not_before is None:
        return 0.0
    left = (not_before - now).total_seconds()
    return left if 0.0 < left <= MOST_SECONDS else 0.0
