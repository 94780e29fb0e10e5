"""Mistakes that the checks of question 3 refuse: steps to a target, the trade-off."""

import jax.numpy as jnp
import numpy as np

from grader.checks import mutant


def _curve(h, c, s0, step_size, batch_size, momentum, max_steps):
    """The expected losses with momentum."""
    h, c, s0, step_size = map(np.asarray, (h, c, s0, step_size))
    xx, xv, vv = s0, 0 * s0, 0 * s0
    losses = [np.sum(h * s0) / 2]
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(max_steps):
            cross = h * xx + momentum * xv
            vv = h**2 * xx + 2 * momentum * h * xv + momentum**2 * vv + c / batch_size
            xx = xx - 2 * step_size * cross + step_size**2 * vv
            xv = cross - step_size * vv
            losses.append(np.sum(h * xx) / 2)
    return np.stack(losses)


def _first(losses, target, missed):
    reached = jnp.isfinite(losses) & (losses <= target)
    return jnp.where(jnp.any(reached), jnp.argmax(reached), missed)


def _search(h, c, s0, target, step_sizes, batch_size, momentum, max_steps, *, count=_first):
    """The search, with the way to count replaced."""
    counts = []
    for step_size in step_sizes:
        losses = _curve(h, c, s0, step_size, batch_size, momentum, max_steps)
        counts.append(count(losses, target, max_steps + 1))
    counts = jnp.stack(counts)
    best = jnp.argmin(counts)
    return counts[best], step_sizes[best]


@mutant(
    "q3",
    of="fewest_steps",
    refused_by=("fewest_steps_of_sgd", "fewest_steps_with_momentum"),
    says=(
        "A step size that never reaches the target counts as 0 steps: `argmax` of an array without "
        "a True is 0. It counts as max_steps + 1."
    ),
)
def never_counts_as_zero(*arguments):
    return _search(*arguments, count=lambda losses, target, _: jnp.argmax(losses <= target))


@mutant(
    "q3",
    of="fewest_steps",
    refused_by=("fewest_steps_of_sgd", "fewest_steps_with_momentum"),
    says="The count is one too high: the loss at the start is that after 0 steps.",
)
def counted_from_one(*arguments):
    return _search(
        *arguments, count=lambda losses, target, missed: _first(losses, target, missed - 1) + 1
    )


@mutant(
    "q3",
    of="fewest_steps",
    refused_by="fewest_steps_of_sgd",
    says="The target is compared with twice the loss: the factor 1/2 is missing.",
)
def target_of_twice_the_loss(*arguments):
    return _search(
        *arguments, count=lambda losses, target, missed: _first(2 * losses, target, missed)
    )


@mutant(
    "q3",
    of="fewest_steps",
    refused_by="fewest_steps_of_sgd",
    says="The target is taken relative to the loss at the start: it is a loss itself.",
)
def target_relative_to_the_start(*arguments):
    return _search(
        *arguments,
        count=lambda losses, target, missed: _first(losses, target * losses[0], missed),
    )


@mutant(
    "q3",
    of="fewest_steps",
    refused_by="fewest_steps_of_sgd",
    says="The first step size of the list is used: all of them are to be tried, and the best one taken.",
)
def first_step_size_only(h, c, s0, target, step_sizes, *rest):
    return _search(h, c, s0, target, step_sizes[:1], *rest)


@mutant(
    "q3",
    of="fewest_steps",
    refused_by="fewest_steps_of_sgd",
    says="The examples B S are returned: the steps are asked for.",
)
def examples_for_steps(h, c, s0, target, step_sizes, batch_size, momentum, max_steps):
    steps, best = _search(h, c, s0, target, step_sizes, batch_size, momentum, max_steps)
    size = int(batch_size) if batch_size < jnp.inf else 1
    return steps * size, best


