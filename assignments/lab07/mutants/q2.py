"""Mistakes that the checks of question 2 refuse: momentum, and the floor of a moving average."""

import jax
import jax.numpy as jnp

from grader.checks import mutant


def _losses(h, c, s0, step_size, batch_size, momentum, num_steps, *, noise=None, advance=None):
    """The losses by the three moments of (x, v), with the variance or the step replaced."""
    noise = c / batch_size if noise is None else noise

    def plain(xx, xv, vv):
        cross = h * xx + momentum * xv
        fresh = h**2 * xx + 2 * momentum * h * xv + momentum**2 * vv + noise
        moved = xx - 2 * step_size * cross + step_size**2 * fresh
        return moved, cross - step_size * fresh, fresh

    moments, losses = (s0, 0 * s0, 0 * s0), [jnp.sum(h * s0) / 2]
    for _ in range(num_steps):
        moments = (advance or plain)(*moments)
        losses.append(jnp.sum(h * moments[0]) / 2)
    return jnp.stack(losses)


@mutant(
    "q2",
    of="momentum_losses",
    refused_by=("momentum_losses_of_modes", "momentum_losses_in_the_long_run"),
    says=(
        "The gradient is multiplied by 1 - beta on its way into the velocity: here, as in optax.sgd, "
        "it isn't, and the long-run step is alpha / (1 - beta)."
    ),
)
def gradient_dampened(h, c, s0, step_size, batch_size, momentum, num_steps):
    scaled = (1 - momentum) * step_size
    return _losses(h, c, s0, scaled, batch_size, momentum, num_steps)


@mutant(
    "q2",
    of="momentum_losses",
    refused_by="momentum_losses_of_modes",
    says="x moves with the old velocity: the velocity is updated first, and the new one moves x.",
)
def moves_with_the_old_velocity(h, c, s0, step_size, batch_size, momentum, num_steps):
    def advance(xx, xv, vv):
        fresh = h**2 * xx + 2 * momentum * h * xv + momentum**2 * vv + c / batch_size
        moved = xx - 2 * step_size * xv + step_size**2 * vv
        cross = h * xx + momentum * xv - step_size * (h * xv + momentum * vv)
        return moved, cross, fresh

    return _losses(h, c, s0, step_size, batch_size, momentum, num_steps, advance=advance)


@mutant(
    "q2",
    of="momentum_losses",
    refused_by=("momentum_losses_of_modes", "momentum_losses_in_the_long_run"),
    says=(
        "x and v are treated as uncorrelated: E[x v] is the third number that the recursion follows."
    ),
)
def correlation_left_out(h, c, s0, step_size, batch_size, momentum, num_steps):
    def advance(xx, xv, vv):
        fresh = h**2 * xx + momentum**2 * vv + c / batch_size
        return xx - 2 * step_size * h * xx + step_size**2 * fresh, xv, fresh

    return _losses(h, c, s0, step_size, batch_size, momentum, num_steps, advance=advance)


@mutant(
    "q2",
    of="momentum_losses",
    refused_by=("momentum_losses_of_modes", "momentum_losses_in_the_long_run"),
    says=(
        "The noise of a step enters the velocity and the position as if drawn twice: it is one n, so "
        "that it also enters E[x v]. Its part of the moments is (c / B) k k^T, with the entries off the "
        "diagonal."
    ),
)
def noise_drawn_twice(h, c, s0, step_size, batch_size, momentum, num_steps):
    noise = c / batch_size

    def advance(xx, xv, vv):
        cross = h * xx + momentum * xv
        fresh = h**2 * xx + 2 * momentum * h * xv + momentum**2 * vv
        moved = xx - 2 * step_size * cross + step_size**2 * (fresh + noise)
        return moved, cross - step_size * fresh, fresh + noise

    return _losses(h, c, s0, step_size, batch_size, momentum, num_steps, advance=advance)


@mutant(
    "q2",
    of="momentum_losses",
    refused_by=("momentum_losses_of_modes", "momentum_losses_in_the_long_run"),
    says="The noise isn't divided by B: the mean over a batch has the variance c / B.",
)
def momentum_with_noise_of_one_example(h, c, s0, step_size, batch_size, momentum, num_steps):
    return _losses(h, c, s0, step_size, batch_size, momentum, num_steps, noise=c)


