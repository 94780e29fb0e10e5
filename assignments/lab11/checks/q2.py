"""Hidden checks of question 2: descent, the unrolled and the truncated hypergradient."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import check, expect
from reference import bilevel_optimization as bilevel

SINGLE = "few stable steps: float32 inside gives about 1e-6, every known mistake more than 1e-2"


def _given(inputs: Any, kind: str) -> Any:
    sizes = {
        "scaled_regression": {"examples": 14, "features": 5},
        "softmax_regression": {"examples": 15, "features": 3, "classes": 3},
    }
    return inputs.given(kind, **sizes[kind], seed=inputs.seed(kind))


def _losses(problem: Any) -> tuple[Any, Any]:
    return problem.inner_loss, problem.outer_loss


def _run(problem: Any, num_steps: int) -> tuple[Any, Any, float, int]:
    return problem.w_0, problem.theta, problem.step_size, num_steps


def _by_sensitivities(problem: Any, num_steps: int, num_differentiated: int) -> Any:
    """dL_v/dtheta by the recursion of Z = dw/dtheta with dense Hessians, Z = 0 until step K - T."""
    x, weights_of = ravel_pytree(problem.w_0)
    s, settings_of = ravel_pytree(problem.theta)

    def flat(loss: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x, s: loss(weights_of(x), settings_of(s))

    inner, outer, alpha = flat(problem.inner_loss), flat(problem.outer_loss), problem.step_size

    @jax.jit
    def step(x: Any, Z: Any, s: Any) -> tuple[Any, Any]:
        H = jax.hessian(inner)(x, s)
        M = jax.jacfwd(jax.grad(inner), argnums=1)(x, s)
        return x - alpha * jax.grad(inner)(x, s), Z - alpha * (H @ Z + M)

    Z = jnp.zeros((x.size, s.size))
    for k in range(num_steps):
        x, moved = step(x, Z, s)
        Z = moved if k >= num_steps - num_differentiated else Z
    slope, direct = jax.jit(jax.grad(outer, argnums=(0, 1)))(x, s)
    return settings_of(direct + Z.T @ slope)


@check("q2", points=1, title="Gradient descent on the inner loss")
def descent_on_the_inner_loss(student, inputs):
    problem = _given(inputs, "softmax_regression")
    for steps in (0, 6):
        w = student.descend(problem.inner_loss, *_run(problem, steps))
        expect(w, f"the weights after {steps} steps").close_to(
            lambda steps=steps: bilevel.descended_weights(
                problem.inner_loss, *_run(problem, steps)
            ),
            rtol=1e-4,
            why=SINGLE,
        )


@check("q2", points=2, title="Unrolled hypergradient before convergence")
def unrolled_before_convergence(student, inputs):
    for kind, steps in (("scaled_regression", 6), ("softmax_regression", 5)):
        problem = _given(inputs, kind)
        total = student.unrolled_hypergradient(*_losses(problem), *_run(problem, steps))
        expect(total, f"the hypergradient of {kind.replace('_', ' ')}").close_to(
            lambda problem=problem, steps=steps: _by_sensitivities(problem, steps, steps),
            rtol=1e-4,
            why=SINGLE,
            points=1,
        )


@check("q2", points=2, title="Truncated hypergradient, one and several steps differentiated")
def truncated_to_the_last_steps(student, inputs):
    problem = _given(inputs, "scaled_regression")
    for kept in (1, 4):
        total = student.truncated_hypergradient(*_losses(problem), *_run(problem, 9), kept)
        expect(total, f"the hypergradient with T = {kept}").close_to(
            lambda kept=kept: _by_sensitivities(problem, 9, kept), rtol=1e-4, why=SINGLE, points=1
        )


@check("q2", points=1, title="Nothing to differentiate: T = 0, and K = 0", x64=False)
def no_differentiated_step(student, inputs):
    problem = _given(inputs, "scaled_regression")
    for steps in (5, 0):
        total = student.truncated_hypergradient(*_losses(problem), *_run(problem, steps), 0)
        expect(total, f"the hypergradient with T = 0 and K = {steps}").close_to(
            lambda steps=steps: _by_sensitivities(problem, steps, 0),
            rtol=1e-3,
            why="float32, the direct term of a small regression",
        )


@check("q2", points=1, title="The limit of many steps, and truncation at the minimum")
def agrees_with_the_implicit_hypergradient(student, inputs):
    problem = inputs.given(
        "penalised_regression", examples=20, features=4, seed=inputs.seed("problem")
    )
    total = student.unrolled_hypergradient(*_losses(problem), *_run(problem, 400))
    expect(total, "the hypergradient after 400 steps").close_to(
        lambda: bilevel.dense_hypergradient(*_losses(problem), problem.w, problem.theta),
        rtol=1e-3,
        why="the slowest mode shrinks by at most 0.97 a step: 400 steps leave less than 1e-5",
    )
    from_minimum = (problem.w, problem.theta, problem.step_size)
    total = student.truncated_hypergradient(*_losses(problem), *from_minimum, 12, 3)
    expect(total, "the truncated hypergradient at the minimum").close_to(
        lambda: _biased(problem, 3), rtol=1e-3, why=SINGLE
    )


def _biased(problem: Any, num_differentiated: int) -> Any:
    place = (*_losses(problem), problem.w, problem.theta)
    bias = bilevel.truncation_bias(*place, problem.step_size, num_differentiated)
    return bilevel.dense_hypergradient(*place) + bias


@check("q2", points=1, title="Unrolled hypergradient to 12 digits")
def unrolled_to_all_digits(student, inputs):
    problem = _given(inputs, "softmax_regression")
    total = student.unrolled_hypergradient(*_losses(problem), *_run(problem, 8))
    expect(total, "the hypergradient").close_to(
        lambda: _by_sensitivities(problem, 8, 8),
        rtol=3e-13,
        why="eight stable steps: float64 gives about 1e-15, finite differences 1e-10",
    )


def _network(inputs: Any) -> tuple[Any, Any]:
    """A network with 484 weights and as many hyperparameters, and a gradient to count in."""
    problem = inputs.given("penalised_network", widths=(8, 16, 16, 4), examples=16, seed=1)
    return problem, inputs.program(jax.grad(problem.inner_loss), problem.w, problem.theta)


@check("q2", points=1, title="Cost of the unrolled hypergradient")
def unrolled_costs_few_gradients_a_step(student, inputs):
    steps = 20
    problem, gradient = _network(inputs)
    run = (problem.w, problem.theta, 0.1, steps)
    program = student.program("unrolled_hypergradient", *_losses(problem), *run)
    w_0 = inputs.direction(problem.w)
    reverse = partial(bilevel.reverse_mode_hypergradient, *_losses(problem))
    expect(program(w_0, problem.theta), "The exported hypergradient").close_to(
        lambda: jax.jit(partial(reverse, step_size=0.1, num_steps=steps))(w_0, problem.theta),
        rtol=1e-4,
        why=SINGLE,
    )
    expect(program, "the unrolled hypergradient").costs_at_most(
        7 * steps + 10, gradient, unit="gradients"
    )


@check("q2", points=1, title="Cost and memory of the truncated hypergradient")
def truncated_keeps_the_last_iterates_only(student, inputs):
    steps, kept = 60, 3
    problem, gradient = _network(inputs)
    run = (problem.w, problem.theta, 0.1, steps, kept)
    program = student.program("truncated_hypergradient", *_losses(problem), *run)
    w_0 = inputs.direction(problem.w)
    truncated = partial(bilevel.truncated_hypergradient, *_losses(problem), step_size=0.1)
    expect(program(w_0, problem.theta), "The exported hypergradient").close_to(
        lambda: jax.jit(partial(truncated, num_steps=steps, num_differentiated=kept))(
            w_0, problem.theta
        ),
        rtol=1e-4,
        why=SINGLE,
    )
    expect(program, "the truncated hypergradient").uses_at_most(_FEW_STEPS_BYTES)
    expect(program, "the truncated hypergradient").costs_at_most(
        2 * steps + 8 * kept + 10, gradient, unit="gradients"
    )


# A differentiated step keeps some 30 kB of weights, activations and slopes: 60 keep 1.8 MB.
_FEW_STEPS_BYTES = 400_000
