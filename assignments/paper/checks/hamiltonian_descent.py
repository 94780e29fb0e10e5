"""Hidden checks of question 1 for Maddison et al.: matched energies, two explicit methods."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference.papers import hamiltonian_descent as paper

CHOICE = {"PAPER": "hamiltonian_descent"}
DIGITS = "a few operations: float64 gives about 1e-15, known mistakes more than 1e-3"


@check("q1", points=6, title="Hamiltonian descent: velocities", where=CHOICE, x64=False)
def hamiltonian_descent_velocity(student, inputs):
    for power, p in (
        (4.0, inputs.normal(5)),
        (1.5, {"W": inputs.normal(3, 2), "b": [inputs.normal(2), inputs.uniform(0.5, 1.0, 1)]}),
        (3.0, [inputs.normal(2), inputs.normal(1, 3)]),
    ):
        expect(student.matched_velocity(p, power), "the velocity").close_to(
            lambda p=p, power=power: _velocity(p, power),
            rtol=1e-4,
            why="float32 gives about 1e-6, known mistakes more than 1e-2",
            points=1,
        )
    rest = {"W": np.zeros((2, 3)), "b": np.zeros(2)}
    tiny = 1e-12 * inputs.uniform(0.5, 1.0, 3)
    found = [
        student.matched_velocity(rest, 4.0),
        student.matched_velocity(rest, 1.5),
        student.matched_velocity(tiny, 4.0),
    ]
    expect(found, "the velocity at rest, and near it").close_to(
        lambda: [rest, rest, _velocity(tiny, 4.0)],
        rtol=1e-4,
        atol=1e-20,
        why="0 exactly, and float32 gives about 1e-6",
        points=3,
    )


def _velocity(p: Any, power: float) -> Any:
    a = paper.matched_power(power)
    return jax.tree.map(np.asarray, paper.power_velocity(p, a, a))


@check("q1", points=7, title="Hamiltonian descent: the slope of V", where=CHOICE)
def hamiltonian_descent_slope(student, inputs):
    x, p = _tree(inputs), _tree(inputs)
    friction, beta = inputs.rng.uniform(0.6, 1.5), inputs.rng.uniform(0.1, 0.4)
    found = []
    for b in (4.0, 1.5):
        energies = [_power(inputs, power) for power in (b, b / (b - 1))]
        found.append(student.lyapunov_slope(*energies, x, p, friction, beta))
    expect(found, "the slope for matched powers").close_to(
        lambda: [_slope_of_powers(x, p, b, friction, beta) for b in (4.0, 1.5)],
        rtol=1e-12,
        why=DIGITS,
        points=4,
    )
    valley = inputs.given("valley", size=3, seed=inputs.seed("valley"))
    x, p = valley.theta_0, inputs.direction(valley.theta_0)
    bent = inputs.source("lambda p: sum(jnp.sum(jnp.cosh(q) - 1) for q in jax.tree.leaves(p))")
    found = [student.lyapunov_slope(valley.loss, bent, x, p, friction, beta) for beta in (0.0, 0.7)]
    expect(found, "the slope for other energies").close_to(
        lambda: [_slope(valley.loss.local(), x, p, friction, beta) for beta in (0.0, 0.7)],
        rtol=1e-12,
        atol=1e-14,
        why=DIGITS,
        points=3,
    )


def _tree(inputs: Any) -> Any:
    return {"W": inputs.normal(2, 2), "b": inputs.normal(1)}


def _power(inputs: Any, power: float) -> Any:
    square = "sum(jnp.sum(leaf ** 2) for leaf in jax.tree.leaves(z))"
    return inputs.source(f"lambda z: {square} ** (c / 2) / c", c=power)


def _inner(x: Any, p: Any) -> float:
    return sum(jax.tree.leaves(jax.tree.map(lambda x, p: float(np.sum(x * p)), x, p)))


def _slope_of_powers(x: Any, p: Any, b: float, friction: float, beta: float) -> float:
    """-(gamma - beta) a k - beta b f - beta gamma <x, p>."""
    a = b / (b - 1)
    ak, bf = _inner(p, p) ** (a / 2), _inner(x, x) ** (b / 2)
    return -(friction - beta) * ak - beta * bf - beta * friction * _inner(x, p)


def _slope(loss: Callable[[Any], Any], x: Any, p: Any, friction: float, beta: float) -> float:
    """-gamma <p, v> + beta (<v, p> - <x, grad f> - gamma <x, p>), where v = grad k."""
    v, g = jax.tree.map(np.sinh, p), jax.jit(jax.grad(loss))(x)
    moved = _inner(v, p) - _inner(x, g) - friction * _inner(x, p)
    return -friction * _inner(p, v) + beta * moved


@check("q1", points=11, title="Hamiltonian descent: two explicit methods", where=CHOICE)
def hamiltonian_descent_methods(student, inputs):
    valley = inputs.given("valley", size=3, seed=inputs.seed("valley"))
    x_0 = valley.theta_0
    p_0 = jax.tree.map(lambda leaf: 0.5 * inputs.normal(*np.shape(leaf)), x_0)
    bend = inputs.source("lambda p: jax.tree.map(jnp.arctan, p)")
    eps, friction = inputs.rng.uniform(0.2, 0.4), inputs.rng.uniform(0.7, 1.3)
    # A single entry too, and no steps.
    bowl, one = inputs.source("lambda x: jnp.sum(x ** 2)"), inputs.uniform(0.5, 1.0, 1)
    for name, ask, move in (
        ("first", student.first_explicit, _first),
        ("second", student.second_explicit, _second),
    ):
        found = [
            ask(valley.loss, bend, x_0, p_0, eps, friction, 12),
            ask(bowl, bend, one, -one, eps, friction, 0),
        ]
        expect(found, f"the paths of the {name} explicit method").close_to(
            lambda move=move: [
                _path(move, valley.loss.local(), x_0, p_0, eps, friction, 12),
                _path(move, bowl.local(), one, -one, eps, friction, 0),
            ],
            rtol=1e-9,
            why="a dozen stable steps: float64 gives about 1e-15, known mistakes more than 1e-2",
            points=4,
        )
    there = student.first_explicit(valley.loss, bend, x_0, p_0, eps, friction, 12)
    ends = [_end(part, x_0) for part in expect(there, "the path").items(2)]
    back = student.second_explicit(valley.loss, bend, *ends, -eps, friction, 12)
    ends = [_end(part, x_0) for part in expect(back, "the path back").items(2)]
    expect(ends, "the end of the way back, by the second method with a negative step").close_to(
        lambda: [x_0, p_0],
        rtol=1e-7,
        why="friction backwards magnifies rounding up to (1 + gamma eps)^12 = 150 times",
        points=3,
    )


def _end(path: Any, like: Any) -> Any:
    """The last of thirteen, of a path that has the right form."""
    leaves, treedef = jax.tree.flatten(like)
    named = path if isinstance(path, dict) else {}
    parts = [
        expect(named.get(name), f"the path of {name}").array((13, *np.shape(leaf)))
        for name, leaf in zip(sorted(like), leaves, strict=True)
    ]
    return jax.tree.unflatten(treedef, [part[-1] for part in parts])


Move = Callable[..., tuple[Any, Any]]


def _add(x: Any, y: Any, factor: float) -> Any:
    return jax.tree.map(lambda x, y: x + factor * y, x, y)


def _first(slope: Any, x: Any, p: Any, eps: float, friction: float) -> tuple[Any, Any]:
    p = jax.tree.map(lambda p: p / (1 + friction * eps), _add(p, slope(x), -eps))
    return _add(x, jax.tree.map(np.arctan, p), eps), p


def _second(slope: Any, x: Any, p: Any, eps: float, friction: float) -> tuple[Any, Any]:
    x = _add(x, jax.tree.map(np.arctan, p), eps)
    return x, _add(_add(p, p, -friction * eps), slope(x), -eps)


def _path(
    move: Move, loss: Any, x: Any, p: Any, eps: float, friction: float, steps: int
) -> list[Any]:
    slope, path = jax.jit(jax.grad(loss)), [(x, p)]
    for _ in range(steps):
        path.append(move(slope, *path[-1], eps, friction))
    return [
        jax.tree.map(lambda *leaves: np.stack(leaves), *part) for part in zip(*path, strict=True)
    ]


@check("q1", points=6, title="Hamiltonian descent: linear rates on a quartic", where=CHOICE)
def hamiltonian_descent_rate(student, inputs):
    # Entry by entry the cube root is the velocity matched to x^4 / 4.
    quartic, matched = inputs.source("lambda x: jnp.sum(x ** 4) / 4"), inputs.source("jnp.cbrt")
    plain = inputs.source("lambda p: p")
    x_0, rest = inputs.uniform(0.5, 1.0, 3), np.zeros(3)
    friction = inputs.rng.uniform(1.2, 1.6)
    logs = []
    for method in (student.first_explicit, student.second_explicit):
        for velocity in (matched, plain):
            found = method(quartic, velocity, x_0, rest, 0.1, friction, 300)
            x = expect(expect(found, "the path").items(2)[0], "the positions").array((301, 3))
            logs.append(np.log10(np.sum(x[-1] ** 4) / 4 + 1e-300))
    expect(logs, "the logarithms of the last losses").is_true(
        lambda logs: max(logs[::2]) < -12 and -6 < min(logs[1::2]) <= max(logs[1::2]) < -1,
        says="After 300 steps the loss isn't as small with the matched velocity, or isn't as large with "
        "plain momentum, as the two methods make it.",
        points=3,
    )
    found, ask = [], (student.first_explicit, student.second_explicit)
    for scale in (1e-3, 1e2):
        for method in ask:
            path = method(quartic, matched, scale * x_0, rest, 0.2, friction, 40)
            found.append(expect(path, "the path").items(2)[0])
    expect(found, "the positions from starts of other sizes").close_to(
        lambda: [
            scale * np.asarray(_positions(iterates, x_0, 0.2, friction))
            for scale in (1e-3, 1e2)
            for iterates in (paper.first_explicit_iterates, paper.second_explicit_iterates)
        ],
        rtol=1e-5,
        why="cube roots magnify rounding near turning points: float64 gives some 1e-9",
        points=3,
    )


def _positions(iterates: Any, x_0: np.ndarray, eps: float, friction: float) -> Any:
    return iterates(
        lambda x: jnp.sum(x**4) / 4, jnp.cbrt, jnp.asarray(x_0), eps, friction, num_steps=40
    )
