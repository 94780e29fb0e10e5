"""Hidden checks of question 4: complex momentum and its spectral radius."""

import cmath
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference import differential_games as games
from reference.talks import complex_momentum as reference

DOUBLE = "30 steps in float64 give 6e-13 at worst, complex64 inside 6e-9"
SINGLE = "a few steps of factors near 1: float32 inside gives 1e-6, known mistakes over 1e-2"
RADIUS = "eigenvalues of a non-symmetric matrix in float64: 1e-12; float32 would give 1e-6"

LINEAR = "lambda z: (P @ z[0] + R @ z[1] + p, S @ z[0] + Q @ z[1] + q)"
OWN_GRADIENTS = (
    "lambda z: (jax.grad(lambda x: losses(x, z[1])[0])(z[0]),"
    " jax.grad(lambda y: losses(z[0], y)[1])(z[1]))"
)


def _quadratic(inputs: Any, rows: int, columns: int, seed: int) -> tuple[Any, Any]:
    game = inputs.given("quadratic", rows=rows, columns=columns, seed=seed)
    blocks = {name: getattr(game, name) for name in ("P", "R", "p", "S", "Q", "q")}
    return game, inputs.source(LINEAR, **blocks)


def _momentum(inputs: Any) -> complex:
    return cmath.rect(inputs.uniform(0.6, 0.8), inputs.uniform(0.5, 0.9))


def _dense(game: Any, alpha: float, beta: complex, steps: int, z0: Any = None) -> tuple[Any, Any]:
    """Powers of the real matrix on (Re mu, Im mu, z - z_*), by the reference's matrix."""
    J = np.block([[game.P, game.R], [game.S, game.Q]])
    z_star = -np.linalg.solve(J, np.concatenate([game.p, game.q]))
    matrix = np.asarray(reference.complex_momentum_matrix(jnp.asarray(J), alpha, beta))
    size, rows = len(J), len(game.p)
    start = np.concatenate(game.z0 if z0 is None else z0)
    state = np.concatenate([np.zeros(2 * size), start - z_star])
    path = [start]
    for _ in range(steps):
        state = matrix @ state
        path.append(state[2 * size :] + z_star)
    return np.stack(path)[:, :rows], np.stack(path)[:, rows:]


@check("q4", points=2, title="Complex momentum on a quadratic game")
def complex_momentum_on_quadratic_games(student, inputs):
    for rows, columns in ((4, 3), (2, 5)):
        game, field = _quadratic(inputs, rows, columns, inputs.seed(f"{rows}"))
        alpha, beta = inputs.uniform(0.1, 0.2), _momentum(inputs)
        path = student.complex_momentum(field, game.z0, alpha, beta, 30)
        expect(path, "the iterates").close_to(
            lambda g=game, a=alpha, b=beta: _dense(g, a, b, 30), rtol=1e-10, why=DOUBLE
        )


@check("q4", points=1, title="Complex momentum for the weights of networks")
def complex_momentum_of_networks(student, inputs):
    game = inputs.given(
        "networks", generator=(3, 4, 2), discriminator=(2, 3, 1), examples=6, seed=inputs.seed("g")
    )
    field, beta = inputs.source(OWN_GRADIENTS, losses=game.losses), _momentum(inputs)
    path = student.complex_momentum(field, game.z0, 0.4, beta, 4)
    expect(path, "the iterates").close_to(
        lambda: _stepwise(game, 0.4, beta, 4), rtol=1e-4, why=SINGLE
    )


def _stepwise(game: Any, alpha: float, beta: complex, steps: int) -> Any:
    optimizer = reference.complex_momentum_optimizer(alpha, beta)
    z = jax.tree.map(jnp.asarray, game.z0)
    path, mu = [z], optimizer.init(z)
    for _ in range(steps):
        xi = games.simultaneous_gradient(lambda z: game.losses(*z), z)
        step, mu = optimizer.update(xi, mu)
        z = jax.tree.map(jnp.add, z, step)
        path.append(z)
    return jax.tree.map(lambda *leaves: np.stack(leaves), *path)


