"""Hidden checks of question 2: the perturbed loss, and a step of a self-tuning network."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference import best_response as responses

SINGLE = "few stable updates: float32 inside gives about 1e-6, every known mistake over 1e-2"
SETTINGS = {"step_size": 0.1, "hyper_step_size": 0.3, "entropy_weight": 0.05}


def _state(state: Any) -> responses.SelfTuningState:
    as_jax = jax.tree.map(jnp.asarray, state)
    return responses.SelfTuningState(as_jax["phi"], as_jax["theta"], as_jax["log_std"])


def _asked(student: Any, problem: Any, state: Any, noise: Any, settings: dict[str, float]) -> Any:
    return student.self_tuning_step(
        problem.training_loss,
        problem.validation_loss,
        problem.response,
        state,
        noise,
        *settings.values(),
    )


def _stepped(problem: Any, state: Any, noise: Any, settings: dict[str, float]) -> dict[str, Any]:
    step = partial(
        responses.self_tuning_step,
        problem.training_loss,
        problem.validation_loss,
        problem.response,
        **settings,
    )
    return jax.jit(step)(_state(state), jnp.asarray(noise))._asdict()


def _quadratic(inputs: Any, weights: int = 5, hypers: int = 3) -> Any:
    return inputs.given(
        "tuned_quadratic", weights=weights, hypers=hypers, seed=inputs.seed("problem")
    )


def _network(inputs: Any) -> Any:
    return inputs.given("tuned_network", widths=(3, 4, 2), examples=6, seed=inputs.seed("network"))


@check("q2", points=2, title="Perturbed loss, without entropy and with it")
def loss_under_perturbations(student, inputs):
    problem = _quadratic(inputs)
    state, noise = problem.state, inputs.normal(4, 3)
    for weight in (0.0, 0.7):
        value = student.perturbed_loss(
            problem.training_loss,
            problem.response,
            state["phi"],
            state["theta"],
            state["log_std"],
            noise,
            weight,
        )
        expect(value, f"the perturbed loss, tau = {weight},").close_to(
            lambda weight=weight: responses.perturbed_loss(
                problem.training_loss,
                problem.response,
                _state(state),
                jnp.asarray(noise),
                entropy_weight=weight,
            ),
            rtol=1e-4,
            atol=1e-4,
            why="a mean of few losses of order 1, in float32",
            points=1,
        )


@check("q2", points=2, title="A step where training and validation both see theta")
def step_of_a_linear_response(student, inputs):
    problem = _quadratic(inputs)
    noise = inputs.normal(4, 3, 3)
    new = _parts(_asked(student, problem, problem.state, noise, SETTINGS))
    for what, names in (("phi", ("phi",)), ("hyperparameters", ("theta", "log_std"))):
        expect([new[name] for name in names], f"the new {what}").close_to(
            lambda names=names: [
                _stepped(problem, problem.state, noise, SETTINGS)[name] for name in names
            ],
            rtol=1e-4,
            why=SINGLE,
            points=1,
        )


def _parts(new: Any) -> dict[str, Any]:
    expect(new, "The new state").is_true(
        lambda new: isinstance(new, dict) and set(new) == {"phi", "theta", "log_std"},
        says="The new state is no dict with the keys phi, theta and log_std.",
    )
    return new


@check("q2", points=1, title="A step of a network of self-tuning layers")
def step_of_a_network(student, inputs):
    problem = _network(inputs)
    noise = inputs.normal(3, 4, 2)
    settings = SETTINGS | {"entropy_weight": 0.02}
    expect(_asked(student, problem, problem.state, noise, settings), "the new state").close_to(
        lambda: _stepped(problem, problem.state, noise, settings), rtol=1e-4, why=SINGLE
    )


@check("q2", points=1, title="An exact response: it stays, and theta follows the hypergradient")
def step_of_an_exact_response(student, inputs):
    problem = _quadratic(inputs, weights=6, hypers=2)
    noise = np.stack([_balanced(inputs.orthogonal(2)) for _ in range(3)])
    state = {**problem.state, "phi": problem.exact}
    new = _parts(_asked(student, problem, state, noise, SETTINGS))
    expect(new["phi"], "phi, at the exact response,").close_to(
        lambda: problem.exact, rtol=1e-4, why="no gradient there; float32 leaves 1e-7"
    )
    expect(new["theta"], "the new theta").close_to(
        lambda: problem.state["theta"] - SETTINGS["hyper_step_size"] * _hypergradient(problem),
        rtol=1e-4,
        why="V(w*(theta)) is quadratic: balanced noise leaves its gradient; " + SINGLE,
    )


def _balanced(q: np.ndarray) -> np.ndarray:
    """Rows n with mean 0 and mean n n^T = I."""
    rows = np.sqrt(len(q)) * q
    return np.concatenate([rows, -rows])


def _hypergradient(problem: Any) -> Any:
    c, B = map(jnp.asarray, problem.exact)
    theta = jnp.asarray(problem.state["theta"])
    return responses.response_hypergradient(problem.validation_loss, c + B @ theta, B, theta)


@check("q2", points=1, title="One hyperparameter, one perturbation, no training update", x64=False)
def step_at_the_edges(student, inputs):
    problem = _quadratic(inputs, weights=2, hypers=1)
    for updates in (1, 2):
        noise = inputs.normal(updates, 1, 1)
        new = _asked(student, problem, problem.state, noise, SETTINGS)
        expect(new, f"the new state after U = {updates} updates").close_to(
            lambda noise=noise: _stepped(problem, problem.state, noise, SETTINGS),
            rtol=1e-3,
            atol=1e-4,
            why="float32, updates of order 0.1 of numbers of order 1",
        )


@check("q2", points=1, title="No noise: the entropy alone moves the scale")
def step_without_noise(student, inputs):
    problem = _quadratic(inputs)
    noise = np.zeros((3, 2, 3))
    expect(_asked(student, problem, problem.state, noise, SETTINGS), "the new state").close_to(
        lambda: _unperturbed(problem, updates=2), rtol=1e-4, why=SINGLE
    )


def _unperturbed(problem: Any, updates: int) -> dict[str, Any]:
    """Descent on both losses at theta itself, by the chain rule; log s grows by eta tau."""
    w_0, R = map(jnp.asarray, problem.state["phi"])
    theta = jnp.asarray(problem.state["theta"])
    for _ in range(updates):
        slope = jax.grad(problem.training_loss)(w_0 + R @ theta, theta)
        w_0 = w_0 - SETTINGS["step_size"] * slope
        R = R - SETTINGS["step_size"] * jnp.outer(slope, theta)
    total = responses.response_hypergradient(problem.validation_loss, w_0 + R @ theta, R, theta)
    rate = SETTINGS["hyper_step_size"]
    return {
        "phi": (w_0, R),
        "theta": theta - rate * total,
        "log_std": problem.state["log_std"] + rate * SETTINGS["entropy_weight"],
    }


@check("q2", points=1, title="A step to 12 digits")
def step_to_all_digits(student, inputs):
    problem = _network(inputs)
    noise = inputs.normal(3, 2, 2)
    settings = SETTINGS | {"entropy_weight": 0.02}
    expect(_asked(student, problem, problem.state, noise, settings), "the new state").close_to(
        lambda: _stepped(problem, problem.state, noise, settings),
        rtol=1e-12,
        why="three stable updates: float64 gives about 1e-15, finite differences 1e-10",
    )


@check("q2", points=1, title="Cost of a step")
def step_costs_few_gradients(student, inputs):
    updates, samples = 3, 4
    problem = inputs.given("tuned_network", widths=(16, 24, 8), examples=32, seed=1)

    def loss(phi: Any, theta: Any) -> Any:
        return problem.training_loss(problem.response(phi, theta), theta)

    state = problem.state
    gradient = inputs.program(jax.grad(loss), state["phi"], state["theta"])
    noise = inputs.normal(updates, samples, 2)
    program = student.program(
        "self_tuning_step",
        problem.training_loss,
        problem.validation_loss,
        problem.response,
        state,
        noise,
        *SETTINGS.values(),
    )
    expect(program(state, noise), "The exported step's state").close_to(
        lambda: _stepped(problem, state, noise, SETTINGS), rtol=1e-4, why=SINGLE
    )
    expect(program, "the step").costs_at_most(2 * updates * samples, gradient, unit="gradients")
