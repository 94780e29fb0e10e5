"""A tiny but whole course, for tests of the path that every submission takes.

Two questions that need a few matrix products, in text: it must not be linted, collected or
imported as code of the project. Its environment is the project's own, so its image is there.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
COURSE_COMMAND = (sys.executable, "-c", "from grader.cli.app import main; main()")
STUDENTS = ("ada", "bob", "eve")

COURSE = """\
course: {code: TOY101, title: Toys}
zone: America/Toronto
term: {start: 2027-01-11, end: 2027-04-30}
environments:
  cpu: {gpus: 0}
limits: {notebook: 60 s, cell: 30 s, call: 20 s, memory: 1 GiB, restarts: 1}
late_policy: {kind: no late work}
roster: roster.csv
assignments:
  toy:
    title: Toy problem set
    environment: cpu
    release: 2027-01-14 18:00
    due: 2027-02-10 23:59
    points: 5
    questions:
      q1: {title: A step downhill, points: 3}
      q2: {title: The gradient, points: 2}
"""

MASTER = '''\
# %% [markdown]
# # A toy problem set

# %%
import jax
import jax.numpy as jnp
import numpy as np
from toy_given import bowl

# %% [raw]
# # BEGIN QUESTION
# name: q1
# points: 3

# %% [markdown]
# **Question 1.** Write `step`: one step of gradient descent on $w^T H w / 2$, for symmetric $H$.

# %% [raw]
# # BEGIN SOLUTION

# %%
def step(H, w, rate):
    """The next iterate."""
    # BEGIN SOLUTION
    return np.asarray(w) - rate * (np.asarray(H) @ np.asarray(w))
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_step_has_a_shape(step):
    import numpy as np

    found = step(np.eye(2), np.ones(2), 0.1)
    assert np.shape(found) == (2,), f"q1: the shape is {np.shape(found)}, not (2,)"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: q2
# points: 2

# %% [markdown]
# **Question 2.** Write `gradient`: that of $w^T A w / 2$, for any square $A$.

# %% [raw]
# # BEGIN SOLUTION

# %%
def gradient(A, w):
    """The gradient at w."""
    # BEGIN SOLUTION
    return 0.5 * (A @ w + A.T @ w)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_gradient_has_a_shape(gradient):
    import numpy as np

    found = gradient(np.eye(2), np.ones(2))
    assert np.shape(found) == (2,), f"q2: the shape is {np.shape(found)}, not (2,)"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION
'''

GIVEN = '''\
"""Given code of the toy problem set."""

import jax


def bowl(size, seed):
    """A random square matrix."""
    return jax.random.normal(jax.random.PRNGKey(seed), (size, size))
'''

CHECKS = '''\
"""Hidden checks of the toy problem set."""

import jax

from grader.checks import check, expect


def loss(A, w):
    return 0.5 * w @ (A @ w)


@check("q1", points=3, title="One step")
def one_step(student, inputs):
    H, w = inputs.spd([0.5, 1.5, 4.0]), inputs.normal(3)
    expect(student.step(H, w, 0.25), "The iterate").close_to(
        lambda: w - 0.25 * (H @ w), rtol=1e-9, why="float64"
    )


@check("q2", points=1, title="Gradient at a point")
def gradient_at_a_point(student, inputs):
    A, w = inputs.normal(4, 4), inputs.normal(4)
    expect(student.gradient(A, w), "The gradient").close_to(
        lambda: jax.grad(loss, 1)(A, w), rtol=1e-9, why="float64"
    )


@check("q2", points=1, title="Cost of the gradient")
def cost_of_gradient(student, inputs):
    A, w = inputs.normal(12, 12), inputs.normal(12)
    program = student.program("gradient", A, w)
    expect(program(A, w), "The gradient").close_to(
        lambda: jax.grad(loss, 1)(A, w), rtol=1e-9, why="float64"
    )
    baseline = inputs.program(jax.value_and_grad(loss, 1), A, w)
    expect(program, "Your gradient").costs_at_most(3, baseline)
'''

MUTANTS = '''\
"""Mistakes that the checks refuse."""

import jax
import jax.numpy as jnp

from grader.checks import mutant


@mutant("q1", of="step", refused_by="one_step", says="You walked uphill.")
def uphill(H, w, rate):
    return w + rate * (H @ w)


@mutant("q2", of="gradient", refused_by="gradient_at_a_point", says="A need not be symmetric.")
def of_symmetric(A, w):
    return A @ w


@mutant("q2", of="gradient", refused_by="cost_of_gradient", says="One product a coordinate.")
def coordinate_by_coordinate(A, w):
    rows = [jax.jvp(lambda w: 0.5 * w @ (A @ w), (w,), (e,))[1] for e in jnp.eye(len(w))]
    return jnp.stack(rows)
'''

ALTERNATES = '''\
"""Right answers by another route."""

import numpy as np

from grader.checks import alternate


@alternate("q1", of="step", route="row by row")
def row_by_row(H, w, rate):
    return np.array([x - rate * sum(h * y for h, y in zip(row, w)) for x, row in zip(w, H)])


@alternate("q2", of="gradient", route="symmetrised first, with other roundings")
def symmetrised(A, w):
    return 1.5 * ((A / 3 + A.T / 3) @ w)
'''

FILES = {
    "course.yaml": COURSE,
    "assignments/toy/notebook.py": MASTER,
    "assignments/toy/given/toy_given.py": GIVEN,
    "assignments/toy/checks.py": CHECKS,
    "assignments/toy/mutants.py": MUTANTS,
    "assignments/toy/alternates.py": ALTERNATES,
}

# What a student may write in place of the starter's functions.
STEP = "def step(H, w, rate):\n    return w - rate * (H @ w)"
GRADIENT = "def gradient(A, w):\n    return 0.5 * (A + A.T) @ w"
# (step, gradient), what they earn of 5 points
ANSWERS = {
    "right": ((STEP, GRADIENT), 5.0),
    "uphill": ((STEP.replace("-", "+"), GRADIENT), 2.0),
    "of-symmetric": ((STEP, GRADIENT.replace("0.5 * (A + A.T)", "A")), 3.0),
    "without-gradient": ((STEP, ""), 3.0),
    "crashing-cell": ((STEP, "raise RuntimeError('no')"), 3.0),
    "nothing": (("", ""), 0.0),
}


def write_toy_course(
    folder: Path,
    *,
    students: tuple[str, ...] = STUDENTS,
    changes: Mapping[str, tuple[str, str]] | None = None,
) -> Path:
    """Write the course into `folder`; the path of its course.yaml.

    `changes` maps a file to an (old, new) piece of its text; the old piece must be there.
    """
    texts = dict(FILES)
    for name, (old, new) in (changes or {}).items():
        assert texts[name].count(old) == 1, f"{name} has {old!r} {texts[name].count(old)} times"
        texts[name] = texts[name].replace(old, new)
    rows = [f"{who},{who.title()} Toy,{who}@mail.example" for who in students]
    texts["roster.csv"] = "\n".join(["student,name,email", *rows, ""])
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "environments").symlink_to(ROOT / "environments")
    return folder / "course.yaml"


def toy_notebook(*cells: str) -> bytes:
    """A notebook that imports what the starter imports and then runs these cells."""
    head = "import jax\nimport jax.numpy as jnp\nimport numpy as np\nfrom toy_given import bowl"
    return json.dumps(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {"language_info": {"name": "python"}},
            "cells": [
                {
                    "cell_type": "code",
                    "id": f"cell-{number}",
                    "metadata": {},
                    "source": source,
                    "outputs": [],
                    "execution_count": None,
                }
                for number, source in enumerate((head, *cells))
            ],
        }
    ).encode()


def answer_notebook(behaviour: str) -> bytes:
    """The notebook of one of the `ANSWERS`."""
    return toy_notebook(*ANSWERS[behaviour][0])


def course_environment(**more: str) -> dict[str, str]:
    """Surroundings in which `COURSE_COMMAND` runs from anywhere."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}
