"""Exported programs as data: what they cost, and what they compute in a clean box."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import jax
import numpy as np
from jax import export as jax_export

from grader.checks import recipes
from grader.outcomes import GraderError
from grader.sandbox import values


@dataclass(frozen=True)
class ProgramFacts:
    """What an analyst box read off a program without running it.

    `flops` counts a loop's trips where they are constants of the program;
    `unbounded_loops` are those where they are not, counted once.
    """

    flops: float
    unbounded_loops: int
    refused_calls: tuple[str, ...]
    temporary_bytes: int


class Analyst(Protocol):
    """A box in which no student's code ever ran, for reading and running programs."""

    def facts(self, program: "Program") -> ProgramFacts:
        """The program's cost. Raises `ProgramRefused`."""
        ...

    def run(self, program: "Program", args: Sequence[Any]) -> Any:
        """The program's value at arrays its author never saw. Raises `ProgramRefused`."""
        ...


class ProgramRefused(Exception):
    """The program can't be read, compiled or run; the message may be shown to its author."""


class NoAnalyst:
    """Stands in where programs are not looked at: asking is our mistake."""

    def facts(self, program: "Program") -> ProgramFacts:
        raise GraderError("a program check ran without an analyst box")

    def run(self, program: "Program", args: Sequence[Any]) -> Any:
        raise GraderError("a program check ran without an analyst box")


@dataclass(frozen=True, eq=False)
class Program:
    """A serialised StableHLO program, the arguments it was exported for, and who reads it."""

    serialised: bytes
    args: Sequence[Any]
    analyst: Analyst | None = None

    def __call__(self, *args: Any) -> Any:
        """Run it in the analyst's box on these array arguments."""
        return self._analyst.run(self, args)

    @property
    def facts(self) -> ProgramFacts:
        """What it costs."""
        return self._analyst.facts(self)

    @property
    def _analyst(self) -> Analyst:
        return self.analyst or NoAnalyst()


def is_traced(value: Any) -> bool:
    """Whether an argument becomes a program's input: a pytree of arrays, with at least one."""
    if isinstance(value, recipes.Recipe):
        return False
    leaves = jax.tree.leaves(value)
    return bool(leaves) and all(isinstance(leaf, np.ndarray | jax.Array) for leaf in leaves)


def shapes_only(value: Any, *, x64: bool) -> Any:
    """The argument with each array replaced by its shape, as a container holds it."""
    if not is_traced(value):
        return value
    return jax.tree.map(lambda leaf: values.shape_only(str(leaf.dtype), leaf.shape), value)


def _without_names(value: Any) -> Any:
    """Named tuples as tuples, as the runner exports them."""
    if isinstance(value, tuple):
        return tuple(map(_without_names, value))
    if isinstance(value, list):
        return [_without_names(item) for item in value]
    if isinstance(value, dict):
        return {key: _without_names(item) for key, item in value.items()}
    return value


def export_here(function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> bytes:
    """Export one of our own functions; arrays among `args` become inputs."""
    traced = [index for index, arg in enumerate(args) if is_traced(arg)]
    # Built before the trace: what a recipe builds within one is of that trace only.
    function, kwargs = recipes.localise(function), recipes.localise(kwargs)
    fixed = [None if index in traced else recipes.localise(arg) for index, arg in enumerate(args)]

    def program(*inputs: Any) -> Any:
        filled = list(fixed)
        for index, value in zip(traced, inputs, strict=True):
            filled[index] = value
        return _without_names(function(*filled, **kwargs))

    shapes = jax.eval_shape(lambda: [recipes.localise(args[index]) for index in traced])
    exported = jax_export.export(jax.jit(program), platforms=["cpu"])(*shapes)
    return bytes(exported.serialize())
