"""Hidden checks of question 4: descent on the sphere, and the equilibrium of its norm."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import optax

from grader.checks import check, expect
from reference import adaptive_methods as methods

SINGLE = "a few smooth steps: float32 inside gives about 1e-6, known mistakes more than 1e-3"
EIGENVALUES = (0.5, 1.0, 2.0, 4.0, 5.0)


def _polar(w: Any) -> list[np.ndarray]:
    norms = np.linalg.norm(w, axis=1)
    return [np.asarray(w) / norms[:, None], norms]


def _descent(
    problem: Any, w_0: Any, step_size: float, decay: float, num_steps: int
) -> list[np.ndarray]:
    """Gradient descent in w with weight decay, and its polar coordinates."""
    optimizer = methods.with_weight_decay(optax.sgd(step_size), step_size, decay=decay)
    path: list[Any] = [jnp.asarray(w_0)]
    state = optimizer.init(path[0])
    for _ in range(num_steps):
        step, state = optimizer.update(problem.gradient(path[-1]), state, path[-1])
        path.append(optax.apply_updates(path[-1], step))
    return _polar(jnp.stack(path))


@check("q4", points=2, title="Descent on the sphere without decay")
def sphere_descent_without_decay(student, inputs):
    problem = inputs.given("quotient", eigenvalues=EIGENVALUES, seed=inputs.seed("problem"))
    w0 = 1.7 * problem.w0 / np.linalg.norm(problem.w0)
    found = student.sphere_descent(problem.gradient, w0, 1.0, 0.0, 6)
    expect(found, "(directions, norms)").close_to(
        lambda: list(methods.spherical_descent_iterates(problem.cost, jnp.asarray(w0), 1.0, 6)),
        rtol=1e-4,
        why=SINGLE,
    )


@check("q4", points=1, title="Descent on the sphere with decay")
def sphere_descent_with_decay(student, inputs):
    problem = inputs.given("quotient", eigenvalues=EIGENVALUES, seed=inputs.seed("problem"))
    w0 = 1.5 * problem.w0 / np.linalg.norm(problem.w0)
    found = student.sphere_descent(problem.gradient, w0, 0.6, 0.5, 4)
    expect(found, "(directions, norms)").close_to(
        lambda: _descent(problem, w0, 0.6, 0.5, 4), rtol=1e-4, why=SINGLE
    )


@check("q4", points=1, title="A gradient that is right at unit vectors only")
def sphere_descent_stays_on_the_sphere(student, inputs):
    problem = inputs.given("quotient", eigenvalues=EIGENVALUES, seed=inputs.seed("problem"))
    w0 = 2.0 * problem.w0 / np.linalg.norm(problem.w0)
    # The gradient of the quotient where |u| = 1; elsewhere it isn't even normal to u.
    gradient = inputs.source("lambda u: A @ u - (u @ A @ u) * u", A=problem.A)
    found = student.sphere_descent(gradient, w0, 0.4, 0.3, 4)
    expect(found, "(directions, norms)").close_to(
        lambda: _descent(problem, w0, 0.4, 0.3, 4), rtol=1e-4, why=SINGLE
    )


@check("q4", points=1, title="A tiny start, a gradient of zero, no steps")
def sphere_descent_at_its_edges(student, inputs):
    angle = inputs.uniform(0.0, 6.28)
    u = np.array([np.cos(angle), np.sin(angle)])
    turn = inputs.source("lambda u: jnp.stack([-u[1], u[0]])")
    # From 1e-4 one step goes almost along the gradient, and far out.
    found = student.sphere_descent(turn, 1e-4 * u, 0.5, 0.4, 1)
    expect(found, "(directions, norms) from a tiny start").close_to(
        lambda: _polar(np.stack([1e-4 * u, 0.8 * 1e-4 * u - 0.5e4 * np.array([-u[1], u[0]])])),
        rtol=1e-4,
        why=SINGLE,
    )
    flat = inputs.source("lambda u: 0.0 * u")
    found = student.sphere_descent(flat, 3.0 * u, 0.5, 0.4, 3)
    expect(found, "(directions, norms) for a gradient of zero").close_to(
        lambda: [np.stack([u] * 4), 3.0 * 0.8 ** np.arange(4)], rtol=1e-4, why=SINGLE
    )
    found = student.sphere_descent(turn, 3.0 * u, 0.5, 0.4, 0)
    expect(found, "(directions, norms) for no steps").close_to(
        lambda: [u[None], np.array([3.0])], rtol=1e-4, why=SINGLE
    )


@check("q4", points=1, title="Sixty steps of constant turning, in float32", x64=False)
def sphere_descent_of_constant_turning(student, inputs):
    field = inputs.given("turning", size=4, gradient_norm=1.5, seed=inputs.seed("field"))
    found = student.sphere_descent(field.gradient, 0.8 * field.w0, 0.3, 0.2, 60)
    expect(found, "(directions, norms)").close_to(
        lambda: _turned(field.K, field.w0, 0.8),
        rtol=1e-3,
        why="float32, angles of sixty steps add up: about 1e-5; known mistakes more than 1e-1",
    )


def _turned(K: np.ndarray, u: np.ndarray, norm: float) -> list[np.ndarray]:
    """Each step turns u by arctan(alpha c / ((1 - alpha lambda) r^2) in the plane of u and K u."""
    norms = np.asarray(methods.decayed_norms(jnp.asarray(norm), 0.3, 0.2, 1.5, 60))
    steps = np.arctan(0.3 * 1.5 / (0.94 * norms[:-1] ** 2))
    angles = np.concatenate([[0.0], np.cumsum(steps)])[:, None]
    return [np.cos(angles) * u - np.sin(angles) * (K @ u), norms]


# --- The equilibrium ------------------------------------------------------------------------------


def _balance(step_size: float, decay: float, c: float, power: float) -> list[np.ndarray]:
    """The recursion for |w|^2 run to its end, and the angle of its last step by the tangent."""
    squared, kept = 1.0, 1 - step_size * decay
    for _ in range(4000):
        squared = kept**2 * squared + (step_size * c) ** 2 / squared**power
    norm = np.sqrt(squared)
    return [norm, np.arctan2(step_size * c / norm**power, kept * norm)]


@check("q4", points=2, title="Norm and angle at equilibrium")
def equilibrium_of_norm_and_angle(student, inputs):
    for powers, says in (((1,), "p = 1"), ((0, 2), "p = 0 and p = 2")):
        settings = [
            (0.5, inputs.uniform(0.3, 0.5), inputs.uniform(0.4, 0.9), power) for power in powers
        ]
        found = [student.equilibrium(*map(float, setting)) for setting in settings]
        expect(found, f"(norm, angle) for {says}").close_to(
            lambda settings=settings: [_balance(*setting) for setting in settings],
            rtol=1e-5,
            why="formulas: float32 inside gives 1e-7, the first order in alpha lambda is 2e-2 off",
            points=1,
        )


@check("q4", points=1, title="A tiny angle to six digits")
def equilibrium_of_slow_decay(student, inputs):
    settings = [
        (1e-7 * inputs.uniform(1.0, 2.0), 1e-8 * inputs.uniform(1.0, 2.0), 1.5) for _ in range(4)
    ]
    found = [student.equilibrium(*map(float, setting), 1.0) for setting in settings]
    expect(found, "(norm, angle)").close_to(
        lambda: [
            [methods.equilibrium_norm(*setting), methods.equilibrium_angle(*setting[:2])]
            for setting in settings
        ],
        rtol=1e-6,
        why="float64 gives 1e-15, float32 inside 1e-7, an arccosine near 1 several per cent",
    )
