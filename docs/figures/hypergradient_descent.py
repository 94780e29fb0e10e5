"""Lecture 11: hypergradients lead to the best penalties, if the inverse Hessian is good enough.

    python docs/figures/hypergradient_descent.py [figure.svg]

Ridge regression with one penalty for strong features and one for weak ones, both tuned on the
validation loss.
"""

from functools import cache

import jax
import jax.numpy as jnp
from jaxtyping import Array
from matplotlib.figure import Figure
from style import BLUE, GREEN, VERMILLION, write

from reference.bilevel_optimization import (
    dense_hypergradient,
    implicit_hypergradient,
    neumann_hypergradient,
)
from reference.linear_regression import ridge_solution
from reference.problems import linear_examples
from reference.pytrees import Scalar

GROUP, EXAMPLES, NOISE_STD, STEP_SIZE, NUM_STEPS = 15, 40, 1.0, 2.0, 60
THETA_0 = jnp.log(jnp.array([3.0, 1e-2]))  # the wrong way round
TERMS = (1, 3, 10, 30, 100)
AXIS = jnp.log(10.0) * jnp.linspace(-3, 1, 33)  # of the grid, for theta
SCALES = jnp.repeat(jnp.array([0.5, 0.2]), GROUP)  # of the true weights


def examples(key: int, num_examples: int) -> tuple[Array, Array]:
    """Inputs and noisy targets of one linear function."""
    w_true = SCALES * jax.random.normal(jax.random.key(0), (2 * GROUP,))
    return linear_examples(jax.random.key(key), num_examples, w_true, NOISE_STD)


def inner_loss(w: Array, theta: Array) -> Scalar:
    """(1/2N) |Phi w - t|^2 + 1/2 sum_i exp(theta_i) w_i^2, a theta for each group of features."""
    Phi, t = examples(1, EXAMPLES)
    return jnp.mean((Phi @ w - t) ** 2) / 2 + jnp.sum(jnp.repeat(jnp.exp(theta), GROUP) * w**2) / 2


def outer_loss(w: Array, theta: Array) -> Scalar:
    """The same without penalties, on validation examples."""
    Phi, t = examples(2, 10 * EXAMPLES)
    return jnp.mean((Phi @ w - t) ** 2) / 2


def trained(theta: Array) -> Array:
    """argmin_w of the inner loss: ridge with penalty 1 in the coordinates exp(theta / 2) w."""
    Phi, t = examples(1, EXAMPLES)
    scale = jnp.repeat(jnp.exp(theta / 2), GROUP)
    return ridge_solution(Phi / scale, t, 1.0) / scale


def hypergradient(theta: Array, num_products: int = 2 * GROUP) -> Array:
    """By at most as many conjugate gradients."""
    return implicit_hypergradient(
        inner_loss, outer_loss, trained(theta), theta, tolerance=0.0, max_steps=num_products
    ).hypergradient


@jax.jit
def relative_errors(theta: Array) -> tuple[Array, Array]:
    """Of hypergradients with TERMS products: by Neumann series (step 1 / h_max), and by CG."""
    problem = (inner_loss, outer_loss, trained(theta), theta)
    alpha = 1 / jnp.linalg.eigvalsh(jax.hessian(inner_loss)(*problem[2:]))[-1]
    exact = dense_hypergradient(*problem)
    series = [neumann_hypergradient(*problem, alpha, n).hypergradient for n in TERMS]
    conjugate = [hypergradient(theta, n) for n in TERMS]
    errors = jnp.linalg.norm(jnp.array([series, conjugate]) - exact, axis=2)
    return tuple(errors / jnp.linalg.norm(exact))


@cache
def measurements() -> dict[str, Array]:
    """The path of descent, a grid of validation losses, and the errors at the start of the path."""

    def advance(theta: Array, _: None) -> tuple[Array, Array]:
        return theta - STEP_SIZE * hypergradient(theta), theta

    validation = jax.jit(jax.vmap(lambda theta: outer_loss(trained(theta), theta)))
    path = jax.jit(lambda theta: jax.lax.scan(advance, theta, length=NUM_STEPS + 1)[1])(THETA_0)
    grid = jnp.stack(jnp.meshgrid(AXIS, AXIS), axis=-1).reshape(-1, 2)
    neumann, conjugate = relative_errors(THETA_0)
    return {
        "path": path,
        "path_losses": validation(path),
        "grid": validation(grid).reshape(len(AXIS), len(AXIS)),
        "neumann": neumann,
        "conjugate": conjugate,
    }


def main() -> None:
    """Draws the figure."""
    found = measurements()
    figure = Figure(figsize=(8, 4.2))
    plane, errors = figure.subplots(1, 2)
    penalties = jnp.exp(AXIS)
    shown = plane.contourf(penalties, penalties, found["grid"], levels=12, cmap="Greys")
    figure.colorbar(shown, ax=plane, label="validation loss", location="left")
    plane.plot(*jnp.exp(found["path"]).T, "o-", color=VERMILLION, ms=4, lw=1, label="descent")
    row, column = jnp.unravel_index(jnp.argmin(found["grid"]), found["grid"].shape)
    plane.plot(penalties[column], penalties[row], "*", color=BLUE, ms=15, mec="white", label="best")
    plane.set_xscale("log")
    plane.set_yscale("log")
    plane.set_xlabel("penalty on strong features")
    plane.set_ylabel("penalty on weak features")
    plane.legend(frameon=True, framealpha=1, loc="lower left")
    errors.plot(TERMS, found["neumann"], "o-", color=BLUE, ms=5)
    errors.plot(TERMS, found["conjugate"], "s-", color=GREEN, ms=5)
    errors.annotate("Neumann series", (110, 0.5), ha="right", color=BLUE)
    errors.annotate("conjugate\ngradients", (11, 1e-4), ha="right", color=GREEN)
    errors.set_ylim(5e-8, 3)
    errors.set_xscale("log")
    errors.set_yscale("log")
    errors.set_xlabel("Hessian-vector products")
    errors.set_ylabel("relative error of the hypergradient")
    figure.suptitle("Hypergradients lead to the best penalties; a short series biases them")
    write(figure, __file__)


if __name__ == "__main__":
    main()
