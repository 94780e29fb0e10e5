"""Precision of the reference tests: 64-bit types are allowed unless a test says otherwise."""

from collections.abc import Iterator

import jax
import pytest


@pytest.fixture(autouse=True)
def double_precision_allowed() -> Iterator[None]:
    """Float32 arguments stay float32 in this mode too, and a stray float64 default shows up."""
    with jax.enable_x64(True):
        yield