@mutant(
    "q3",
    of="fewest_steps",
    refused_by="fewest_steps_of_sgd",
    says=(
        "The step size with the lowest loss in the end is taken: the one that is first at the target "
        "is asked for."
    ),
)
def lowest_loss_in_the_end(h, c, s0, target, step_sizes, batch_size, momentum, max_steps):
    curves = [_curve(h, c, s0, a, batch_size, momentum, max_steps) for a in step_sizes]
    best = int(np.argmin([curve[-1] for curve in curves]))
    return _first(curves[best], target, max_steps + 1), step_sizes[best]


@mutant(
    "q3",
    of="fewest_steps",
    refused_by="fewest_steps_with_momentum",
    says="The search ignores the momentum.",
)
def search_without_momentum(h, c, s0, target, step_sizes, batch_size, momentum, max_steps):
    return _search(h, c, s0, target, step_sizes, batch_size, 0.0, max_steps)


@mutant(
    "q3",
    of="fewest_steps",
    refused_by="fewest_steps_with_momentum",
    says=(
        "The gradient is multiplied by 1 - beta: as in question 2 it enters the velocity with the "
        "factor 1."
    ),
)
def search_with_dampened_gradients(h, c, s0, target, step_sizes, batch_size, momentum, max_steps):
    scaled = (1 - momentum) * step_sizes
    steps, best = _search(h, c, s0, target, scaled, batch_size, momentum, max_steps)
    return steps, best / (1 - momentum)


@mutant(
    "q3",
    of="fewest_steps",
    refused_by="fewest_steps_at_the_edges",
    says="A loss equal to the target has reached it: at most, not less.",
)
def strictly_below_the_target(*arguments):
    def count(losses, target, missed):
        reached = jnp.isfinite(losses) & (losses < target)
        return jnp.where(jnp.any(reached), jnp.argmax(reached), missed)

    return _search(*arguments, count=count)


@mutant(
    "q3",
    of="fewest_steps",
    refused_by="fewest_steps_at_the_edges",
    says=(
        "The losses above the target are counted: with momentum the loss may rise again, and only the "
        "first time at or below the target matters."
    ),
)
def losses_above_the_target(*arguments):
    return _search(*arguments, count=lambda losses, target, _: jnp.sum(~(losses <= target)))


@mutant(
    "q3",
    of="fewest_steps",
    refused_by="fewest_steps_at_the_edges",
    says=(
        "A loss that has overflowed to NaN isn't greater than the target, and so seems to have reached "
        "it: ask for finite losses at most the target."
    ),
)
def overflow_has_arrived(*arguments):
    def count(losses, target, missed):
        reached = ~(losses > target)
        return jnp.where(jnp.any(reached), jnp.argmax(reached), missed)

    return _search(*arguments, count=count)


@mutant(
    "q3",
    of="fewest_steps",
    refused_by="fewest_steps_at_the_edges",
    says="A target that isn't reached counts as max_steps + 1 steps, not as max_steps.",
)
def never_counts_as_max_steps(*arguments):
    return _search(
        *arguments, count=lambda losses, target, missed: _first(losses, target, missed - 1)
    )


@mutant(
    "q3",
    of="fewest_steps",
    refused_by="fewest_steps_at_the_edges",
    says="Of several step sizes that are equally good the last is returned: the first is asked for.",
)
def last_of_the_best(h, c, s0, target, step_sizes, *rest):
    return _search(h, c, s0, target, step_sizes[::-1], *rest)


# --- Steps against examples -----------------------------------------------------------------------


def _fit(rows, right):
    units = jnp.max(jnp.abs(rows), axis=0)
    solution = jnp.linalg.lstsq(rows / units, right)[0] / units
    return solution[0], solution[1]


@mutant(
    "q3",
    of="trade_off",
    refused_by=("trade_off_of_runs", "trade_off_of_integers"),
    says="The batch size stands in place of the examples: E is B S.",
)
def batch_size_for_examples(batch_sizes, steps):
    return _fit(jnp.stack([1 / steps, 1.0 / batch_sizes], axis=1), jnp.ones(len(steps)))


