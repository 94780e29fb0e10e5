"""Hidden checks of question 3: consensus optimisation and symplectic gradient adjustment."""

from typing import Any

import jax
import numpy as np

from grader.checks import check, expect
from reference import differential_games as games

SINGLE = "products of a few matrices: float32 inside gives 1e-6, known mistakes more than 1e-2"
DIGITS = "float64 gives 1e-15, a finite difference more than 1e-10"


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


def _closed_form(game: Any, weight: float, *, symplectic: bool) -> tuple[Any, Any]:
    J = np.block([[game.P, game.R], [game.S, game.Q]])
    xi = J @ np.concatenate(game.z0) + np.concatenate([game.p, game.q])
    matrix = (J.T - J) / 2 if symplectic else J.T
    direction = xi + weight * matrix @ xi
    return direction[: len(game.p)], direction[len(game.p) :]


def _consensus(game: Any, weight: float, z: Any = None) -> Any:
    z = game.z0 if z is None else z
    return games.consensus_gradient(lambda z: game.losses(*z), z, weight=weight)


def _symplectic(game: Any, weight: float, z: Any = None) -> Any:
    z = game.z0 if z is None else z
    return games.symplectic_gradient(lambda z: game.losses(*z), z, weight=weight)


@check("q3", points=2, title="Consensus in games that are not zero-sum")
def consensus_in_games(student, inputs):
    weight = inputs.uniform(0.6, 0.9)
    quadratics = _quadratics(inputs)
    directions = [student.consensus_direction(g.losses, g.z0, weight) for g in quadratics]
    expect(directions, "the consensus directions of quadratic games").close_to(
        lambda: [_closed_form(g, weight, symplectic=False) for g in quadratics],
        rtol=1e-4,
        why=SINGLE,
        points=1,
    )
    game = _networks(inputs)
    direction = student.consensus_direction(game.losses, game.z0, 3 * weight)
    expect(direction, "the consensus direction of networks").close_to(
        lambda: _consensus(game, 3 * weight), rtol=1e-4, why=SINGLE, points=1
    )


@check("q3", points=2, title="Symplectic adjustment in games that are not zero-sum")
def symplectic_in_games(student, inputs):
    weight = inputs.uniform(0.6, 0.9)
    quadratics = _quadratics(inputs)
    weights = (weight, -weight)
    directions = [
        student.symplectic_direction(g.losses, g.z0, w)
        for g, w in zip(quadratics, weights, strict=True)
    ]
    expect(directions, "the symplectic directions of quadratic games").close_to(
        lambda: [
            _closed_form(g, w, symplectic=True) for g, w in zip(quadratics, weights, strict=True)
        ],
        rtol=1e-4,
        why=SINGLE,
        points=1,
    )
    game = _networks(inputs)
    direction = student.symplectic_direction(game.losses, game.z0, 3 * weight)
    expect(direction, "the symplectic direction of networks").close_to(
        lambda: _symplectic(game, 3 * weight), rtol=1e-4, why=SINGLE, points=1
    )


@check("q3", points=1, title="Scalar players, in bilinear and potential games, float32", x64=False)
def adjustments_in_special_games(student, inputs):
    a, weight = inputs.uniform(1.5, 2.0), inputs.uniform(0.6, 0.9)
    x, y = inputs.uniform(1.0, 2.0), inputs.uniform(0.2, 0.3)
    z0, why = (np.asarray(x), np.asarray(y)), "float32, products of 2 x 2 matrices: 1e-6"
    bilinear = inputs.source("lambda x, y: (a * x * y, -a * x * y)", a=a)
    potential = inputs.source("lambda x, y: (a * x * y + x**2 - y**2 / 2,) * 2", a=a)
    turn, H = np.array([[0, a], [-a, 0]]), np.array([[2, a], [a, -1]])
    both = [
        student.consensus_direction(bilinear, z0, weight),
        student.symplectic_direction(bilinear, z0, weight),
    ]
    expect(both, "the two directions in a bilinear game").close_to(
        lambda: [_pair(turn, weight * turn.T, z0)] * 2, rtol=1e-4, why=why
    )
    both = [
        student.consensus_direction(potential, z0, weight),
        student.symplectic_direction(potential, z0, weight),
    ]
    expect(both, "the two directions in a potential game").close_to(
        lambda: [_pair(H, weight * H, z0), _pair(H, 0 * H, z0)], rtol=1e-4, why=why
    )


def _pair(J: np.ndarray, adjustment: np.ndarray, z: Any) -> tuple[Any, Any]:
    xi = J @ np.stack(z)
    return tuple(xi + adjustment @ xi)


@check("q3", points=1, title="Adjustments of networks, to twelve digits")
def adjustments_to_all_digits(student, inputs):
    game = _networks(inputs)
    direction = student.consensus_direction(game.losses, game.z0, 2.0)
    expect(direction, "the consensus direction").close_to(
        lambda: _consensus(game, 2.0), rtol=1e-12, why=DIGITS
    )
    direction = student.symplectic_direction(game.losses, game.z0, 2.0)
    expect(direction, "the symplectic direction").close_to(
        lambda: _symplectic(game, 2.0), rtol=1e-12, why=DIGITS
    )


@check("q3", points=1, title="Products only, and few of them")
def adjustments_cost_few_fields(student, inputs):
    game = inputs.given(
        "networks", generator=(4, 16, 12), discriminator=(12, 16, 1), examples=24, seed=3
    )
    z = jax.tree.map(lambda leaf: leaf + 0.1 * inputs.normal(*leaf.shape), game.z0)
    # One evaluation of the field is a gradient of each player's loss. 509 parameters in all: a
    # dense Jacobian takes 2.1 MB, the networks' passes on 24 examples some 60 kB.
    unit = inputs.program(
        lambda z: games.simultaneous_gradient(lambda z: game.losses.local()(*z), z), game.z0
    )
    program = student.program("consensus_direction", game.losses, game.z0, 0.7)
    expect(program(z), "The exported consensus direction").close_to(
        lambda: _consensus(game, 0.7, z), rtol=1e-4, why=SINGLE
    )
    expect(program, "The consensus direction").costs_at_most(
        6, unit, unit="evaluations of the field"
    )
    expect(program, "The consensus direction").uses_at_most(1_000_000)
    program = student.program("symplectic_direction", game.losses, game.z0, 0.7)
    expect(program(z), "The exported symplectic direction").close_to(
        lambda: _symplectic(game, 0.7, z), rtol=1e-4, why=SINGLE
    )
    expect(program, "The symplectic direction").costs_at_most(
        9, unit, unit="evaluations of the field"
    )
    expect(program, "The symplectic direction").uses_at_most(1_000_000)
