"""Right answers to question 1 for Saxe et al. by other routes."""

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import alternate

CHOICE = {"PAPER": "deep_linear"}


@alternate(
    "q1", of="mode_strength", route="the inverse of the strength, which is linear", where=CHOICE
)
def strength_by_its_inverse(t, s, u_0, tau):
    # z = 1 / u obeys tau z' = 2 - 2 s z.
    x = 2 * np.asarray(s) * np.asarray(t) / tau
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(x > 0, -np.expm1(-x) / x, 1.0)
    return 1 / (np.exp(-x) / u_0 + 2 * t / tau * share)


@alternate("q1", of="time_to_learn", route="differences of inverse sigmoids", where=CHOICE)
def time_by_logits(s, u_0, u_f, tau):
    def progress(u):
        return jnp.log(u / jnp.abs(s - u))

    return (progress(u_f) - progress(u_0)) * tau / (2 * s)


@alternate(
    "q1", of="balanced_start", route="NumPy, other signs of the singular vectors", where=CHOICE
)
def start_in_numpy(S, Q, u_0):
    V, _, Ut = np.linalg.svd(np.asarray(S).T, full_matrices=False)
    root = np.float32(u_0**0.5)
    return -root * np.asarray(Q) @ V.T, -root * Ut.T @ np.asarray(Q).T


@alternate(
    "q1", of="strengths_in_descent", route="the loss differentiated, a diagonal", where=CHOICE
)
def descent_by_differentiation(S, W_1, W_2, step_size, num_steps):
    V, _, Ut = np.linalg.svd(np.asarray(S).T, full_matrices=False)
    slope = jax.jit(jax.grad(lambda W: jnp.sum((S - W[1] @ W[0]) ** 2) / 2))
    W, path = [W_1, W_2], []
    for k in range(num_steps + 1):
        path.append(np.diag(Ut @ W[1] @ W[0] @ V))
        if k < num_steps:
            W = jax.tree.map(lambda p, g: p - step_size * g, W, slope(W))
    return np.stack(path)
