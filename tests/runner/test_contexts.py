"""Many programs share an MLIR context, and none of them is the worse for it.

In boxes and in the grader's own processes, which share no code.
"""

import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ENVIRONMENTS = Path(__file__).parents[2] / "environments"

# In a process of its own: it changes JAX for good.
PROGRAM = """
import importlib, json, sys, threading
import jax
import jax.numpy as jnp
import numpy as np
from jax import export
from jax.extend.core import Primitive
from jax.interpreters import mlir
from runner.program import count

made = []
if sys.argv[1:]:
    from jax._src.interpreters import mlir as inner
    make = inner.make_ir_context
    inner.make_ir_context = lambda: made.append(1) or make()
    importlib.import_module(sys.argv[1]).share_contexts()

def while_another_is_lowered():
    # A primitive whose lowering rule computes something, as those of equinox do.
    primitive = Primitive(f"odd{threading.get_ident()}")
    primitive.def_abstract_eval(lambda x: x)
    sizes = iter(range(100, 200))

    def rule(ctx, x):
        total = float(jnp.sum(jnp.arange(float(next(sizes))) ** 2))
        return mlir.lower_fun(lambda y: y * total, multiple_results=False)(ctx, x)

    mlir.register_lowering(primitive, rule)
    for n in (3, 4):
        function = jax.jit(lambda x: jnp.cos(primitive.bind(jnp.sin(x))))
        yield function.lower(jnp.ones(n)).as_text()
        yield str(function(jnp.ones(n)))

def texts():
    yield jax.jit(jnp.linalg.solve).lower(jnp.ones((3, 3)), jnp.ones(3)).as_text()
    for n in range(2, 30):
        yield jax.jit(lambda x: (x @ x.T, jnp.sin(x))).lower(jnp.ones((n, 2))).as_text()
    exported = export.export(jax.jit(jnp.cumsum), platforms=["cpu", "cuda"])(jnp.ones(5))
    yield exported.mlir_module()
    yield str(count(exported))
    yield from while_another_is_lowered()
    again = export.deserialize(exported.serialize())
    yield str(np.asarray(again.call(jnp.arange(5.0))))

found = [list(texts())]
threads = [threading.Thread(target=lambda: found.append(list(texts()))) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
json.dump({"texts": found, "made": len(made)}, sys.stdout)
"""


@dataclass(frozen=True)
class Sharing:
    """One of the two: its module, its class of contexts, and the growth that it allows."""

    module: str
    name: str
    growth: str


BOX = Sharing("runner.contexts", "Contexts", "GROWTH_BYTES")
GRADER = Sharing("grader.grading.own_programs", "SharedContexts", "CONTEXT_BYTES")
both = pytest.mark.parametrize("sharing", [BOX, GRADER], ids=["box", "grader"])


def run(*module: str) -> dict[str, Any]:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, *module],
        cwd=ENVIRONMENTS,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@pytest.fixture(scope="module")
def apart() -> list[str]:
    """The programs' texts where each has a context of its own."""
    return run()["texts"][0]


@both
def test_programs_are_the_same_in_shared_contexts_and_each_thread_has_its_own(
    sharing: Sharing, apart: list[str]
) -> None:
    shared = run(sharing.module)
    assert len(shared["texts"]) == 4
    assert all(texts == apart for texts in shared["texts"])
    # One a thread, some for what is computed while another program is lowered, another as memory
    # grows: not one for each of 150 programs.
    assert 8 <= shared["made"] <= 24


class Growing:
    """A process whose memory is what the test says."""

    def __init__(self) -> None:
        self.size = 0

    def resident_bytes(self) -> int:
        return self.size


@pytest.fixture
def process(sharing: Sharing, monkeypatch: pytest.MonkeyPatch) -> Growing:
    growing = Growing()
    module = importlib.import_module(sharing.module)
    monkeypatch.setattr(module, "resident_bytes", growing.resident_bytes)
    return growing


@pytest.fixture
def shared(sharing: Sharing) -> Callable[[], object]:
    return getattr(importlib.import_module(sharing.module), sharing.name)(object)


def limit(sharing: Sharing, name: str) -> int:
    return getattr(importlib.import_module(sharing.module), name)


@both
def test_a_context_is_left_after_so_many_programs(
    sharing: Sharing, process: Growing, shared: Callable[[], object]
) -> None:
    found = [shared() for _ in range(limit(sharing, "MOST_PROGRAMS") + 1)]
    assert len(set(map(id, found))) == 2
    assert found[0] is found[-2]


@both
def test_a_context_is_left_when_memory_grows_as_with_large_constants(
    sharing: Sharing, process: Growing, shared: Callable[[], object]
) -> None:
    first = shared()
    process.size += limit(sharing, sharing.growth)
    assert shared() is first
    process.size += 1
    second = shared()
    assert second is not first
    assert shared() is second
