"""Hidden checks of question 2: the expected loss with momentum, the floor of a moving average."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference import stochastic_optimization as stochastic
from reference.stochastic_optimization import NoisyQuadratic

SINGLE = "stable recursions of a few steps: float32 inside gives 1e-6, known mistakes over 1e-2"
SETTLED = "the start is forgotten to 1e-40; float32 inside gives 1e-6, mistakes more than 1e-4"
FLAT = "a dense solution for the moments gives 1e-9 here, too few steps or half of it over 1e-2"


def _modes(inputs: Any, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Curvatures between 0.2 and 2, noise unrelated to them, and a start, all of order 1."""
    h = inputs.rng.permutation(np.linspace(0.2, 2.0, size)) if size > 1 else np.array([0.7])
    return h, inputs.uniform(0.5, 3.0, size), inputs.uniform(0.5, 2.0, size)


def _model(h: Any, c: Any, s0: Any) -> NoisyQuadratic:
    return NoisyQuadratic(*map(jnp.asarray, (h, c, s0)))


def _losses(
    h: Any, c: Any, s0: Any, step_size: float, batch_size: float, beta: float, steps: int
) -> np.ndarray:
    """E[L] from the responses of x to its start and to one noise, by powers of a companion matrix.

    x_{t+1} = (1 + beta - alpha h) x_t - beta x_{t-1} - alpha n_t, with x_{-1} = x_0.
    """
    losses = np.zeros(steps + 1)
    for curvature, noise, start in zip(h, c, s0, strict=True):
        companion = np.array([[1 + beta - step_size * curvature, -beta], [1.0, 0.0]])
        powers = [np.eye(2)]
        for _ in range(steps):
            powers.append(companion @ powers[-1])
        to_start = np.array([power[0].sum() for power in powers])
        to_noise = np.array([0.0, *(-step_size * power[0, 0] for power in powers[:-1])])
        moments = to_start**2 * start + np.cumsum(to_noise**2) * noise / batch_size
        losses += curvature * moments / 2
    return losses


@check("q2", points=3, title="The expected loss with momentum")
def momentum_losses_of_modes(student, inputs):
    for beta, points in ((0.0, 1), (0.6, 2)):
        h, c, s0 = _modes(inputs, 4)
        losses = student.momentum_losses(h, c, s0, 0.6, 3.0, beta, 12)
        expect(losses, f"the expected losses, momentum {beta:g}").close_to(
            lambda h=h, c=c, s0=s0, beta=beta: stochastic.expected_losses(
                _model(h, c, s0), jnp.full(12, 0.6), jnp.full(12, 3.0), momentum=beta
            ),
            rtol=1e-4,
            why=SINGLE,
            points=points,
        )


@check("q2", points=1, title="The floor with momentum")
def momentum_losses_in_the_long_run(student, inputs):
    h, c, s0 = _modes(inputs, 3)
    losses = student.momentum_losses(h, c, s0, 0.5, 2.0, 0.7, 300)
    expect(losses, "the expected losses").is_true(
        lambda losses: np.shape(losses) == (301,),
        says="It has one entry more than there are steps.",
    )
    expect(losses[-1], "the expected loss after 300 steps").close_to(
        lambda: stochastic.steady_state_risk(_model(h, c, s0), 0.5, 2.0, momentum=0.7),
        rtol=1e-5,
        why=SETTLED,
    )


@check("q2", points=1, title="One mode, no steps, no noise, in float32", x64=False)
def momentum_losses_at_the_edges(student, inputs):
    for kind, size, steps, batch_size in (
        ("one mode", 1, 5, 2.0),
        ("no steps", 3, 0, 2.0),
        ("no noise", 2, 6, np.inf),
    ):
        h, c, s0 = _modes(inputs, size)
        losses = student.momentum_losses(h, c, s0, 0.4, batch_size, 0.5, steps)
        expect(losses, f"the expected losses ({kind})").close_to(
            lambda h=h, c=c, s0=s0, steps=steps, B=batch_size: _losses(
                h, c, s0, 0.4, B, 0.5, steps
            ),
            rtol=1e-4,
            why=SINGLE,
        )


@check("q2", points=1, title="Cost of the expected losses with momentum")
def momentum_losses_cost_little(student, inputs):
    steps, size = 30, 64
    h, c, s0 = _modes(inputs, size)
    program = student.program("momentum_losses", h, c, s0, 0.6, 3.0, 0.6, steps)
    expect(program(h, c, s0), "The exported recursion").close_to(
        lambda: _losses(h, c, s0, 0.6, 3.0, 0.6, steps), rtol=1e-4, why=SINGLE
    )
    times = np.arange(1.0, steps + 1)
    product = inputs.program(lambda h, times: times[:, None] * h, h, times)
    # Three numbers a mode are some 20 operations a step, products of 2x2 matrices some 40.
    expect(program, "The recursion").costs_at_most(120, product, unit="element-wise products")


@check("q2", points=3, title="The floor of a moving average")
def averaged_floor_of_modes(student, inputs):
    for kind, size, step_size, decay in (
        ("a short average", 4, 0.4, 0.5),
        ("a long average", 3, 0.4, 0.97),
        ("a mode that oscillates", 1, 2.3, 0.6),
    ):
        h, c, s0 = _modes(inputs, size)
        floor = student.averaged_floor(h, c, step_size, 2.5, decay)
        expect(floor, f"the floor of {kind}").close_to(
            lambda h=h, c=c, s0=s0, a=step_size, gamma=decay: stochastic.ema_steady_state_risk(
                _model(h, c, s0), a, 2.5, gamma
            ),
            rtol=1e-4,
            why=SINGLE,
            points=1,
        )


@check("q2", points=1, title="Averages of flat modes, and none")
def averaged_floor_at_its_limits(student, inputs):
    step_size, floors, settings = 0.2, [], []
    for size, decay in ((1e-7, 0.99), (1e-5, 0.9999), (0.3, 0.0), (1e-3, 0.0)):
        h, c = np.array([size / step_size]), inputs.uniform(0.5, 3.0, 1)
        settings.append((h, c, decay))
        floors.append(student.averaged_floor(h, c, step_size, 4.0, decay))
    expect(floors, "the floors of four modes").close_to(
        lambda: [_averaged(h, c, step_size, 4.0, decay) for h, c, decay in settings],
        rtol=1e-5,
        why=FLAT,
    )


def _averaged(h: Any, c: Any, step_size: float, batch_size: float, decay: float) -> np.ndarray:
    """E[L(a)] of one mode from the fixed point of the moments of (x, a), a linear system."""
    phi = 1 - step_size * h[0]
    M = np.array([[phi, 0.0], [(1 - decay) * phi, decay]])
    k = -step_size * np.array([1.0, 1 - decay])
    noise = (c[0] / batch_size) * np.kron(k, k)
    moments = np.linalg.solve(np.eye(4) - np.kron(M, M), noise)
    return np.asarray(h[0] * moments[3] / 2)
