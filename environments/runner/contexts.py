"""Lets JAX lower many small programs in one MLIR context.

JAX makes a context for each program, and that costs more than all the rest of lowering a small
operation: half of the time of a notebook in eager style.
"""

import threading
from typing import Any

from jax.extend.mlir import ir

from runner.memory import resident_bytes

# What a context has seen (types, constants of any size) lives as long as the context does.
MOST_PROGRAMS = 200
GROWTH_BYTES = 64 << 20


class Contexts:
    """Calls of `make`, of which each thread uses one for many programs."""

    def __init__(self, make: Any) -> None:
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
            mine.context = self._make()
            mine.most_bytes = resident_bytes() + GROWTH_BYTES
            left = MOST_PROGRAMS
        mine.left = left - 1
        return mine.context


def share_contexts() -> None:
    """Have JAX take its contexts from here, from now on."""
    from jax._src.interpreters import mlir  # what JAX itself calls has no public name

    mlir.make_ir_context = Contexts(mlir.make_ir_context)
