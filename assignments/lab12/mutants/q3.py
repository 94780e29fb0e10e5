"""Mistakes that the checks of question 3 refuse: evolution strategies, plain and persistent."""

from functools import partial

import jax
import jax.numpy as jnp

from grader.checks import mutant

ES = ("antithetic_estimate", "exact_on_quadratics")


def _differences(loss, theta, noise, std):
    return jax.vmap(lambda n: loss(theta + std * n) - loss(theta - std * n))(noise)


@mutant(
    "q3",
    of="es_gradient",
    refused_by=ES,
    says="The factor 1/2 is missing: the two losses of a pair are 2 sigma apart.",
)
def pair_counted_twice(loss, theta, noise, std):
    return _differences(loss, theta, noise, std) @ noise / (len(noise) * std)


@mutant(
    "q3",
    of="es_gradient",
    refused_by=ES,
    says=(
        "The divisor is sigma squared: that belongs to perturbations of scale sigma, and here the "
        "differences multiply standard normal rows."
    ),
)
def divided_by_the_variance(loss, theta, noise, std):
    return _differences(loss, theta, noise, std) @ noise / (2 * len(noise) * std**2)


@mutant(
    "q3",
    of="es_gradient",
    refused_by=ES,
    says="The division by sigma is missing.",
)
def not_divided_by_the_scale(loss, theta, noise, std):
    return _differences(loss, theta, noise, std) @ noise / (2 * len(noise))


@mutant(
    "q3",
    of="es_gradient",
    refused_by=ES,
    says="The pairs are summed: divide by their number S.",
)
def sum_over_pairs(loss, theta, noise, std):
    return _differences(loss, theta, noise, std) @ noise / (2 * std)


@mutant(
    "q3",
    of="es_gradient",
    refused_by=ES,
    says=(
        "These are forward differences, L(theta + sigma n) - L(theta): antithetic pairs compare "
        "with L(theta - sigma n), which cancels all even terms."
    ),
)
def forward_differences(loss, theta, noise, std):
    gain = jax.vmap(lambda n: loss(theta + std * n) - loss(theta))(noise)
    return gain @ noise / (len(noise) * std)


@mutant(
    "q3",
    of="es_gradient",
    refused_by=ES,
    says=(
        "Only the positive member of each pair is used: without its partner the loss itself, not "
        "its change, multiplies the noise."
    ),
)
def without_the_partner(loss, theta, noise, std):
    return jax.vmap(lambda n: loss(theta + std * n))(noise) @ noise / (len(noise) * std)


@mutant(
    "q3",
    of="es_gradient",
    refused_by="antithetic_estimate",
    says=(
        "This is the mean of exact gradients at the perturbed points: evolution strategies use "
        "values of the loss only."
    ),
)
def gradients_of_the_smoothed_loss(loss, theta, noise, std):
    slopes = jax.vmap(jax.grad(lambda moved: jnp.sum(loss(moved))))
    return jnp.mean(slopes(theta + std * noise) + slopes(theta - std * noise), axis=0) / 2


@mutant(
    "q3",
    of="es_gradient",
    refused_by="antithetic_estimate",
    says=(
        "The differences are divided by the noise, entry by entry: they multiply it, which is what "
        "makes the mean a gradient."
    ),
)
def divided_by_the_noise(loss, theta, noise, std):
    return jnp.mean(_differences(loss, theta, noise, std)[:, None] / (2 * std * noise), axis=0)


# --- Persistent evolution strategies ---------------------------------------------------------------


@partial(jax.jit, static_argnums=4)
def _run(step, theta, state, first, truncation):
    def advance(state, t):
        return step(state, theta, t)

    state, losses = jax.lax.scan(advance, state, first + jnp.arange(truncation))
    return state, jnp.sum(losses)


def _window(step, theta, starts, moves, first, truncation):
    """Ends and losses of particles at `starts` with theta + moves."""
    return jax.vmap(lambda state, move: _run(step, theta + move, state, first, truncation))(
        starts, moves
    )


