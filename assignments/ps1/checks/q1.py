"""Hidden checks of question 1: gradient descent on a quadratic."""

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference import linear_regression

SINGLE = "well-conditioned: float32 inside gives about 1e-6, every known mistake more than 1e-3"


def _iterates(
    A: np.ndarray, b: np.ndarray, w0: np.ndarray, step_size: float, num_steps: int
) -> jax.Array:
    iterates = jax.jit(linear_regression.gradient_descent_iterates, static_argnums=4)
    return iterates(A, b, w0, step_size, num_steps)


@check("q1", points=3, title="Iterates of gradient descent, in rotated coordinates")
def iterates_of_a_rotated_quadratic(student, inputs):
    a = inputs.uniform(0.3, 1.0, 4)
    b, w0, Q = inputs.normal(4), inputs.normal(4), inputs.orthogonal(4)
    A = Q @ np.diag(a) @ Q.T
    expect(student.gd_iterates((A + A.T) / 2, Q @ b, Q @ w0, 0.7, 50), "the iterates").close_to(
        lambda: _iterates(np.diag(a), b, w0, 0.7, 50) @ Q.T,
        rtol=1e-4,
        why=SINGLE,
    )


@check("q1", points=2, title="Iterates at large step sizes")
def iterates_at_large_steps(student, inputs):
    problem = inputs.given(
        "quadratic", eigenvalues=(0.4, 0.6, 0.7, 1.0), seed=inputs.seed("quadratic")
    )
    A, b, w0 = problem.A, problem.b, problem.w0
    for fraction, behaviour in ((0.9, "oscillate and converge"), (1.005, "diverge")):
        step = 2.0 * fraction  # the largest eigenvalue is 1
        expect(student.gd_iterates(A, b, w0, step, 50), f"iterates that {behaviour}").close_to(
            lambda step=step: _iterates(A, b, w0, step, 50),
            rtol=1e-4,
            why=SINGLE,
        )


@check("q1", points=3, title="Iterates where the cost has flat directions")
def iterates_with_flat_directions(student, inputs):
    problem = inputs.given(
        "quadratic", eigenvalues=(0.0, 0.0, 0.5, 1.0), seed=inputs.seed("quadratic")
    )
    A, b, w0 = problem.A, problem.b, problem.w0
    expect(student.gd_iterates(A, b, w0, 0.8, 50), "the iterates").close_to(
        lambda: _iterates(A, b, w0, 0.8, 50),
        rtol=1e-4,
        why=SINGLE,
    )


@check("q1", points=1, title="Iterates where the cost is nearly flat, in float32", x64=False)
def iterates_nearly_flat_in_float32(student, inputs):
    problem = inputs.given(
        "quadratic", eigenvalues=(3e-9, 1e-8, 0.5, 1.0), seed=inputs.seed("quadratic")
    )
    A, b, w0 = problem.A, problem.b, problem.w0
    expect(student.gd_iterates(A, b, w0, 0.8, 100), "the iterates").close_to(
        lambda: _iterates(A, b, w0, 0.8, 100),
        rtol=1e-3,
        why="float32: eigenvalues near 0 are uncertain by 1e-7, which 100 steps make 1e-5",
    )


@check("q1", points=1, title="Iterates in one dimension, and no steps at all")
def iterates_of_no_steps(student, inputs):
    A, b, w0 = inputs.uniform(0.5, 1.5, 1, 1), inputs.normal(1), inputs.normal(1)
    expect(student.gd_iterates(A, b, w0, 0.3, 0), "the only iterate").close_to(
        lambda: w0[None], rtol=1e-4, why="the start, and nothing else"
    )


@check("q1", points=2, title="The stability limit")
def limit_of_the_step_size(student, inputs):
    A = inputs.spd(inputs.uniform(0.2, 1.0, 5))
    for scale in (1.0, 40.0):
        expect(student.stability_limit(scale * A), "the stability limit").close_to(
            lambda scale=scale: linear_regression.stability_limit(jnp.asarray(scale * A)),
            rtol=1e-4,
            why=SINGLE,
        )
