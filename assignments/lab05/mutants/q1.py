"""Mistakes that the checks of question 1 refuse: RMSprop and Adam."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import mutant


def _path(gradient, w0, num_steps, step, state=None):
    """All iterates of `state, move = step(t, state, g)` on flat vectors, state zeros at first."""
    w, unravel = ravel_pytree(w0)
    state = (jnp.zeros_like(w), jnp.zeros_like(w)) if state is None else state
    path = [w]
    for t in range(1, num_steps + 1):
        state, move = step(t, state, ravel_pytree(gradient(unravel(path[-1])))[0])
        path.append(path[-1] + move)
    return jax.vmap(unravel)(jnp.stack(path))


def _averages(state, g, b1, b2):
    return b1 * state[0] + (1 - b1) * g, b2 * state[1] + (1 - b2) * g**2


# --- RMSprop -------------------------------------------------------------------------------------


def _rmsprop(gradient, w0, num_steps, decay, move):
    def step(t, state, g):
        state = _averages(state, g, 0.0, decay)
        return state, move(t, g, state[1])

    return _path(gradient, w0, num_steps, step)


def _plain_rmsprop(gradient, w0, step_size, decay, epsilon, num_steps):
    return _rmsprop(
        gradient, w0, num_steps, decay, lambda t, g, v: -step_size * g / (jnp.sqrt(v) + epsilon)
    )


@mutant(
    "q1",
    of="rmsprop",
    refused_by=("rmsprop_of_a_network", "optimizers_in_float32"),
    says="epsilon stands inside the root, as in optax's default; here it is added to the root.",
)
def rmsprop_with_epsilon_inside(gradient, w0, step_size, decay, epsilon, num_steps):
    return _rmsprop(
        gradient, w0, num_steps, decay, lambda t, g, v: -step_size * g / jnp.sqrt(v + epsilon)
    )


@mutant(
    "q1",
    of="rmsprop",
    refused_by="rmsprop_of_a_network",
    says="The gradient is divided by the average of squares itself: its root is missing.",
)
def rmsprop_without_root(gradient, w0, step_size, decay, epsilon, num_steps):
    return _rmsprop(gradient, w0, num_steps, decay, lambda t, g, v: -step_size * g / (v + epsilon))


@mutant(
    "q1",
    of="rmsprop",
    refused_by=(
        "rmsprop_of_a_network",
        "steps_of_a_constant_gradient",
        "optimizers_at_their_edges",
    ),
    says="This RMSprop corrects v for its start at zero; ours doesn't, only Adam does.",
)
def corrected_rmsprop(gradient, w0, step_size, decay, epsilon, num_steps):
    def move(t, g, v):
        return -step_size * g / (jnp.sqrt(v / (1 - decay**t)) + epsilon)

    return _rmsprop(gradient, w0, num_steps, decay, move)


@mutant(
    "q1",
    of="rmsprop",
    refused_by="rmsprop_of_a_network",
    says="beta and 1 - beta are exchanged in the average: beta is the weight of the old average.",
)
def rmsprop_with_swapped_weights(gradient, w0, step_size, decay, epsilon, num_steps):
    return _plain_rmsprop(gradient, w0, step_size, 1 - decay, epsilon, num_steps)


@mutant(
    "q1",
    of="rmsprop",
    refused_by="rmsprop_of_a_network",
    says="Squared gradients are added up, as in Adagrad: RMSprop forgets the old ones.",
)
def adagrad(gradient, w0, step_size, decay, epsilon, num_steps):
    def step(t, state, g):
        total = state[1] + g**2
        return (state[0], total), -step_size * g / (jnp.sqrt(total) + epsilon)

    return _path(gradient, w0, num_steps, step)


@mutant(
    "q1",
    of="rmsprop",
    refused_by="rmsprop_of_a_network",
    says="The step uses the average from before this gradient: update v first, then the weights.",
)
def rmsprop_with_the_old_average(gradient, w0, step_size, decay, epsilon, num_steps):
    def step(t, state, g):
        return _averages(state, g, 0.0, decay), -step_size * g / (jnp.sqrt(state[1]) + epsilon)

    return _path(gradient, w0, num_steps, step)


@mutant(
    "q1",
    of="rmsprop",
    refused_by="rmsprop_of_a_network",
    says="One average for a whole array: every coordinate has a v of its own.",
)
def one_average_an_array(gradient, w0, step_size, decay, epsilon, num_steps):
    v, w, path = jax.tree.map(lambda leaf: 0.0, w0), w0, [w0]
    for _ in range(num_steps):
        g = gradient(w)
        v = jax.tree.map(lambda old, g: decay * old + (1 - decay) * jnp.mean(g**2), v, g)
        w = jax.tree.map(lambda w, g, v: w - step_size * g / (jnp.sqrt(v) + epsilon), w, g, v)
        path.append(w)
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *path)


@mutant(
    "q1",
    of="rmsprop",
    refused_by="steps_do_not_see_the_scale",
    says=(
        "RMSprop with an epsilon of its own: it is an argument, and may be 0. Where gradients are "
        "tiny, even 1e-8 decides the step."
    ),
)
def rmsprop_with_its_own_epsilon(gradient, w0, step_size, decay, epsilon, num_steps):
    return _plain_rmsprop(gradient, w0, step_size, decay, epsilon + 1e-8, num_steps)


# --- Adam ----------------------------------------------------------------------------------------


def _adam(gradient, w0, num_steps, b1, b2, move):
    def step(t, state, g):
        state = _averages(state, g, b1, b2)
        return state, move(t, *state)

    return _path(gradient, w0, num_steps, step)


def _plain(gradient, w0, step_size, b1, b2, epsilon, num_steps):
    def move(t, m, v):
        return -step_size * m / (1 - b1**t) / (jnp.sqrt(v / (1 - b2**t)) + epsilon)

    return _adam(gradient, w0, num_steps, b1, b2, move)


@mutant(
    "q1",
    of="adam",
    refused_by=("adam_of_a_network", "optimizers_at_their_edges", "optimizers_in_float32"),
    says="The bias correction is missing: both averages start from zero and are too small at first.",
)
def adam_without_correction(gradient, w0, step_size, b1, b2, epsilon, num_steps):
    return _adam(
        gradient, w0, num_steps, b1, b2, lambda t, m, v: -step_size * m / (jnp.sqrt(v) + epsilon)
    )


@mutant(
    "q1",
    of="adam",
    refused_by="adam_of_a_network",
    says="Only the average of the gradients is corrected: that of their squares needs it too.",
)
def only_the_mean_corrected(gradient, w0, step_size, b1, b2, epsilon, num_steps):
    def move(t, m, v):
        return -step_size * m / (1 - b1**t) / (jnp.sqrt(v) + epsilon)

    return _adam(gradient, w0, num_steps, b1, b2, move)


@mutant(
    "q1",
    of="adam",
    refused_by=("adam_of_a_network", "steps_of_a_constant_gradient"),
    says="The bias correction is one step ahead: at the first step it is 1 - beta, with t = 1.",
)
def correction_one_step_ahead(gradient, w0, step_size, b1, b2, epsilon, num_steps):
    def move(t, m, v):
        return -step_size * m / (1 - b1 ** (t + 1)) / (jnp.sqrt(v / (1 - b2 ** (t + 1))) + epsilon)

    return _adam(gradient, w0, num_steps, b1, b2, move)


@mutant(
    "q1",
    of="adam",
    refused_by="adam_of_a_network",
    says="NaN or infinity at the first step: t counts from 1, as 1 - beta^0 is 0.",
)
def correction_from_zero(gradient, w0, step_size, b1, b2, epsilon, num_steps):
    def move(t, m, v):
        return -step_size * m / (1 - b1 ** (t - 1)) / (jnp.sqrt(v / (1 - b2 ** (t - 1))) + epsilon)

    return _adam(gradient, w0, num_steps, b1, b2, move)


@mutant(
    "q1",
    of="adam",
    refused_by="adam_of_a_network",
    says=(
        "The corrected averages are carried on to the next step. They serve for one step only; m "
        "and v go on uncorrected."
    ),
)
def corrected_averages_carried_on(gradient, w0, step_size, b1, b2, epsilon, num_steps):
    def step(t, state, g):
        m, v = _averages(state, g, b1, b2)
        m, v = m / (1 - b1**t), v / (1 - b2**t)
        return (m, v), -step_size * m / (jnp.sqrt(v) + epsilon)

    return _path(gradient, w0, num_steps, step)


@mutant(
    "q1",
    of="adam",
    refused_by="adam_of_a_network",
    says="epsilon stands inside the root; here it is added to the root of the corrected average.",
)
def adam_with_epsilon_inside(gradient, w0, step_size, b1, b2, epsilon, num_steps):
    def move(t, m, v):
        return -step_size * m / (1 - b1**t) / jnp.sqrt(v / (1 - b2**t) + epsilon)

    return _adam(gradient, w0, num_steps, b1, b2, move)


@mutant(
    "q1",
    of="adam",
    refused_by="adam_of_a_network",
    says=(
        "epsilon is added to the root of the uncorrected average, as in the order of operations "
        "that is called more efficient: it is then divided by the correction as well."
    ),
)
def epsilon_before_the_correction(gradient, w0, step_size, b1, b2, epsilon, num_steps):
    def move(t, m, v):
        rate = step_size * (1 - b2**t) ** 0.5 / (1 - b1**t)
        return -rate * m / (jnp.sqrt(v) + epsilon)

    return _adam(gradient, w0, num_steps, b1, b2, move)


@mutant(
    "q1",
    of="adam",
    refused_by="adam_of_a_network",
    says="beta_1 and beta_2 are exchanged: beta_1 belongs to the gradients, beta_2 to their squares.",
)
def betas_exchanged(gradient, w0, step_size, b1, b2, epsilon, num_steps):
    return _plain(gradient, w0, step_size, b2, b1, epsilon, num_steps)


@mutant(
    "q1",
    of="adam",
    refused_by="adam_of_a_network",
    says="v averages the squares of m; it should average those of the gradients.",
)
def squares_of_the_mean(gradient, w0, step_size, b1, b2, epsilon, num_steps):
    def step(t, state, g):
        m = b1 * state[0] + (1 - b1) * g
        v = b2 * state[1] + (1 - b2) * m**2
        return (m, v), -step_size * m / (1 - b1**t) / (jnp.sqrt(v / (1 - b2**t)) + epsilon)

    return _path(gradient, w0, num_steps, step)


@mutant(
    "q1",
    of="adam",
    refused_by="adam_of_a_network",
    says="The sign is wrong: these steps ascend.",
)
def adam_that_ascends(gradient, w0, step_size, b1, b2, epsilon, num_steps):
    return _plain(gradient, w0, -step_size, b1, b2, epsilon, num_steps)


@mutant(
    "q1",
    of="adam",
    refused_by="steps_do_not_see_the_scale",
    says=(
        "Adam with an epsilon of its own: it is an argument, and may be 0. Where gradients are tiny, "
        "even 1e-8 decides the step."
    ),
)
def adam_with_its_own_epsilon(gradient, w0, step_size, b1, b2, epsilon, num_steps):
    return _plain(gradient, w0, step_size, b1, b2, epsilon + 1e-8, num_steps)


@mutant(
    "q1",
    of="adam",
    refused_by="steps_of_a_constant_gradient",
    says="The computation went through float32: keep the dtype of the arrays that you are given.",
)
def adam_through_float32(gradient, w0, step_size, b1, b2, epsilon, num_steps):
    def single(tree):
        return jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), tree)

    return _plain(lambda w: single(gradient(w)), single(w0), step_size, b1, b2, epsilon, num_steps)


@mutant(
    "q1",
    of="adam",
    refused_by="optimizers_at_their_edges",
    says="A scalar weight has K + 1 values of shape (): it must not become an array of length 1.",
)
def scalars_made_arrays(gradient, w0, step_size, b1, b2, epsilon, num_steps):
    path = _plain(gradient, w0, step_size, b1, b2, epsilon, num_steps)
    return jax.tree.map(lambda leaf: leaf[:, None] if leaf.ndim == 1 else leaf, path)


@mutant(
    "q1",
    of="adam",
    refused_by=("optimizers_at_their_edges", "adam_of_a_network"),
    says="The start is missing: return w_0 too, K + 1 iterates in all.",
)
def start_left_out(gradient, w0, step_size, b1, b2, epsilon, num_steps):
    path = _plain(gradient, w0, step_size, b1, b2, epsilon, num_steps)
    return jax.tree.map(lambda leaf: leaf[1:], path)


@mutant(
    "q1",
    of="adam",
    refused_by="adam_costs_one_gradient_a_step",
    says=(
        "Right, but the gradient is evaluated anew for each of the two averages: evaluate it once a "
        "step and keep it."
    ),
)
def two_gradients_a_step(gradient, w0, step_size, b1, b2, epsilon, num_steps):
    w, unravel = ravel_pytree(w0)
    m, v, path = jnp.zeros_like(w), jnp.zeros_like(w), [w]
    for t in range(1, num_steps + 1):
        m = b1 * m + (1 - b1) * ravel_pytree(gradient(unravel(w)))[0]
        v = b2 * v + (1 - b2) * ravel_pytree(gradient(unravel(w)))[0] ** 2
        w = w - step_size * m / (1 - b1**t) / (jnp.sqrt(v / (1 - b2**t)) + epsilon)
        path.append(w)
    return jax.vmap(unravel)(jnp.stack(path))


@mutant(
    "q1",
    of="adam",
    refused_by="adam_costs_one_gradient_a_step",
    says=(
        "Right, but each iterate is computed from the start again, so that K of them take K^2/2 "
        "gradients: carry the state along."
    ),
)
def each_iterate_from_the_start(gradient, w0, step_size, b1, b2, epsilon, num_steps):
    ends = [
        jax.tree.map(lambda leaf: leaf[-1], _plain(gradient, w0, step_size, b1, b2, epsilon, k))
        for k in range(num_steps + 1)
    ]
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *ends)
