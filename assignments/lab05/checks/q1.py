"""Hidden checks of question 1: RMSprop and Adam."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from grader.checks import check, expect
from reference import adaptive_methods as methods

SINGLE = "four steps, epsilon 0.05: float32 inside gives about 1e-6, known mistakes more than 1e-2"
EXACT = "no step is approximate: float64 gives about 1e-15, float32 inside more than 1e-8"


def iterates(optimizer: Any, problem: Any, num_steps: int, w: Any = None) -> Any:
    """The iterates of a reference's optimizer, from a problem's weights or from w.

    A loop, not a compiled scan: compiling takes 300 times as long as these few steps.
    """
    w = jax.tree.map(jnp.asarray, problem.params if w is None else w)
    state, path = optimizer.init(w), [w]
    for _ in range(num_steps):
        step, state = optimizer.update(problem.gradient(path[-1]), state, path[-1])
        path.append(optax.apply_updates(path[-1], step))
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *path)


def _by_sums(
    gradient: Any, w: np.ndarray, step_size: float, b1: float, b2: float, epsilon: float, num: int
) -> np.ndarray:
    """Adam with each average written out as a weighted mean of all gradients so far."""
    path, seen = [w], []
    for _ in range(num):
        seen.append(gradient(path[-1]))
        m, v = (_mean(values, b) for values, b in ((seen, b1), (np.square(seen), b2)))
        path.append(path[-1] - step_size * m / (np.sqrt(v) + epsilon))
    return np.stack(path)


def _mean(values: Any, b: float) -> np.ndarray:
    weights = b ** np.arange(len(values))[::-1]
    return np.average(values, axis=0, weights=weights)


@check("q1", points=2, title="RMSprop on the weights of a network")
def rmsprop_of_a_network(student, inputs):
    problem = inputs.given("network", widths=(4, 6, 2), examples=8, seed=inputs.seed("problem"))
    found = student.rmsprop(problem.gradient, problem.params, 0.1, 0.8, 0.05, 4)
    expect(found, "The iterates").close_to(
        lambda: iterates(methods.rmsprop(0.1, decay=0.8, epsilon=0.05), problem, 4),
        rtol=1e-4,
        why=SINGLE,
    )


@check("q1", points=2, title="Adam on the weights of a network")
def adam_of_a_network(student, inputs):
    problem = inputs.given("network", widths=(4, 6, 2), examples=8, seed=inputs.seed("problem"))
    found = student.adam(problem.gradient, problem.params, 0.1, 0.7, 0.9, 0.05, 4)
    expect(found, "The iterates").close_to(
        lambda: iterates(methods.adam(0.1, b1=0.7, b2=0.9, epsilon=0.05), problem, 4),
        rtol=1e-4,
        why=SINGLE,
    )


@check("q1", points=1, title="A constant gradient, to eleven digits")
def steps_of_a_constant_gradient(student, inputs):
    c = inputs.uniform(0.5, 2.0, 5) * inputs.rng.choice([-1.0, 1.0], 5)
    gradient, w0, k = inputs.source("lambda w: c", c=c), inputs.normal(5), np.arange(41)[:, None]
    expect(student.adam(gradient, w0, 0.01, 0.9, 0.999, 0.02, 40), "Adam's iterates").close_to(
        lambda: w0 - 0.01 * k * c / (np.abs(c) + 0.02), rtol=1e-11, why=EXACT
    )
    # v = (1 - b^t) c^2: what a bias correction would divide by.
    found = student.rmsprop(gradient, w0, 0.01, 0.97, 0.02, 40)
    expect(found, "RMSprop's iterates").close_to(
        lambda: w0 - 0.01 * np.cumsum(c / (np.abs(c) * np.sqrt(1 - 0.97**k) + 0.02) * (k > 0), 0),
        rtol=1e-11,
        why=EXACT,
    )


@check("q1", points=1, title="A loss of tiny scale, epsilon 0")
def steps_do_not_see_the_scale(student, inputs):
    # A distance of at least 1 from the minimum: no entry of a gradient comes near zero.
    a, distance = inputs.uniform(0.5, 2.0, 4), inputs.uniform(1.0, 2.0, 4)
    minimum = inputs.normal(4)
    w0 = minimum + distance * inputs.rng.choice([-1.0, 1.0], 4)
    tiny = inputs.source("lambda w: 1e-11 * a * (w - minimum)", a=a, minimum=minimum)

    def slope(w):
        return a * (w - minimum)

    why = (
        "the scale cancels: float64 gives 1e-15, float32 1e-6, an epsilon of its own more than 1e-2"
    )
    expect(student.adam(tiny, w0, 0.1, 0.8, 0.9, 0.0, 4), "Adam's iterates").close_to(
        lambda: _by_sums(slope, w0, 0.1, 0.8, 0.9, 0.0, 4), rtol=1e-4, why=why
    )
    expect(student.rmsprop(tiny, w0, 0.1, 0.9, 0.0, 4), "RMSprop's iterates").close_to(
        lambda: _rmsprop(slope, w0, 0.1, 0.9, 4), rtol=1e-4, why=why
    )


def _rmsprop(gradient: Any, w: np.ndarray, step_size: float, b: float, num: int) -> np.ndarray:
    """RMSprop with epsilon 0: Adam's corrected root, and the correction taken back."""
    path, seen = [w], []
    for t in range(1, num + 1):
        seen.append(gradient(path[-1]))
        root = np.sqrt(_mean(np.square(seen), b) * (1 - b**t))
        path.append(path[-1] - step_size * seen[-1] / root)
    return np.stack(path)


