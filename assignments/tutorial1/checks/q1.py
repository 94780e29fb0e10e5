"""Hidden checks of question 1: distances by broadcasting, the nearest other point."""

import numpy as np

from grader.checks import check, expect


def distances(X: np.ndarray, Y: np.ndarray) -> np.ndarray:
    """All squared distances, one at a time."""
    return np.array([[np.sum((x - y) ** 2) for y in Y] for x in X])


@check("q1", points=2, title="Distances of random points")
def distances_of_random_points(student, inputs):
    for n, m, d in ((6, 4, 3), (5, 5, 5)):
        X, Y = inputs.normal(n, d), inputs.normal(m, d)
        expect(student.squared_distances(X, Y), "The matrix of distances").close_to(
            lambda X=X, Y=Y: distances(X, Y),
            rtol=1e-4,
            why="float32 gives 1e-6, every known mistake more than 1e-2",
        )


@check("q1", points=1, title="Distances far from the origin")
def distances_far_from_the_origin(student, inputs):
    # Products of such coordinates are 1e10, and rounded to 1e-6.
    X, Y = 1e5 + inputs.normal(5, 3), 1e5 + inputs.normal(4, 3)
    expect(student.squared_distances(X, Y), "The matrix of distances").close_to(
        lambda: distances(X, Y),
        rtol=1e-10,
        why="differences of neighbours are exact: 1e-15; multiplied out it is 1e-7",
    )


@check("q1", points=1, title="A single point, a single feature, float32", x64=False)
def distances_at_the_edges(student, inputs):
    for n, m, d in ((1, 3, 2), (4, 1, 1), (1, 1, 3)):
        X, Y = inputs.normal(n, d), inputs.normal(m, d)
        found = student.squared_distances(X, Y)
        expect(found, f"The matrix of distances, {n} and {m} points").close_to(
            lambda X=X, Y=Y: distances(X, Y),
            rtol=1e-4,
            atol=1e-5,
            why="float32 gives 1e-6",
        )


def nearest(X: np.ndarray) -> np.ndarray:
    """The nearest other row, one at a time."""
    D = distances(X, X)
    return np.array([min((D[i, j], j) for j in range(len(X)) if j != i)[1] for i in range(len(X))])


@check("q1", points=1, title="Nearest points of a random cloud")
def nearest_in_a_cloud(student, inputs):
    X = inputs.normal(12, 2)
    expect(student.nearest_other(X), "The indices").equals(lambda: nearest(X))


@check("q1", points=1, title="Points that coincide, and two points far apart")
def nearest_of_a_pair(student, inputs):
    X = inputs.normal(7, 2)
    X[[2, 5]] = X[2] + 100.0  # a pair for itself, so that no other point has two nearest ones
    expect(student.nearest_other(X), "The indices, where two points coincide").equals(
        lambda: nearest(X)
    )
    two = 1e6 * np.array([[1.0, 0.0], [0.0, 1.0]]) + inputs.normal(2, 2)
    expect(student.nearest_other(two), "The indices of two points").equals(np.array([1, 0]))
