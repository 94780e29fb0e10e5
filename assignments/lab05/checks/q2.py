"""Hidden checks of question 2: penalty and decay under Adam, and where they come to rest."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from grader.checks import check, expect
from reference import adaptive_methods as methods

SINGLE = "four steps, epsilon 0.05: float32 inside gives about 1e-6, known mistakes more than 1e-2"
SETTINGS = {"b1": 0.7, "b2": 0.9, "epsilon": 0.05}


def _iterates(problem: Any, num_steps: int, decay: float, decoupled: bool) -> Any:
    """By the reference's Adam and AdamW, and the gradient of its penalised cost."""
    gradient, optimizer = problem.gradient, methods.adam(0.1, **SETTINGS)
    if decoupled:
        optimizer = methods.adamw(0.1, decay=decay, **SETTINGS)
    else:
        gradient = jax.grad(methods.l2_penalized(problem.cost, penalty=decay))
    w = jax.tree.map(jnp.asarray, problem.params)
    state, path = optimizer.init(w), [w]
    for _ in range(num_steps):
        step, state = optimizer.update(gradient(path[-1]), state, path[-1])
        path.append(optax.apply_updates(path[-1], step))
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *path)


def _network(student: Any, inputs: Any, decoupled: bool) -> None:
    problem = inputs.given("network", widths=(4, 6, 2), examples=8, seed=inputs.seed("problem"))
    found = student.decayed_adam(
        problem.gradient, problem.params, 0.1, 0.7, 0.9, 0.05, 0.5, decoupled, 4
    )
    expect(found, "The iterates").close_to(
        lambda: _iterates(problem, 4, 0.5, decoupled), rtol=1e-4, why=SINGLE
    )


@check("q2", points=2, title="A penalty on the weights of a network")
def penalty_of_a_network(student, inputs):
    _network(student, inputs, False)


@check("q2", points=2, title="A decay of the weights of a network")
def decay_of_a_network(student, inputs):
    _network(student, inputs, True)


@check("q2", points=1, title="A huge epsilon: penalty and decay are both gradient descent")
def both_are_gradient_descent(student, inputs):
    A, b, w0 = inputs.spd((0.5, 1.0, 2.0, 3.0)), inputs.normal(4), inputs.normal(4)
    gradient, huge, eta = inputs.source("lambda w: A @ w - b", A=A, b=b), 1e8, 0.2

    def descent() -> np.ndarray:
        """w_k = w_inf + (I - eta (A + lambda I))^k (w_0 - w_inf)."""
        penalised = A + 0.3 * np.eye(4)
        limit, shrink = np.linalg.solve(penalised, b), np.eye(4) - eta * penalised
        powers = [np.linalg.matrix_power(shrink, k) for k in range(6)]
        return np.stack([limit + power @ (w0 - limit) for power in powers])

    # The penalty goes through the quotient, and the decay doesn't.
    for decoupled, decay in ((False, 0.3), (True, 0.3 / huge)):
        found = student.decayed_adam(gradient, w0, eta * huge, 0.0, 0.5, huge, decay, decoupled, 5)
        kind = "a decay" if decoupled else "a penalty"
        expect(found, f"The iterates with {kind}").close_to(
            descent, rtol=1e-4, why="gradients over 1e8 are 1e-8; known mistakes more than 1e-2"
        )


