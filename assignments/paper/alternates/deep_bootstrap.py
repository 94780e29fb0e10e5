"""Right answers to question 1 for Nakkiran et al. by other routes."""

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import alternate

CHOICE = {"PAPER": "deep_bootstrap"}


@alternate("q1", of="decomposed_errors", route="Python loops, float32 inside", where=CHOICE)
def decomposed_in_single_precision(loss, test_error, w_0, train, batches, fresh, step_size):
    slope = jax.jit(jax.grad(loss))

    def errors(examples, order):
        w = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), w_0)
        found = [test_error(w)]
        for rows in order:
            g = slope(w, jax.tree.map(lambda leaf, rows=rows: leaf[rows], examples))
            w = jax.tree.map(lambda p, d: (p - step_size * d).astype(jnp.float32), w, g)
            found.append(test_error(w))
        return np.array(found)

    ideal = errors(fresh, np.split(np.arange(batches.size), len(batches)))
    return ideal, errors(train, batches) - ideal


@alternate("q1", of="ideal_risks", route="one matrix on vec S, by Kronecker products", where=CHOICE)
def ideal_risks_by_kronecker_products(C, w_true, w_0, noise_std, step_size, batch_size, num_steps):
    C, v = np.asarray(C), np.asarray(w_0 - w_true)
    D = len(C)
    M, c = np.eye(D) - step_size * C, C.ravel()
    spread = step_size**2 / batch_size
    step = np.kron(M, M) + spread * (np.kron(C, C) + np.outer(c, c))
    s, risks = np.outer(v, v).ravel(), []
    for _ in range(num_steps + 1):
        risks.append(c @ s / 2)
        s = step @ s + spread * noise_std**2 * c
    return np.array(risks)


@alternate("q1", of="ideal_risks", route="in the basis of C's eigenvectors", where=CHOICE)
def ideal_risks_by_modes(C, w_true, w_0, noise_std, step_size, batch_size, num_steps):
    c, Q = jnp.linalg.eigh(C)
    s = (Q.T @ (w_0 - w_true)) ** 2  # the diagonal of S; the rest never enters the risk
    risks = []
    for _ in range(num_steps + 1):
        risks.append(c @ s / 2)
        noise = c**2 * s + (c @ s + noise_std**2) * c
        s = (1 - step_size * c) ** 2 * s + step_size**2 / batch_size * noise
    return jnp.stack(risks)


@alternate(
    "q1", of="real_risks", route="the matrix of every example, in the state (w, 1)", where=CHOICE
)
def real_risks_by_matrices(X, t, C, w_true, w_0, step_size, batch_size, num_steps):
    N, D = X.shape
    maps = []
    for x, y in zip(np.asarray(X), np.asarray(t), strict=True):
        one = np.eye(D + 1)
        one[:D, :D] -= step_size * np.outer(x, x)
        one[:D, D] = step_size * y * x
        maps.append(one)
    mean, E = np.mean(maps, axis=0), np.hstack([np.eye(D), -np.asarray(w_true)[:, None]])
    start = np.append(np.asarray(w_0), 1.0)
    U, risks = np.outer(start, start), []
    for _ in range(num_steps + 1):
        risks.append(np.trace(np.asarray(C) @ E @ U @ E.T) / 2)
        single = sum(one @ U @ one.T for one in maps) / N
        U = single / batch_size + (1 - 1 / batch_size) * mean @ U @ mean.T
    return np.array(risks)


@alternate("q1", of="soft_error", route="logarithms of odds", where=CHOICE)
def soft_error_by_log_odds(logits, labels):
    wrong = labels[:, None] != jnp.arange(logits.shape[1])
    others = jax.nn.logsumexp(logits, axis=1, where=wrong)
    right = jnp.take_along_axis(logits, labels[:, None], axis=1)[:, 0]
    return jnp.mean(jax.nn.sigmoid(others - right))
