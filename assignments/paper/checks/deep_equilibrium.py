"""Hidden checks of question 1 for Bai et al.: the solver, its linear systems, the update."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from grader.checks import check, expect
from reference.papers import deep_equilibrium as paper

CHOICE = {"PAPER": "deep_equilibrium"}
MEMORY, STEPS = 8, 30  # of the tests that converge: 2 examples with 4 units
SOLVED = "condition about 3, all changes remembered: about 1e-14"


def _model(inputs: Any, **sizes: Any) -> Any:
    sizes = {"examples": 2, "inputs": 3, "units": 4, "strength": 3.0} | sizes
    return inputs.given("equilibrium_layer", **sizes, seed=inputs.seed("model"))


def _accelerated(f: Any, z_0: Any, memory: int, steps: int) -> Any:
    solver = partial(paper.anderson_fixed_point, memory_size=memory, tolerance=0.0, max_steps=steps)
    return jax.jit(lambda z: solver(f, z).solution)(jnp.asarray(z_0))


def _fixed_point(model: Any) -> np.ndarray:
    """By Newton's method along a path on which the weights grow from 0."""
    layer, shape = model.layer.local(), np.shape(model.z_0)

    @jax.jit
    def move(z: Any, share: Any) -> Any:
        def residual(z: Any) -> Any:
            theta = {**model.theta, "W": share * model.theta["W"]}
            return layer(z.reshape(shape), theta).ravel() - z

        return z - jnp.linalg.solve(jax.jacobian(residual)(z), residual(z))

    z = jnp.zeros(np.size(model.z_0))
    for share in [*np.linspace(0, 1, 20), *np.ones(10)]:
        z = move(z, share)
    return np.asarray(z).reshape(shape)


def _jacobians(model: Any, z: Any) -> tuple[np.ndarray, np.ndarray]:
    """J and F at z, dense, both sides flattened."""
    layer = model.layer.local()
    flat, unravel = ravel_pytree(model.theta)
    both = jax.jit(
        jax.jacobian(
            lambda z, flat: layer(z.reshape(np.shape(model.z_0)), unravel(flat)).ravel(), (0, 1)
        )
    )
    J, F = both(jnp.ravel(z), flat)
    return np.asarray(J), np.asarray(F)


@check("q1", points=9, title="Equilibrium: the solver", where=CHOICE)
def equilibrium_by_anderson(student, inputs):
    model, z_0 = _model(inputs), inputs.normal(2, 4)
    f = inputs.source("lambda z: f(z, theta)", f=model.layer, theta=model.theta)
    one = inputs.source("lambda z: jnp.cos(a * z)", a=float(inputs.rng.uniform(1.5, 2.0)))
    for f_k, start, memory, steps in ((f, z_0, 2, 5), (f, z_0, 6, 3), (one, np.ones(()), 1, 4)):
        found = student.anderson(f_k, start, memory, steps)
        expect(found, f"the iterate after {steps} steps").close_to(
            lambda f_k=f_k, z=start, m=memory, k=steps: _accelerated(f_k.local(), z, m, k),
            rtol=1e-6,
            why="few steps: about 1e-13; an older change too many or too few gives over 1e-3",
            points=1,
        )
    turn = inputs.orthogonal(5)
    A = turn @ np.diag([-3.0, -2.0, -0.5, 2.5, 0.3]) @ turn.T + 0.2 * inputs.normal(5, 5)
    b = inputs.normal(5)
    z = np.linalg.solve(np.eye(5) - A, b)
    affine = inputs.source("lambda z: A @ z + b", A=A, b=b)
    found = [student.anderson(affine, start, 5, 24) for start in (inputs.normal(5), z)]
    expect(found, "the fixed points of affine maps").close_to(
        [z, z], rtol=1e-9, why="finite termination: about 1e-13", points=3
    )
    found = student.anderson(f, z_0, MEMORY, STEPS)
    expect(found, "the equilibrium of the layer").close_to(
        lambda: _fixed_point(model), rtol=1e-9, why=SOLVED, points=3
    )