@check("q1", points=1, title="A scalar weight, a weight without a gradient; no step, a single step")
def optimizers_at_their_edges(student, inputs):
    gradient = inputs.source("lambda w: {'unused': 0.0 * w['unused'], 'scale': 3.0 * w['scale']}")
    x, y = inputs.uniform(1.0, 2.0), inputs.normal(2)
    for num_steps in (1, 0):
        w0 = {"scale": np.asarray(x), "unused": y}
        for name, betas in (("rmsprop", (0.6,)), ("adam", (0.5, 0.9))):
            found = getattr(student, name)(gradient, w0, 0.1, *betas, 0.3, num_steps)
            # The first gradient's root: sqrt(1 - b) of it without correction, all of it with.
            root = 3 * x * (0.4**0.5 if name == "rmsprop" else 1.0)
            step = 0.1 * 3 * x / (root + 0.3)
            expect(found, f"The iterates of {name}").close_to(
                lambda step=step, num=num_steps: {
                    "scale": x - step * np.arange(num + 1),
                    "unused": np.stack([y] * (num + 1)),
                },
                rtol=1e-6,
                why="one step: float64 gives 1e-16, known mistakes more than 1e-3",
            )


@check("q1", points=1, title="RMSprop and Adam in float32", x64=False)
def optimizers_in_float32(student, inputs):
    problem = inputs.given("network", widths=(3, 5, 1), examples=6, seed=inputs.seed("problem"))
    why = (
        "float32, three steps, 1 - b2^t with few digits: about 1e-6, known mistakes more than 1e-2"
    )
    found = student.adam(problem.gradient, problem.params, 0.1, 0.8, 0.99, 0.05, 3)
    expect(found, "Adam's iterates").close_to(
        lambda: iterates(methods.adam(0.1, b1=0.8, b2=0.99, epsilon=0.05), problem, 3),
        rtol=1e-3,
        why=why,
    )
    found = student.rmsprop(problem.gradient, problem.params, 0.1, 0.9, 0.05, 3)
    expect(found, "RMSprop's iterates").close_to(
        lambda: iterates(methods.rmsprop(0.1, decay=0.9, epsilon=0.05), problem, 3),
        rtol=1e-3,
        why=why,
    )


@check("q1", points=1, title="Adam takes one gradient a step")
def adam_costs_one_gradient_a_step(student, inputs):
    problem = inputs.given("network", widths=(8, 24, 24, 4), examples=16, seed=1)
    program = student.program("adam", problem.gradient, problem.params, 0.05, 0.8, 0.9, 0.05, 5)
    w = jax.tree.map(lambda leaf: 0.3 * inputs.normal(*leaf.shape), problem.params)
    expect(program(w), "The exported iteration").close_to(
        lambda: iterates(methods.adam(0.05, b1=0.8, b2=0.9, epsilon=0.05), problem, 5, w),
        rtol=1e-4,
        why=SINGLE,
    )
    gradient = inputs.program(problem.gradient, problem.params)
    # The averages, roots and quotients are some 15 operations a weight, a gradient some 100.
    expect(program, "The iteration").costs_at_most(1.5 * 5 + 1, gradient, unit="gradients")
