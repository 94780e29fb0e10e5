"""Hidden checks of question 4: training in function space."""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference import infinite_limits as limits

VALUES = "conditions below 50: float64 gives 1e-13, the smallest known mistake more than 1e-3"


class Problem(NamedTuple):
    """What the three functions take, in their order."""

    Theta: np.ndarray
    cross: np.ndarray
    targets: np.ndarray
    initial: np.ndarray
    initial_test: np.ndarray


def linear_model(inputs: Any, examples: int = 5, tests: int = 3) -> tuple[Any, Any, Any]:
    """Features with a kernel of eigenvalues from 0.2 to 4, test features, and weights."""
    Q, R = inputs.orthogonal(examples), inputs.orthogonal(examples + 2)
    features = (Q * np.sqrt(np.geomspace(0.2, 4.0, examples))) @ R[:examples]
    return features, 0.7 * inputs.normal(tests, examples + 2), inputs.normal(examples + 2)


def problem_of(inputs: Any, model: tuple[Any, Any, Any]) -> Problem:
    """The model's kernel, random targets, and its outputs as the initial function."""
    features, features_test, w = model
    targets = 2.0 * inputs.normal(len(features))
    kernels = features @ features.T, features_test @ features.T
    return Problem(*kernels, targets, features @ w, features_test @ w)


def at_training_inputs(problem: Problem) -> Problem:
    return problem._replace(cross=problem.Theta, initial_test=problem.initial)


def flow(problem: Problem, times: np.ndarray) -> np.ndarray:
    """The flow on the mean loss; `times` are eta t, as in the notebook."""
    return np.asarray(
        limits.gradient_flow_predictions(
            jnp.asarray(problem.Theta),
            jnp.asarray(problem.cross),
            jnp.asarray(problem.targets),
            jnp.asarray(times),
            initial=jnp.asarray(problem.initial),
            initial_test=jnp.asarray(problem.initial_test),
        )
    )


def limit(problem: Problem) -> np.ndarray:
    """Kernel regression on the residual of the initial function."""
    error = jnp.asarray(problem.targets - problem.initial)
    change = limits.kernel_regression(jnp.asarray(problem.Theta), jnp.asarray(problem.cross), error)
    return problem.initial_test + np.asarray(change)


def descent(
    model: tuple[Any, Any, Any], targets: np.ndarray, step_size: float, num_steps: int
) -> np.ndarray:
    """Descent on the weights w of a linear model, step by step, seen at its test inputs."""
    features, features_test, w = model
    outputs = [features_test @ w]
    for _ in range(num_steps):
        w = w - step_size * features.T @ (features @ w - targets) / len(targets)
        outputs.append(features_test @ w)
    return np.stack(outputs)


@check("q4", points=2, title="Gradient flow at training and at test inputs")
def flow_of_regular_kernel(student, inputs):
    problem = problem_of(inputs, linear_model(inputs))
    times = np.array([0.0, 0.3, 2.0, 15.0])
    places = {"test": problem, "training": at_training_inputs(problem)}
    for place, seen in places.items():
        expect(student.flow_predictions(*seen, times), f"The flow at {place} inputs").close_to(
            lambda seen=seen: flow(seen, times), rtol=1e-5, why=VALUES, points=1
        )


@check("q4", points=2, title="Gradient descent, below and above the stability limit")
def descent_of_linear_model(student, inputs):
    model = linear_model(inputs)
    problem = problem_of(inputs, model)
    for step_size, which in ((0.9, "below"), (2.7, "above")):  # the limit is 2 * 5 / 4
        found = student.descent_predictions(*problem, step_size, 12)
        expect(found, f"Descent {which} the stability limit").close_to(
            lambda step_size=step_size: descent(model, problem.targets, step_size, 12),
            rtol=1e-5,
            why=VALUES,
            points=1,
        )


@check("q4", points=1, title="The limit is kernel regression")
def limit_of_regular_kernel(student, inputs):
    problem = problem_of(inputs, linear_model(inputs))
    expect(student.limit_predictions(*problem), "The limit").close_to(
        lambda: limit(problem), rtol=1e-5, why=VALUES
    )