@mutant(
    "q3",
    of="trade_off",
    refused_by="trade_off_of_runs",
    says=(
        "S = S_min + E_min / B is fitted, whose residuals are steps: those of S_min / S + E_min / E - 1 "
        "are asked for, which weight all runs alike."
    ),
)
def residuals_in_steps(batch_sizes, steps):
    rows = jnp.stack([jnp.ones(len(steps)), 1.0 / batch_sizes], axis=1)
    return _fit(rows, 1.0 * steps)


@mutant(
    "q3",
    of="trade_off",
    refused_by="trade_off_of_runs",
    says="The residuals are multiplied by S_r E_r: they are asked for as they stand in the text.",
)
def residuals_multiplied_out(batch_sizes, steps):
    examples = 1.0 * batch_sizes * steps
    return _fit(jnp.stack([examples, 1.0 * steps], axis=1), examples * steps)


@mutant(
    "q3",
    of="trade_off",
    refused_by=("trade_off_of_runs", "trade_off_of_integers"),
    says="The two are in the wrong order: S_min comes first.",
)
def examples_first(batch_sizes, steps):
    rows = jnp.stack([1 / steps, 1 / steps / batch_sizes], axis=1)
    return _fit(rows, jnp.ones(len(steps)))[::-1]


@mutant(
    "q3",
    of="trade_off",
    refused_by=("trade_off_of_runs", "trade_off_of_integers"),
    says="The critical batch size takes the place of E_min: their ratio isn't asked for.",
)
def critical_batch_size_for_examples(batch_sizes, steps):
    rows = jnp.stack([1 / steps, 1 / steps / batch_sizes], axis=1)
    least_steps, least_examples = _fit(rows, jnp.ones(len(steps)))
    return least_steps, least_examples / least_steps


@mutant(
    "q3",
    of="trade_off",
    refused_by="trade_off_of_runs",
    says=(
        "These are the least numbers among the runs: the two constants are the limits of the fitted "
        "relation, below any run."
    ),
)
def least_of_the_runs(batch_sizes, steps):
    return 1.0 * jnp.min(steps), jnp.min(1.0 * batch_sizes * steps)


@mutant(
    "q3",
    of="trade_off",
    refused_by="trade_off_of_runs",
    says="Only the runs with the smallest and the largest batch are used: fit all of them.",
)
def smallest_and_largest_batch(batch_sizes, steps):
    ends = jnp.array([jnp.argmin(batch_sizes), jnp.argmax(batch_sizes)])
    B, S = batch_sizes[ends], steps[ends]
    return _fit(jnp.stack([1 / S, 1 / S / B], axis=1), jnp.ones(2))


@mutant(
    "q3",
    of="trade_off",
    refused_by="trade_off_in_any_unit",
    says=(
        "The two columns of the least-squares problem differ by many orders of magnitude, and digits are "
        "lost: scale them before solving, and the solution afterwards."
    ),
)
def columns_as_they_are(batch_sizes, steps):
    rows = jnp.stack([1 / steps, 1 / steps / batch_sizes], axis=1)
    solution = jnp.linalg.lstsq(rows, jnp.ones(len(steps), rows.dtype))[0]
    return solution[0], solution[1]


@mutant(
    "q3",
    of="trade_off",
    refused_by="trade_off_in_any_unit",
    says=(
        "A small constant is added to the normal equations. Nothing asks for it, and how much it "
        "changes depends on the unit in which examples are counted."
    ),
)
def ridge_in_the_fit(batch_sizes, steps):
    rows = jnp.stack([1 / steps, 1 / steps / batch_sizes], axis=1)
    normal = rows.T @ rows + 1e-10 * jnp.eye(2)
    solution = jnp.linalg.solve(normal, jnp.sum(rows, axis=0))
    return solution[0], solution[1]


@mutant(
    "q3",
    of="trade_off",
    refused_by="trade_off_of_integers",
    says=(
        "The product of steps and batch size overflows as an integer of 32 bits: divide by one after "
        "the other, or convert to reals first."
    ),
)
def integer_overflow(batch_sizes, steps):
    rows = jnp.stack([1 / steps, 1 / (batch_sizes * steps)], axis=1)
    return _fit(rows, jnp.ones(len(steps), rows.dtype))
