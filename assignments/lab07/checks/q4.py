"""Hidden checks of question 4: squared norms of batches' gradients, the gradient noise scale."""

from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from grader.checks import check, expect
from reference.papers.large_batch import noise_estimates, simple_noise_scale

SINGLE = "means of a few gradients: float32 inside gives about 1e-6, known mistakes over 1e-2"
DIGITS = "float64 gives about 1e-15, finite differences more than 1e-12"
ESTIMATES = "two equations of condition below 50: float32 inside gives 1e-5, mistakes over 1e-2"
UNBIASED = "the mean over all batches is exact up to rounding; known mistakes are more than 1e-2"

# One example's loss is (x.w - y)^2 / 2, so that its gradient is (x.w - y) x.
LEAST_SQUARES = "lambda w, x, y: (jnp.sum(x * w) - y) ** 2 / 2"


def _problem(inputs: Any, widths: tuple[int, ...], examples: int) -> Any:
    return inputs.given("classifier", widths=widths, examples=examples, seed=inputs.seed("problem"))


def _squares(problem: Any, batch_size: int) -> np.ndarray:
    """|G_B|^2 from the dense Jacobian of all examples' losses."""
    flat, unravel = ravel_pytree(jax.tree.map(jnp.asarray, problem.w))
    example_loss, X, y = (
        problem.example_loss.local(),
        jnp.asarray(problem.X),
        jnp.asarray(problem.y),
    )

    def losses(flat: jax.Array) -> jax.Array:
        return jax.vmap(example_loss, in_axes=(None, 0, 0))(unravel(flat), X, y)

    return _of_batches(np.asarray(jax.jit(jax.jacrev(losses))(flat)), batch_size)


def _of_batches(gradients: np.ndarray, batch_size: int) -> np.ndarray:
    """|G_B|^2 of consecutive full batches, from a gradient for each example."""
    starts = range(0, len(gradients) - batch_size + 1, batch_size)
    means = [np.mean(gradients[start : start + batch_size], axis=0) for start in starts]
    return np.array([np.sum(mean**2) for mean in means])


@check("q4", points=3, title="Squared norms of batches' gradients")
def squares_of_batches(student, inputs):
    problem = _problem(inputs, (4, 5, 3), 12)
    for kind, batch_size in (("single examples", 1), ("batches of 4", 4), ("all examples", 12)):
        squares = student.batch_squares(
            problem.example_loss, problem.w, problem.X, problem.y, batch_size
        )
        expect(squares, f"the squared norms of {kind}").close_to(
            lambda batch_size=batch_size: _squares(problem, batch_size),
            rtol=1e-4,
            why=SINGLE,
            points=1,
        )


@check(
    "q4", points=1, title="A last batch that isn't full, one example, a scalar weight", x64=False
)
def squares_at_the_edges(student, inputs):
    example_loss = inputs.source(LEAST_SQUARES)
    for examples, size, batch_size in ((11, 3, 4), (1, 2, 1), (5, None, 2)):
        shape = () if size is None else (size,)
        w, X, y = inputs.normal(*shape), inputs.normal(examples, *shape), inputs.normal(examples)
        if size is None:
            w = np.asarray(w)
        gradients = X * np.reshape(_residuals(w, X, y), (examples,) + (1,) * len(shape))
        expect(
            student.batch_squares(example_loss, w, X, y, batch_size), "the squared norms"
        ).close_to(
            lambda gradients=gradients, batch_size=batch_size: _of_batches(gradients, batch_size),
            rtol=1e-4,
            why=SINGLE,
        )


