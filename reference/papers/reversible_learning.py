"""Paper: hypergradients by reversible learning (Maclaurin, Duvenaud and Adams, 2015).

Reverse mode needs the training run backwards. Rather than store it, run it backwards:

    v_{t+1} = gamma_t v_t - (1 - gamma_t) g(w_t),          w_{t+1} = w_t + alpha_t v_{t+1}
    w_t = w_{t+1} - alpha_t v_{t+1},     v_t = (v_{t+1} + (1 - gamma_t) g(w_t)) / gamma_t

In floating point the division by gamma blows rounding up by prod 1 / gamma. So w and v are
fixed-point integers, sums of which are exact, and gamma = n/d is a fraction. The product v n/d
destroys log2(d/n) bits of each entry; they go to an information buffer, which the reversal draws
on. At gamma = 0.9 that is 0.15 bits a step and parameter, where storing the run takes 32 or 64.

Formats: float32 is held in int32 with 24 bits after the point (so |w|, |v| < 128) and d = 2^8,
float64 in int64 with 48 bits and d = 2^14. Momenta are rounded to multiples of 1/d, and never
below it. A product with gamma is off by up to d units in the last place: 2^-16 or 2^-34.

`loss(w, theta, step)` may use another minibatch each step; theta are its hyperparameters. Schedules
have length M, the number of steps; W counts words of the buffer. Hypergradients treat the rounding
to integers as the identity.

    >>> loss = lambda w, theta, step: theta * w @ w / 2
    >>> w, theta = jnp.array([1.0, -2.0]), jnp.array(1.0)
    >>> schedules = jnp.full(50, 0.1), jnp.full(50, 0.5)
    >>> end = trained_state(loss, w, theta, *schedules, num_words=4)
    >>> print(real_numbers(end.weights).round(1))
    [ 0. -0.]
    >>> print(real_numbers(recovered_state(loss, end, theta, *schedules, like=w).weights))
    [ 1. -2.]

Source: Maclaurin, Duvenaud and Adams (2015), algorithms 1 to 3.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, UInt16

from reference.pytrees import Scalar, Tree, as_tree, as_vector

StepLoss = Callable[[Tree, Tree, Array], Scalar]

_WORD_BITS = 16
_REMAINDER_LIMIT = 2**22  # times d still fits the integers, and leaves 6 bits after a word went


class ReversibleState(NamedTuple):
    """Weights and velocity in fixed point, and what rounding took from the velocity.

    The buffer of an entry is one long integer: `remainder` its last digits, `words` the others.
    """

    weights: Int[Array, " P"]
    velocity: Int[Array, " P"]
    remainder: Int[Array, " P"]
    words: UInt16[Array, "W P"]


class Hypergradients(NamedTuple):
    """Derivatives of the outer loss after training, each shaped as what it is in."""

    w_0: Tree
    theta: Tree
    step_sizes: Float[Array, " M"]
    momenta: Float[Array, " M"]


# --- Exact arithmetic ----------------------------------------------------------------------------


def fixed_point_numbers(x: Float[Array, "*shape"]) -> Int[Array, "*shape"]:
    """round(2^f x), f = 24 for float32 and 48 for float64; ties to even."""
    integer, fraction_bits, _ = _format(x.dtype)
    return jnp.round(x * 2**fraction_bits).astype(integer)


def real_numbers(numbers: Int[Array, "*shape"]) -> Float[Array, "*shape"]:
    """2^-f q: the inverse of `fixed_point_numbers`, up to the rounding of a float."""
    dtype = jnp.float64 if numbers.dtype == jnp.int64 else jnp.float32
    return numbers.astype(dtype) / 2 ** _format(dtype)[1]


def rational_momenta(momenta: Float[Array, " M"]) -> Float[Array, " M"]:
    """The momenta n/d that are used in place of those given: multiples of 1/d from 1/d to 1."""
    denominator = _format(momenta.dtype)[2]
    return (_numerators(momenta) / denominator).astype(momenta.dtype)


def exact_product(
    v: Int[Array, " P"],
    remainder: Int[Array, " P"],
    numerator: Int[Array, ""] | int,
    denominator: Int[Array, ""] | int,
) -> tuple[Int[Array, " P"], Int[Array, " P"]]:
    """v n/d rounded to an integer, and the remainder that makes it reversible.

    The digit v mod d is pushed on the remainder in base d, and a digit in base n is popped to
    fill up floor(v / d) n. It is undone by the same product with n and d exchanged. The
    remainder grows by the factor d/n; the caller sees to it that it does not overflow.
    Source: Maclaurin et al. (2015), algorithm 3.

    >>> v, remainder = exact_product(jnp.array([7, -7]), jnp.array([0, 0]), 3, 4)
    >>> print(v, remainder)    # 5.25 and -5.25, rounded somehow
    [ 3 -5] [1 0]
    >>> print(*exact_product(v, remainder, 4, 3))
    [ 7 -7] [0 0]
    """
    remainder = remainder * denominator + v % denominator
    return (v // denominator) * numerator + remainder % numerator, remainder // numerator


def words_needed(momenta: Float[Array, " M"]) -> Int[Array, ""]:
    """Words of 16 bits that the buffer takes for each entry: about sum log2(1 / gamma) / 16.

    `num_words` below must be no less, or the start is not recovered.

    >>> print(words_needed(jnp.full(1000, 0.5)), words_needed(jnp.full(1000, 1.0)))
    62 0
    """
    return _bounds_and_counts(momenta)[1][-1]


# --- Training, forwards and backwards ------------------------------------------------------------


def trained_state(
    loss: StepLoss,
    w_0: Tree,
    theta: Tree,
    step_sizes: Float[Array, " M"],
    momenta: Float[Array, " M"],
    *,
    num_words: int,
) -> ReversibleState:
    """The state after M steps from w_0 at rest. Entries in the order of `as_vector`.

    Cost: one gradient a step; memory of one state. Source: Maclaurin et al. (2015), algorithm 1.
    """
    w = fixed_point_numbers(as_vector(w_0))
    words = jnp.zeros((num_words, w.size), jnp.uint16)

    def advance(state: ReversibleState, at: _Step) -> tuple[ReversibleState, None]:
        w, v, remainder, words = state
        g = _gradient(loss, w, theta, at.step, w_0)
        v, remainder = exact_product(v, remainder, at.numerator, _format(g.dtype)[2])
        remainder, words = _pushed(remainder, words, at)
        v = v - _velocity_change(g, at)
        return ReversibleState(w + _weight_change(v, at), v, remainder, words), None

    start = ReversibleState(w, jnp.zeros_like(w), jnp.zeros_like(w), words)
    return jax.lax.scan(advance, start, _steps(step_sizes, momenta))[0]


def recovered_state(
    loss: StepLoss,
    state: ReversibleState,
    theta: Tree,
    step_sizes: Float[Array, " M"],
    momenta: Float[Array, " M"],
    *,
    like: Tree,
) -> ReversibleState:
    """The state that `trained_state` began with, bit for bit, from the one that it ended with.

    `like` gives the structure of w; the `words` have all been read, and stay. Assumes that a
    gradient at the same w rounds to the same bits both times, that nothing overflowed and that
    the buffer had `words_needed`.
    Cost: one gradient a step. Source: Maclaurin et al. (2015), algorithm 2, without derivatives.
    """

    def retreat(state: ReversibleState, at: _Step) -> tuple[ReversibleState, None]:
        return _retreated(loss, state, theta, at, like)[0], None

    return jax.lax.scan(retreat, state, _steps(step_sizes, momenta), reverse=True)[0]


def reversible_hypergradients(
    loss: StepLoss,
    outer_loss: Callable[[Tree, Tree], Scalar],
    w_0: Tree,
    theta: Tree,
    step_sizes: Float[Array, " M"],
    momenta: Float[Array, " M"],
    *,
    num_words: int,
) -> Hypergradients:
    """Derivatives of outer_loss(w_M, theta) in w_0, theta, every step size and every momentum.

    Backpropagation in which each w_t, v_t is recomputed from the next: with a_w, a_v the
    adjoints of w_{t+1}, v_{t+1},

        d/dalpha = <a_w, v_{t+1}>,      a_v += alpha a_w,         d/dgamma = <a_v, v_t + g_t>
        a_w -= (1 - gamma) H a_v,       a_theta -= (1 - gamma) (d^2 L / dw dtheta)^T a_v
        a_v *= gamma

    Cost: one gradient forwards, 3 to 4 backwards a step; memory: the buffer.
    Source: Maclaurin et al. (2015), algorithm 2.
    """
    end = trained_state(loss, w_0, theta, step_sizes, momenta, num_words=num_words)
    a_w, a_theta = jax.grad(outer_loss, (0, 1))(as_tree(real_numbers(end.weights), like=w_0), theta)
    a_w = as_vector(a_w)

    def retreat(
        carry: tuple[ReversibleState, Array, Array, Tree], at: _Step
    ) -> tuple[tuple[ReversibleState, Array, Array, Tree], tuple[Scalar, Scalar]]:
        later, a_w, a_v, a_theta = carry
        state, g = _retreated(loss, later, theta, at, w_0)
        in_step_size = jnp.sum(a_w * real_numbers(later.velocity))
        a_v = a_v + at.step_size * a_w
        in_momentum = jnp.sum(a_v * (real_numbers(state.velocity) + g))

        def gradient(w: Array, theta: Tree) -> Array:
            return as_vector(jax.grad(loss)(as_tree(w, like=w_0), theta, at.step))

        _, transposed = jax.vjp(gradient, real_numbers(state.weights), theta)
        change_w, change_theta = transposed(-(1 - at.momentum) * a_v)
        a_theta = jax.tree.map(jnp.add, a_theta, change_theta)
        return (state, a_w + change_w, at.momentum * a_v, a_theta), (in_step_size, in_momentum)

    start = (end, a_w, jnp.zeros_like(a_w), a_theta)
    (_, a_w, _, a_theta), in_schedules = jax.lax.scan(
        retreat, start, _steps(step_sizes, momenta), reverse=True
    )
    return Hypergradients(as_tree(a_w, like=w_0), a_theta, *in_schedules)


def unrolled_hypergradients(
    loss: StepLoss,
    outer_loss: Callable[[Tree, Tree], Scalar],
    w_0: Tree,
    theta: Tree,
    step_sizes: Float[Array, " M"],
    momenta: Float[Array, " M"],
) -> Hypergradients:
    """The same by reverse mode through training in floating point: stores all iterates.

    The momenta are taken as they are, not rounded. Cost: 3 to 4 gradients a step.
    """

    def outer(w: Tree, theta: Tree, step_sizes: Array, momenta: Array) -> Scalar:
        def advance(carry: tuple[Tree, Tree], at: tuple) -> tuple[tuple[Tree, Tree], None]:
            (w, v), (alpha, gamma, step) = carry, at
            g = jax.grad(loss)(w, theta, step)
            v = jax.tree.map(lambda v, g: gamma * v - (1 - gamma) * g, v, g)
            return (jax.tree.map(lambda w, v: w + alpha * v, w, v), v), None

        start = (w, jax.tree.map(jnp.zeros_like, w))
        schedules = (step_sizes, momenta, jnp.arange(len(momenta)))
        (w, _), _ = jax.lax.scan(advance, start, schedules)
        return outer_loss(w, theta)

    return Hypergradients(*jax.grad(outer, (0, 1, 2, 3))(w_0, theta, step_sizes, momenta))


# --- One step ------------------------------------------------------------------------------------


class _Step(NamedTuple):
    step: Int[Array, ""]
    step_size: Scalar
    momentum: Scalar
    numerator: Int[Array, ""]  # d gamma
    bound: Int[Array, ""]  # all remainders are below this before the step
    words_used: Int[Array, ""]  # likewise


def _format(dtype: jnp.dtype | type) -> tuple[type, int, int]:
    """Integer type, bits after the point, and the denominator d of momenta."""
    return (jnp.int64, 48, 2**14) if dtype == jnp.float64 else (jnp.int32, 24, 2**8)


def _numerators(momenta: Array) -> Array:
    integer, _, denominator = _format(momenta.dtype)
    return jnp.clip(jnp.round(momenta * denominator), 1, denominator).astype(integer)


def _bounds_and_counts(momenta: Array) -> tuple[Array, Array]:
    """Before each step and after the last, a bound of all remainders, and the words in use.

    They follow from the momenta alone, so that the reversal knows when a word was pushed.
    """
    numerators, denominator = _numerators(momenta), _format(momenta.dtype)[2]

    def advance(carry: tuple[Array, Array], numerator: Array) -> tuple[tuple, tuple]:
        bound, count = carry
        grown = _grown(bound, numerator, denominator)
        pushed = grown > _REMAINDER_LIMIT
        bound = jnp.where(pushed, (grown >> _WORD_BITS) + 1, grown)
        carry = bound, count + pushed
        return carry, carry

    start = jnp.ones((), numerators.dtype), jnp.zeros((), jnp.int32)
    _, later = jax.lax.scan(advance, start, numerators)
    bounds, counts = jax.tree.map(lambda a, b: jnp.concatenate([a[None], b]), start, later)
    return bounds, counts


def _grown(bound: Array, numerator: Array, denominator: int) -> Array:
    """The bound after `exact_product`: d bound / n, rounded up."""
    return (bound * denominator + numerator - 1) // numerator


def _steps(step_sizes: Array, momenta: Array) -> _Step:
    bounds, counts = _bounds_and_counts(momenta)
    steps = jnp.arange(len(momenta))
    rational = rational_momenta(momenta)
    return _Step(steps, step_sizes, rational, _numerators(momenta), bounds[:-1], counts[:-1])


def _pushes(at: _Step) -> Array:
    denominator = _format(at.momentum.dtype)[2]
    return _grown(at.bound, at.numerator, denominator) > _REMAINDER_LIMIT


def _pushed(remainder: Array, words: Array, at: _Step) -> tuple[Array, Array]:
    """The low bits of the remainders made a new row of words, if it is time."""
    pushes = _pushes(at)
    row = jnp.where(pushes, at.words_used, len(words))  # out of range: nothing is written
    words = words.at[row].set(remainder.astype(jnp.uint16), mode="drop")
    return jnp.where(pushes, remainder >> _WORD_BITS, remainder), words


def _popped(remainder: Array, words: Array, at: _Step) -> Array:
    """What `_pushed` was given. The row is left where it is, for the next push covers it."""
    word = words.at[at.words_used].get(mode="fill", fill_value=0).astype(remainder.dtype)
    return jnp.where(_pushes(at), (remainder << _WORD_BITS) + word, remainder)


def _gradient(loss: StepLoss, w: Array, theta: Tree, step: Array, like: Tree) -> Array:
    """The gradient at integer weights, compiled by itself.

    Between barriers XLA can neither fuse it with what surrounds it nor share it with the
    Hessian-vector product, either of which may round it otherwise in one of the directions.
    """
    w_real, theta = jax.lax.optimization_barrier((as_tree(real_numbers(w), like=like), theta))
    return jax.lax.optimization_barrier(as_vector(jax.grad(loss)(w_real, theta, step)))


def _velocity_change(g: Array, at: _Step) -> Array:
    return fixed_point_numbers((1 - at.momentum) * g)


def _weight_change(v: Array, at: _Step) -> Array:
    return fixed_point_numbers(at.step_size * real_numbers(v))


def _retreated(
    loss: StepLoss, state: ReversibleState, theta: Tree, at: _Step, like: Tree
) -> tuple[ReversibleState, Array]:
    """The state a step before, and the gradient there."""
    w, v, remainder, words = state
    w = w - _weight_change(v, at)
    g = _gradient(loss, w, theta, at.step, like)
    v = v + _velocity_change(g, at)
    remainder = _popped(remainder, words, at)
    v, remainder = exact_product(v, remainder, _format(g.dtype)[2], at.numerator)
    return ReversibleState(w, v, remainder, words), g
