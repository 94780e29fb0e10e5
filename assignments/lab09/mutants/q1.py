"""Mistakes that the checks of question 1 refuse: the heavy ball."""

import jax.numpy as jnp

from grader.checks import mutant


def _run(advance, w0, step_sizes, momenta):
    """The iterates of (w, v) <- advance(w, v, alpha, beta)."""
    w, v, iterates = w0, jnp.zeros_like(w0), [w0]
    for alpha, beta in zip(step_sizes, momenta, strict=True):
        w, v = advance(w, v, alpha, beta)
        iterates.append(w)
    return jnp.stack(iterates)


def _right(gradient, w0, step_sizes, momenta):
    def advance(w, v, alpha, beta):
        v = beta * v - alpha * gradient(w)
        return w + v, v

    return _run(advance, w0, step_sizes, momenta)


@mutant(
    "q1",
    of="heavy_ball",
    refused_by=("heavy_ball_on_a_quadratic", "heavy_ball_with_a_schedule"),
    says=(
        "The position moves with the old velocity, so that the first step goes nowhere: update the "
        "velocity first, and move with the new one."
    ),
)
def position_before_velocity(gradient, w0, step_sizes, momenta):
    def advance(w, v, alpha, beta):
        return w + v, beta * v - alpha * gradient(w)

    return _run(advance, w0, step_sizes, momenta)


@mutant(
    "q1",
    of="heavy_ball",
    refused_by="heavy_ball_on_a_quadratic",
    says="The gradient enters with the wrong sign: this climbs.",
)
def ascending(gradient, w0, step_sizes, momenta):
    return _right(lambda w: -gradient(w), w0, step_sizes, momenta)


@mutant(
    "q1",
    of="heavy_ball",
    refused_by="heavy_ball_on_a_quadratic",
    says=(
        "The new gradient is multiplied by 1 - beta, as in a moving average. The heavy ball adds it "
        "in full."
    ),
)
def moving_average_of_gradients(gradient, w0, step_sizes, momenta):
    def advance(w, v, alpha, beta):
        v = beta * v - (1 - beta) * alpha * gradient(w)
        return w + v, v

    return _run(advance, w0, step_sizes, momenta)


@mutant(
    "q1",
    of="heavy_ball",
    refused_by="heavy_ball_on_a_quadratic",
    says=(
        "The gradient is taken at the look-ahead point, which is Nesterov's method. The heavy ball "
        "takes it at w itself."
    ),
)
def nesterov_for_the_heavy_ball(gradient, w0, step_sizes, momenta):
    def advance(w, v, alpha, beta):
        v = beta * v - alpha * gradient(w + beta * v)
        return w + v, v

    return _run(advance, w0, step_sizes, momenta)


@mutant(
    "q1",
    of="heavy_ball",
    refused_by="heavy_ball_on_a_quadratic",
    says="This is gradient descent: the velocity of the last step is lost.",
)
def velocity_forgotten(gradient, w0, step_sizes, momenta):
    return _right(gradient, w0, step_sizes, jnp.zeros_like(momenta))


@mutant(
    "q1",
    of="heavy_ball",
    refused_by="heavy_ball_on_a_quadratic",
    says="The velocity starts at a gradient step. It starts at 0, so that the first step is plain.",
)
def velocity_that_starts_moving(gradient, w0, step_sizes, momenta):
    w, v, iterates = w0, -step_sizes[:1].sum() * gradient(w0), [w0]
    for alpha, beta in zip(step_sizes, momenta, strict=True):
        v = beta * v - alpha * gradient(w)
        w = w + v
        iterates.append(w)
    return jnp.stack(iterates)


@mutant(
    "q1",
    of="heavy_ball",
    refused_by=("heavy_ball_on_a_quadratic", "heavy_ball_at_the_edges"),
    says="The start is missing: return the K + 1 iterates from w_0 to w_K.",
)
def start_left_out(gradient, w0, step_sizes, momenta):
    return _right(gradient, w0, step_sizes, momenta)[1:]


