"""A small assignment in a temporary folder, and a student who answers here."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from grader.checks.declare import Check
from grader.checks.expect import Finding
from grader.checks.loading import LoadedAssignment, load_assignment
from grader.checks.oracle import Oracle
from grader.checks.running import run_check
from grader.checks.student import LocalBackend
from grader.outcomes import CheckResult

SECRET = b"a secret of the course's own, 32"

GIVEN = '''
"""What students have beside their notebook."""
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np


@dataclass
class Bowl:
    A: Any
    cost: Any


def bowl(size, seed):
    root = jnp.asarray(np.random.default_rng(seed).standard_normal((size, size)))
    A = root @ root.T
    return Bowl(A, lambda w: w @ A @ w / 2)
'''

CHECKS = """
import jax
import numpy as np
from grader.checks import check, expect


@check("q1", points=4, title="Gradient of a bowl")
def gradient_of_a_bowl(student, inputs):
    bowl = inputs.given("bowl_given", size=5, seed=inputs.seed("bowl")) if False else inputs.given(
        "bowl", size=5, seed=inputs.seed("bowl"))
    w = inputs.normal(5)
    expect(student.gradient(bowl.cost, w), "The gradient").close_to(
        lambda: bowl.A @ w, rtol=1e-6, why="exact")


@check("q1", points=2, title="Two parts")
def two_parts(student, inputs):
    w = inputs.normal(3)
    expect(student.gradient(inputs.source("lambda w: (w ** 2).sum()"), w)).close_to(
        lambda: 2 * w, rtol=1e-6, points=1.5)
    expect(student.gradient(inputs.source("lambda w: 3 * w.sum()"), w)).close_to(
        lambda: np.full(3, 3.0), rtol=1e-6, points=0.5)
"""

MUTANTS = """
import jax
from grader.checks import mutant


@mutant("q1", of="gradient", refused_by=("gradient_of_a_bowl", "two_parts"),
        says="The gradient is missing a term of second order.")
def shifted(cost, w):
    return jax.grad(cost)(w) + w ** 3
"""

ALTERNATES = """
import jax
from grader.checks import alternate


@alternate("q1", of="gradient", route="forward mode")
def forward(cost, w):
    return jax.jacfwd(cost)(w)
"""


def write_toy(folder: Path, **files: str) -> Path:
    """Write the toy assignment `toy`; `files` (checks=, mutants=, ...) replace its own."""
    target = folder / "assignments" / "toy"
    (target / "given").mkdir(parents=True)
    (target / "given" / "bowl_given.py").write_text(GIVEN)
    texts = {"checks": CHECKS, "mutants": MUTANTS, "alternates": ALTERNATES} | files
    for name, text in texts.items():
        (target / f"{name}.py").write_text(text)
    return target


def solution() -> dict[str, Any]:
    """What the toy's notebook would define."""
    import jax

    return {"gradient": lambda cost, w: jax.grad(cost)(w)}


def toy_oracle(loaded: LoadedAssignment, secret: bytes = SECRET) -> Oracle:
    return Oracle(loaded, solution(), secret)


def load_toy(folder: Path, **files: str) -> LoadedAssignment:
    return load_assignment(write_toy(folder, **files))


def run_body(
    body: Callable[[Any, Any], None],
    namespace: Mapping[str, Any] | None = None,
    *,
    points: float = 4.0,
    backend: Any = None,
    given_module: Any = None,
) -> tuple[CheckResult, list[Finding]]:
    """Run one check that is written in a test, against names that live here."""
    check = Check("a_check", "q1", points, "A check", body, None, True)
    loaded = LoadedAssignment("toy", Path(), (check,), (), (), given_module, "1")
    oracle = Oracle(loaded, {}, SECRET)
    return run_check(check, backend or LocalBackend(namespace or {}, check), oracle)
