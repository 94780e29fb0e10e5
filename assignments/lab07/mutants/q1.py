"""Mistakes that the checks of question 1 refuse: second moments and the floor of SGD."""

import jax
import jax.numpy as jnp

from grader.checks import mutant


def _recursion(s0, step_sizes, batch_sizes, step):
    """All rows of s <- step(s, alpha, B)."""
    rows = [s0]
    for k in range(len(step_sizes)):
        rows.append(step(rows[-1], step_sizes[k], batch_sizes[k]))
    return jnp.stack(rows)


@mutant(
    "q1",
    of="second_moments",
    refused_by="moments_of_sgd",
    says="The noise isn't divided by B: the mean over a batch has the variance c / B.",
)
def noise_of_one_example(h, c, s0, step_sizes, batch_sizes):
    return _recursion(s0, step_sizes, batch_sizes, lambda s, a, B: (1 - a * h) ** 2 * s + a**2 * c)


@mutant(
    "q1",
    of="second_moments",
    refused_by="moments_of_sgd",
    says="c is divided by B^2. It is a variance, and the variance of a mean of B is c / B.",
)
def noise_divided_by_b_squared(h, c, s0, step_sizes, batch_sizes):
    return _recursion(
        s0, step_sizes, batch_sizes, lambda s, a, B: (1 - a * h) ** 2 * s + a**2 * c / B**2
    )


@mutant(
    "q1",
    of="second_moments",
    refused_by="moments_of_sgd",
    says="The noise is multiplied by alpha once; squared, the step has alpha^2 in front of it.",
)
def step_size_not_squared(h, c, s0, step_sizes, batch_sizes):
    return _recursion(s0, step_sizes, batch_sizes, lambda s, a, B: (1 - a * h) ** 2 * s + a * c / B)


@mutant(
    "q1",
    of="second_moments",
    refused_by="moments_of_sgd",
    says="1 - alpha h shrinks x itself; its square shrinks the second moment.",
)
def shrinks_as_the_mean(h, c, s0, step_sizes, batch_sizes):
    return _recursion(s0, step_sizes, batch_sizes, lambda s, a, B: (1 - a * h) * s + a**2 * c / B)


@mutant(
    "q1",
    of="second_moments",
    refused_by="moments_of_sgd",
    says="The noise of the gradient isn't multiplied by the curvature: c is its variance already.",
)
def noise_times_curvature(h, c, s0, step_sizes, batch_sizes):
    return _recursion(
        s0, step_sizes, batch_sizes, lambda s, a, B: (1 - a * h) ** 2 * s + (a * h) ** 2 * c / B
    )


@mutant(
    "q1",
    of="second_moments",
    refused_by="moments_of_sgd",
    says="These are the modes' shares h E[x^2] / 2 of the loss; the second moments are asked for.",
)
def losses_for_moments(h, c, s0, step_sizes, batch_sizes):
    rows = _recursion(
        s0, step_sizes, batch_sizes, lambda s, a, B: (1 - a * h) ** 2 * s + a**2 * c / B
    )
    return h * rows / 2


@mutant(
    "q1",
    of="second_moments",
    refused_by=("moments_of_sgd", "moments_at_the_edges"),
    says="The start is missing: the first of the K + 1 rows is s0.",
)
def start_left_out(h, c, s0, step_sizes, batch_sizes):
    rows = _recursion(
        s0, step_sizes, batch_sizes, lambda s, a, B: (1 - a * h) ** 2 * s + a**2 * c / B
    )
    return rows[1:]


@mutant(
    "q1",
    of="second_moments",
    refused_by="moments_of_sgd",
    says="The first step size and batch size are used throughout: step k has its own.",
)
def schedule_ignored(h, c, s0, step_sizes, batch_sizes):
    a, B = step_sizes[:1], batch_sizes[:1]
    return _recursion(
        s0, step_sizes, batch_sizes, lambda s, *_: (1 - a * h) ** 2 * s + a**2 * c / B
    )


@mutant(
    "q1",
    of="second_moments",
    refused_by="moments_of_sgd",
    says="The schedule is one step late: the step from x_0 to x_1 has the step size alpha_0.",
)
def schedule_one_step_late(h, c, s0, step_sizes, batch_sizes):
    late = jnp.roll(step_sizes, -1), jnp.roll(batch_sizes, -1)
    return _recursion(s0, *late, lambda s, a, B: (1 - a * h) ** 2 * s + a**2 * c / B)


@mutant(
    "q1",
    of="second_moments",
    refused_by="moments_at_the_edges",
    says="A squeeze removed axes of length one: there may be a single mode, or no step.",
)
def squeezed_moments(h, c, s0, step_sizes, batch_sizes):
    rows = _recursion(
        s0, step_sizes, batch_sizes, lambda s, a, B: (1 - a * h) ** 2 * s + a**2 * c / B
    )
    return jnp.squeeze(rows)


@mutant(
    "q1",
    of="second_moments",
    refused_by="moments_are_free_of_scale",
    says="The computation went through float32: keep the dtype of the arrays that you are given.",
)
def moments_through_float32(h, c, s0, step_sizes, batch_sizes):
    h, c, s = (x.astype(jnp.float32) for x in (h, c, s0))
    rows = _recursion(
        s, step_sizes, batch_sizes, lambda s, a, B: jnp.float32((1 - a * h) ** 2 * s + a**2 * c / B)
    )
    return rows.astype(s0.dtype)


