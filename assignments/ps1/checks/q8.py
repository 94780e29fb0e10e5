"""Hidden checks of question 8: proximal point, mirror descent and Bregman divergence."""

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference import metrics

SINGLE = "well-conditioned: float32 inside gives about 1e-6, every known mistake more than 1e-3"


@check("q8", points=2, title="Proximal point step, in rotated coordinates")
def proximal_step_rotated(student, inputs):
    a = inputs.uniform(0.4, 2.0, 4)
    b, w, Q = inputs.normal(4), inputs.normal(4), inputs.orthogonal(4)
    A = Q @ np.diag(a) @ Q.T
    for penalty in (0.3, 5.0):
        step = student.proximal_step((A + A.T) / 2, Q @ b, Q @ w, penalty)
        expect(step, "the weights after the step").close_to(
            lambda penalty=penalty: Q @ _proximal(np.diag(a), b, w, penalty),
            rtol=1e-4,
            why=SINGLE,
        )


def _proximal(A: np.ndarray, b: np.ndarray, w: np.ndarray, penalty: float) -> jax.Array:
    matrix, linear, start = map(jnp.asarray, (A, b, w))
    return metrics.quadratic_proximal_point(matrix, linear, start, penalty)


@check("q8", points=1, title="Proximal point step with flat directions, and in one dimension")
def proximal_step_with_flat_directions(student, inputs):
    problem = inputs.given(
        "quadratic", eigenvalues=(0.0, 0.0, 0.5, 1.0), seed=inputs.seed("quadratic")
    )
    line = inputs.uniform(0.5, 1.5, 1, 1), inputs.normal(1), inputs.normal(1)
    for (A, b, w), penalty in (((problem.A, problem.b, problem.w0), 0.02), (line, 1e-6)):
        expect(student.proximal_step(A, b, w, penalty), "the weights after the step").close_to(
            lambda A=A, b=b, w=w, penalty=penalty: _proximal(A, b, w, penalty),
            rtol=1e-4,
            why="condition 50 with the penalty: float32 inside gives about 1e-6",
        )


def _simplex(inputs, size: int) -> np.ndarray:
    parts = inputs.uniform(0.2, 1.0, size)
    return parts / parts.sum()


def _mirror(w: np.ndarray, gradient: np.ndarray, step_size: float) -> jax.Array:
    """One step on the linear cost with this gradient."""
    start, g = jnp.asarray(w), jnp.asarray(gradient)
    return metrics.exponentiated_gradient_iterates(lambda u: g @ u, start, step_size, 1)[1]


@check("q8", points=1, title="Mirror step on the simplex")
def mirror_step_on_the_simplex(student, inputs):
    for size, step_size in ((5, 0.4), (3, 1.5)):
        w, gradient = _simplex(inputs, size), inputs.normal(size)
        expect(student.mirror_step(w, gradient, step_size), "the weights after the step").close_to(
            lambda w=w, g=gradient, a=step_size: _mirror(w, g, a), rtol=1e-4, why=SINGLE
        )


@check("q8", points=1, title="Mirror step with huge gradients, weights that are 0, and one weight")
def mirror_step_of_huge_gradients(student, inputs):
    w, gradient = _simplex(inputs, 5), inputs.normal(5)
    why = "a constant in the gradient cancels, and takes 5 of 16 digits with it"
    for constant in (3e4, -3e4):
        step = student.mirror_step(w, gradient + constant, 2.0)
        expect(step, "the weights after the step").close_to(
            lambda: _mirror(w, gradient, 2.0), rtol=1e-6, why=why
        )
    # However tempting a coordinate is, there is no weight to grow from.
    dead = np.append(w, 0.0)
    for temptation in (0.0, -3e3):
        step = student.mirror_step(dead, np.append(gradient, temptation), 2.0)
        expect(step, "a step from weights with a 0").close_to(
            lambda: np.append(_mirror(w, gradient, 2.0), 0.0), rtol=1e-6, why="0 stays 0"
        )
    expect(student.mirror_step(np.ones(1), np.array([1e5]), 2.0), "a step of one weight").close_to(
        lambda: np.ones(1), rtol=1e-6, why="the only point of the simplex"
    )


@check("q8", points=1, title="Mirror step in float32, with small weights", x64=False)
def mirror_step_in_float32(student, inputs):
    w = _simplex(inputs, 4) * np.array([1.0, 1.0, 1e-30, 1e-27])
    w = w / w.sum()
    # A gradient that brings the smallest weights up to the size of the others.
    gradient = np.log(w) + inputs.normal(4)
    expect(student.mirror_step(w, gradient, 1.0), "the weights after the step").close_to(
        lambda: _mirror(w, gradient, 1.0),
        rtol=1e-3,
        why="float32 rounds logarithms of 1e-30 by 4e-6; without them small weights are lost",
    )
    far = gradient - 150.0
    expect(student.mirror_step(w, far, 1.0), "the weights after the step").close_to(
        lambda: _mirror(w, gradient, 1.0),
        rtol=1e-3,
        why="float32 rounds 200 by 1e-5; exp overflows beyond 88",
    )


@check("q8", points=1, title="Bregman divergence of several potentials")
def divergence_of_potentials(student, inputs):
    M, z = inputs.spd(inputs.uniform(0.5, 2.0, 5)), inputs.normal(2, 5)
    q = inputs.uniform(0.3, 2.0, 5)
    p = q * np.exp(inputs.uniform(0.5, 1.5, 5))
    quadratic = inputs.source("lambda w: w @ M @ w / 2", M=M)
    entropy = inputs.source("lambda w: jnp.sum(w * jnp.log(w))")
    partition = inputs.source("lambda z: jax.nn.logsumexp(z)")
    cases = (
        # On positive weights whose sums differ, the KL divergence has two terms more.
        (entropy, (p, q), lambda: np.sum(p * np.log(p / q) - p + q)),
        (partition, z, lambda: _kl(z[1], z[0])),
        (quadratic, z, lambda: (z[0] - z[1]) @ M @ (z[0] - z[1]) / 2),
    )
    for potential, (u, w), expected in cases:
        expect(student.bregman_divergence(potential, u, w), "the divergence").close_to(
            expected, rtol=1e-4, why=SINGLE
        )


def _kl(logits_p: np.ndarray, logits_q: np.ndarray) -> jax.Array:
    return metrics.categorical_divergence(jnp.asarray(logits_p), jnp.asarray(logits_q))


@check("q8", points=1, title="Bregman divergence to twelve digits, with affine terms")
def divergence_to_twelve_digits(student, inputs):
    w, c, move = inputs.normal(5), inputs.normal(5), inputs.normal(5)
    move -= move.mean()  # a common shift of the logits would be no move at all
    u = w + 2.0 * move / np.linalg.norm(move)
    potential = inputs.source("lambda z: jax.nn.logsumexp(z) + z @ c + 3.0", c=c)
    expect(student.bregman_divergence(potential, u, w), "the divergence").close_to(
        lambda: _kl(w, u),
        rtol=5e-13,
        why="float64 gives about 1e-14, finite differences some 1e-10",
    )
