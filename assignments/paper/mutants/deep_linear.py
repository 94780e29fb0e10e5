"""Mistakes in question 1 for Saxe et al."""

import jax.numpy as jnp

from grader.checks import mutant

CHOICE = {"PAPER": "deep_linear"}
MODES = "deep_linear_mode_strength"
TIME = "deep_linear_time_to_learn"
START = "deep_linear_balanced_start"
DESCENT = "deep_linear_descent"


def _strength(x, s, u_0, t_over_tau):
    safe = jnp.where(s > 0, s, 1)
    grown = jnp.where(s > 0, -jnp.expm1(-x) / safe, 2 * t_over_tau)
    return u_0 / (jnp.exp(-x) + u_0 * grown)


@mutant(
    "q1",
    of="mode_strength",
    refused_by=MODES,
    says="The exponent is s t / tau, half of what it is: both layers learn, so a small mode grows twice as fast.",
    where=CHOICE,
)
def strength_at_half_the_rate(t, s, u_0, tau):
    return _strength(s * t / tau, s, u_0, t / tau)


@mutant(
    "q1",
    of="mode_strength",
    refused_by=MODES,
    says="Time is multiplied by tau: a larger time constant makes learning slower.",
    where=CHOICE,
)
def strength_times_tau(t, s, u_0, tau):
    return _strength(2 * s * t * tau, s, u_0, t * tau)


@mutant(
    "q1",
    of="mode_strength",
    refused_by=MODES,
    says="The time constant is left out.",
    where=CHOICE,
)
def strength_without_tau(t, s, u_0, tau):
    return _strength(2 * s * t, s, u_0, t)


@mutant(
    "q1",
    of="mode_strength",
    refused_by=MODES,
    says="The exponential overflows after a long time, and 0 is divided by 0 without signal: divide numerator and "
    "denominator by the exponential, and take the limit at s = 0.",
    where=CHOICE,
)
def strength_that_overflows(t, s, u_0, tau):
    grown = jnp.exp(2 * s * t / tau)
    return s * grown / (grown - 1 + s / u_0)


@mutant(
    "q1",
    of="mode_strength",
    refused_by=MODES,
    says="Without signal the strength stays at u_0 here: the network unlearns such a mode, slowly.",
    where=CHOICE,
)
def strength_kept_without_signal(t, s, u_0, tau):
    return jnp.where(s > 0, _strength(2 * s * t / tau, s, u_0, t / tau), u_0)


@mutant(
    "q1",
    of="mode_strength",
    refused_by=MODES,
    says="Without signal the strength is 0 at once here: it decays from u_0, like 1 / t.",
    where=CHOICE,
)
def strength_lost_without_signal(t, s, u_0, tau):
    return jnp.where(s > 0, _strength(2 * s * t / tau, s, u_0, t / tau), 0.0)


@mutant(
    "q1",
    of="mode_strength",
    refused_by=MODES,
    says="This is how a shallow network learns, exponentially: of two layers, each waits for the other.",
    where=CHOICE,
)
def strength_of_a_shallow_network(t, s, u_0, tau):
    return s + (u_0 - s) * jnp.exp(-s * t / tau)


@mutant(
    "q1",
    of="mode_strength",
    refused_by=MODES,
    says="The -1 in the denominator is missing: at time 0 the strength has to be u_0.",
    where=CHOICE,
)
def strength_without_the_one(t, s, u_0, tau):
    safe = jnp.where(s > 0, s, 1)
    limit = _strength(2 * s * t / tau, s, u_0, t / tau)
    return jnp.where(s > 0, safe / (1 + safe / u_0 * jnp.exp(-2 * s * t / tau)), limit)


# --- Time to learn --------------------------------------------------------------------------------


