"""Hidden checks of question 1: the field of a game, its Jacobian, plain descent."""

from typing import Any

import jax
import numpy as np

from grader.checks import check, expect
from reference import differential_games as games
from reference.pytrees import plus_multiple

SINGLE = "some ten steps of factors near 1: float32 inside gives 1e-6, known mistakes over 1e-2"
DOUBLE = "float64 gives 1e-14, finite differences or float32 inside more than 1e-9"
LONG = "thirty steps in float64 give 1e-14, float32 inside 1e-6"


def linear_field(game: Any) -> tuple[np.ndarray, np.ndarray]:
    """The Jacobian J and the constant c of xi(z) = J z + c, in closed form."""
    J = np.block([[game.P, game.R], [game.S, game.Q]])
    return J, np.concatenate([game.p, game.q])


def dense_iterates(matrix: Any, shift: Any, z0: Any, steps: int) -> tuple[Any, Any]:
    """The iterates of z <- matrix z + shift on vectors, cut into those of x and of y."""
    z = [np.concatenate(z0)]
    for _ in range(steps):
        z.append(matrix @ z[-1] + shift)
    path = np.stack(z)
    return path[:, : len(z0[0])], path[:, len(z0[0]) :]


def _simultaneous(game: Any, eta: float, steps: int) -> tuple[Any, Any]:
    J, c = linear_field(game)
    return dense_iterates(np.eye(len(c)) - eta * J, -eta * c, game.z0, steps)


def _alternating(game: Any, eta: float, steps: int) -> tuple[Any, Any]:
    """A round is a shear in x and then one in y, each an affine map of both players."""
    J, c = linear_field(game)
    first = (np.arange(len(c)) < len(game.p))[:, None]
    move_x = np.eye(len(c)) - eta * np.where(first, J, 0)
    move_y = np.eye(len(c)) - eta * np.where(first, 0, J)
    shift_x, shift_y = (-eta * np.where(rows[:, 0], c, 0) for rows in (first, ~first))
    return dense_iterates(move_y @ move_x, move_y @ shift_x + shift_y, game.z0, steps)


def _reference_losses(game: Any) -> Any:
    return lambda z: game.losses(*z)


def _quadratics(inputs: Any) -> list[Any]:
    sizes = ((4, 3), (2, 5))
    return [
        inputs.given("quadratic", rows=r, columns=c, seed=inputs.seed(f"{r}")) for r, c in sizes
    ]


def _networks(inputs: Any) -> Any:
    return inputs.given(
        "networks",
        generator=(3, 4, 2),
        discriminator=(2, 3, 1),
        examples=6,
        seed=inputs.seed("networks"),
    )


@check("q1", points=1, title="Field of a quadratic game and of networks")
def field_of_games(student, inputs):
    for game in _quadratics(inputs):
        expect(student.game_field(game.losses, game.z0), "the field").close_to(
            lambda g=game: (
                g.P @ g.z0[0] + g.R @ g.z0[1] + g.p,
                g.S @ g.z0[0] + g.Q @ g.z0[1] + g.q,
            ),
            rtol=1e-4,
            why=SINGLE,
        )
    game = _networks(inputs)
    expect(student.game_field(game.losses, game.z0), "the field of networks").close_to(
        lambda: games.simultaneous_gradient(_reference_losses(game), game.z0),
        rtol=1e-4,
        why=SINGLE,
    )


@check("q1", points=1, title="Jacobian of a quadratic game with players of different sizes")
def jacobian_of_quadratic_games(student, inputs):
    for game in _quadratics(inputs):
        expect(student.game_jacobian(game.losses, game.z0), "the game Jacobian").close_to(
            lambda g=game: linear_field(g)[0], rtol=1e-4, why=SINGLE
        )


@check("q1", points=1, title="Jacobian of a game between networks, to eleven digits")
def jacobian_of_networks(student, inputs):
    game = _networks(inputs)
    expect(student.game_jacobian(game.losses, game.z0), "the game Jacobian").close_to(
        lambda: games.game_jacobian(_reference_losses(game), game.z0), rtol=1e-11, why=DOUBLE
    )


@check("q1", points=1, title="Simultaneous descent on a quadratic game")
def simultaneous_on_quadratic_games(student, inputs):
    for game in _quadratics(inputs):
        eta = inputs.uniform(0.15, 0.25)
        path = student.simultaneous_descent(game.losses, game.z0, eta, 9)
        expect(path, "the iterates").close_to(
            lambda g=game, eta=eta: _simultaneous(g, eta, 9), rtol=1e-4, why=SINGLE
        )


@check("q1", points=2, title="Alternating descent on a quadratic game")
def alternating_on_quadratic_games(student, inputs):
    for game in _quadratics(inputs):
        eta = inputs.uniform(0.15, 0.25)
        path = student.alternating_descent(game.losses, game.z0, eta, 9)
        expect(path, "the iterates").close_to(
            lambda g=game, eta=eta: _alternating(g, eta, 9), rtol=1e-4, why=SINGLE
        )