def _persistent(
    step, theta, particles, noise, std, truncation, *, credit=None, divisor=None, moves=None
):
    epsilon, first = std * noise, particles["first"]
    moves = epsilon if moves is None else moves
    up, gains = _window(step, theta, particles["positive"], moves, first, truncation)
    down, losses = _window(step, theta, particles["negative"], -moves, first, truncation)
    xi = particles["xi"] + epsilon
    credit = xi if credit is None else credit
    divisor = 2 * len(noise) * std**2 if divisor is None else divisor
    after = {"positive": up, "negative": down, "xi": xi, "first": first + truncation}
    return (gains - losses) @ credit / divisor, after


WINDOW = "window_under_way"
SUM = "sum_over_windows_is_unbiased"


@mutant(
    "q3",
    of="persistent_step",
    refused_by=(WINDOW, SUM, "window_at_the_edges"),
    says=(
        "Only the current perturbation is credited: this is truncated evolution strategies, and "
        "biased. The window's losses multiply xi, the sum of all perturbations so far."
    ),
)
def current_noise_alone(step, theta, particles, noise, std, truncation):
    return _persistent(step, theta, particles, noise, std, truncation, credit=std * noise)


@mutant(
    "q3",
    of="persistent_step",
    refused_by=(WINDOW, SUM, "one_window_is_plain"),
    says=(
        "xi is updated after the estimate: the perturbation of the window itself is part of it, "
        "so add it first."
    ),
)
def credit_without_the_current_noise(step, theta, particles, noise, std, truncation):
    return _persistent(step, theta, particles, noise, std, truncation, credit=particles["xi"])


@mutant(
    "q3",
    of="persistent_step",
    refused_by=(WINDOW, SUM),
    says=(
        "theta is perturbed by the accumulated xi: each window runs at theta plus or minus its own "
        "perturbation."
    ),
)
def perturbed_by_the_sum(step, theta, particles, noise, std, truncation):
    moves = particles["xi"] + std * noise
    return _persistent(step, theta, particles, noise, std, truncation, moves=moves)


@mutant(
    "q3",
    of="persistent_step",
    refused_by=(WINDOW, SUM, "one_window_is_plain"),
    says="The divisor has sigma once: xi carries the scale sigma too, so it is sigma squared.",
)
def divided_by_the_scale_once(step, theta, particles, noise, std, truncation):
    divisor = 2 * len(noise) * std
    return _persistent(step, theta, particles, noise, std, truncation, divisor=divisor)


@mutant(
    "q3",
    of="persistent_step",
    refused_by=(WINDOW, SUM),
    says=(
        "xi accumulates the standard normal rows without their scale: it is a sum of "
        "epsilon = sigma n."
    ),
)
def accumulated_without_the_scale(step, theta, particles, noise, std, truncation):
    xi = particles["xi"] + noise
    g, after = _persistent(step, theta, particles, noise, std, truncation, credit=xi)
    return g, {**after, "xi": xi}


@mutant(
    "q3",
    of="persistent_step",
    refused_by=(WINDOW, SUM),
    says=(
        "The particles of a pair share the state of the positive one: each sign keeps a state of "
        "its own."
    ),
)
def one_state_for_both_signs(step, theta, particles, noise, std, truncation):
    shared = {**particles, "negative": particles["positive"]}
    return _persistent(step, theta, shared, noise, std, truncation)


@mutant(
    "q3",
    of="persistent_step",
    refused_by=WINDOW,
    says=(
        "The particles end at the unperturbed theta's state: each must go on from where its own "
        "perturbed run ended."
    ),
)
def ends_of_the_unperturbed_run(step, theta, particles, noise, std, truncation):
    g, after = _persistent(step, theta, particles, noise, std, truncation)
    still = jnp.zeros_like(particles["xi"])
    ends = {
        name: _window(step, theta, particles[name], still, particles["first"], truncation)[0]
        for name in ("positive", "negative")
    }
    return g, {**after, **ends}


@mutant(
    "q3",
    of="persistent_step",
    refused_by=(WINDOW, SUM),
    says='The step counter starts at 0 in each window: t goes on from particles["first"].',
)
def time_starts_again(step, theta, particles, noise, std, truncation):
    start = {**particles, "first": 0 * particles["first"]}
    g, after = _persistent(step, theta, start, noise, std, truncation)
    return g, {**after, "first": particles["first"] + truncation}