@mutant(
    "q1",
    of="time_to_learn",
    refused_by=TIME,
    says="The time is twice as long as it is: both layers learn, which makes the rate 2 s / tau.",
    where=CHOICE,
)
def time_of_one_layer(s, u_0, u_f, tau):
    return tau / s * jnp.log(u_f * (s - u_0) / (u_0 * (s - u_f)))


@mutant(
    "q1",
    of="time_to_learn",
    refused_by=TIME,
    says="This is the time of the first, exponential growth: it slows down as the mode gets near to s.",
    where=CHOICE,
)
def time_of_early_growth(s, u_0, u_f, tau):
    return tau / (2 * s) * jnp.log(u_f / u_0)


@mutant(
    "q1",
    of="time_to_learn",
    refused_by=TIME,
    says="The paper's estimate (tau / 2 s) log(s / u_0) tells the order of the time only: solve u(t) = u_f for t.",
    where=CHOICE,
)
def time_to_the_middle(s, u_0, u_f, tau):
    return tau / (2 * s) * jnp.log(s / u_0)


@mutant(
    "q1",
    of="time_to_learn",
    refused_by=TIME,
    says="The start and the end are exchanged: the times come out negative.",
    where=CHOICE,
)
def time_backwards(s, u_0, u_f, tau):
    return tau / (2 * s) * jnp.log(u_0 * (s - u_f) / (u_f * (s - u_0)))


@mutant(
    "q1",
    of="time_to_learn",
    refused_by=TIME,
    says="The times are in units of tau: multiply by it.",
    where=CHOICE,
)
def time_over_tau(s, u_0, u_f, tau):
    return jnp.log(u_f * (s - u_0) / (u_0 * (s - u_f))) / (2 * s)


# --- The start ------------------------------------------------------------------------------------


def _start(S, Q, first, second):
    U, _, Vt = jnp.linalg.svd(S, full_matrices=False)
    return first * (Q @ Vt), second * (U @ Q.T)


@mutant(
    "q1",
    of="balanced_start",
    refused_by=START,
    says="Each layer has the strength u_0, so their product has u_0^2: each gets the root of it.",
    where=CHOICE,
)
def start_without_roots(S, Q, u_0):
    return _start(S, Q, u_0, u_0)


@mutant(
    "q1",
    of="balanced_start",
    refused_by=START,
    says="The product is right, but all of u_0 is in the first layer: balanced layers have the same size.",
    where=CHOICE,
)
def start_without_balance(S, Q, u_0):
    return _start(S, Q, u_0, 1.0)


@mutant(
    "q1",
    of="balanced_start",
    refused_by=START,
    says="Modes start in proportion to their singular values here: each has the strength u_0.",
    where=CHOICE,
)
def start_in_proportion(S, Q, u_0):
    U, s, Vt = jnp.linalg.svd(S, full_matrices=False)
    return (Q * jnp.sqrt(u_0 * s)) @ Vt, (U * jnp.sqrt(u_0 * s)) @ Q.T


@mutant(
    "q1",
    of="balanced_start",
    refused_by=START,
    says="Q is not used: the columns of Q are the directions of the hidden layer.",
    where=CHOICE,
)
def start_in_the_first_units(S, Q, u_0):
    root = jnp.sqrt(u_0)
    return _start(S, jnp.eye(*Q.shape, dtype=Q.dtype), root, root)


@mutant(
    "q1",
    of="balanced_start",
    refused_by=START,
    says="The layers come in the wrong order: W_1 first.",
    where=CHOICE,
)
def start_in_the_wrong_order(S, Q, u_0):
    return _start(S, Q, jnp.sqrt(u_0), jnp.sqrt(u_0))[::-1]


# --- Descent --------------------------------------------------------------------------------------


def _strengths(S, W_1, W_2, step_size, num_steps, step, strengths=None):
    U, _, Vt = jnp.linalg.svd(S, full_matrices=False)
    path = []
    for _ in range(num_steps + 1):
        P = W_2 @ W_1
        path.append(strengths(P) if strengths else jnp.einsum("kr,kd,rd->r", U, P, Vt))
        W_1, W_2 = step(W_1, W_2, step_size)
    return jnp.stack(path)


