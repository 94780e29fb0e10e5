"""Lecture 9: what conditioning costs gradient descent, Nesterov's method and the heavy ball.

    python docs/figures/momentum_rates.py [figure.svg]

Lines are the rates in closed form, dots runs on a quadratic whose eigenvalues lie evenly in the
logarithm.
"""

from collections.abc import Callable
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure
from style import BLUE, GREEN, GREY, VERMILLION, write

from reference.momentum.heavy_ball import (
    heavy_ball_iterates,
    heavy_ball_rate,
    optimal_heavy_ball,
    optimal_heavy_ball_rate,
)
from reference.momentum.nesterov import (
    nesterov_iterates,
    strongly_convex_momentum,
    strongly_convex_rate,
)

FACTOR, NUM_MODES, NUM_STEPS = 1e-6, 20, 8_000
METHODS = ("gradient descent", "Nesterov", "heavy ball")
KAPPAS, TRIED = np.geomspace(3, 3000, 20), np.array([3.0, 10.0, 30.0, 100.0, 300.0, 1000.0])


def rate(method: str, kappa: jax.Array) -> jax.Array:
    """The factor by which the error shrinks a step, for eigenvalues from 1 to kappa."""
    if method == "gradient descent":
        return heavy_ball_rate(jnp.stack([jnp.ones_like(kappa), kappa]), 2 / (1 + kappa), 0.0)
    return strongly_convex_rate(kappa) if method == "Nesterov" else optimal_heavy_ball_rate(kappa)


def steps_of_a_run(method: str, kappa: jax.Array) -> jax.Array:
    """The steps after which |w| stays below FACTOR |w_0|, from an equal part in every mode."""
    a = jnp.geomspace(1.0, kappa, NUM_MODES)
    w_0 = jnp.ones(NUM_MODES)

    def loss(w: jax.Array) -> jax.Array:
        return jnp.sum(a * w**2) / 2

    if method == "Nesterov":
        beta = strongly_convex_momentum(kappa)
        ws = nesterov_iterates(loss, w_0, 1 / kappa, beta, NUM_STEPS)
    elif method == "heavy ball":
        step_size, beta = optimal_heavy_ball(jnp.asarray(1.0), kappa)
        ws = heavy_ball_iterates(loss, w_0, step_size, beta, NUM_STEPS)
    else:
        ws = heavy_ball_iterates(loss, w_0, 2 / (1 + kappa), 0.0, NUM_STEPS)
    above = jnp.linalg.norm(ws, axis=1) > FACTOR * NUM_MODES**0.5
    return jnp.max(jnp.where(above, jnp.arange(NUM_STEPS + 1), 0)) + 1


@cache
def measurements() -> dict[str, np.ndarray]:
    """A row for each method: steps by the rate at KAPPAS, and those of runs at TRIED."""

    def rows(function: Callable, kappas: np.ndarray) -> np.ndarray:
        return np.stack(
            [jax.jit(jax.vmap(lambda k, m=m: function(m, k)))(jnp.array(kappas)) for m in METHODS]
        )

    return {
        "predicted": np.log(FACTOR) / np.log(rows(rate, KAPPAS)),
        "runs": rows(steps_of_a_run, TRIED),
    }


def main() -> None:
    """Draws the figure."""
    figure = Figure(figsize=(8, 4.8))
    axes = figure.subplots()
    looks = ((BLUE, "o"), (VERMILLION, "s"), (GREEN, "^"))
    for method, predicted, runs, (color, marker) in zip(
        METHODS, *measurements().values(), looks, strict=True
    ):
        axes.loglog(KAPPAS, predicted, color=color)
        axes.plot(TRIED, runs, marker, color=color, ms=6)
        axes.plot([], marker=marker, color=color, label=method)
    axes.annotate("lines: from the rate\nmarks: runs", (700, 14), color=GREY)
    axes.set_xlabel("condition number κ (largest / smallest curvature)")
    axes.set_ylabel("steps until the error is $10^{-6}$ of the first")
    axes.set_title("Momentum turns a cost of κ steps into one of √κ")
    axes.legend()
    axes.grid(alpha=0.3)
    write(figure, __file__)


if __name__ == "__main__":
    main()
