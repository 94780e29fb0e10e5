"""How long is sought: a little in every run of the tests, as long as FUZZ_MINUTES says otherwise.

The little is always the same, so that a red run is red again. A longer search draws anew each time.
"""

import os

from hypothesis import HealthCheck, settings

MINUTES = float(os.environ.get("FUZZ_MINUTES", "0"))
# What a minute is reckoned to give, as a multiple of the little.
_A_MINUTE = 10


def tried(examples: int) -> settings:
    """Settings for a property that is tried on so many examples when time is short."""
    return settings(
        max_examples=max(examples, int(examples * _A_MINUTE * MINUTES)),
        derandomize=not MINUTES,
        database=None,
        # A machine that is busy is slow: time is bounded by the processor's (`bounds`).
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
