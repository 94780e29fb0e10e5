"""Lets go of what JAX compiled and will hardly need again.

Each compiled operation keeps some 0.3 MB, and a notebook compiles thousands: without this, half
of a 2 GiB limit goes to machine code that ran once. JAX compiles again, or reads again from its
cache, what is called again.
"""

import ctypes
import gc
import os
from pathlib import Path

import jax

# A release takes a second, so it comes once for each half gigabyte of growth.
GROWTH_BYTES = 512 << 20


class Memory:
    """Watches the process's resident memory between two pieces of the student's work."""

    def __init__(self) -> None:
        self._after_release = resident_bytes()

    def release_if_grown(self) -> bool:
        """Forget compiled operations if memory grew much since the last time; whether it did."""
        if resident_bytes() < self._after_release + GROWTH_BYTES:
            return False
        jax.clear_caches()
        gc.collect()
        # What is freed lies between what is kept: glibc gives it back only when told to.
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim:
            trim(0)
        self._after_release = resident_bytes()
        return True


def resident_bytes() -> int:
    """Memory of this process that is in RAM; 0 where the system doesn't say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