@mutant(
    "q3",
    of="persistent_step",
    refused_by=WINDOW,
    says='"first" is moved by one step: the next window begins `truncation` steps later.',
)
def counter_moved_by_one(step, theta, particles, noise, std, truncation):
    g, after = _persistent(step, theta, particles, noise, std, truncation)
    return g, {**after, "first": particles["first"] + 1}


@mutant(
    "q3",
    of="persistent_step",
    refused_by=(WINDOW, SUM),
    says="Only the loss of the window's last step is used: the losses of all its steps are added.",
)
def last_loss_of_the_window(step, theta, particles, noise, std, truncation):
    g, after = _persistent(step, theta, particles, noise, std, truncation)
    # The estimate is linear in the losses: take off that of all steps but the last.
    earlier, _ = _persistent(step, theta, particles, noise, std, truncation - 1)
    return g - earlier, after


@mutant(
    "q3",
    of="persistent_step",
    refused_by=(WINDOW, SUM, "one_window_is_plain"),
    says="The windows' losses are averaged over their steps: they are summed.",
)
def mean_over_the_window(step, theta, particles, noise, std, truncation):
    divisor = 2 * len(noise) * std**2 * truncation
    return _persistent(step, theta, particles, noise, std, truncation, divisor=divisor)


@mutant(
    "q3",
    of="persistent_step",
    refused_by="window_to_all_digits",
    says=(
        "The losses are in float32: their small differences lose most digits. Keep the dtype that "
        "you are given."
    ),
)
def differences_in_single_precision(step, theta, particles, noise, std, truncation):
    narrow = jax.tree.map(
        lambda leaf: leaf if leaf.dtype.kind == "i" else jnp.asarray(leaf, jnp.float32),
        (theta, {**particles, "first": jnp.asarray(particles["first"])}, noise),
    )
    theta, particles, noise = narrow
    first = particles["first"]

    def run(state, moved):
        total = jnp.zeros((), jnp.float32)
        for k in range(truncation):
            state, value = step(state, moved, first + k)
            total = total + jnp.asarray(value, jnp.float32)
        return state, total

    up, gains = jax.vmap(run)(particles["positive"], theta + std * noise)
    down, losses = jax.vmap(run)(particles["negative"], theta - std * noise)
    xi = particles["xi"] + std * noise
    after = {"positive": up, "negative": down, "xi": xi, "first": first + truncation}
    return (gains - losses) @ xi / (2 * len(noise) * std**2), after


@mutant(
    "q3",
    of="persistent_step",
    refused_by="window_costs_two_unrolls_a_pair",
    says=(
        "Right, but every window is run again for each entry of theta: the difference of a pair's "
        "losses is one number, which multiplies all entries of xi."
    ),
)
def a_run_for_each_entry(step, theta, particles, noise, std, truncation):
    _, after = _persistent(step, theta, particles, noise, std, truncation)

    def entry(q):
        # Another scale of the unused digits keeps XLA from sharing the runs.
        credit = jnp.take(after["xi"], q, axis=1)
        moved = theta + 0 * credit[0]
        return _persistent(step, moved, particles, noise, std, truncation, credit=credit)[0]

    return jax.lax.map(entry, jnp.arange(len(theta))), after


@mutant(
    "q3",
    of="persistent_step",
    refused_by="window_costs_two_unrolls_a_pair",
    says=(
        "Right, but each particle's window is run twice, once for its losses and once for its "
        "state: one run gives both."
    ),
)
def runs_for_losses_and_for_states(step, theta, particles, noise, std, truncation):
    g, after = _persistent(step, theta, particles, noise, std, truncation)

    def end(state, moved):
        def body(k, state):
            return step(state, moved, particles["first"] + k)[0]

        return jax.lax.fori_loop(0, truncation, body, state)

    up = jax.vmap(end)(particles["positive"], theta + std * noise)
    down = jax.vmap(end)(particles["negative"], theta - std * noise)
    return g, {**after, "positive": up, "negative": down}
