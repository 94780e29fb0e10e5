"""What JAX compiles in the grader's own processes: kept for the next one, in bounded memory.

JAX makes an MLIR context for each program that it lowers, which takes half of the time that the
answers of mutants do; here one serves many. The boxes have the same in their runner, which shares
no code with the grader.
"""

import ctypes
import gc
import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
from jax._src.interpreters import mlir  # what JAX itself calls has no public name
from jax.extend.mlir import ir

from grader.sandbox.images import cache_folder
from grader.sandbox.tidying import shrink_now_and_then

OWN_CACHE_BYTES = 1 << 30
# What a context has seen (types, constants of any size) lives as long as the context does.
MOST_PROGRAMS = 200
CONTEXT_BYTES = 64 << 20


def use_own_cache(name: str = "trusted") -> None:
    """Let the grader's own process reuse what it, or another of the same `name`, compiled.

    What is not there yet is lowered in contexts that programs share.
    """
    share_contexts()
    shrink_now_and_then(cache_folder() / name, OWN_CACHE_BYTES)
    folder = cache_folder() / name / hashlib.sha256(processor().encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


class SharedContexts:
    """Calls of `make`, of which each thread uses one for many programs."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._mine = threading.local()

    def __call__(self) -> Any:
        """A context to lower one program in."""
        # A program may be lowered, to be run, while another is: MLIR would write it into that one.
        if ir.Context.current is not None:
            return self._make()
        mine = self._mine
        left = getattr(mine, "left", 0)
        if left == 0 or resident_bytes() > mine.most_bytes:
            mine.context, left = self._make(), MOST_PROGRAMS
            mine.most_bytes = resident_bytes() + CONTEXT_BYTES
        mine.left = left - 1
        return mine.context


def share_contexts() -> None:
    """Have JAX take its contexts from here, from now on."""
    if not isinstance(mlir.make_ir_context, SharedContexts):
        mlir.make_ir_context = SharedContexts(mlir.make_ir_context)


class CompiledPrograms:
    """What JAX has compiled in this process and, by itself, would never drop.

    An answer that scans over a new function at each call leaves a program a call, and each takes
    some 0.1 MB and several of the 65,530 memory maps that a process may have. One serves all
    threads.
    """

    def __init__(self, growth_bytes: int = 512 << 20, most_maps: int = 30_000) -> None:
        self._growth_bytes = growth_bytes
        self._most_maps = most_maps
        self._bytes = resident_bytes()
        self._one_at_a_time = threading.Lock()

    def forget_if_grown(self) -> None:
        """Drop the programs if memory grew by `growth_bytes` since, or the maps are many."""
        with self._one_at_a_time:
            if resident_bytes() > self._bytes + self._growth_bytes or _maps() > self._most_maps:
                self.forget()

    def forget(self) -> None:
        """Drop the programs; what is called again is compiled, or read from its cache, again."""
        jax.clear_caches()
        gc.collect()
        # What is freed lies between what is kept: glibc gives it back only when told to.
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim:
            trim(0)
        self._bytes = resident_bytes()


def _maps() -> int:
    """How many memory maps this process has."""
    return Path("/proc/self/maps").read_bytes().count(b"\n")


def resident_bytes() -> int:
    """Memory of this process that is in RAM."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def processor() -> str:
    """What the processor can do, for machine code to fit."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line for line in lines if line.startswith("flags")), "")