@check("q4", points=1, title="Real momentum, complex step, no steps, scalars, float32", x64=False)
def complex_momentum_at_the_edges(student, inputs):
    a, x, y = inputs.uniform(0.8, 1.2), inputs.uniform(1.0, 2.0), inputs.uniform(-2.0, -1.0)
    field = inputs.source("lambda z: (a * z[1], -a * z[0])", a=a)
    z0, beta = (np.asarray(x), np.asarray(y)), _momentum(inputs)
    tilted = cmath.rect(0.3, inputs.uniform(0.4, 0.8))
    settings = (
        ("a real momentum", 0.3, beta.real, 5),
        ("a complex step", tilted, beta, 5),
        ("no steps", 0.3, beta, 0),
    )
    for name, alpha, momentum, steps in settings:
        path = student.complex_momentum(field, z0, alpha, momentum, steps)
        expect(path, f"the iterates ({name})").close_to(
            lambda al=alpha, b=momentum, n=steps: _two_scalars(a, x, y, al, b, n),
            rtol=1e-4,
            why="float32, five steps: 1e-6",
        )


def _two_scalars(a: float, x: float, y: float, alpha: complex, beta: complex, steps: int) -> Any:
    """The definition, player by player, in Python's complex numbers."""
    mu_x, mu_y, xs, ys = 0j, 0j, [x], [y]
    for _ in range(steps):
        mu_x, mu_y = beta * mu_x - a * ys[-1], beta * mu_y + a * xs[-1]
        xs.append(xs[-1] + (alpha * mu_x).real)
        ys.append(ys[-1] + (alpha * mu_y).real)
    return np.array(xs), np.array(ys)


@check("q4", points=2, title="Spectral radius on bilinear and other games")
def radius_of_complex_momentum(student, inputs):
    s = np.array([inputs.uniform(0.5, 0.8), inputs.uniform(1.0, 1.5)])
    B = inputs.orthogonal(2) * s @ inputs.orthogonal(3)[:2]
    turning = np.block([[np.zeros((2, 2)), B], [-B.T, np.zeros((3, 3))]])
    small = B[:, :2]
    square = np.block([[np.zeros((2, 2)), small], [-small.T, np.zeros((2, 2))]])
    betas = [cmath.rect(inputs.uniform(0.6, 0.9), angle) for angle in (0.4, 1.5, 3.0)]
    cases = [(turning, 0.6, betas[0]), *((square, 0.4, beta) for beta in betas)]
    expect(_radii(student, cases), "the radii on bilinear games").close_to(
        lambda: [_radius(*case) for case in cases], rtol=1e-5, why=RADIUS, points=1
    )
    others = []
    for size, beta in zip((3, 4, 1), betas, strict=True):
        J = np.eye(size) + 0.8 * inputs.normal(size, size) / size**0.5
        others.append((J if size > 1 else np.array([[inputs.uniform(0.5, 2.0)]]), 0.5, beta))
    others.append((others[1][0], 0.3, complex(inputs.uniform(-0.8, -0.5), 0.0)))
    expect(_radii(student, others), "the radii on other games").close_to(
        lambda: [_radius(*case) for case in others], rtol=1e-5, why=RADIUS, points=1
    )


def _radii(student: Any, cases: Any) -> list[Any]:
    return [student.complex_momentum_radius(*case) for case in cases]


def _radius(J: np.ndarray, alpha: float, beta: complex) -> np.ndarray:
    matrix = reference.complex_momentum_matrix(jnp.asarray(J), alpha, beta)
    return np.abs(np.linalg.eigvals(np.asarray(matrix))).max()


@check("q4", points=1, title="Complex momentum takes one evaluation of the field a step")
def complex_momentum_takes_one_field_a_step(student, inputs):
    steps, rows, columns = 20, 96, 80
    game, field = _quadratic(inputs, rows, columns, 5)
    z0, beta = (inputs.normal(rows), inputs.normal(columns)), 0.5 + 0.4j
    program = student.program("complex_momentum", field, game.z0, 0.1, beta, steps)
    expect(program(z0), "The exported iteration").close_to(
        lambda: _dense(game, 0.1, beta, steps, z0), rtol=1e-4, why=SINGLE
    )
    unit = inputs.program(field.local(), game.z0)
    expect(program, "The iteration").costs_at_most(
        1.2 * steps + 2, unit, unit="evaluations of the field"
    )
