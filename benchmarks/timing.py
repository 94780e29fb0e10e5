"""Wall times to be compared: the least of many, taken in turns, on a machine others use too."""

import time
from collections.abc import Callable
from typing import Any

import jax

FEWEST_ROUNDS = 5
ENOUGH_SECONDS = 2.0  # fast programs are measured until this much time has gone by

# Measures one call, in seconds.
Clock = Callable[[], float]


def clock(function: Callable, *arguments: Any) -> Clock:
    """For calls of the compiled function. Compiles it now."""
    program = jax.jit(function)
    jax.block_until_ready(program(*arguments))

    def one_call() -> float:
        # The caches hold what the program before left there: a call beforehand fills them.
        jax.block_until_ready(program(*arguments))
        start = time.perf_counter()
        jax.block_until_ready(program(*arguments))
        return time.perf_counter() - start

    return one_call


def least_seconds(*clocks: Clock) -> list[float]:
    """The least of each clock's times; they take turns, so that a busy spell hits all alike."""
    rounds = []
    start = time.perf_counter()
    while len(rounds) < FEWEST_ROUNDS or time.perf_counter() - start < ENOUGH_SECONDS:
        rounds.append([one_call() for one_call in clocks])
    return [min(times) for times in zip(*rounds, strict=True)]


def ratio(ours: Clock, other: Clock) -> float:
    """Least time over least time."""
    seconds, seconds_of_other = least_seconds(ours, other)
    return seconds / seconds_of_other
