"""A notebook of 20 code cells and 5 questions on a small network, jitted or eager.

The two styles differ in one line: whether functions are compiled as a whole (`jax.jit`), or each
operation of theirs by itself, as JAX does when nobody says anything. Eagerly the notebook and its
tests make some hundreds of small XLA programs.
"""

from dataclasses import dataclass
from typing import Any, Literal

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

Style = Literal["jitted", "eager"]
STYLES: tuple[Style, ...] = ("jitted", "eager")

IMPORTS = """\
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
"""

# What a decorator named `fast` means in each style.
FAST = {"jitted": "fast = jax.jit", "eager": "def fast(f):\n    return f"}


@dataclass(frozen=True)
class Question:
    """A question: its title, the function that answers it, and a cell that tries it."""

    name: str
    title: str
    function: str
    answer: str
    demo: str


NETWORK = """\
def outputs(params, X):
    for W, b in params[:-1]:
        X = jnp.tanh(X @ W + b)
    W, b = params[-1]
    return (X @ W + b)[:, 0]
"""

DATA = """\
def make_params(widths, seed):
    keys = jax.random.split(jax.random.PRNGKey(seed), len(widths) - 1)
    pairs = zip(keys, widths[:-1], widths[1:])
    return [(jax.random.normal(k, (m, n)) / np.sqrt(m), jnp.zeros(n)) for k, m, n in pairs]

params = make_params([5, 16, 12, 1], 0)
X = jax.random.normal(jax.random.PRNGKey(1), (24, 5))
y = jnp.sin(X.sum(axis=1))
"""

QUESTIONS = (
    Question(
        "q1",
        "The gradient",
        "gradient",
        "@fast\n"
        "def gradient(params, X, y):\n"
        "    return jax.grad(lambda p: jnp.mean((outputs(p, X) - y) ** 2) / 2)(params)\n",
        "[W.shape for W, b in gradient(params, X, y)]",
    ),
    Question(
        "q2",
        "Hessian-vector product",
        "hessian_vector_product",
        "@fast\n"
        "def hessian_vector_product(params, v, X, y):\n"
        "    return jax.jvp(lambda p: gradient(p, X, y), (params,), (v,))[1]\n",
        "float(hessian_vector_product(params, params, X, y)[0][0].sum())",
    ),
    Question(
        "q3",
        "Gauss-Newton-vector product",
        "gauss_newton_product",
        "@fast\n"
        "def gauss_newton_product(params, v, X):\n"
        "    f = lambda p: outputs(p, X)\n"
        "    Jv = jax.jvp(f, (params,), (v,))[1]\n"
        "    return jax.vjp(f, params)[1](Jv / len(X))[0]\n",
        "float(gauss_newton_product(params, params, X)[1][0].sum())",
    ),
    Question(
        "q4",
        "The empirical tangent kernel",
        "kernel",
        "@fast\n"
        "def kernel(params, X):\n"
        "    J = jax.vmap(jax.grad(lambda p, x: outputs(p, x[None])[0]), (None, 0))(params, X)\n"
        "    rows = [leaf.reshape(len(X), -1) for leaf in jax.tree.leaves(J)]\n"
        "    return sum(row @ row.T for row in rows)\n",
        "np.linalg.eigvalsh(kernel(params, X))[-3:]",
    ),
    Question(
        "q5",
        "Training with momentum",
        "train",
        "def train(params, X, y, rate, momentum, steps):\n"
        "    velocity = jax.tree.map(jnp.zeros_like, params)\n"
        "    for _ in range(steps):\n"
        "        slope = gradient(params, X, y)\n"
        "        velocity = jax.tree.map(lambda v, g: momentum * v - rate * g, velocity, slope)\n"
        "        params = jax.tree.map(lambda p, v: p + v, params, velocity)\n"
        "    return outputs(params, X)\n",
        "float(jnp.mean((train(params, X, y, 0.1, 0.9, 10) - y) ** 2))",
    ),
)

# Beside the questions' cells: what a student looks at.
LOOKS = (
    "print(jax.__version__, X.shape, y.shape)",
    "plt.hist(np.asarray(y)); plt.show()",
    "print(float(jnp.mean((outputs(params, X) - y) ** 2)))",
    "spectrum = np.linalg.eigvalsh(kernel(params, X))\nplt.semilogy(spectrum[::-1]); plt.show()",
    "losses = [float(jnp.mean((train(params, X, y, 0.1, 0.9, n) - y) ** 2)) for n in (1, 5, 20)]",
    "print(losses)",
)


def code_cells(style: Style, note: str = "") -> list[str]:
    """The 20 code cells of a right notebook; `note` is a comment that makes it somebody's own."""
    cells = [IMPORTS, f"# {note}\n{FAST[style]}", NETWORK, DATA, *LOOKS[:3]]
    for question in QUESTIONS:
        cells += [question.answer, question.demo]
    return [*cells, *LOOKS[3:]]


def notebook(style: Style, note: str = "", *, for_otter: bool = False) -> bytes:
    """The notebook as a student hands it in; otter's has its own cells in it too."""
    cells: list[Any] = [new_markdown_cell("# Curvature of a small network")]
    for source in code_cells(style, note):
        cells.append(new_code_cell(source))
        if for_otter:
            cells += [
                new_code_cell(f'grader.check("{q.name}")') for q in QUESTIONS if q.demo == source
            ]
    if for_otter:
        cells.insert(1, new_code_cell("import otter\ngrader = otter.Notebook()"))
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return nbformat.writes(new_notebook(cells=cells, metadata=kernel)).encode()