def _both(S, factor=1.0):
    def step(W_1, W_2, a):
        error = S - W_2 @ W_1
        return W_1 + factor * a * W_2.T @ error, W_2 + factor * a * error @ W_1.T

    return step


@mutant(
    "q1",
    of="strengths_in_descent",
    refused_by=DESCENT,
    says="The second layer's gradient is taken after the first has moved: both move at once.",
    where=CHOICE,
)
def descent_of_one_after_the_other(S, W_1, W_2, step_size, num_steps):
    def step(W_1, W_2, a):
        W_1 = W_1 + a * W_2.T @ (S - W_2 @ W_1)
        return W_1, W_2 + a * (S - W_2 @ W_1) @ W_1.T

    return _strengths(S, W_1, W_2, step_size, num_steps, step)


@mutant(
    "q1",
    of="strengths_in_descent",
    refused_by=DESCENT,
    says="The second layer is updated with the new first layer in its gradient, though with the old error: keep the "
    "old weights until both gradients are there.",
    where=CHOICE,
)
def descent_with_new_weights(S, W_1, W_2, step_size, num_steps):
    def step(W_1, W_2, a):
        error = S - W_2 @ W_1
        W_1 = W_1 + a * W_2.T @ error
        return W_1, W_2 + a * error @ W_1.T

    return _strengths(S, W_1, W_2, step_size, num_steps, step)


@mutant(
    "q1",
    of="strengths_in_descent",
    refused_by=DESCENT,
    says="Only the second layer learns: both do.",
    where=CHOICE,
)
def descent_of_one_layer(S, W_1, W_2, step_size, num_steps):
    def step(W_1, W_2, a):
        return W_1, W_2 + a * (S - W_2 @ W_1) @ W_1.T

    return _strengths(S, W_1, W_2, step_size, num_steps, step)


@mutant(
    "q1",
    of="strengths_in_descent",
    refused_by=DESCENT,
    says="The gradients are twice as large as they are: the loss has the factor 1/2.",
    where=CHOICE,
)
def descent_without_the_half(S, W_1, W_2, step_size, num_steps):
    return _strengths(S, W_1, W_2, step_size, num_steps, _both(S, 2.0))


@mutant(
    "q1",
    of="strengths_in_descent",
    refused_by=DESCENT,
    says="The loss is averaged over the outputs: it is their sum.",
    where=CHOICE,
)
def descent_of_the_mean(S, W_1, W_2, step_size, num_steps):
    return _strengths(S, W_1, W_2, step_size, num_steps, _both(S, 1 / len(S)))


@mutant(
    "q1",
    of="strengths_in_descent",
    refused_by=DESCENT,
    says="The first strengths are missing: those of the start come before any step.",
    where=CHOICE,
)
def descent_without_the_start(S, W_1, W_2, step_size, num_steps):
    return _strengths(S, W_1, W_2, step_size, num_steps, _both(S))[1:]


@mutant(
    "q1",
    of="strengths_in_descent",
    refused_by=DESCENT,
    says="These are the singular values of the network: a strength is measured along the modes of the data, and only "
    "an aligned network has the same.",
    where=CHOICE,
)
def descent_in_singular_values(S, W_1, W_2, step_size, num_steps):
    def strengths(P):
        return jnp.linalg.svd(P, compute_uv=False)

    return _strengths(S, W_1, W_2, step_size, num_steps, _both(S), strengths)


@mutant(
    "q1",
    of="strengths_in_descent",
    refused_by=DESCENT,
    says="The modes come in the wrong order: the strongest is first.",
    where=CHOICE,
)
def descent_with_the_weakest_first(S, W_1, W_2, step_size, num_steps):
    return _strengths(S, W_1, W_2, step_size, num_steps, _both(S))[:, ::-1]