def _residuals(w: np.ndarray, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.sum((X * w).reshape(len(y), -1), axis=1) - y


@check("q4", points=1, title="Squared norms to twelve digits")
def squares_to_all_digits(student, inputs):
    problem = _problem(inputs, (3, 4, 2), 6)
    squares = student.batch_squares(problem.example_loss, problem.w, problem.X, problem.y, 2)
    expect(squares, "the squared norms").close_to(
        lambda: _squares(problem, 2), rtol=1e-13, why=DIGITS
    )


@check("q4", points=1, title="Cost of the squared norms")
def squares_cost_one_gradient(student, inputs):
    problem = inputs.given("classifier", widths=(8, 12, 4), examples=48, seed=1)
    arguments = problem.example_loss, problem.w, problem.X, problem.y, 3
    program = student.program("batch_squares", *arguments)
    w = jax.tree.map(lambda leaf: 0.5 * inputs.normal(*leaf.shape), problem.w)
    expect(program(w, problem.X, problem.y), "The exported squared norms").close_to(
        lambda: _squares(_At(w, problem), 3), rtol=1e-4, why=SINGLE
    )
    example_loss = problem.example_loss.local()

    def loss(w: Any, X: jax.Array, y: jax.Array) -> jax.Array:
        return jnp.mean(jax.vmap(example_loss, in_axes=(None, 0, 0))(w, X, y))

    gradient = inputs.program(jax.grad(loss), problem.w, problem.X, problem.y)
    expect(program, "The 16 squared norms").costs_at_most(3, gradient, unit="gradients")


class _At:
    """The problem at other weights."""

    def __init__(self, w: Any, problem: Any) -> None:
        self.w, self.X, self.y, self.example_loss = w, problem.X, problem.y, problem.example_loss


# --- The noise scale ------------------------------------------------------------------------------


@check("q4", points=2, title="The noise scale from measurements")
def noise_scale_of_measurements(student, inputs):
    for small_batch, large_batch, measurements in ((3, 24, 6), (2, 10, 4)):
        square, noise = inputs.uniform(0.5, 1.0), inputs.uniform(10.0, 20.0)
        small, large = (
            (square + noise / size) * inputs.rng.permutation(np.linspace(0.8, 1.2, measurements))
            for size in (small_batch, large_batch)
        )
        triple = student.noise_scale(small, large, small_batch, large_batch)
        expect(triple, "(|G|^2, tr Sigma, B_simple)").close_to(
            lambda small=small, large=large, b=small_batch, B=large_batch: _estimates(
                small, large, b, B
            ),
            rtol=1e-4,
            why=ESTIMATES,
        )


def _estimates(small: Any, large: Any, small_batch: int, large_batch: int) -> list[Any]:
    found = noise_estimates(jnp.asarray(small), jnp.asarray(large), small_batch, large_batch)
    return [found.squared_norm, found.noise, found.noise / found.squared_norm]


@check("q4", points=1, title="The noise scale from all batches that can be drawn")
def noise_scale_is_unbiased(student, inputs):
    # Four examples, batches of one and of three with replacement: 4 and 64 of them.
    gradients = 0.8 * inputs.normal(4, 5) + np.linspace(0.4, 0.8, 5)
    batches = gradients[np.array(list(product(range(4), repeat=3)))]
    small, large = np.sum(gradients**2, axis=1), np.sum(np.mean(batches, axis=1) ** 2, axis=1)
    triple = student.noise_scale(small, large, 1, 3)
    G = np.mean(gradients, axis=0)
    expect(triple, "(|G|^2, tr Sigma, B_simple)").close_to(
        lambda: [
            np.asarray(G @ G),
            np.asarray(G @ G * simple_noise_scale(jnp.asarray(gradients))),
            simple_noise_scale(jnp.asarray(gradients)),
        ],
        rtol=1e-4,
        why=UNBIASED,
    )


@check("q4", points=1, title="A negative estimate of |G|^2")
def noise_scale_of_a_faint_gradient(student, inputs):
    small = 8.0 * inputs.uniform(0.9, 1.1, 3)
    large = np.array([0.3 * float(np.mean(small)) * inputs.uniform(0.5, 0.6)])
    triple = student.noise_scale(small, large, 4, 16)
    expect(triple, "(|G|^2, tr Sigma, B_simple)").close_to(
        lambda: _estimates(small, large, 4, 16), rtol=1e-4, why=ESTIMATES
    )
