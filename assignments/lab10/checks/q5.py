"""Hidden checks of question 5: kinds of stationary points, and following the ridge."""

from typing import Any

import numpy as np

from grader.checks import check, expect
from reference import differential_games as games

MARGINS = "eigenvalues of well-conditioned blocks: 1e-12; known mistakes more than 1e-3"
DOUBLE = "float64 gives 1e-15, finite differences or float32 inside more than 1e-9"
SINGLE = "float32, condition of f_yy below 5: about 1e-6, known mistakes more than 1e-2"

# Eigenvalues of f_xx, of f_yy, and the largest singular value of f_xy.
POINTS = {
    "Nash": ((0.8, 1.6, 3.0), (-1.2, -2.5), 1.5),
    "a slow follower": ((2.0, 3.0), (-0.6, -1.0), 1.5),
    "minimax or saddle": ((-1.0, 0.4), (-2.5, -3.0, -4.0), 2.5),
    "an answer that is no maximum": ((-2.0, -1.5, 2.0), (0.7, -1.0), 1.0),
    "a strong coupling": ((0.6, 1.0), (-2.0, 0.4), 3.0),
    "one parameter each": ((-0.5,), (-1.5,), 2.0),
}


def _points(inputs: Any) -> list[Any]:
    return [
        inputs.given(
            "saddle", leader=a, follower=c, coupling=b, seed=inputs.seed(name), strength=0.2
        )
        for name, (a, c, b) in POINTS.items()
    ]


@check("q5", points=3, title="Margins at stationary points of several kinds")
def margins_of_stationary_points(student, inputs):
    points = _points(inputs)
    triples = [student.stationary_margins(game.f, game.stationary) for game in points]
    for index, name in enumerate(("Nash", "minimax", "stable")):
        expect([_part(t, index) for t in triples], f"the {name} margins").close_to(
            lambda i=index: [_margins(game)[i] for game in points],
            rtol=1e-5,
            atol=1e-5,
            why=MARGINS,
            points=1,
        )


def _part(triple: Any, index: int) -> Any:
    """One of three; anything else as it is, to be found wrong in its form."""
    return triple[index] if isinstance(triple, tuple | list) and len(triple) == 3 else triple


def _margins(game: Any) -> list[np.ndarray]:
    """From the blocks that the point was made of; the stability margin of `reference` is a bound."""
    A, B, C = game.A, game.B, game.C
    follower = np.linalg.eigvalsh(-C).min()
    nash = np.minimum(np.linalg.eigvalsh(A).min(), follower)
    leader = np.linalg.eigvalsh(A - B @ np.linalg.solve(C, B.T)).min()
    minimax = np.minimum(follower, leader) if follower > 0 else follower
    return [nash, minimax, np.linalg.eigvals(np.block([[A, B], [-B.T, -C]])).real.min()]


@check("q5", points=1, title="Margins in a bilinear game, and where f_yy is singular")
def margins_at_the_edges(student, inputs):
    game = inputs.given(
        "bilinear", singular_values=(1.0, 0.5), rows=2, columns=3, seed=inputs.seed("game")
    )
    why = "zero but for rounding, 1e-8 at most"
    expect(student.stationary_margins(game.f, game.z0), "the margins in a bilinear game").close_to(
        lambda: [np.zeros(()), np.zeros(()), np.zeros(())], rtol=1e-5, atol=1e-5, why=why
    )
    a, c = inputs.uniform(0.5, 1.0), inputs.uniform(1.0, 2.0)
    flat = inputs.source("lambda x, y: a * x[0]**2 / 2 + x[0] * y[1] + c * y[1]**2 / 2", a=a, c=c)
    # In (x, y_1) the blocks are a, 1 and c; y_0 has no effect. J has the roots of
    # m^2 - (a - c) m + 1 - a c, and 0.
    J = np.array([[a, 1.0], [-1.0, -c]])
    expect(student.stationary_margins(flat, (np.zeros(1), np.zeros(2))), "the margins").close_to(
        lambda: [np.asarray(-c), np.asarray(-c), np.minimum(np.linalg.eigvals(J).real.min(), 0.0)],
        rtol=1e-5,
        atol=1e-5,
        why=MARGINS,
    )


@check("q5", points=1, title="Follow-the-ridge away from the ridge, to eleven digits")
def ridge_direction_anywhere(student, inputs):
    for leader, follower in (((1.0, -2.0, 0.5), (-1.0, -2.0)), ((1.0, -1.0), (-1.0, -1.5, -3.0))):
        game = inputs.given(
            "saddle",
            leader=leader,
            follower=follower,
            coupling=2.0,
            seed=inputs.seed(f"{len(leader)}"),
            strength=0.4,
        )
        expect(student.ridge_direction(game.f, game.z0), "the direction").close_to(
            lambda game=game: games.follow_the_ridge_gradient(game.f, game.z0),
            rtol=1e-11,
            why=DOUBLE,
        )


@check("q5", points=1, title="On the ridge, in other coordinates of y")
def ridge_direction_in_other_coordinates(student, inputs):
    game = inputs.given(
        "saddle",
        leader=(1.0, -2.0),
        follower=(-1.0, -2.0, -3.0),
        coupling=2.0,
        seed=inputs.seed("game"),
        strength=0.0,
    )
    T = inputs.orthogonal(3) * np.array([0.5, 1.0, 2.0]) @ inputs.orthogonal(3)
    x = inputs.normal(2)
    r = -np.linalg.solve(game.C, game.B.T)
    y = game.stationary[1] + r @ (x - game.stationary[0])
    mixed = inputs.source("lambda x, y: f(x, T @ y)", f=game.f, T=T)
    direction = student.ridge_direction(mixed, (x, np.linalg.solve(T, y)))
    expect(direction, "the direction").close_to(
        lambda: _along_the_ridge(game, x, np.linalg.solve(T, r)),
        rtol=1e-6,
        why="y is on the ridge to 1e-15 and must move along it, whatever its coordinates",
    )


def _along_the_ridge(game: Any, x: np.ndarray, slope: np.ndarray) -> tuple[Any, Any]:
    """(f_x, r' f_x): f_x of a quadratic with y on the ridge is the Schur complement times x - x_*."""
    f_x = (game.A - game.B @ np.linalg.solve(game.C, game.B.T)) @ (x - game.stationary[0])
    return f_x, slope @ f_x


@check("q5", points=1, title="Follow-the-ridge for players of one parameter, float32", x64=False)
def ridge_direction_at_the_edges(student, inputs):
    a, b, c = inputs.uniform(2.5, 3.0), inputs.uniform(1.5, 2.0), inputs.uniform(1.5, 2.0)
    f = inputs.source(
        "lambda x, y: a * x[0]**2 / 2 + b * jnp.sum(y) * x[0] - c * jnp.sum(y**2) / 2",
        a=a,
        b=b,
        c=c,
    )
    for size in (1, 3):
        x, y = inputs.uniform(1.0, 2.0, 1), inputs.uniform(0.2, 0.4, size)
        f_x = a * x + b * np.sum(y)
        expect(student.ridge_direction(f, (x, y)), f"the direction (y of {size})").close_to(
            lambda x=x, y=y, f_x=f_x: (f_x, -(b * x - c * y) + b * f_x / c),
            rtol=1e-4,
            why=SINGLE,
        )