@check("q1", points=1, title="Both descents of two networks")
def descents_of_networks(student, inputs):
    game = _networks(inputs)
    path = student.simultaneous_descent(game.losses, game.z0, 0.4, 4)
    expect(path, "the simultaneous iterates").close_to(
        lambda: _stepwise(game, 0.4, 4, alternating=False), rtol=1e-4, why=SINGLE
    )
    path = student.alternating_descent(game.losses, game.z0, 0.4, 4)
    expect(path, "the alternating iterates").close_to(
        lambda: _stepwise(game, 0.4, 4, alternating=True), rtol=1e-4, why=SINGLE
    )


def _stepwise(game: Any, eta: float, steps: int, *, alternating: bool) -> Any:
    losses, z = _reference_losses(game), game.z0
    path = [z]
    for _ in range(steps):
        moved = plus_multiple(z, -eta, games.simultaneous_gradient(losses, z))
        if alternating:
            seen = moved[0], z[1]
            after = plus_multiple(seen, -eta, games.simultaneous_gradient(losses, seen))
            moved = moved[0], after[1]
        z = moved
        path.append(z)
    return jax.tree.map(lambda *leaves: np.stack(leaves), *path)


@check("q1", points=1, title="Thirty steps on a bilinear game, to ten digits")
def descents_on_bilinear_games(student, inputs):
    eta = inputs.uniform(0.2, 0.3)
    game = inputs.given(
        "bilinear", singular_values=(1.0, 0.6), rows=2, columns=3, seed=inputs.seed("game")
    )
    path = student.simultaneous_descent(game.losses, game.z0, eta, 30)
    expect(path, "the simultaneous iterates").close_to(
        lambda: _spirals(game, eta, 30), rtol=1e-10, why=LONG
    )
    path = student.alternating_descent(game.losses, game.z0, eta, 30)
    expect(path, "the alternating iterates").close_to(
        lambda: _ellipses(game, eta, 30), rtol=1e-10, why=LONG
    )


def _spirals(game: Any, eta: float, steps: int) -> tuple[Any, Any]:
    """(I - eta J)^k by the eigenvalues 1 -+ i eta s: a turn, and a growth of sqrt(1 + eta^2 s^2)."""
    U, s, Vt = np.linalg.svd(game.B)
    x0, y0 = U.T @ game.z0[0], Vt @ game.z0[1]
    k = np.arange(steps + 1)[:, None]
    planes = (1 - 1j * eta * s) ** k * (x0 - 1j * y0[: len(s)])
    rest = np.tile(y0[len(s) :], (steps + 1, 1))
    return np.real(planes) @ U.T, np.concatenate([-np.imag(planes), rest], axis=1) @ Vt


def _ellipses(game: Any, eta: float, steps: int) -> tuple[Any, Any]:
    J = np.block([[np.zeros((2, 2)), game.B], [-game.B.T, np.zeros((3, 3))]])
    move_x, move_y = np.eye(5), np.eye(5)
    move_x[:2] -= eta * J[:2]
    move_y[2:] -= eta * J[2:]
    return dense_iterates(move_y @ move_x, 0.0, game.z0, steps)


@check("q1", points=1, title="Scalar players, no steps, float32", x64=False)
def descents_at_the_edges(student, inputs):
    a, b = inputs.uniform(0.5, 1.5), inputs.uniform(1.5, 2.5)
    losses = inputs.source("lambda x, y: (a * x * y + x**2 / 2, y**2 - b * x * y)", a=a, b=b)
    z0 = (np.asarray(inputs.uniform(1.0, 2.0)), np.asarray(inputs.uniform(0.2, 0.5)))
    why = "float32, three steps: 1e-7"
    J = np.array([[1.0, a], [-b, 2.0]])
    expect(student.game_field(losses, z0), "the field").close_to(
        lambda: tuple(J @ np.stack(z0)), rtol=1e-4, why=why
    )
    expect(student.game_jacobian(losses, z0), "the game Jacobian").close_to(
        lambda: J, rtol=1e-4, why=why
    )
    x_first = np.array([[1.0, 0.0], [0.2 * b, 1 - 0.4]]) @ np.array([[1 - 0.2, -0.2 * a], [0, 1.0]])
    for steps in (3, 0):
        path = student.simultaneous_descent(losses, z0, 0.2, steps)
        expect(path, f"the simultaneous iterates, {steps} steps").close_to(
            lambda steps=steps: _scalars(np.eye(2) - 0.2 * J, z0, steps), rtol=1e-4, why=why
        )
        path = student.alternating_descent(losses, z0, 0.2, steps)
        expect(path, f"the alternating iterates, {steps} steps").close_to(
            lambda steps=steps: _scalars(x_first, z0, steps), rtol=1e-4, why=why
        )


def _scalars(matrix: np.ndarray, z0: Any, steps: int) -> tuple[Any, Any]:
    path = [np.stack(z0)]
    for _ in range(steps):
        path.append(matrix @ path[-1])
    return np.stack(path)[:, 0], np.stack(path)[:, 1]
