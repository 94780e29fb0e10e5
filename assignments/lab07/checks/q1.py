"""Hidden checks of question 1: second moments and the floor of SGD, the noisy quadratic model."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference import stochastic_optimization as stochastic
from reference.stochastic_optimization import NoisyQuadratic

SINGLE = "sums of positive terms: float32 inside gives about 1e-6, known mistakes more than 1e-2"
EXACT = "sums of positive terms: float64 gives about 1e-15, float32 inside more than 1e-8"
FLAT = "without cancellation float64 gives 1e-15, the difference 1 - (1 - alpha h)^2 about 1e-5"


def modes(inputs: Any, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Curvatures between 0.2 and 2, noise unrelated to them, and a start, all of order 1."""
    h = inputs.rng.permutation(np.linspace(0.2, 2.0, size)) if size > 1 else np.array([0.7])
    return h, inputs.uniform(0.5, 3.0, size), inputs.uniform(0.5, 2.0, size)


def moments_by_weights(h: Any, c: Any, s0: Any, alphas: Any, batches: Any) -> np.ndarray:
    """E[x_k^2] from what each noise n_j contributes to x_k, written out: no recursion."""
    rows = []
    for k in range(len(alphas) + 1):
        shrinks = 1 - np.multiply.outer(alphas[:k], h)
        row = np.prod(shrinks, axis=0) ** 2 * s0
        for j in range(k):
            weight = alphas[j] * np.prod(shrinks[j + 1 :], axis=0)
            row = row + weight**2 * c / batches[j]
        rows.append(row)
    return np.stack(rows)


@check("q1", points=3, title="Second moments of SGD")
def moments_of_sgd(student, inputs):
    h, c, s0 = modes(inputs, 4)
    constant = np.full(7, 0.45), np.full(7, 3.0)
    expect(student.second_moments(h, c, s0, *constant), "E[x^2] at constant step size").close_to(
        lambda: moments_by_weights(h, c, s0, *constant), rtol=1e-4, why=SINGLE, points=1
    )
    h, c, s0 = modes(inputs, 6)
    schedule = inputs.uniform(0.2, 0.9, 5), inputs.uniform(1.5, 9.0, 5)
    expect(student.second_moments(h, c, s0, *schedule), "E[x^2] under a schedule").close_to(
        lambda: stochastic.expected_second_moments(
            NoisyQuadratic(*map(jnp.asarray, (h, c, s0))), *map(jnp.asarray, schedule)
        ),
        rtol=1e-4,
        why=SINGLE,
        points=2,
    )


@check("q1", points=1, title="One mode, no steps, a flat mode, no noise, in float32", x64=False)
def moments_at_the_edges(student, inputs):
    for kind, size, steps in (
        ("one mode", 1, 3),
        ("no steps", 3, 0),
        ("a flat mode", 2, 4),
        ("no noise", 3, 2),
    ):
        h, c, s0 = modes(inputs, size)
        if kind == "a flat mode":
            h = np.array([0.0, 0.8])
        if kind == "no noise":
            c = np.zeros(size)
        schedule = inputs.uniform(0.2, 0.9, steps), inputs.uniform(1.5, 9.0, steps)
        moments = student.second_moments(h, c, s0, *schedule)
        expect(moments, f"E[x^2] ({kind})").close_to(
            lambda h=h, c=c, s0=s0, schedule=schedule: moments_by_weights(h, c, s0, *schedule),
            rtol=1e-4,
            why=SINGLE,
        )


@check("q1", points=1, title="The loss multiplied by a constant, to eleven digits")
def moments_are_free_of_scale(student, inputs):
    h, c, s0 = modes(inputs, 5)
    alphas, batches = inputs.uniform(0.2, 0.9, 6), inputs.uniform(1.5, 9.0, 6)
    for scale in (1.0, 2.0**-30, 2.0**30):  # powers of two change no digit
        moments = student.second_moments(scale * h, scale**2 * c, s0, alphas / scale, batches)
        expect(moments, f"E[x^2], the loss times {scale:.0e}").close_to(
            lambda: moments_by_weights(h, c, s0, alphas, batches), rtol=1e-11, why=EXACT
        )


@check("q1", points=1, title="Cost of the second moments")
def moments_cost_little(student, inputs):
    steps, size = 40, 64
    h, c, s0 = modes(inputs, size)
    schedule = inputs.uniform(0.2, 0.9, steps), inputs.uniform(1.5, 9.0, steps)
    program = student.program("second_moments", h, c, s0, *schedule)
    expect(program(h, c, s0, *schedule), "The exported recursion").close_to(
        lambda: moments_by_weights(h, c, s0, *schedule), rtol=1e-4, why=SINGLE
    )
    product = inputs.program(lambda h, alphas: alphas[:, None] * h, h, schedule[0])
    # The recursion is 7 operations a mode and step; writing rows in place is charged 41 more.
    expect(program, "The recursion").costs_at_most(100, product, unit="element-wise products")


@check("q1", points=2, title="The floor of SGD")
def steady_state_of_modes(student, inputs):
    for size, step_size, batch_size in ((5, 0.3, 2.5), (3, 0.9, 16.0), (1, 2.2, 1.0)):
        h, c, _ = modes(inputs, size)
        loss = student.steady_state_loss(h, c, step_size, batch_size)
        expect(loss, "the expected loss in the long run").close_to(
            lambda h=h, c=c, a=step_size, B=batch_size: _fixed_point(h, c, a, B),
            rtol=1e-4,
            why=SINGLE,
        )


def _fixed_point(h: np.ndarray, c: np.ndarray, step_size: float, batch_size: float) -> np.ndarray:
    """The loss after so many steps that each mode forgot its start: |1 - alpha h| < 0.95."""
    weights = step_size * (1 - step_size * h) ** np.arange(400)[:, None]
    return np.asarray(h @ (np.sum(weights**2, axis=0) * c) / (2 * batch_size))


@check("q1", points=1, title="The floor with flat modes, to ten digits")
def steady_state_of_flat_modes(student, inputs):
    step_size = 0.3
    flat = [
        (np.array([size * inputs.uniform(0.5, 1.0) / step_size]), inputs.uniform(0.5, 3.0, 1))
        for size in (1e-12, 1e-11, 1e-9, 1e-6)
    ]
    losses = [student.steady_state_loss(h, c, step_size, 4.0) for h, c in flat]
    expect(losses, "the floors of four flat modes").close_to(
        lambda: [_steady_risk(h, c, step_size, 4.0) for h, c in flat], rtol=1e-10, why=FLAT
    )


def _steady_risk(h: np.ndarray, c: np.ndarray, step_size: float, batch_size: float) -> Any:
    model = NoisyQuadratic(jnp.asarray(h), jnp.asarray(c), jnp.ones(len(h)))
    return stochastic.steady_state_risk(model, step_size, batch_size)
