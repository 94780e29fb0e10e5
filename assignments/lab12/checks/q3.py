"""Hidden checks of question 3: evolution strategies, and persistent evolution strategies."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference import best_response as responses

SINGLE = "differences of losses of order 1: float32 inside gives 1e-4, known mistakes over 1e-1"


def _particles(particles: responses.Particles) -> dict[str, Any]:
    """As the notebook holds them, with the accumulated perturbation under the paper's letter."""
    return {
        "positive": particles.positive,
        "negative": particles.negative,
        "xi": particles.perturbation,
        "first": particles.first,
    }


def _stepped(problem: Any, particles: Any, noise: Any, std: float, truncation: int) -> Any:
    """The estimate of one window and the particles at its end, as the notebook holds them."""
    as_jax = jax.tree.map(jnp.asarray, particles)
    start = responses.Particles(
        as_jax["positive"], as_jax["negative"], as_jax["xi"], as_jax["first"]
    )
    gradient, end = _PERSISTENT_STEP(
        problem.step.local(), jnp.asarray(problem.theta), start, jnp.asarray(noise), std, truncation
    )
    return gradient, _particles(end)


def _persistent_step(
    step: Any, theta: Any, start: Any, noise: Any, std: Any, truncation: int
) -> Any:
    return responses.persistent_step(step, theta, start, noise, std, truncation=truncation)


# Compiled once for all draws: the step holds its data as a pytree.
_PERSISTENT_STEP = jax.jit(_persistent_step, static_argnums=5)


def _asked(
    student: Any, problem: Any, particles: Any, noise: Any, std: float, truncation: int
) -> tuple[Any, Any]:
    found = student.persistent_step(problem.step, problem.theta, particles, noise, std, truncation)
    gradient, end = expect(found, "What persistent_step returns").items(2)
    return gradient, end


def _start(problem: Any, pairs: int) -> dict[str, Any]:
    start = responses.persistent_start(
        jax.tree.map(jnp.asarray, problem.state_0), jnp.asarray(problem.theta), num_pairs=pairs
    )
    return jax.tree.map(np.asarray, _particles(start))


def _under_way(inputs: Any, problem: Any, pairs: int, first: int) -> dict[str, Any]:
    """Particles in the middle of an episode: all states differ, xi is not 0."""

    def scattered(leaf: Any) -> np.ndarray:
        return leaf + 0.5 * inputs.normal(pairs, *np.shape(leaf))

    return {
        "positive": jax.tree.map(scattered, problem.state_0),
        "negative": jax.tree.map(scattered, problem.state_0),
        "xi": 0.3 * inputs.normal(pairs, len(problem.theta)),
        "first": np.asarray(first),
    }


def _affine(inputs: Any, states: int = 4, hypers: int = 2) -> Any:
    return inputs.given(
        "affine_training", states=states, hypers=hypers, seed=inputs.seed("problem")
    )


def _descent(inputs: Any) -> Any:
    return inputs.given("tuned_descent", weights=4, seed=inputs.seed("problem"))


@check("q3", points=1, title="Evolution strategies on a loss that is no quadratic")
def antithetic_estimate(student, inputs):
    loss = inputs.source("lambda theta: jnp.sum(jnp.exp(theta)) + jnp.prod(theta)")
    theta, noise = inputs.normal(3), inputs.normal(5, 3)
    expect(student.es_gradient(loss, theta, noise, 0.3), "the estimate").close_to(
        lambda: responses.evolution_strategies_gradient(
            loss, jnp.asarray(theta), jnp.asarray(noise), 0.3
        ),
        rtol=1e-3,
        why="differences of losses of order 10 in float32",
    )


@check("q3", points=1, title="Evolution strategies on a quadratic, at any scale of the noise")
def exact_on_quadratics(student, inputs):
    A, b, theta = inputs.spd((0.5, 1.0, 2.0)), inputs.normal(3), 1 + inputs.normal(3)
    loss = inputs.source("lambda theta: theta @ A @ theta / 2 + b @ theta", A=A, b=b)
    noise = np.sqrt(3) * inputs.orthogonal(3)
    for std in (0.2, 3.0):
        expect(student.es_gradient(loss, theta, noise, std), f"the estimate at {std}").close_to(
            lambda: A @ theta + b,
            rtol=1e-3,
            atol=1e-3,
            why="exact, but the losses are large beside their differences: float32 gives 1e-5",
        )


@check("q3", points=2, title="A window in the middle of an episode")
def window_under_way(student, inputs):
    problem = _descent(inputs)
    particles = _under_way(inputs, problem, pairs=5, first=6)
    noise = inputs.normal(5, 3)
    gradient, end = _asked(student, problem, particles, noise, 0.3, 4)
    expected = partial(_stepped, problem, particles, noise, 0.3, 4)
    expect(gradient, "the estimate").close_to(
        lambda: expected()[0], rtol=1e-3, why=SINGLE, points=1
    )
    expect(end, "what persistent_step returns of the particles").close_to(
        lambda: expected()[1], rtol=1e-3, why=SINGLE, points=1
    )


