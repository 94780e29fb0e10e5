"""Mistakes that the checks of question 2 refuse: penalty and decay, and where they come to rest."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import mutant

# --- decayed_adam --------------------------------------------------------------------------------


def _decayed(gradient, w0, settings, num_steps, *, seen=None, moved=None):
    """Adam with pieces replaced: `seen(g, w)` is what it averages.

    `moved(w, adapted, m, root)` is the new w, `adapted` is m / root, epsilon added to the root.
    """
    step_size, b1, b2, epsilon = settings
    seen = seen or (lambda g, w: g)
    moved = moved or (lambda w, adapted, m, root: w - step_size * adapted)
    w, unravel = ravel_pytree(w0)
    m, v, path = jnp.zeros_like(w), jnp.zeros_like(w), [w]
    for t in range(1, num_steps + 1):
        g = seen(ravel_pytree(gradient(unravel(w)))[0], w)
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
        mean, root = m / (1 - b1**t), jnp.sqrt(v / (1 - b2**t)) + epsilon
        w = moved(w, mean / root, mean, root)
        path.append(w)
    return jax.vmap(unravel)(jnp.stack(path))


def _penalised(gradient, w0, settings, decay, num_steps):
    return _decayed(gradient, w0, settings, num_steps, seen=lambda g, w: g + decay * w)


def _decoupled(gradient, w0, settings, decay, num_steps):
    def moved(w, adapted, m, root):
        return w - settings[0] * (adapted + decay * w)

    return _decayed(gradient, w0, settings, num_steps, moved=moved)


@mutant(
    "q2",
    of="decayed_adam",
    refused_by="decay_of_a_network",
    says=(
        "The decay is not multiplied by the step size. That is the convention of the paper on AdamW; "
        "ours, as in optax and PyTorch, is alpha lambda w."
    ),
)
def decay_without_step_size(gradient, w0, step_size, b1, b2, epsilon, decay, decoupled, num_steps):
    settings = (step_size, b1, b2, epsilon)
    if not decoupled:
        return _penalised(gradient, w0, settings, decay, num_steps)

    def moved(w, adapted, m, root):
        return w - step_size * adapted - decay * w

    return _decayed(gradient, w0, settings, num_steps, moved=moved)


@mutant(
    "q2",
    of="decayed_adam",
    refused_by="decay_of_a_network",
    says="The decay acts on the weights after Adam's step: it uses the w from before the step.",
)
def decay_after_the_step(gradient, w0, step_size, b1, b2, epsilon, decay, decoupled, num_steps):
    settings = (step_size, b1, b2, epsilon)
    if not decoupled:
        return _penalised(gradient, w0, settings, decay, num_steps)

    def moved(w, adapted, m, root):
        return (1 - step_size * decay) * (w - step_size * adapted)

    return _decayed(gradient, w0, settings, num_steps, moved=moved)


@mutant(
    "q2",
    of="decayed_adam",
    refused_by=("decay_of_a_network", "both_are_gradient_descent"),
    says=(
        "lambda w is divided by the root of v as well, like a gradient: a decay stands outside the "
        "quotient."
    ),
)
def decay_inside_the_quotient(
    gradient, w0, step_size, b1, b2, epsilon, decay, decoupled, num_steps
):
    settings = (step_size, b1, b2, epsilon)
    if not decoupled:
        return _penalised(gradient, w0, settings, decay, num_steps)

    def moved(w, adapted, m, root):
        return w - step_size * (m + decay * w) / root

    return _decayed(gradient, w0, settings, num_steps, moved=moved)


@mutant(
    "q2",
    of="decayed_adam",
    refused_by=("decay_of_a_network", "decay_at_its_edges"),
    says="The sign of the decay is wrong: it pushes the weights away from zero.",
)
def decay_that_grows(gradient, w0, step_size, b1, b2, epsilon, decay, decoupled, num_steps):
    settings = (step_size, b1, b2, epsilon)
    if not decoupled:
        return _penalised(gradient, w0, settings, decay, num_steps)
    return _decoupled(gradient, w0, settings, -decay, num_steps)


@mutant(
    "q2",
    of="decayed_adam",
    refused_by=("penalty_of_a_network", "both_are_gradient_descent"),
    says="The gradient of lambda/2 |w|^2 is lambda w: there is a factor of 2 too much.",
)
def penalty_without_the_half(gradient, w0, step_size, b1, b2, epsilon, decay, decoupled, num_steps):
    settings = (step_size, b1, b2, epsilon)
    if decoupled:
        return _decoupled(gradient, w0, settings, decay, num_steps)
    return _penalised(gradient, w0, settings, 2 * decay, num_steps)


@mutant(
    "q2",
    of="decayed_adam",
    refused_by="penalty_of_a_network",
    says=(
        "The penalty's gradient is added to the average m only. It is part of the gradient, so both "
        "averages have to see it."
    ),
)
def penalty_after_the_averages(
    gradient, w0, step_size, b1, b2, epsilon, decay, decoupled, num_steps
):
    settings = (step_size, b1, b2, epsilon)
    if decoupled:
        return _decoupled(gradient, w0, settings, decay, num_steps)

    def moved(w, adapted, m, root):
        return w - step_size * (m + decay * w) / root

    return _decayed(gradient, w0, settings, num_steps, moved=moved)


@mutant(
    "q2",
    of="decayed_adam",
    refused_by="penalty_of_a_network",
    says=(
        "With decoupled=False this is a decay. The penalty's gradient lambda w belongs into both "
        "averages."
    ),
)
def decay_for_a_penalty(gradient, w0, step_size, b1, b2, epsilon, decay, decoupled, num_steps):
    return _decoupled(gradient, w0, (step_size, b1, b2, epsilon), decay, num_steps)


@mutant(
    "q2",
    of="decayed_adam",
    refused_by=("decay_of_a_network", "decay_at_its_edges"),
    says="With decoupled=True this is a penalty: lambda w must not enter the averages.",
)
def penalty_for_a_decay(gradient, w0, step_size, b1, b2, epsilon, decay, decoupled, num_steps):
    return _penalised(gradient, w0, (step_size, b1, b2, epsilon), decay, num_steps)


@mutant(
    "q2",
    of="decayed_adam",
    refused_by=("penalty_of_a_network", "decay_of_a_network"),
    says="Biases are left out of penalty and decay. That is often done, but here all weights have it.",
)
def biases_left_out(gradient, w0, step_size, b1, b2, epsilon, decay, decoupled, num_steps):
    method = _decoupled if decoupled else _penalised
    mask = ravel_pytree(
        jax.tree.map(lambda leaf: jnp.full(jnp.shape(leaf), jnp.ndim(leaf) > 1), w0)
    )
    return method(gradient, w0, (step_size, b1, b2, epsilon), decay * mask[0], num_steps)


# --- stationary_weights --------------------------------------------------------------------------


def _right(a, c, decay, epsilon):
    reach = decay * a * jnp.abs(c)
    discriminant = (a - reach) ** 2 + decay * epsilon * (decay * epsilon + 2 * (a + reach))
    decoupled = 2 * a * c / (a + reach + decay * epsilon + jnp.sqrt(discriminant))
    return a * c / (a + decay), decoupled


# Before the next one, whose second entry is the same.
@mutant(
    "q2",
    of="stationary_weights",
    refused_by="stationary_weights_of_quadratics",
    says="The decay is treated as a penalty: both entries are the minimum of the penalised cost.",
)
def both_penalised(a, c, decay, epsilon):
    return (a * c / (a + decay),) * 2


@mutant(
    "q2",
    of="stationary_weights",
    refused_by="stationary_weights_of_quadratics",
    says="The two are in the wrong order: the penalty comes first.",
)
def stationary_weights_swapped(a, c, decay, epsilon):
    return _right(a, c, decay, epsilon)[::-1]


@mutant(
    "q2",
    of="stationary_weights",
    refused_by="stationary_weights_of_quadratics",
    says=(
        "The decay's weights are cut off at 1/lambda: that is the limit for epsilon = 0 only. With "
        "epsilon > 0 there is a quadratic equation to solve."
    ),
)
def clipped_at_any_epsilon(a, c, decay, epsilon):
    return _right(a, c, decay, epsilon)[0], jnp.clip(c, -1 / decay, 1 / decay)


@mutant(
    "q2",
    of="stationary_weights",
    refused_by="stationary_weights_of_quadratics",
    says=(
        "The root of v, which is |g|, is missing beside epsilon: this is right for gradients that "
        "are much smaller than epsilon."
    ),
)
def gradient_left_out_of_the_root(a, c, decay, epsilon):
    return _right(a, c, decay, epsilon)[0], a * c / (a + decay * epsilon)


@mutant(
    "q2",
    of="stationary_weights",
    refused_by="stationary_weights_of_quadratics",
    says=(
        "The weights for negative c are wrong: |g| changes its sign with g, and the solution is odd "
        "in c."
    ),
)
def sign_of_c_forgotten(a, c, decay, epsilon):
    b = a + decay * (a * c + epsilon)
    root = jnp.sqrt(jnp.maximum(b**2 - 4 * decay * a**2 * c, 0))
    return a * c / (a + decay), 2 * a * c / (b + root)


@mutant(
    "q2",
    of="stationary_weights",
    refused_by="stationary_weights_of_quadratics",
    says="This is the other root of the quadratic: it lies beyond c, where |g| has the other sign.",
)
def larger_root(a, c, decay, epsilon):
    b = a + decay * (a * jnp.abs(c) + epsilon)
    root = jnp.sqrt(b**2 - 4 * decay * a**2 * jnp.abs(c))
    return a * c / (a + decay), jnp.sign(c) * (b + root) / (2 * decay * a)


@mutant(
    "q2",
    of="stationary_weights",
    refused_by="stationary_weights_of_quadratics",
    says=(
        "The curvature is missing in the penalised weights: a (w - c) + lambda w = 0 gives another "
        "quotient."
    ),
)
def curvature_forgotten(a, c, decay, epsilon):
    return c / (1 + decay), _right(a, c, decay, epsilon)[1]


@mutant(
    "q2",
    of="stationary_weights",
    refused_by="stationary_weights_at_their_edges",
    says=(
        "For tiny lambda the smaller root is a difference of nearly equal numbers: rewrite it as a "
        "quotient with a sum below."
    ),
)
def root_as_a_difference(a, c, decay, epsilon):
    b = a + decay * (a * jnp.abs(c) + epsilon)
    root = jnp.sqrt(b**2 - 4 * decay * a**2 * jnp.abs(c))
    return a * c / (a + decay), jnp.sign(c) * (b - root) / (2 * decay * a)


@mutant(
    "q2",
    of="stationary_weights",
    refused_by="stationary_weights_at_their_edges",
    says="NaN where c = 0: the sign of c must not be computed as a quotient.",
)
def sign_as_a_quotient(a, c, decay, epsilon):
    penalised, decoupled = _right(a, jnp.abs(c), decay, epsilon)
    return penalised * c / jnp.abs(c), decoupled * c / jnp.abs(c)


@mutant(
    "q2",
    of="stationary_weights",
    refused_by="stationary_weights_at_their_edges",
    says="An epsilon of its own was added: it is an argument, and may be 0.",
)
def stationary_with_its_own_epsilon(a, c, decay, epsilon):
    return _right(a, c, decay, epsilon + 1e-4)