@mutant(
    "q1",
    of="heavy_ball",
    refused_by="heavy_ball_on_a_quadratic",
    says="The iterates stand in columns: each is a row.",
)
def iterates_in_columns(gradient, w0, step_sizes, momenta):
    return _right(gradient, w0, step_sizes, momenta).T


@mutant(
    "q1",
    of="heavy_ball",
    refused_by="heavy_ball_with_a_schedule",
    says=(
        "The step size multiplies the whole velocity, as in many libraries. With step sizes that "
        "change this is another method: only the incoming gradient is multiplied by alpha_k."
    ),
)
def step_size_outside_the_velocity(gradient, w0, step_sizes, momenta):
    def advance(w, v, alpha, beta):
        v = beta * v + gradient(w)
        return w - alpha * v, v

    return _run(advance, w0, step_sizes, momenta)


@mutant(
    "q1",
    of="heavy_ball",
    refused_by="heavy_ball_with_a_schedule",
    says="Every step uses the first pair of coefficients: step k has its own.",
)
def first_coefficients_only(gradient, w0, step_sizes, momenta):
    steps = jnp.broadcast_to(step_sizes[:1], step_sizes.shape)
    return _right(gradient, w0, steps, jnp.broadcast_to(momenta[:1], momenta.shape))


@mutant(
    "q1",
    of="heavy_ball",
    refused_by="heavy_ball_with_a_schedule",
    says=(
        "The momenta are one step late: beta_k belongs to the step from w_k, and beta_0 has no "
        "effect because the velocity is 0."
    ),
)
def momenta_one_step_late(gradient, w0, step_sizes, momenta):
    return _right(gradient, w0, step_sizes, jnp.roll(momenta, 1))


@mutant(
    "q1",
    of="heavy_ball",
    refused_by="heavy_ball_with_a_schedule",
    says="The computation went through float32: keep the dtype of the arrays that you are given.",
)
def heavy_ball_through_float32(gradient, w0, step_sizes, momenta):
    def advance(w, v, alpha, beta):
        v = (beta * v - alpha * gradient(w)).astype(jnp.float32)
        return (w + v).astype(jnp.float32), v

    return _run(advance, w0.astype(jnp.float32), step_sizes, momenta)


@mutant(
    "q1",
    of="heavy_ball",
    refused_by="heavy_ball_at_the_edges",
    says="A squeeze removed an axis of length one: there may be a single weight or no step.",
)
def squeezed_iterates(gradient, w0, step_sizes, momenta):
    return jnp.squeeze(_right(gradient, w0, step_sizes, momenta))


@mutant(
    "q1",
    of="heavy_ball",
    refused_by="heavy_ball_takes_one_gradient_a_step",
    says="Right, but every iterate is computed anew from the start: keep w and v between steps.",
)
def every_iterate_from_the_start(gradient, w0, step_sizes, momenta):
    ends = [_right(gradient, w0, step_sizes[:k], momenta[:k])[-1] for k in range(len(momenta) + 1)]
    return jnp.stack(ends)


@mutant(
    "q1",
    of="heavy_ball",
    refused_by="heavy_ball_takes_one_gradient_a_step",
    says=(
        "Right, but the last displacement is computed a second time, with a gradient of its own: "
        "it is w_k - w_{k-1}, which you have."
    ),
)
def gradient_taken_twice(gradient, w0, step_sizes, momenta):
    w, before, v, alpha_before, iterates = w0, w0, jnp.zeros_like(w0), 0.0, [w0]
    beta_before = 0.0
    for alpha, beta in zip(step_sizes, momenta, strict=True):
        last = beta_before * v - alpha_before * gradient(before)
        v, before = last, w
        w = w - alpha * gradient(w) + beta * last
        alpha_before, beta_before = alpha, beta
        iterates.append(w)
    return jnp.stack(iterates)
