"""Precision of the reference tests: 64-bit types are allowed unless a test says otherwise."""

import itertools
from collections.abc import Iterator

import jax
import pytest

from grader.grading.own_programs import CompiledPrograms, use_own_cache


@pytest.fixture(autouse=True, scope="session")
def compiled_programs_are_reused() -> None:
    """Of earlier runs too: a test of a mistake compiles mostly what its neighbours compile."""
    use_own_cache("tests")


PROGRAMS = CompiledPrograms(growth_bytes=2 << 30)
TESTS = itertools.count(1)


@pytest.fixture(autouse=True)
def compiled_programs_do_not_fill_the_memory() -> Iterator[None]:
    """Two workers with all that the tests compile would take some 15 GB."""
    yield
    # Counting the process's maps takes some milliseconds, a test makes a few hundred.
    if next(TESTS) % 10 == 0:
        PROGRAMS.forget_if_grown()


@pytest.fixture(autouse=True)
def double_precision_allowed() -> Iterator[None]:
    """Float32 arguments stay float32 in this mode too, and a stray float64 default shows up."""
    with jax.enable_x64(True):
        yield


@pytest.fixture(autouse=True)
def quick_compilation() -> Iterator[None]:
    """Nearly all the time goes into compiling tiny programs, which need no optimisation."""
    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", before)