@check("q2", points=1, title="A flat cost, a scalar weight, no decay", x64=False)
def decay_at_its_edges(student, inputs):
    flat, x = inputs.source("lambda w: 0.0 * w"), np.asarray(inputs.uniform(1.0, 2.0))
    found = student.decayed_adam(flat, x, 0.1, 0.9, 0.99, 0.2, 0.5, True, 6)
    expect(found, "The iterates of a decay on a flat cost").close_to(
        lambda: x * 0.95 ** np.arange(7), rtol=1e-4, why="float32, six products: about 1e-7"
    )
    found = student.decayed_adam(flat, x, 0.1, 0.9, 0.99, 0.2, 0.5, False, 1)
    expect(found, "The iterates of a penalty on a flat cost").close_to(
        lambda: np.stack([x, x - 0.1 * 0.5 * x / (0.5 * x + 0.2)]),
        rtol=1e-4,
        why="float32, one step with 1 - b2 of few digits: about 1e-6",
    )
    problem = inputs.given("network", widths=(2, 1), examples=1, seed=inputs.seed("problem"))
    for decoupled in (True, False):
        found = student.decayed_adam(
            problem.gradient, problem.params, 0.1, 0.7, 0.9, 0.05, 0.0, decoupled, 2
        )
        expect(found, "The iterates without penalty and decay").close_to(
            lambda decoupled=decoupled: _iterates(problem, 2, 0.0, decoupled),
            rtol=1e-3,
            why="float32, two steps, epsilon 0.05",
        )


# --- Where they come to rest ----------------------------------------------------------------------


def _at_rest(a: np.ndarray, c: np.ndarray, decay: float, epsilon: float) -> np.ndarray:
    """The zero of g / (|g| + eps) + lambda w, which increases with w, by bisection."""
    low, high = np.minimum(c, 0.0), np.maximum(c, 0.0)
    for _ in range(200):
        w = (low + high) / 2
        g = a * (w - c)
        pull = g / (np.abs(g) + epsilon) + decay * w
        low, high = np.where(pull < 0, w, low), np.where(pull < 0, high, w)
    return (low + high) / 2


def _half(pair: Any, which: int) -> Any:
    """One of a pair's two; None, which is refused, of anything else."""
    return pair[which] if isinstance(pair, tuple | list) and len(pair) == 2 else None


@check("q2", points=2, title="Stationary weights of random quadratics")
def stationary_weights_of_quadratics(student, inputs):
    a, c = inputs.uniform(0.3, 3.0, 7), inputs.uniform(0.5, 3.0, 7)
    c = c * np.array([1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0])
    pair = student.stationary_weights(a, c, 0.7, 0.4)
    why = "a formula: float32 inside gives 1e-7, known mistakes more than 1e-2"
    expect(_half(pair, 0), "The stationary weights of the penalty").close_to(
        lambda: np.linalg.solve(np.diag(a) + 0.7 * np.eye(7), a * c), rtol=1e-5, why=why, points=1
    )
    expect(_half(pair, 1), "The stationary weights of the decay").close_to(
        lambda: _at_rest(a, c, 0.7, 0.4), rtol=1e-5, why=why, points=1
    )


@check("q2", points=1, title="Stationary weights for epsilon 0, for c = 0, for a tiny lambda")
def stationary_weights_at_their_edges(student, inputs):
    a = inputs.uniform(0.3, 3.0, 5)
    c = np.array([0.0, 1.2, -1.3, 3.0, -4.0]) * inputs.uniform(0.9, 1.1, 5)
    expect(student.stationary_weights(a, c, 0.5, 0.0), "The pair for epsilon 0").close_to(
        lambda: [a * c / (a + 0.5), np.clip(c, -2.0, 2.0)],
        rtol=1e-6,
        why="the limit is known: float64 gives 1e-16, a small epsilon of its own more than 1e-5",
    )
    zero = np.zeros(1)
    expect(student.stationary_weights(a[:1], zero, 0.5, 0.1), "The pair for c = 0").close_to(
        lambda: [zero, zero], rtol=0.0, atol=1e-12, why="nothing pulls: exactly 0"
    )
    expect(student.stationary_weights(a, c, 1e-12, 0.1), "The pair for a tiny lambda").close_to(
        lambda: [a * c / (a + 1e-12), _at_rest(a, c, 1e-12, 0.1)],
        rtol=1e-8,
        why="float64 gives 1e-15; a difference of nearly equal numbers about 1e-4",
    )
