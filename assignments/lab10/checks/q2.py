"""Hidden checks of question 2: extragradient, optimism, and their rates on bilinear games."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference import differential_games as games
from reference.pytrees import plus_multiple

DOUBLE = "some 25 steps in float64 give 1e-15, a field in float32 1e-8"
SINGLE = "a few steps of factors near 1: float32 inside gives 1e-6, known mistakes over 1e-2"
ROOTS = "a root near a double one is good to 1e-8; every known mistake is more than 1e-3"

LINEAR = "lambda z: (P @ z[0] + R @ z[1] + p, S @ z[0] + Q @ z[1] + q)"
OWN_GRADIENTS = (
    "lambda z: (jax.grad(lambda x: losses(x, z[1])[0])(z[0]),"
    " jax.grad(lambda y: losses(z[0], y)[1])(z[1]))"
)


def _quadratic(inputs: Any, rows: int, columns: int, seed: int) -> tuple[Any, Any]:
    """A quadratic game and its field in closed form."""
    game = inputs.given("quadratic", rows=rows, columns=columns, seed=seed)
    blocks = {name: getattr(game, name) for name in ("P", "R", "p", "S", "Q", "q")}
    return game, inputs.source(LINEAR, **blocks)


def _linear(game: Any) -> tuple[np.ndarray, np.ndarray]:
    return np.block([[game.P, game.R], [game.S, game.Q]]), np.concatenate([game.p, game.q])


def _cut(path: Any, z0: Any) -> tuple[Any, Any]:
    path = np.stack(path)
    return path[:, : len(z0[0])], path[:, len(z0[0]) :]


def _extragradient(game: Any, eta: float, steps: int, z0: Any = None) -> tuple[Any, Any]:
    """z' = (I - eta J + eta^2 J^2) z - eta (I - eta J) c."""
    J, c = _linear(game)
    z0 = game.z0 if z0 is None else z0
    plain = np.eye(len(c)) - eta * J
    path = [np.concatenate(z0)]
    for _ in range(steps):
        path.append((np.eye(len(c)) - eta * J @ plain) @ path[-1] - eta * plain @ c)
    return _cut(path, z0)


def _optimistic(game: Any, eta: float, steps: int, z0: Any = None) -> tuple[Any, Any]:
    """(z_{k+1}, z_k) = [[I - 2 eta J, eta J], [I, 0]] (z_k, z_{k-1}) - (eta c, 0), z_{-1} = z_0."""
    J, c = _linear(game)
    z0 = game.z0 if z0 is None else z0
    eye = np.eye(len(c))
    matrix = np.block([[eye - 2 * eta * J, eta * J], [eye, 0 * eye]])
    pair = np.tile(np.concatenate(z0), 2)
    path = [pair[: len(c)]]
    for _ in range(steps):
        pair = matrix @ pair - np.concatenate([eta * c, 0 * c])
        path.append(pair[: len(c)])
    return _cut(path, z0)


@check("q2", points=1, title="Extragradient on a quadratic game")
def extragradient_on_quadratic_games(student, inputs):
    for rows, columns in ((4, 3), (2, 5)):
        game, field = _quadratic(inputs, rows, columns, inputs.seed(f"{rows}"))
        eta = inputs.uniform(0.2, 0.3)
        expect(student.extragradient(field, game.z0, eta, 25), "the iterates").close_to(
            lambda g=game, eta=eta: _extragradient(g, eta, 25), rtol=1e-11, why=DOUBLE
        )


@check("q2", points=2, title="Optimistic descent on a quadratic game")
def optimistic_on_quadratic_games(student, inputs):
    for rows, columns in ((4, 3), (2, 5)):
        game, field = _quadratic(inputs, rows, columns, inputs.seed(f"{rows}"))
        eta = inputs.uniform(0.15, 0.2)
        expect(student.optimistic(field, game.z0, eta, 25), "the iterates").close_to(
            lambda g=game, eta=eta: _optimistic(g, eta, 25), rtol=1e-11, why=DOUBLE
        )


@check("q2", points=1, title="Both methods for the weights of networks")
def look_ahead_of_networks(student, inputs):
    game = inputs.given(
        "networks", generator=(3, 4, 2), discriminator=(2, 3, 1), examples=6, seed=inputs.seed("g")
    )
    field = inputs.source(OWN_GRADIENTS, losses=game.losses)
    expect(student.extragradient(field, game.z0, 0.5, 4), "the extragradient iterates").close_to(
        lambda: _stepwise(game, 0.5, 4, ahead=True), rtol=1e-4, why=SINGLE
    )
    expect(student.optimistic(field, game.z0, 0.5, 4), "the optimistic iterates").close_to(
        lambda: _stepwise(game, 0.5, 4, ahead=False), rtol=1e-4, why=SINGLE
    )