@mutant(
    "q1",
    of="second_moments",
    refused_by="moments_are_free_of_scale",
    says=(
        "A small constant is added to the curvatures: h and c may be of any size, and h = 0 is "
        "nothing special."
    ),
)
def curvatures_kept_from_zero(h, c, s0, step_sizes, batch_sizes):
    safe = h + 1e-8
    return _recursion(
        s0, step_sizes, batch_sizes, lambda s, a, B: (1 - a * safe) ** 2 * s + a**2 * c / B
    )


@mutant(
    "q1",
    of="second_moments",
    refused_by="moments_cost_little",
    says=(
        "Right, but the whole D x D matrix E[x x^T] is followed: the modes don't mix, and its diagonal "
        "obeys a recursion of its own."
    ),
)
def dense_second_moments(h, c, s0, step_sizes, batch_sizes):
    S, rows = jnp.diag(s0), [s0]
    for k in range(len(step_sizes)):
        M = jnp.diag(1 - step_sizes[k] * h)
        S = M @ S @ M.T + step_sizes[k] ** 2 * jnp.diag(c) / batch_sizes[k]
        rows.append(jnp.diag(S))
    return jnp.stack(rows)


@mutant(
    "q1",
    of="second_moments",
    refused_by="moments_cost_little",
    says=(
        "Right, but every row is computed from the start again, which is of order K^2: a row follows "
        "from the one before it."
    ),
)
def from_the_start_each_time(h, c, s0, step_sizes, batch_sizes):
    def row(k):
        def advance(j, s):
            a, B = step_sizes[j], batch_sizes[j]
            return jnp.where(j < k, (1 - a * h) ** 2 * s + a**2 * c / B, s)

        return jax.lax.fori_loop(0, len(step_sizes), advance, s0)

    return jax.lax.map(row, jnp.arange(len(step_sizes) + 1))


# --- The floor ------------------------------------------------------------------------------------


@mutant(
    "q1",
    of="steady_state_loss",
    refused_by="steady_state_of_modes",
    says="The factor 1/2 of the loss is missing.",
)
def floor_without_the_half(h, c, step_size, batch_size):
    return step_size / batch_size * jnp.sum(c / (2 - step_size * h))


@mutant(
    "q1",
    of="steady_state_loss",
    refused_by="steady_state_of_modes",
    says="This is the sum of the E[x^2] / 2: the loss weights each mode with its curvature.",
)
def floor_without_the_curvature(h, c, step_size, batch_size):
    return step_size / (2 * batch_size) * jnp.sum(c / (h * (2 - step_size * h)))


@mutant(
    "q1",
    of="steady_state_loss",
    refused_by="steady_state_of_modes",
    says=(
        "This holds for small steps only: the fixed point has 1 - (1 - alpha h)^2 in it, of which "
        "you kept 2 alpha h."
    ),
)
def floor_of_small_steps(h, c, step_size, batch_size):
    return step_size / (4 * batch_size) * jnp.sum(c + 0 * h)


@mutant(
    "q1",
    of="steady_state_loss",
    refused_by="steady_state_of_modes",
    says="The floor doesn't depend on B here: the noise of a batch is c / B.",
)
def floor_of_one_example(h, c, step_size, batch_size):
    return step_size / 2 * jnp.sum(c / (2 - step_size * h)) + 0 * batch_size


@mutant(
    "q1",
    of="steady_state_loss",
    refused_by="steady_state_of_modes",
    says="The modes are averaged: the loss is their sum.",
)
def floor_averaged_over_modes(h, c, step_size, batch_size):
    return step_size / (2 * batch_size) * jnp.mean(c / (2 - step_size * h))


@mutant(
    "q1",
    of="steady_state_loss",
    refused_by="steady_state_of_modes",
    says="These are the modes' shares of the floor: add them up to a scalar.",
)
def floor_by_mode(h, c, step_size, batch_size):
    return step_size / (2 * batch_size) * c / (2 - step_size * h)


@mutant(
    "q1",
    of="steady_state_loss",
    refused_by="steady_state_of_modes",
    says=(
        "The fixed point of x instead of that of E[x^2]: the noise is divided by alpha h and not by "
        "1 - (1 - alpha h)^2."
    ),
)
def floor_from_the_mean(h, c, step_size, batch_size):
    return jnp.sum(h * step_size**2 * c / batch_size / (step_size * h)) / 2


@mutant(
    "q1",
    of="steady_state_loss",
    refused_by="steady_state_of_flat_modes",
    says=(
        "Right, but 1 - (1 - alpha h)^2 is computed as a difference, which for a flat mode has lost its "
        "digits: multiply it out, and cancel h."
    ),
)
def floor_by_a_difference(h, c, step_size, batch_size):
    moments = step_size**2 * c / batch_size / (1 - (1 - step_size * h) ** 2)
    return jnp.sum(h * moments) / 2


@mutant(
    "q1",
    of="steady_state_loss",
    refused_by="steady_state_of_flat_modes",
    says="The recursion is run for 2,000 steps, after which a flat mode hasn't settled by far.",
)
def floor_by_many_steps(h, c, step_size, batch_size):
    ratios = (1 - step_size * h) ** 2
    share = jnp.where(ratios < 1, 1 - ratios**2000, 0)
    return step_size / (2 * batch_size) * jnp.sum(share * c / (2 - step_size * h))
