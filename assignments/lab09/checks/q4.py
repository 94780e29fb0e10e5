"""Hidden checks of question 4: Hamiltonian descent."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference import momentum
from reference.papers import hamiltonian_descent

SINGLE = "float32 inside gives about 1e-6, every known mistake more than 1e-2"
POWERS = ((4 / 3, 4 / 3), (2.0, 1.0), (1.5, 3.0))


@check("q4", points=1, title="The velocity of vectors")
def velocity_of_vectors(student, inputs):
    for a, A in POWERS:
        p = 2.0 * inputs.normal(5) / 5**0.5
        expect(student.power_velocity(p, a, A), "the velocity").close_to(
            lambda p=p, a=a, A=A: _slope(p, a, A), rtol=1e-4, why=SINGLE
        )


def _slope(p: Any, a: float, A: float) -> Any:
    """The gradient of the energy by automatic differentiation: right where p is not 0."""
    energy = partial(hamiltonian_descent.power_kinetic_energy, a=a, A=A)
    return jax.jit(jax.grad(energy))(jax.tree.map(jnp.asarray, p))


@check("q4", points=1, title="The velocity of pytrees")
def velocity_of_pytrees(student, inputs):
    for a, A in POWERS:
        p = [{"W": inputs.normal(3, 2), "b": inputs.normal(2)}, inputs.uniform(0.5, 1.0, 1)]
        expect(student.power_velocity(p, a, A), "the velocity").close_to(
            lambda p=p, a=a, A=A: _slope(p, a, A), rtol=1e-4, why=SINGLE
        )


@check("q4", points=1, title="The velocity at rest and of a tiny momentum")
def velocity_near_rest(student, inputs):
    rest = {"W": np.zeros((2, 3)), "b": np.zeros(2)}
    for a, A in ((4 / 3, 4 / 3), (1.5, 2.0), (2.0, 1.0)):
        expect(student.power_velocity(rest, a, A), "the velocity at rest").close_to(
            lambda: rest, rtol=0.0, atol=1e-12, why="exactly 0"
        )
        p = 1e-12 * inputs.normal(3)
        # The energy is |p|^a / a there, up to 1e-16.
        expect(student.power_velocity(p, a, A), "the velocity of a tiny momentum").close_to(
            lambda p=p, a=a: np.linalg.norm(p) ** (a - 2) * p,
            rtol=1e-6,
            why="float64 gives 1e-15, a constant added to the norm more than 1e-2",
        )


@check("q4", points=2, title="Positions for the weights of a network")
def hamiltonian_descent_on_a_network(student, inputs):
    problem = inputs.given("network", widths=(3, 4, 2), examples=7, seed=inputs.seed("problem"))
    bend = inputs.source("lambda p: jax.tree.map(jnp.arctan, p)")
    path = student.hamiltonian_descent(problem.gradient, bend, problem.params, 0.4, 1.1, 12)
    expect(path, "the positions").close_to(
        lambda: hamiltonian_descent.first_explicit_iterates(
            problem.cost,
            lambda p: jax.tree.map(jnp.arctan, p),
            jax.tree.map(jnp.asarray, problem.params),
            0.4,
            1.1,
            12,
        ),
        rtol=1e-4,
        why="a dozen steps: float32 inside gives 1e-6, every known mistake more than 1e-3",
    )


@check("q4", points=1, title="With velocity p it is a heavy ball")
def hamiltonian_descent_as_a_heavy_ball(student, inputs):
    problem = inputs.given(
        "quadratic", eigenvalues=np.linspace(0.2, 4.0, 5).tolist(), seed=inputs.seed("problem")
    )
    eps, friction = inputs.uniform(0.3, 0.5), inputs.uniform(0.6, 1.2)
    identity = inputs.source("lambda p: p")
    path = student.hamiltonian_descent(problem.gradient, identity, problem.w0, eps, friction, 30)
    expect(path, "the positions").close_to(
        lambda: momentum.heavy_ball_iterates(
            problem.cost,
            jnp.asarray(problem.w0),
            eps**2 / (1 + friction * eps),
            1 / (1 + friction * eps),
            30,
        ),
        rtol=2e-10,
        why="float64 gives 1e-14, float32 inside 1e-7",
    )


@check("q4", points=1, title="Matched powers do not see the scale; one dimension; no steps")
def matched_powers_see_no_scale(student, inputs):
    seed, roots = inputs.seed("problem"), inputs.source("jnp.cbrt")
    options = {"coefficients": [1.0], "b": 4.0, "seed": seed}
    unit = inputs.given("power", **options)
    for scale, steps in ((1.0, 40), (1e-4, 40), (1e3, 0)):
        problem = inputs.given("power", **options, scale=scale)
        path = student.hamiltonian_descent(problem.gradient, roots, problem.x0, 0.3, 1.5, steps)
        # One dimension: the cube root is the velocity for the energy |p|^(4/3) / (4/3).
        expect(path, f"the positions, {steps} steps").close_to(
            lambda scale=scale, steps=steps: (
                scale
                * hamiltonian_descent.first_explicit_iterates(
                    lambda x: jnp.sum(x**4) / 4, jnp.cbrt, jnp.asarray(unit.x0), 0.3, 1.5, steps
                )
            ),
            rtol=1e-5,
            why="cube roots magnify rounding near turning points: float64 gives some 1e-9",
        )


@check("q4", points=1, title="Hamiltonian descent takes one gradient a step")
def hamiltonian_descent_takes_one_gradient_a_step(student, inputs):
    steps, size = 20, 96
    problem = inputs.given("quadratic", eigenvalues=np.linspace(0.2, 4.0, size).tolist(), seed=2)
    bend = inputs.source("lambda p: 1.5 * p")
    program = student.program(
        "hamiltonian_descent", problem.gradient, bend, problem.w0, 0.4, 1.0, steps
    )
    expect(program(problem.w0), "The exported iteration").close_to(
        lambda: hamiltonian_descent.first_explicit_iterates(
            problem.cost, lambda p: 1.5 * p, jnp.asarray(problem.w0), 0.4, 1.0, steps
        ),
        rtol=1e-4,
        why=SINGLE,
    )
    gradient = inputs.program(problem.gradient, problem.w0)
    expect(program, "The iteration").costs_at_most(1.2 * steps + 2, gradient)
