"""Notebooks for the similarity tests: a starter, two solutions made apart, and a disguised copy."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from grader.intake import Notebook, read_notebook
from grader.similarity import Work

COHORT = Path(__file__).parent.parent / "submissions"

STARTER = (
    "import jax\nimport jax.numpy as jnp\n\nX = jax.random.normal(jax.random.key(0), (50, 3))",
    'def power_iteration(H, v, steps):\n    """The largest eigenvalue of H."""\n    ...',
    'def lanczos(H, v, steps):\n    """The tridiagonal matrix of H, seen from v."""\n    ...',
)

SOLUTION = (
    STARTER[0],
    '''def power_iteration(H, v, steps):
    """The largest eigenvalue of H."""
    v = v / jnp.linalg.norm(v)
    for step in range(steps):
        product = H @ v  # one matvec
        size = jnp.linalg.norm(product)
        if size < 1e-12:
            return 0.0
        v = product / size
    return float(v @ (H @ v))''',
    '''def lanczos(H, v, steps):
    """The tridiagonal matrix of H, seen from v."""
    basis = [v / jnp.linalg.norm(v)]
    diagonal, beside = [], []
    for step in range(steps):
        w = H @ basis[-1]
        diagonal.append(w @ basis[-1])

        for q in basis:
            w = w - (q @ w) * q
        for q in basis:
            w = w - (q @ w) * q
        beside.append(jnp.linalg.norm(w))
        basis.append(w / beside[-1])
    T = jnp.diag(jnp.array(diagonal))
    return T + jnp.diag(jnp.array(beside[:-1]), 1) + jnp.diag(jnp.array(beside[:-1]), -1)''',
)

# The same questions, answered without a look at the above.
MADE_APART = (
    STARTER[0],
    '''def power_iteration(H, v, steps):
    """The largest eigenvalue of H."""
    def body(i, u):
        u = H @ u
        return u / jnp.sqrt(jnp.sum(u**2))

    u = jax.lax.fori_loop(0, steps, body, v)
    return jnp.vdot(u, H @ u) / jnp.vdot(u, u)''',
    '''def lanczos(H, v, steps):
    """The tridiagonal matrix of H, seen from v."""
    Q = jnp.zeros((steps + 1, len(v))).at[0].set(v / jnp.sqrt(v @ v))
    alphas = jnp.zeros(steps)
    betas = jnp.zeros(steps)
    for i in range(steps):
        r = H @ Q[i] - (betas[i - 1] * Q[i - 1] if i > 0 else 0)
        alphas = alphas.at[i].set(jnp.dot(r, Q[i]))
        r -= alphas[i] * Q[i]
        r -= Q.T @ (Q @ r)
        betas = betas.at[i].set(jnp.sqrt(r @ r))
        Q = Q.at[i + 1].set(r / betas[i])
    off = jnp.eye(steps, k=1) @ jnp.diag(jnp.append(0.0, betas[: steps - 1]))
    return jnp.diag(alphas) + off + off.T''',
)

_RENAMED = {"v": "start", "w": "residual", "basis": "vectors", "diagonal": "a", "beside": "b"}
_RENAMED |= {"q": "other", "product": "Hv", "size": "length", "step": "k", "T": "tri"}


def disguised(cells: Sequence[str]) -> list[str]:
    """The cells with other variable names, other comments and blank lines, in another order."""
    renamed = [
        re.sub(r"\b[A-Za-z_]\w*\b", lambda m: _RENAMED.get(m[0], m[0]), cell) for cell in cells
    ]
    return [renamed[0], *("# mine\n\n" + cell for cell in reversed(renamed[1:]))]


def notebook(cells: Sequence[str]) -> Notebook:
    """A notebook of a title and these code cells; so the first code cell is the second cell."""
    sources = [("markdown", "# Lab"), *(("code", cell) for cell in cells)]
    document = {
        "nbformat": 4,
        "nbformat_minor": 4,
        "metadata": {"language_info": {"name": "python"}},
        "cells": [
            {"cell_type": kind, "source": source, "metadata": {}}
            | ({"outputs": [], "execution_count": None} if kind == "code" else {})
            for kind, source in sources
        ],
    }
    return read_notebook(json.dumps(document).encode())


def work(label: str, cells: Sequence[str], *authors: str) -> Work:
    return Work(label, frozenset(authors or (label,)), notebook(cells))


def submitted(behaviour: str) -> Work:
    """A notebook of the demo's cohort."""
    data = (COHORT / behaviour / "notebook.ipynb").read_bytes()
    return Work(behaviour, frozenset([behaviour]), read_notebook(data))
