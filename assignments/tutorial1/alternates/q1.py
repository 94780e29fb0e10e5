"""Right answers to question 1 by other routes."""

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import alternate


@alternate("q1", of="squared_distances", route="vmap twice")
def distances_by_vmap(X, Y):
    def of_two(x, y):
        return (x - y) @ (x - y)

    return jax.vmap(lambda x: jax.vmap(lambda y: of_two(x, y))(Y))(X)


@alternate("q1", of="squared_distances", route="NumPy, a loop over features")
def distances_by_features(X, Y):
    X, Y = np.asarray(X), np.asarray(Y)
    return sum(np.subtract.outer(X[:, k], Y[:, k]) ** 2 for k in range(X.shape[1]))


@alternate("q1", of="squared_distances", route="from a common centre, multiplied out")
def distances_from_a_centre(X, Y):
    centre = Y.mean(axis=0)
    X, Y = X - centre, Y - centre
    return jnp.sum(X**2, 1)[:, None] - 2 * X @ Y.T + jnp.sum(Y**2, 1)


@alternate("q1", of="nearest_other", route="infinity added on the diagonal")
def nearest_by_where(X):
    D = jnp.linalg.norm(X[:, None] - X, axis=2)
    return jnp.argmin(jnp.where(jnp.eye(len(X), dtype=bool), jnp.inf, D), axis=1)


@alternate("q1", of="nearest_other", route="NumPy, in place")
def nearest_in_place(X):
    X = np.asarray(X)
    D = ((X[:, None] - X) ** 2).sum(-1)
    np.fill_diagonal(D, np.inf)
    return D.argmin(0)