@mutant(
    "q2",
    of="momentum_losses",
    refused_by="momentum_losses_of_modes",
    says=(
        "This is SGD with the long-run step alpha / (1 - beta). Momentum behaves like it only if the "
        "steps are small."
    ),
)
def long_run_step_for_momentum(h, c, s0, step_size, batch_size, momentum, num_steps):
    return _losses(h, c, s0, step_size / (1 - momentum), batch_size, 0.0, num_steps)


@mutant(
    "q2",
    of="momentum_losses",
    refused_by="momentum_losses_of_modes",
    says="This is SGD without momentum: beta has no effect.",
)
def momentum_ignored(h, c, s0, step_size, batch_size, momentum, num_steps):
    return _losses(h, c, s0, step_size, batch_size, 0.0, num_steps)


@mutant(
    "q2",
    of="momentum_losses",
    refused_by="momentum_losses_of_modes",
    says=(
        "beta weights the moments of the velocity once where it has to be squared: E[v^2] carries "
        "beta^2."
    ),
)
def momentum_not_squared(h, c, s0, step_size, batch_size, momentum, num_steps):
    def advance(xx, xv, vv):
        cross = h * xx + momentum * xv
        fresh = h**2 * xx + 2 * momentum * h * xv + momentum * vv + c / batch_size
        moved = xx - 2 * step_size * cross + step_size**2 * fresh
        return moved, cross - step_size * fresh, fresh

    return _losses(h, c, s0, step_size, batch_size, momentum, num_steps, advance=advance)


@mutant(
    "q2",
    of="momentum_losses",
    refused_by=("momentum_losses_of_modes", "momentum_losses_in_the_long_run"),
    says="The factor 1/2 of the loss is missing.",
)
def momentum_losses_without_the_half(h, c, s0, step_size, batch_size, momentum, num_steps):
    return 2 * _losses(h, c, s0, step_size, batch_size, momentum, num_steps)


@mutant(
    "q2",
    of="momentum_losses",
    refused_by=("momentum_losses_of_modes", "momentum_losses_at_the_edges"),
    says="The loss at the start is missing: there are num_steps + 1 entries, the first one of x_0.",
)
def first_loss_left_out(h, c, s0, step_size, batch_size, momentum, num_steps):
    return _losses(h, c, s0, step_size, batch_size, momentum, num_steps)[1:]


@mutant(
    "q2",
    of="momentum_losses",
    refused_by="momentum_losses_at_the_edges",
    says="A squeeze removed an axis of length one: without steps there is one entry, in an array.",
)
def squeezed_losses(h, c, s0, step_size, batch_size, momentum, num_steps):
    return jnp.squeeze(_losses(h, c, s0, step_size, batch_size, momentum, num_steps))


@mutant(
    "q2",
    of="momentum_losses",
    refused_by="momentum_losses_cost_little",
    says=(
        "Right, but one matrix of size 2D x 2D is followed for all modes together: they don't mix, so "
        "that a 2 x 2 matrix a mode is enough."
    ),
)
def dense_momentum(h, c, s0, step_size, batch_size, momentum, num_steps):
    D = len(h)
    eye, H = jnp.eye(D, dtype=h.dtype), jnp.diag(h)
    M = jnp.block([[eye - step_size * H, -step_size * momentum * eye], [H, momentum * eye]])
    k = jnp.concatenate([-step_size * eye, eye])
    noise = k @ jnp.diag(c / batch_size) @ k.T
    S = jnp.zeros((2 * D, 2 * D), h.dtype).at[:D, :D].set(jnp.diag(s0))
    losses = [h @ s0 / 2]
    for _ in range(num_steps):
        S = M @ S @ M.T + noise
        losses.append(h @ jnp.diag(S)[:D] / 2)
    return jnp.stack(losses)


@mutant(
    "q2",
    of="momentum_losses",
    refused_by="momentum_losses_cost_little",
    says=(
        "Right, but every entry is computed from the start again, which is of order T^2: the moments "
        "of one step follow from those of the step before."
    ),
)
def momentum_from_the_start_each_time(h, c, s0, step_size, batch_size, momentum, num_steps):
    def loss(t):
        def advance(j, moments):
            xx, xv, vv = moments
            cross = h * xx + momentum * xv
            fresh = h**2 * xx + 2 * momentum * h * xv + momentum**2 * vv + c / batch_size
            moved = xx - 2 * step_size * cross + step_size**2 * fresh
            new = moved, cross - step_size * fresh, fresh
            return tuple(jnp.where(j < t, a, b) for a, b in zip(new, moments, strict=True))

        start = s0, jnp.zeros_like(s0), jnp.zeros_like(s0)
        return h @ jax.lax.fori_loop(0, num_steps, advance, start)[0] / 2

    return jax.lax.map(loss, jnp.arange(num_steps + 1))


