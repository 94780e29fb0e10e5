"""Talk: training over slow networks by compressing the *changes* of activations.

A network is cut in two. Its first machine sends activations a, the second sends gradients back,
both through a quantiser Q of few bits. Quantising a itself leaves an error in proportion to |a|
for ever. Instead both machines keep, for every example, the message m sent so far, and

    m <- m + Q(a - m)

so that errors are fed back, and vanish as training settles and activations cease to change:
|m_t - a_t| <= c (|m_{t-1} - a_{t-1}| + |a_t - a_{t-1}|) in root mean square, with c < 1 a bound of
the relative error of Q.

    >>> m = compressed_change(jax.random.key(0), jnp.zeros(2), jnp.array([1.0, -1.0]), num_bits=1)
    >>> print(m)
    [ 1. -1.]

Letters: B activations of one message; T here counts activations sent.

Source: Wang et al. (2022), fine-tuning over slow networks using activation compression.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from reference.pytrees import Scalar, Tree, plus_multiple

# --- The quantiser -------------------------------------------------------------------------------


def stochastic_quantisation(
    key: Key[Array, ""], x: Float[Array, "*shape"], num_bits: int
) -> Float[Array, "*shape"]:
    """Q(x): x rounded at random to one of the two levels around it, so that E Q(x) = x.

    The 2^b levels are evenly spaced from -|x|_inf to |x|_inf, a distance h apart. Sending Q(x)
    takes b bits an entry, and the one number |x|_inf.
    """
    h = _spacing(x, num_bits)
    position = _position(x, h)
    lower = jnp.floor(position)
    up = jax.random.uniform(key, x.shape, x.dtype) < position - lower
    return (lower + up) * h - jnp.max(jnp.abs(x))


def quantisation_variance(x: Float[Array, "*shape"], num_bits: int) -> Scalar:
    """E |Q(x) - x|^2 = h^2 sum_i f_i (1 - f_i), f_i the place of x_i between levels; exact."""
    h = _spacing(x, num_bits)
    place = _position(x, h) % 1
    return h**2 * jnp.sum(place * (1 - place))


def relative_error_bound(num_entries: int, num_bits: int) -> float:
    """c = sqrt(n) / (2^b - 1): E |Q(x) - x|^2 <= c^2 |x|^2 for x of n entries.

    From f (1 - f) <= 1/4, h = 2 |x|_inf / (2^b - 1) and |x|_inf <= |x|. Feeding errors back needs
    c < 1; the paper's rate assumes c < sqrt(1/2).

    >>> relative_error_bound(9, num_bits=2)
    1.0
    """
    return num_entries**0.5 / (2**num_bits - 1)


def _spacing(x: Array, num_bits: int) -> Scalar:
    return 2 * jnp.max(jnp.abs(x)) / (2**num_bits - 1)


def _position(x: Array, h: Scalar) -> Array:
    """Which level, as a real number counted from the lowest; 0 for an x that is zero."""
    return jnp.where(h > 0, (x + jnp.max(jnp.abs(x))) / jnp.where(h > 0, h, 1), 0)


# --- Messages ------------------------------------------------------------------------------------


def compressed_change(
    key: Key[Array, ""],
    message: Float[Array, "*shape"],
    activations: Float[Array, "*shape"],
    num_bits: int,
) -> Float[Array, "*shape"]:
    """m + Q(a - m), what both machines hold after one more transmission. Its mean is a."""
    return message + stochastic_quantisation(key, activations - message, num_bits)


def message_iterates(
    key: Key[Array, ""], activations: Float[Array, "T B"], num_bits: int
) -> Float[Array, "T B"]:
    """m_1 .. m_T for activations a_1 .. a_T: m_t = m_{t-1} + Q(a_t - m_{t-1}), from m_1 = a_1.

    The first time an example is met its activations are sent in full. Cost: T quantisations.
    """

    def send(message: Array, sent: tuple[Array, Array]) -> tuple[Array, Array]:
        message = compressed_change(sent[0], message, sent[1], num_bits)
        return message, message

    keys = jax.random.split(key, len(activations) - 1)
    _, messages = jax.lax.scan(send, activations[0], (keys, activations[1:]))
    return jnp.concatenate([activations[:1], messages])


def message_error_bounds(activations: Float[Array, "T B"], num_bits: int) -> Float[Array, " T"]:
    """e_1 = 0, e_t = c (e_{t-1} + |a_t - a_{t-1}|) >= sqrt(E |m_t - a_t|^2) for given activations.

    By Minkowski, from |a_t - m_{t-1}| <= |a_t - a_{t-1}| + |a_{t-1} - m_{t-1}|. Where the
    activations converge and c < 1, so do the messages.
    """
    c = relative_error_bound(activations.shape[1], num_bits)
    changes = jnp.linalg.norm(jnp.diff(activations, axis=0), axis=1)

    def grow(error: Scalar, change: Scalar) -> tuple[Scalar, Scalar]:
        error = c * (error + change)
        return error, error

    zero = jnp.zeros((), activations.dtype)
    return jnp.append(zero, jax.lax.scan(grow, zero, changes)[1])


# --- Training ------------------------------------------------------------------------------------


def compressed_descent_iterates(
    key: Key[Array, ""],
    first: Callable[[Tree], Float[Array, " B"]],
    loss_of_activations: Callable[[Tree, Float[Array, " B"]], Scalar],
    w_0: tuple[Tree, Tree],
    step_size: Scalar | float,
    num_steps: int,
    *,
    num_bits: int,
    feed_back: bool = True,
) -> tuple[Tree, Tree]:
    """Gradient descent on loss(w_2, first(w_1)), activations and gradients sent in `num_bits`.

    The second machine differentiates at the message, in both its arguments; the first pulls back
    the quantised gradient. `feed_back=False` quantises activations, not their changes, and stalls
    at the quantiser's noise. All examples make one message; the iterates k = 0 .. num_steps lie
    along a new first axis of every leaf. Cost: one gradient a step.
    """

    def advance(
        state: tuple[tuple[Tree, Tree], Array], key: Key[Array, ""]
    ) -> tuple[tuple[tuple[Tree, Tree], Array], tuple[Tree, Tree]]:
        (w_1, w_2), message = state
        key_forth, key_back = jax.random.split(key)
        a, pull_back = jax.vjp(first, w_1)
        origin = message if feed_back else jnp.zeros_like(message)
        message = compressed_change(key_forth, origin, a, num_bits)
        g_2, g_a = jax.grad(loss_of_activations, argnums=(0, 1))(w_2, message)
        (g_1,) = pull_back(stochastic_quantisation(key_back, g_a, num_bits))
        w = plus_multiple(w_1, -step_size, g_1), plus_multiple(w_2, -step_size, g_2)
        return (w, message), w

    keys = jax.random.split(key, num_steps)
    _, iterates = jax.lax.scan(advance, (w_0, first(w_0[0])), keys)
    return jax.tree.map(lambda w, ws: jnp.concatenate([w[None], ws]), w_0, iterates)
