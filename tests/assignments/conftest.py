"""What JAX compiles for all assignments in turn would fill a machine's memory."""

from collections.abc import Iterator

import pytest

from grader.grading.own_programs import CompiledPrograms

PROGRAMS = CompiledPrograms(growth_bytes=1 << 30)


@pytest.fixture(autouse=True)
def bounded_memory() -> Iterator[None]:
    """Drop what was compiled once it has grown."""
    yield
    PROGRAMS.forget_if_grown()
