"""What JAX compiles in the grader's own processes does not fill the memory."""

import jax
import jax.numpy as jnp
import pytest

from grader.grading.own_programs import CompiledPrograms


@pytest.mark.parametrize(
    ("limits", "forgets"),
    [
        ({"growth_bytes": 1 << 40, "most_maps": 1 << 30}, False),
        ({"growth_bytes": -1, "most_maps": 1 << 30}, True),
        ({"growth_bytes": 1 << 40, "most_maps": 0}, True),
    ],
)
def test_compiled_programs_are_dropped_before_memory_or_maps_run_out(
    limits: dict[str, int], forgets: bool
) -> None:
    traced: list[object] = []

    @jax.jit
    def twice(x: jax.Array) -> jax.Array:
        traced.append(x)
        return 2 * x

    twice(jnp.ones(2))
    CompiledPrograms(**limits).forget_if_grown()
    twice(jnp.ones(2))
    assert len(traced) == (2 if forgets else 1)
