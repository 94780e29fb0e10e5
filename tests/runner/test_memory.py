"""Memory that compiled operations hold is given back; what the student holds stays."""

import subprocess
import sys
from pathlib import Path

ENVIRONMENTS = Path(__file__).parents[2] / "environments"

# In a process of its own: it forgets whatever JAX has compiled.
PROGRAM = """
import jax
import jax.numpy as jnp
from runner import memory

watch = memory.Memory()
assert not watch.release_if_grown(), "nothing grew yet"

square = jax.jit(lambda x: x * x)
kept = square(jnp.arange(3.0))
memory.GROWTH_BYTES = 0
assert square._cache_size() == 1
assert watch.release_if_grown()
assert square._cache_size() == 0, "what was compiled is forgotten"
assert kept.tolist() == square(jnp.arange(3.0)).tolist() == [0.0, 1.0, 4.0]
"""


def test_compiled_operations_are_let_go_and_compiled_again_when_called():
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ENVIRONMENTS,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
