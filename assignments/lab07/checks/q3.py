"""Hidden checks of question 3: steps to a target, the trade-off of steps and examples."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference.papers import large_batch

COUNTS = "steps are integers, and the step size is one of the list: exact"
FITTED = "least squares of condition below 100: float64 gives 1e-14, known mistakes over 1e-3"
SINGLE = "float32, columns 1e5 apart unless scaled: at most 1e-2, an overflow more than 2e-1"
UNITS = "float32: columns of like size give 1e-5; as they are the smaller one may be cut off"


def _modes(inputs: Any, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    h = inputs.rng.permutation(np.linspace(0.1, 1.0, size))
    return h, inputs.uniform(1.5, 4.5, size), inputs.uniform(3.0, 6.0, size)


def _curve(modes: Any, step_size: float, batch_size: float, beta: float, steps: int) -> np.ndarray:
    """The expected losses, from the responses of x to its start and to the noise of one step.

    Both obey x_{t+1} = (1 + beta - alpha h) x_t - beta x_{t-1}.
    """
    h, c, s0 = modes
    one, zero = np.ones_like(h), np.zeros_like(h)
    to_start, to_noise = [one, one], [zero, zero]  # at t = -1 and t = 0
    for t in range(steps):
        for response in (to_start, to_noise):
            response.append((1 + beta - step_size * h) * response[-1] - beta * response[-2])
        if t == 0:
            to_noise[-1] = -step_size * one
    noise = np.cumsum(np.square(to_noise[1:]), axis=0)
    return (np.square(to_start[1:]) * s0 + noise * c / batch_size) @ h / 2


def _fewest(
    modes: Any, target: float, step_sizes: Any, batch_size: float, beta: float, max_steps: int
) -> list[Any]:
    counts = []
    with np.errstate(over="ignore", invalid="ignore"):
        for step_size in step_sizes:
            losses = _curve(modes, step_size, batch_size, beta, max_steps)
            reached = np.flatnonzero(np.isfinite(losses) & (losses <= target))
            counts.append(reached[0] if len(reached) else max_steps + 1)
    return [np.asarray(min(counts)), np.asarray(step_sizes[int(np.argmin(counts))])]


@check("q3", points=2, title="The fewest steps without momentum")
def fewest_steps_of_sgd(student, inputs):
    step_sizes = inputs.rng.permutation(np.geomspace(0.02, 2.6, 7))
    for share, batch_size in ((0.1, 8.0), (0.1, 64.0), (0.05, np.inf)):
        modes = _modes(inputs, 4)
        target = share * float(modes[0] @ modes[2]) / 2
        pair = student.fewest_steps(*modes, target, step_sizes, batch_size, 0.0, 60)
        expect(pair, f"(steps, step size) for batches of {batch_size:g}").close_to(
            lambda modes=modes, target=target, B=batch_size: _fewest(
                modes, target, step_sizes, B, 0.0, 60
            ),
            rtol=1e-6,
            why=COUNTS,
        )


@check("q3", points=2, title="The fewest steps with momentum")
def fewest_steps_with_momentum(student, inputs):
    step_sizes = inputs.rng.permutation(np.geomspace(0.01, 3.7, 7))
    for share, batch_size, beta in ((0.1, 64.0, 0.5), (0.02, np.inf, 0.7)):
        modes = _modes(inputs, 3)
        target = share * float(modes[0] @ modes[2]) / 2
        pair = student.fewest_steps(*modes, target, step_sizes, batch_size, beta, 60)
        expect(
            pair, f"(steps, step size) for batches of {batch_size:g}, momentum {beta:g}"
        ).close_to(
            lambda modes=modes, target=target, B=batch_size, beta=beta: _fewest(
                modes, target, step_sizes, B, beta, 60
            ),
            rtol=1e-6,
            why=COUNTS,
        )


@check("q3", points=1, title="Met at the start, never met, met for a moment, overflowing")
def fewest_steps_at_the_edges(student, inputs):
    start = inputs.uniform(1.0, 2.0, 1)
    mode, loss = (np.ones(1), np.ones(1), start), float(start[0]) / 2
    settings = {  # target, step sizes, batch size, momentum, max_steps
        # Heavy ball: x passes 0 after a quarter of a period, and comes back on the other side.
        "met for a moment": (0.06 * loss, [0.1], np.inf, 0.9, 40),
        # In units of x_0 the iterates are 1, -1.4, 0.76, 0.02, ...
        "met at the start": (loss, [2.4], np.inf, 0.5, 8),
        "never met": (1e-3, [0.6, 0.3, 0.9], 2.0, 0.0, 25),
        "overflow": (2e-3 * loss, [40.0, 0.2, 60.0], np.inf, 0.0, 150),
        "only overflow": (0.1, [50.0, 40.0], np.inf, 0.5, 150),
    }
    for kind, (target, step_sizes, *rest) in settings.items():
        pair = student.fewest_steps(*mode, target, np.array(step_sizes), *rest)
        expect(pair, f"(steps, step size), {kind}").close_to(
            lambda target=target, a=step_sizes, rest=rest: _fewest(mode, target, a, *rest),
            rtol=1e-6,
            why=COUNTS,
        )


# --- Steps against examples -----------------------------------------------------------------------


@check("q3", points=1, title="The trade-off of runs with scatter")
def trade_off_of_runs(student, inputs):
    for runs, critical in ((6, 50.0), (9, 300.0)):
        batch_sizes, steps = _runs(inputs, runs, critical)
        expect(student.trade_off(batch_sizes, steps), "(S_min, E_min)").close_to(
            lambda batch_sizes=batch_sizes, steps=steps: _fit(batch_sizes, steps),
            rtol=1e-6,
            why=FITTED,
        )


def _runs(inputs: Any, runs: int, critical: float) -> tuple[np.ndarray, np.ndarray]:
    """Runs on both sides of the critical batch size, in no order, their steps off by 20 %."""
    batch_sizes = critical * inputs.rng.permutation(np.geomspace(0.1, 10.0, runs))
    scatter = inputs.rng.permutation(np.linspace(0.8, 1.2, runs))
    return batch_sizes, inputs.uniform(50.0, 200.0) * (1 + critical / batch_sizes) * scatter


def _fit(batch_sizes: np.ndarray, steps: np.ndarray) -> list[Any]:
    fit = large_batch.fitted_trade_off(jnp.asarray(steps), jnp.asarray(batch_sizes * steps))
    return [fit.least_steps, fit.least_examples]


@check("q3", points=1, title="Examples counted in another unit, in float32", x64=False)
def trade_off_in_any_unit(student, inputs):
    batch_sizes, steps = _runs(inputs, 7, 20.0)
    for unit in (1.0, 2.0**22):  # powers of two change no digit
        expect(student.trade_off(unit * batch_sizes, steps), "(S_min, E_min)").close_to(
            lambda unit=unit: [
                part * scale
                for part, scale in zip(_fit(batch_sizes, steps), (1.0, unit), strict=True)
            ],
            rtol=1e-2,
            why=UNITS,
        )


@check("q3", points=1, title="Two runs, integers with 64-bit mode off", x64=False)
def trade_off_of_integers(student, inputs):
    batch_sizes, steps = np.array([1 << 16, 1 << 20]), inputs.rng.integers(5_000, 20_000, 2)
    steps = np.sort(steps)[::-1] + np.array([30_000, 0])
    expect(student.trade_off(batch_sizes, steps), "(S_min, E_min)").close_to(
        lambda: list(
            np.linalg.solve(1 / np.stack([steps, steps * batch_sizes], axis=1), [1.0, 1.0])
        ),
        rtol=2e-2,
        why=SINGLE,
    )
