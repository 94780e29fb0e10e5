"""Lecture 2: the spectrum of a network's Hessian, from Hessian-vector products alone.

    python docs/figures/hessian_spectrum.py [figure.svg]

Both curves are the density of eigenvalues, smoothed by the same Gaussian; one needs the whole
Hessian and `eigh`, the other a few runs of Lanczos.
"""

from functools import cache

import jax
import jax.numpy as jnp
from jaxtyping import Array
from matplotlib.figure import Figure
from style import GREY, PALE, VERMILLION, write

from reference.problems import perceptron_outputs, perceptron_parameters
from reference.pytrees import Scalar, Tree, plus_multiple
from reference.taylor import (
    Quadrature,
    hessian,
    hessian_vector_product,
    smoothed_density,
    spectral_density,
)

WIDTHS, EXAMPLES, PROBES, STEPS = (8, 24, 12, 4), 100, 20, 20


def task(w: Tree) -> Scalar:
    """Half the squared error on the outputs of another random network, its mean over examples."""
    of_inputs, of_teacher = jax.random.split(jax.random.key(0))
    inputs = jax.random.normal(of_inputs, (EXAMPLES, WIDTHS[0]))
    targets = perceptron_outputs(perceptron_parameters(of_teacher, WIDTHS), inputs)
    return jnp.sum((perceptron_outputs(w, inputs) - targets) ** 2) / (2 * EXAMPLES)


@jax.jit
def densities(key: Array) -> dict[str, Array]:
    """All eigenvalues after 300 steps of descent, and both densities on a grid."""
    of_weights, of_probes = jax.random.split(key)
    w = jax.lax.fori_loop(
        0,
        300,
        lambda _, w: plus_multiple(w, -0.05, jax.grad(task)(w)),
        perceptron_parameters(of_weights, WIDTHS),
    )
    a = jnp.linalg.eigvalsh(hessian(task, w))
    width = 0.01 * (a[-1] - a[0])
    grid = jnp.linspace(a[0] - 5 * width, a[-1] + 5 * width, 1000)
    estimate = spectral_density(
        lambda v: hessian_vector_product(task, w, v),
        w,
        of_probes,
        num_probes=PROBES,
        num_steps=STEPS,
    )
    exact = Quadrature(a, jnp.full(len(a), 1 / len(a)))
    return {
        "eigenvalues": a,
        "grid": grid,
        "exact": smoothed_density(exact, grid, width),
        "estimate": smoothed_density(estimate, grid, width),
    }


@cache
def measurements() -> dict[str, Array]:
    """What is drawn."""
    return densities(jax.random.key(1))


def main() -> None:
    """Draws the figure."""
    found = measurements()
    a, grid = found["eigenvalues"], found["grid"]
    figure = Figure()
    axes = figure.subplots()
    axes.fill_between(grid, found["exact"], color=PALE, label=f"eigh of {len(a)} × {len(a)}")
    label = f"Lanczos, {PROBES} probes × {STEPS} steps"
    axes.plot(grid, found["estimate"], color=VERMILLION, label=label)
    ticks = jnp.unique(a.round(2))  # nearly equal ones are drawn once
    axes.plot(ticks, jnp.full(len(ticks), 5e-4), "|", color=GREY, label="eigenvalues")
    axes.set_yscale("log")
    axes.set_ylim(4e-4, None)
    axes.set_xlabel("eigenvalue of the Hessian (loss / weight²)")
    axes.set_ylabel("density (1 / eigenvalue)")
    axes.set_title(f"{PROBES * STEPS} Hessian-vector products show the bulk and the outliers")
    axes.legend()
    write(figure, __file__)


if __name__ == "__main__":
    main()