@check("q4", points=1, title="Singular kernels: every example twice, and an example of zeros")
def predictions_of_singular_kernels(student, inputs):
    model = linear_model(inputs)
    once = problem_of(inputs, model)
    twice = np.repeat(np.arange(5), 2)
    change = np.repeat(inputs.uniform(0.5, 1.5, 5), 2) * np.tile([1.0, -1.0], 5)
    problem = Problem(
        once.Theta[np.ix_(twice, twice)],
        once.cross[:, twice],
        once.targets[twice] + change,
        once.initial[twice],
        once.initial_test,
    )
    times = np.array([0.0, 0.3, 2.0, 15.0])
    expect(student.flow_predictions(*problem, times), "The flow").close_to(
        lambda: flow(once, times), rtol=1e-5, why=VALUES
    )
    expect(student.descent_predictions(*problem, 0.9, 12), "Descent").close_to(
        lambda: descent(model, once.targets, 0.9, 12), rtol=1e-5, why=VALUES
    )
    expect(student.limit_predictions(*problem), "The limit").close_to(
        lambda: limit(once), rtol=1e-5, why=VALUES
    )
    # An input of zeros without biases: its kernel with anything is 0, and nothing is learnt.
    blind = Problem(
        np.zeros((1, 1)), np.zeros((3, 1)), once.targets[:1], once.initial[:1], once.initial_test
    )
    nothing = np.tile(blind.initial_test, (4, 1))
    expect(student.flow_predictions(*blind, times), "The flow with Theta = 0").close_to(
        lambda: nothing, rtol=1e-5, why=VALUES
    )
    expect(student.descent_predictions(*blind, 0.9, 3), "Descent with Theta = 0").close_to(
        lambda: nothing, rtol=1e-5, why=VALUES
    )
    expect(student.limit_predictions(*blind), "The limit with Theta = 0").close_to(
        lambda: nothing[0], rtol=1e-5, why=VALUES
    )


@check("q4", points=1, title="Very early times")
def flow_at_early_times(student, inputs):
    problem = problem_of(inputs, linear_model(inputs))._replace(
        initial=np.zeros(5), initial_test=np.zeros(3)
    )
    found = student.flow_predictions(*problem, np.array([1e-9]))
    expect(found, "The flow at an early time").close_to(
        lambda: _early_flow(problem, 1e-9)[None],
        rtol=1e-10,
        why="with expm1 about 1e-15; 1 - exp(-x) of some 1e-10 has a relative error of 1e-7",
    )


def _early_flow(problem: Problem, time: float) -> np.ndarray:
    """Taylor's series to second order, from f_0 = 0: the third is smaller by 1e-18."""
    s = time / len(problem.targets)
    first = problem.cross @ problem.targets
    return s * first - s**2 / 2 * problem.cross @ (problem.Theta @ problem.targets)


@check("q4", points=1, title="A single example, and no steps")
def predictions_of_one_example(student, inputs):
    times = np.array([0.5, 3.0])
    model = linear_model(inputs, examples=1, tests=4)
    problem = problem_of(inputs, model)
    expect(student.flow_predictions(*problem, times), "The flow").close_to(
        lambda: flow(problem, times), rtol=1e-5, why=VALUES
    )
    expect(student.descent_predictions(*problem, 0.7, 3), "Descent").close_to(
        lambda: descent(model, problem.targets, 0.7, 3), rtol=1e-5, why=VALUES
    )
    expect(student.descent_predictions(*problem, 0.7, 0), "Descent without steps").close_to(
        lambda: problem.initial_test[None], rtol=1e-5, why=VALUES
    )
    expect(student.limit_predictions(*problem), "The limit").close_to(
        lambda: limit(problem), rtol=1e-5, why=VALUES
    )


@check("q4", points=1, title="Predictions in float32", x64=False)
def predictions_in_float32(student, inputs):
    model = linear_model(inputs)
    problem = problem_of(inputs, model)
    times = np.array([0.3, 2.0])
    single = "float32 with condition 20: about 1e-6, and 1e-5 for the limit"
    expect(student.flow_predictions(*problem, times), "The flow").close_to(
        lambda: flow(problem, times), rtol=1e-3, why=single
    )
    expect(student.descent_predictions(*problem, 0.9, 12), "Descent").close_to(
        lambda: descent(model, problem.targets, 0.9, 12), rtol=1e-3, why=single
    )
    expect(student.limit_predictions(*problem), "The limit").close_to(
        lambda: limit(problem), rtol=1e-3, why=single
    )