@check("q1", points=7, title="Equilibrium: the adjoint", where=CHOICE, x64=False)
def equilibrium_adjoint_of_layers(student, inputs):
    model, g = _model(inputs), inputs.normal(2, 4)
    z, beta = _fixed_point(model), float(inputs.rng.uniform(0.4, 0.6))
    relaxed = inputs.source(
        "lambda z, theta: (1 - beta) * z + beta * f(z, theta)", beta=beta, f=model.layer
    )

    def adjoint() -> np.ndarray:
        J, _ = _jacobians(model, z)
        return np.linalg.solve(np.eye(8) - J.T, g.ravel()).reshape(2, 4)

    for f, factor, points in ((model.layer, 1.0, 4), (relaxed, 1 / beta, 3)):
        u = student.equilibrium_adjoint(f, z, model.theta, g, MEMORY, 20)
        expect(u, "the adjoint").close_to(
            lambda factor=factor: factor * adjoint(),
            rtol=1e-3,
            why="float32, condition about 3: at most about 3e-5; known mistakes more than 3e-2",
            points=points,
        )


@check("q1", points=6, title="Equilibrium: the prediction after a change", where=CHOICE)
def equilibrium_predicted(student, inputs):
    model = _model(inputs)
    z, change = _fixed_point(model), inputs.direction(model.theta)
    none = jax.tree.map(np.zeros_like, change)
    ask = partial(student.predicted_equilibrium, model.layer, z, model.theta)

    def prediction() -> np.ndarray:
        J, F = _jacobians(model, z)
        moved = np.linalg.solve(np.eye(8) - J, F @ ravel_pytree(change)[0])
        return z + moved.reshape(2, 4)

    expect(ask(change, MEMORY, STEPS), "the prediction").close_to(
        prediction,
        rtol=1e-12,
        why="condition about 3: about 1e-15; differences of the layer give 1e-10 at best",
        points=4,
    )
    expect(ask(none, MEMORY, STEPS), "the prediction for no change").close_to(
        lambda: z, rtol=1e-9, why="nothing moves", points=2
    )


@check("q1", points=8, title="Equilibrium: the update, its cost and memory", where=CHOICE)
def equilibrium_updates(student, inputs):
    model, z_0 = _model(inputs), inputs.normal(2, 4)
    for memory, steps, points in ((2, 3, 3), (MEMORY, STEPS, 2)):
        pair = student.equilibrium_update(
            model.layer, model.loss, z_0, model.theta, 0.3, memory, steps
        )
        expect(pair, f"the update with {steps} steps of the solver").close_to(
            lambda memory=memory, steps=steps: _update(model, z_0, 0.3, memory, steps),
            rtol=1e-6,
            why="few steps, or converged: at most about 1e-11; known mistakes more than 1e-3",
            points=points,
        )
    size = {"examples": 16, "inputs": 8, "units": 128, "strength": 0.5}
    large = inputs.given("equilibrium_layer", **size, seed=1)
    program = student.program(
        "equilibrium_update", large.layer, large.loss, large.z_0, large.theta, 0.1, 3, 60
    )
    layer = inputs.program(large.layer, large.z_0, large.theta)
    expect(program, "the update").costs_at_most(
        10 * 60 + 40, layer, unit="evaluations of the layer", points=1
    )
    expect(program, "the update").uses_at_most(_FORTY_STATES_BYTES, points=1)
    start = inputs.normal(16, 128)
    expect(program(start, large.theta), "the exported update").close_to(
        lambda: _update(large, start, 0.1, 3, 60),
        rtol=1e-6,
        why="contraction about 0.6, 60 accelerated steps: about 1e-13",
        points=1,
    )


# States of 16 x 128 float64 numbers, of 16 kB each.
_FORTY_STATES_BYTES = 40 * 16 * 128 * 8


def _update(model: Any, z_0: Any, step_size: float, memory: int, steps: int) -> Any:
    layer, loss = model.layer.local(), model.loss.local()
    solver = partial(paper.anderson_fixed_point, memory_size=memory, tolerance=0.0, max_steps=steps)

    @jax.jit
    def update(z_0: Any, theta: Any) -> Any:
        z = solver(lambda z: layer(z, theta), z_0).solution
        g, direct = jax.grad(loss, argnums=(0, 1))(z, theta)
        u = paper.backward_fixed_point(layer, z, theta, g, solver=solver).solution
        indirect = jax.vjp(lambda theta: layer(z, theta), theta)[1](u)[0]
        steepest = jax.tree.map(jnp.add, direct, indirect)
        return z, jax.tree.map(lambda p, d: p - step_size * d, theta, steepest)

    return update(jnp.asarray(z_0), jax.tree.map(jnp.asarray, model.theta))
