"""Mistakes that the checks of question 1 refuse."""

import jax.numpy as jnp

from grader.checks import mutant


def _right(X, Y):
    return jnp.sum((X[:, None] - Y[None]) ** 2, axis=-1)


@mutant(
    "q1",
    of="squared_distances",
    refused_by=("distances_of_random_points", "distances_at_the_edges"),
    says="These are distances: asked for are their squares.",
)
def root_taken(X, Y):
    return jnp.sqrt(_right(X, Y))


@mutant(
    "q1",
    of="squared_distances",
    refused_by=("distances_of_random_points", "distances_at_the_edges"),
    says="Rows and columns are exchanged: row i belongs to row i of X.",
)
def distances_transposed(X, Y):
    return _right(X, Y).T


@mutant(
    "q1",
    of="squared_distances",
    refused_by="distances_of_random_points",
    says="The squares are averaged over the features: they are summed.",
)
def mean_over_features(X, Y):
    return jnp.mean((X[:, None] - Y[None]) ** 2, axis=-1)


@mutant(
    "q1",
    of="squared_distances",
    refused_by="distances_of_random_points",
    says="These are sums of absolute differences: square the differences.",
)
def absolute_differences(X, Y):
    return jnp.sum(jnp.abs(X[:, None] - Y[None]), axis=-1)


@mutant(
    "q1",
    of="squared_distances",
    refused_by="distances_of_random_points",
    says="The sum runs over the wrong axis: the features are the last axis of the differences.",
)
def summed_over_points(X, Y):
    return jnp.sum((X[:, None] - Y[None]) ** 2, axis=0)


@mutant(
    "q1",
    of="squared_distances",
    refused_by="distances_of_random_points",
    says="The factor 2 of the mixed term is missing, and there is a better way: differences first.",
)
def mixed_term_once(X, Y):
    return jnp.sum(X**2, axis=1)[:, None] + jnp.sum(Y**2, axis=1) - X @ Y.T


@mutant(
    "q1",
    of="squared_distances",
    refused_by="distances_far_from_the_origin",
    says=(
        "The square was multiplied out: far from the origin large numbers cancel and digits are lost. "
        "Take the differences first."
    ),
)
def multiplied_out(X, Y):
    return jnp.sum(X**2, axis=1)[:, None] - 2 * X @ Y.T + jnp.sum(Y**2, axis=1)


@mutant(
    "q1",
    of="squared_distances",
    refused_by="distances_far_from_the_origin",
    says="The computation went through float32: keep the dtype of the arrays that you are given.",
)
def distances_through_float32(X, Y):
    return _right(X.astype(jnp.float32), Y.astype(jnp.float32))


@mutant(
    "q1",
    of="squared_distances",
    refused_by="distances_at_the_edges",
    says="A squeeze removed an axis of length one: X or Y may hold a single point.",
)
def squeezed_distances(X, Y):
    return jnp.squeeze(_right(X, Y))


# --- The nearest other point ----------------------------------------------------------------------


@mutant(
    "q1",
    of="nearest_other",
    refused_by="nearest_in_a_cloud",
    says=(
        "Every point is its own nearest one: leave it out. (`.at[...].set(...)` returns a new array; if "
        "you don't keep that, nothing has changed.)"
    ),
)
def itself(X):
    return jnp.argmin(_right(X, X), axis=1)


@mutant(
    "q1",
    of="nearest_other",
    refused_by="nearest_in_a_cloud",
    says="These are the points that are farthest away.",
)
def farthest(X):
    return jnp.argmax(_right(X, X), axis=1)


@mutant(
    "q1",
    of="nearest_other",
    refused_by=("nearest_in_a_cloud", "nearest_of_a_pair"),
    says="The indices are counted from 1: they begin with 0.",
)
def counted_from_one(X):
    i = jnp.arange(len(X))
    return jnp.argmin(_right(X, X).at[i, i].set(jnp.inf), axis=1) + 1


@mutant(
    "q1",
    of="nearest_other",
    refused_by="nearest_in_a_cloud",
    says="These are the smallest distances: asked for is where they are.",
)
def distances_for_indices(X):
    i = jnp.arange(len(X))
    return jnp.min(_right(X, X).at[i, i].set(jnp.inf), axis=1)


@mutant(
    "q1",
    of="nearest_other",
    refused_by="nearest_of_a_pair",
    says=(
        "The second smallest distance is taken, but where two points coincide both smallest are 0 and "
        "the second one may be the point itself: exclude it by its index."
    ),
)
def second_smallest(X):
    return jnp.argsort(_right(X, X), axis=1)[:, 1]


@mutant(
    "q1",
    of="nearest_other",
    refused_by="nearest_of_a_pair",
    says="Every distance of 0 is left out, also that of another point: exclude by index, not by value.",
)
def zeros_excluded(X):
    D = _right(X, X)
    return jnp.argmin(jnp.where(D == 0, jnp.inf, D), axis=1)


@mutant(
    "q1",
    of="nearest_other",
    refused_by="nearest_of_a_pair",
    says="The point itself is excluded by a fixed number, which distances may exceed: use infinity.",
)
def fixed_large_number(X):
    return jnp.argmin(_right(X, X) + 1e6 * jnp.eye(len(X)), axis=1)
