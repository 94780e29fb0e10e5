"""Lecture 1: the risk of the minimum-norm fit peaks at n = D, and ridge removes the peak.

    python docs/figures/double_descent.py [figure.svg]

Each line is the median over draws of (Phi, t): at n = D the minimum-norm fit has no mean risk.
"""

from functools import cache

import jax
import jax.numpy as jnp
from jaxtyping import Array
from matplotlib.figure import Figure
from style import BLUE, GREY, ORANGE, VERMILLION, write

from reference.linear_regression import double_descent_risks
from reference.problems import linear_examples

D, DRAWS, NOISE_STD = 30, 100, 0.5
PENALTIES = (0.0, 0.01, 0.1)
LARGEST = 90
SAMPLE_SIZES = jnp.arange(3, LARGEST + 1, 3)


@cache
def measurements() -> dict[str, Array]:
    """The median excess risk, a row for each penalty and a column for each sample size."""
    w_true = jnp.ones(D) / D**0.5

    @jax.jit
    def risks(key: Array, penalty: Array) -> Array:
        Phi, t = linear_examples(key, LARGEST, w_true, NOISE_STD)
        return double_descent_risks(Phi, t, w_true, jnp.eye(D), SAMPLE_SIZES, penalty=penalty)

    keys = jax.random.split(jax.random.key(0), DRAWS)
    medians = [
        jnp.median(jnp.stack([risks(key, jnp.asarray(penalty)) for key in keys]), axis=0)
        for penalty in PENALTIES
    ]
    return {"sample_sizes": SAMPLE_SIZES, "risks": jnp.stack(medians)}


def main() -> None:
    """Draws the figure."""
    found = measurements()
    figure = Figure()
    axes = figure.subplots()
    looks = ((VERMILLION, "-", "o"), (ORANGE, "--", "s"), (BLUE, "-.", "^"))
    for penalty, risks, (color, line, marker) in zip(PENALTIES, found["risks"], looks, strict=True):
        label = f"ridge, λ = {penalty}" if penalty else "minimum norm"
        axes.plot(
            SAMPLE_SIZES, risks, color=color, linestyle=line, marker=marker, ms=3, label=label
        )
    axes.axvline(D, color=GREY, linestyle=":", zorder=0)
    axes.annotate(f"n = D = {D}", (D + 1, 0.05), color=GREY)
    axes.set_yscale("log")
    axes.set_xlabel("number of examples n")
    axes.set_ylabel(f"excess risk (median of {DRAWS} draws)")
    axes.set_title(f"The risk peaks at n = D; a ridge of λ = {PENALTIES[-1]} removes the peak")
    axes.legend()
    write(figure, __file__)


if __name__ == "__main__":
    main()