def _stepwise(game: Any, eta: float, steps: int, *, ahead: bool) -> Any:
    def xi(z: Any) -> Any:
        return games.simultaneous_gradient(lambda z: game.losses(*z), z)

    z, before = game.z0, xi(game.z0)
    path = [z]
    for _ in range(steps):
        now = xi(z)
        if ahead:
            direction = games.extragradient_direction(xi, z, eta)
        else:
            direction = plus_multiple(plus_multiple(now, 1.0, now), -1.0, before)
        z, before = plus_multiple(z, -eta, direction), now
        path.append(z)
    return jax.tree.map(lambda *leaves: np.stack(leaves), *path)


@check("q2", points=1, title="Scalar players, one step and none, float32", x64=False)
def look_ahead_at_the_edges(student, inputs):
    a = inputs.uniform(0.8, 1.2)
    field = inputs.source("lambda z: (a * z[1], -a * z[0])", a=a)
    x, y = inputs.uniform(1.0, 2.0), inputs.uniform(-2.0, -1.0)
    z0, why = (np.asarray(x), np.asarray(y)), "float32, at most two steps: 1e-7"
    e = 0.4 * a
    for steps in (2, 1, 0):
        path = student.extragradient(field, z0, 0.4, steps)
        expect(path, f"the extragradient iterates, {steps} steps").close_to(
            # In the plane x - i y a plain step multiplies by 1 - i e.
            lambda n=steps: _plane([(1 - 1j * e - e**2) ** k for k in range(n + 1)], x, y),
            rtol=1e-4,
            why=why,
        )
        path = student.optimistic(field, z0, 0.4, steps)
        expect(path, f"the optimistic iterates, {steps} steps").close_to(
            lambda n=steps: _plane([1, 1 - 1j * e, _second(1j * e)][: n + 1], x, y),
            rtol=1e-4,
            why=why,
        )


def _plane(factors: list[Any], x: float, y: float) -> tuple[Any, Any]:
    """xi = (a y, -a x) multiplies x - i y by i a."""
    z = np.array(factors, complex) * complex(x, -y)
    return np.real(z), -np.imag(z)


def _second(a: complex) -> complex:
    """z_2 = z_1 - a (2 z_1 - z_0), after the plain step z_1 = (1 - a) z_0."""
    return (1 - a) * (1 - 2 * a) + a


@check("q2", points=1, title="Rates on the planes of a bilinear game")
def rates_on_planes(student, inputs):
    eta = inputs.uniform(0.2, 0.5)
    scaled = np.concatenate([[0.0, 0.5, 1.0, 3.0], inputs.uniform(0.05, 0.4, 3), [0.55, 0.65, 0.8]])
    expect(student.bilinear_rates(scaled / eta, eta), "the three rates").close_to(
        lambda: _rates(scaled / eta, eta), rtol=1e-5, why=ROOTS
    )
    one = np.array([inputs.uniform(0.2, 0.4)])
    expect(student.bilinear_rates(one, 1.0), "the three rates of one plane").close_to(
        lambda: _rates(one, 1.0), rtol=1e-5, why=ROOTS
    )


def _rates(s: Any, eta: float) -> list[np.ndarray]:
    three = (
        games.bilinear_growth_rate,
        games.bilinear_extragradient_rate,
        games.bilinear_optimistic_rate,
    )
    return [np.array([rate(jnp.full((1, 1), s_j), eta) for s_j in s]) for rate in three]


@check("q2", points=1, title="Evaluations of the field")
def look_ahead_costs(student, inputs):
    steps, rows, columns = 20, 48, 40
    game, field = _quadratic(inputs, rows, columns, 5)
    z0 = inputs.normal(rows), inputs.normal(columns)
    # Made before it is traced: its constants must not belong to a trace.
    unit = inputs.program(field.local(), game.z0)
    program = student.program("optimistic", field, game.z0, 0.1, steps)
    expect(program(z0), "The exported optimistic iteration").close_to(
        lambda: _optimistic(game, 0.1, steps, z0), rtol=1e-4, why=SINGLE
    )
    expect(program, "The optimistic iteration").costs_at_most(
        1.2 * steps + 2, unit, unit="evaluations of the field"
    )
    program = student.program("extragradient", field, game.z0, 0.1, steps)
    expect(program(z0), "The exported extragradient iteration").close_to(
        lambda: _extragradient(game, 0.1, steps, z0), rtol=1e-4, why=SINGLE
    )
    expect(program, "The extragradient iteration").costs_at_most(
        2.4 * steps + 2, unit, unit="evaluations of the field"
    )