# --- The floor of a moving average ----------------------------------------------------------------


def _floor(h, c, step_size, batch_size, gains):
    return step_size / (2 * batch_size) * jnp.sum(gains * c / (2 - step_size * h))


@mutant(
    "q2",
    of="averaged_floor",
    refused_by="averaged_floor_of_modes",
    says=(
        "The iterates are taken as uncorrelated, which gives (1 - gamma) / (1 + gamma): successive "
        "iterates of SGD have the correlation 1 - alpha h."
    ),
)
def iterates_uncorrelated(h, c, step_size, batch_size, decay):
    return _floor(h, c, step_size, batch_size, (1 - decay) / (1 + decay) + 0 * h)


@mutant(
    "q2",
    of="averaged_floor",
    refused_by="averaged_floor_of_modes",
    says="This is SGD's own floor: the average doesn't enter.",
)
def average_left_out(h, c, step_size, batch_size, decay):
    return _floor(h, c, step_size, batch_size, 1 + 0 * h)


@mutant(
    "q2",
    of="averaged_floor",
    refused_by=("averaged_floor_of_modes", "averaged_floor_at_its_limits"),
    says=(
        "gamma and 1 - gamma have changed places: gamma weights the old average, 1 - gamma the new "
        "iterate."
    ),
)
def decay_the_other_way_round(h, c, step_size, batch_size, decay):
    along = (1 - decay) * (1 - step_size * h)
    gains = decay / (2 - decay) * (1 + along) / (1 - along)
    return _floor(h, c, step_size, batch_size, gains)


@mutant(
    "q2",
    of="averaged_floor",
    refused_by="averaged_floor_of_modes",
    says=(
        "Each pair of different iterates is counted once: the double sum has it twice, in both orders."
    ),
)
def pairs_counted_once(h, c, step_size, batch_size, decay):
    along = decay * (1 - step_size * h)
    gains = (1 - decay) / (1 + decay) / (1 - along)
    return _floor(h, c, step_size, batch_size, gains)


@mutant(
    "q2",
    of="averaged_floor",
    refused_by="averaged_floor_of_modes",
    says="The correlation of successive iterates is 1 - alpha h, not its square.",
)
def squared_correlation(h, c, step_size, batch_size, decay):
    along = decay * (1 - step_size * h) ** 2
    gains = (1 - decay) / (1 + decay) * (1 + along) / (1 - along)
    return _floor(h, c, step_size, batch_size, gains)


@mutant(
    "q2",
    of="averaged_floor",
    refused_by="averaged_floor_of_modes",
    says=(
        "The correlation is taken as |1 - alpha h|: where alpha h > 1 successive iterates have opposite "
        "signs, and cancel in the average."
    ),
)
def correlation_without_its_sign(h, c, step_size, batch_size, decay):
    along = decay * jnp.abs(1 - step_size * h)
    gains = (1 - decay) / (1 + decay) * (1 + along) / (1 - along)
    return _floor(h, c, step_size, batch_size, gains)


@mutant(
    "q2",
    of="averaged_floor",
    refused_by="averaged_floor_of_modes",
    says=(
        "This is for long averages and small steps only, 1 over the length times alpha h: the double "
        "series has a closed form without approximations."
    ),
)
def long_averages_only(h, c, step_size, batch_size, decay):
    return _floor(h, c, step_size, batch_size, (1 - decay) / (step_size * h))


@mutant(
    "q2",
    of="averaged_floor",
    refused_by="averaged_floor_of_modes",
    says=(
        "The noise of the average is that of 1 / (1 - gamma) iterates that are independent: they are "
        "correlated, and an exponential average is worth twice as many."
    ),
)
def length_as_a_batch(h, c, step_size, batch_size, decay):
    return _floor(h, c, step_size, batch_size, (1 - decay) + 0 * h)


@mutant(
    "q2",
    of="averaged_floor",
    refused_by="averaged_floor_at_its_limits",
    says=(
        "The series is summed up to a fixed number of terms: flat modes remember for longer. Both "
        "sums are geometric."
    ),
)
def series_cut_off(h, c, step_size, batch_size, decay):
    lags = jnp.arange(1, 3001)[:, None]
    tail = jnp.sum((decay * (1 - step_size * h)) ** lags, axis=0)
    return _floor(h, c, step_size, batch_size, (1 - decay) / (1 + decay) * (1 + 2 * tail))