@check("q3", points=2, title="Unbiased: the windows' sum is the gradient of the whole unroll")
def sum_over_windows_is_unbiased(student, inputs):
    problem = _affine(inputs)
    windows, pairs, truncation = 3, 8, 2
    noise = inputs.given(
        "orthonormal_noise", windows=windows, pairs=pairs, size=2, seed=inputs.seed("noise")
    )
    noise = np.asarray(noise.local())
    particles, total = _start(problem, pairs), np.zeros(2)
    for rows in noise:
        gradient, _ = _asked(student, problem, particles, rows, 0.5, truncation)
        total = total + expect(gradient, "the estimate of a window").array((2,))
        particles = jax.tree.map(np.asarray, _stepped(problem, particles, rows, 0.5, truncation)[1])
    expect(total, "the sum of the windows' estimates").close_to(
        lambda: _whole_gradient(problem, windows * truncation),
        rtol=1e-3,
        atol=1e-3,
        why="exact for this noise, as the losses are quadratic in it; float32 gives 1e-5",
    )


def _whole_gradient(problem: Any, num_steps: int) -> Any:
    whole = partial(responses.unrolled_loss, problem.step, num_steps=num_steps)
    return jax.jit(jax.grad(whole))(jnp.asarray(problem.theta), jnp.asarray(problem.state_0))


@check("q3", points=1, title="One window from the start is evolution strategies")
def one_window_is_plain(student, inputs):
    problem = _descent(inputs)
    noise = inputs.normal(4, 3)
    gradient, _ = _asked(student, problem, _start(problem, 4), noise, 0.2, 5)
    expect(gradient, "the estimate of the only window").close_to(
        lambda: responses.full_unroll_gradient(
            problem.step,
            jnp.asarray(problem.theta),
            jax.tree.map(jnp.asarray, problem.state_0),
            jnp.asarray(noise),
            0.2,
            num_steps=5,
        ),
        rtol=1e-3,
        why=SINGLE,
    )


@check("q3", points=1, title="One pair, one step, one state", x64=False)
def window_at_the_edges(student, inputs):
    problem = _affine(inputs, states=1, hypers=1)
    # A pair far apart, so that the losses differ; xi and the noise of one sign.
    particles = {
        "positive": 8 + 0.5 * inputs.normal(1, 1),
        "negative": 0.5 * inputs.normal(1, 1),
        "xi": inputs.uniform(1.0, 2.0, 1, 1),
        "first": np.asarray(3),
    }
    noise = inputs.uniform(1.0, 2.0, 1, 1)
    gradient, end = _asked(student, problem, particles, noise, 0.8, 1)
    expected = partial(_stepped, problem, particles, noise, 0.8, 1)
    expect(gradient, "the estimate").close_to(
        lambda: expected()[0], rtol=1e-3, atol=1e-3, why="float32, losses of order 10"
    )
    expect(end, "the particles").close_to(lambda: expected()[1], rtol=1e-3, why=SINGLE)


@check("q3", points=1, title="A window to 11 digits")
def window_to_all_digits(student, inputs):
    problem = _descent(inputs)
    particles = _under_way(inputs, problem, pairs=3, first=2)
    noise = inputs.normal(3, 3)
    gradient, _ = _asked(student, problem, particles, noise, 0.5, 3)
    expect(gradient, "the estimate").close_to(
        lambda: _stepped(problem, particles, noise, 0.5, 3)[0],
        rtol=1e-11,
        atol=1e-12,
        why="differences of losses of order 1 in float64: about 1e-15, in float32 1e-6",
    )


@check("q3", points=1, title="Cost of a window")
def window_costs_two_unrolls_a_pair(student, inputs):
    pairs, truncation = 6, 20
    problem = inputs.given("affine_training", states=32, hypers=16, seed=1)
    particles = _under_way(inputs, problem, pairs, first=40)
    noise = inputs.normal(pairs, 16)
    program = student.program(
        "persistent_step", problem.step, problem.theta, particles, noise, 0.3, truncation
    )
    step = inputs.program(problem.step, problem.state_0, problem.theta, np.asarray(0))
    found = program(problem.theta, particles, noise)
    expect(found, "What the exported step returns").close_to(
        lambda: _stepped(problem, particles, noise, 0.3, truncation), rtol=1e-3, why=SINGLE
    )
    expect(program, "the step").costs_at_most(
        2.5 * pairs * truncation, step, unit="steps of the unroll"
    )
