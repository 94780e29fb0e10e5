"""Hidden checks of question 1 for Saxe et al.: modes, and descent of a two-layer linear network."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference.papers import deep_linear_dynamics as paper

CHOICE = {"PAPER": "deep_linear"}
DIGITS = "a few operations: float64 gives about 1e-15, known mistakes more than 1e-2"


@check("q1", points=8, title="Deep linear: strengths of modes", where=CHOICE)
def deep_linear_mode_strength(student, inputs):
    tau = inputs.rng.uniform(2.0, 3.0)
    s, u_0 = inputs.uniform(0.5, 2.0, 4), inputs.uniform(0.02, 0.4, 4)
    # The last mode starts above its place.
    u_0[3] = 2.0 * s[3]
    t = inputs.uniform(0.5, 4.0, 5)[:, None]
    expect(student.mode_strength(t, s, u_0, tau), "the strengths").close_to(
        lambda: _strengths(t, s, u_0, tau),
        rtol=1e-10,
        why=DIGITS,
        points=4,
    )
    s, u_0 = np.array([0.0, 0.7, 3.0, 1e-12]), inputs.uniform(0.05, 0.5, 4)
    t = np.array([0.0, 2.0, 1e5])[:, None]
    found = student.mode_strength(t, s, u_0, tau)
    expect(found, "strengths without signal, and after very long times").close_to(
        lambda: _strengths(t, s, u_0, tau),
        rtol=1e-6,
        why="float64 gives about 1e-15, known mistakes more than 1e-2",
        points=4,
    )


def _strengths(t: Any, s: Any, u_0: Any, tau: float) -> np.ndarray:
    t, s, u_0 = map(jnp.asarray, (t, s, u_0))
    return np.asarray(paper.mode_strength(t, s, u_0, tau=tau))


@check("q1", points=6, title="Deep linear: time to learn", where=CHOICE)
def deep_linear_time_to_learn(student, inputs):
    s, tau = inputs.uniform(0.5, 4.0, 6), inputs.rng.uniform(2.0, 3.0)
    u_0 = s * np.concatenate([inputs.uniform(1e-4, 0.1, 3), inputs.uniform(2.0, 3.0, 3)])
    u_f = s * np.concatenate([inputs.uniform(0.3, 0.9, 3), inputs.uniform(1.1, 1.5, 3)])
    times = student.time_to_learn(s, u_0, u_f, tau)
    expect(times, "the times").close_to(
        lambda: np.asarray(paper.learning_time(s, u_0, u_f, tau=tau)), rtol=1e-10, why=DIGITS
    )


@check("q1", points=6, title="Deep linear: balanced start", where=CHOICE, x64=False)
def deep_linear_balanced_start(student, inputs):
    for outputs, features, hidden in ((3, 5, 3), (4, 2, 6), (1, 3, 2)):
        modes, u_0 = min(outputs, features), inputs.rng.uniform(0.01, 0.1)
        s = 1.0 + np.arange(modes)[::-1] + inputs.uniform(0.0, 0.3, modes)
        U = inputs.orthogonal(outputs)[:, :modes]
        V, Q = inputs.orthogonal(features)[:, :modes], inputs.orthogonal(hidden)[:, :modes]
        start = student.balanced_start((U * s) @ V.T, Q, u_0)
        W_1, W_2 = expect(start, "the start").items(2)
        W_1 = expect(W_1, "W_1").array((hidden, features))
        W_2 = expect(W_2, "W_2").array((outputs, hidden))
        # Singular vectors have no sign: these products are the same for all of them.
        for value, what, expected in (
            (W_2 @ W_1, "W_2 W_1", u_0 * U @ V.T),
            (W_1 @ W_1.T, "W_1 W_1^T", u_0 * Q @ Q.T),
            (W_2.T @ W_2, "W_2^T W_2", u_0 * Q @ Q.T),
        ):
            expect(value, what).close_to(
                lambda expected=expected: expected,
                rtol=1e-3,
                why="float32 gives about 1e-6, known mistakes more than 0.1",
            )


@check("q1", points=10, title="Deep linear: strengths along gradient descent", where=CHOICE)
def deep_linear_descent(student, inputs):
    s = np.array([3.0, 2.0, 1.0]) + inputs.uniform(-0.3, 0.3, 3)
    u_0, step_size = inputs.rng.uniform(0.01, 0.05), inputs.rng.uniform(0.05, 0.08)
    U, V, Q = inputs.orthogonal(3), inputs.orthogonal(5)[:, :3], inputs.orthogonal(4)[:, :3]
    W_1, W_2 = u_0**0.5 * Q @ V.T, u_0**0.5 * U @ Q.T
    path = student.strengths_in_descent((U * s) @ V.T, W_1, W_2, step_size, 30)
    expect(path, "the strengths from a balanced start").close_to(
        lambda: _recursion(s, u_0, step_size, 30),
        rtol=1e-9,
        why="thirty steps: float64 gives about 1e-14, known mistakes more than 1e-2",
        points=5,
    )
    paths = [_from_anywhere(student, inputs, *sizes) for sizes in ((2, 4, 1), (4, 3, 6))]
    expect([found for found, _ in paths], "the strengths from arbitrary weights").close_to(
        lambda: [expected() for _, expected in paths],
        rtol=1e-9,
        why="twenty stable steps: float64 gives about 1e-14, known mistakes more than 1e-2",
        points=5,
    )


def _recursion(s: np.ndarray, u_0: float, step_size: float, num_steps: int) -> np.ndarray:
    """u <- u (1 + alpha (s - u))^2: each layer's factor sqrt(u) gains alpha (s - u) of itself."""
    u = [np.full_like(s, u_0)]
    for _ in range(num_steps):
        u.append(u[-1] * (1 + step_size * (s - u[-1])) ** 2)
    return np.array(u)


def _from_anywhere(student: Any, inputs: Any, outputs: int, features: int, hidden: int) -> Any:
    """The strengths in rotated coordinates, and how to find them without."""
    modes, step_size = min(outputs, features), inputs.rng.uniform(0.05, 0.08)
    s = 1.0 + np.arange(modes)[::-1] + inputs.uniform(0.0, 0.3, modes)
    A, B = inputs.orthogonal(outputs), inputs.orthogonal(features)
    S = np.zeros((outputs, features))
    S[range(modes), range(modes)] = s
    W_1, W_2 = 0.5 * inputs.normal(hidden, features), 0.5 * inputs.normal(outputs, hidden)
    path = student.strengths_in_descent(A @ S @ B.T, W_1 @ B.T, A @ W_2, step_size, 20)

    def expected() -> np.ndarray:
        weights = jnp.asarray(W_1), jnp.asarray(W_2)
        products = paper.gradient_descent_products(jnp.asarray(S), *weights, step_size, 20)
        return np.asarray(paper.mode_strengths(products, jnp.asarray(S)))

    return path, expected
