"""Talk: reversible recurrent networks, which forget into a buffer and so can run backwards.

    h_1 <- z_1 o h_1 + (1 - z_1) o g_1,   z_1, g_1 of (x, h_2);     then h_2 likewise, of (x, h_1)

If every state can be recomputed from the next one, backpropagation through time stores one. Adding
is reversible in fixed-point arithmetic; multiplying by a forget gate z < 1 is not: it maps many
numbers on one. So its remainders go to a buffer B, one integer a unit, in a mixed radix, where a
multiplication by z / 2^b leaves b - log2 z bits: what is forgotten has to be stored, no more
and no less, and a reversible model without a buffer must not forget.

Hidden states are integers h* = 2^fraction_bits h, gates z* / 2^gate_bits with an integer z* from
1 to 2^gate_bits. B may have any length, as L limbs to the base 2^gate_bits, lowest first;
gate_bits <= 15 keeps all products within int32. Letters: D units a half, I inputs, L limbs, M
steps.

    >>> h, z, B = jnp.array([1000]), jnp.array([3]), jnp.zeros((1, 4), int)
    >>> smaller, fuller, lost = forgotten(h, z, B, gate_bits=2)         # 1000 times 3/4
    >>> again, emptied = recalled(smaller, z, fuller, gate_bits=2)
    >>> print(smaller, again, emptied)
    [750] [1000] [[0 0 0 0]]

Source: MacKay, Vicol, Ba and Grosse (2018), reversible recurrent neural networks; Maclaurin,
Duvenaud and Adams (2015) for exact reversal of momentum.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

# --- Forgetting ----------------------------------------------------------------------------------


def rounded_product(
    h: Int[Array, " D"], z: Int[Array, " D"], *, gate_bits: int
) -> Int[Array, " D"]:
    """floor(h z / 2^b): forgetting without storage, in which 2^b / z states become one.

    Of n 2^b consecutive states n z different ones are left: no function of the result alone brings
    h back. Assumes h z < 2^31.

    >>> print(rounded_product(jnp.arange(8), jnp.full(8, 2), gate_bits=2))
    [0 0 1 1 2 2 3 3]
    """
    return (h * z) >> gate_bits


def forgotten(
    h: Int[Array, " D"], z: Int[Array, " D"], limbs: Int[Array, "D L"], *, gate_bits: int
) -> tuple[Int[Array, " D"], Int[Array, "D L"], Bool[Array, ""]]:
    """h <- floor(h / 2^b) z + (B' mod z),  B <- floor(B' / z),  with B' = 2^b B + (h mod 2^b).

    The new h is h z / 2^b to within z; (h, B) and (new h, new B) determine each other. Also
    whether a limb that was not zero had to go: then the buffer was too short. Cost: L divisions
    a unit. Source: MacKay et al. (2018), algorithm for exactly reversible multiplication.
    """
    remainder = h & (2**gate_bits - 1)
    lost = jnp.any(limbs[:, -1] != 0)
    pushed = jnp.concatenate([remainder[:, None], limbs[:, :-1]], axis=1)
    limbs, information = _divided(pushed, z, gate_bits)
    # A shift of a negative integer rounds down, as needed: the remainder is never negative.
    return (h >> gate_bits) * z + information, limbs, lost


def recalled(
    h: Int[Array, " D"], z: Int[Array, " D"], limbs: Int[Array, "D L"], *, gate_bits: int
) -> tuple[Int[Array, " D"], Int[Array, "D L"]]:
    """The inverse of `forgotten`: B' = B z + (h mod z), then h <- 2^b floor(h / z) + (B' mod 2^b).

    Exact, bit by bit, unless a limb was lost. Cost: L products and a division a unit.
    """
    limbs = _multiplied(limbs, z, h % z, gate_bits)
    remainder, kept = limbs[:, :1], limbs[:, 1:]
    emptied = jnp.concatenate([kept, jnp.zeros_like(remainder)], axis=1)
    return ((h // z) << gate_bits) + remainder[:, 0], emptied


def stored_bits(limbs: Int[Array, "D L"], *, gate_bits: int) -> Int[Array, " D"]:
    """The length of each unit's B in bits, 0 for B = 0.

    About sum_t b - log2 z_t after steps that forgot to z_t / 2^b: the information that went.

    >>> print(stored_bits(jnp.array([[3, 1], [3, 0], [0, 0]]), gate_bits=4))
    [5 2 0]
    """
    lengths = 8 * limbs.dtype.itemsize - jax.lax.clz(limbs)
    below = gate_bits * jnp.arange(limbs.shape[1], dtype=limbs.dtype)
    return jnp.max(jnp.where(limbs > 0, below + lengths, 0), axis=1)


# --- A reversible gated recurrent unit -----------------------------------------------------------


class HalfCell(NamedTuple):
    """Weights that read the input and the other half; an input of ones serves as bias."""

    gates: Float[Array, "I+D 2*D"]  # of z and r
    candidate: Float[Array, "I+D D"]  # of g


class ReversibleState(NamedTuple):
    """Two halves in fixed point, their buffers, and whether a buffer has been too short."""

    h_1: Int[Array, " D"]
    h_2: Int[Array, " D"]
    limbs_1: Int[Array, "D L"]
    limbs_2: Int[Array, "D L"]
    lost: Bool[Array, ""]


def reversible_start(
    h_1: Int[Array, " D"], h_2: Int[Array, " D"], *, num_limbs: int
) -> ReversibleState:
    """Empty buffers beside two halves. As many limbs as steps always do; fewer mostly do."""
    empty = jnp.zeros((len(h_1), num_limbs), h_1.dtype)
    return ReversibleState(h_1, h_2, empty, empty, jnp.zeros((), bool))


def reversible_gru_step(
    cell: tuple[HalfCell, HalfCell],
    state: ReversibleState,
    x: Float[Array, " I"],
    *,
    fraction_bits: int,
    gate_bits: int,
) -> ReversibleState:
    """h_1 <- z o h_1 + (1 - z) o g, z and g of (x, h_2); then h_2 in the same way of (x, new h_1).

        (z, r) = sigmoid([x, h] W),      g = tanh([x, r o h] U)

    Gates and candidates are computed in floating point and rounded: both directions have to round
    alike, as programs on one machine do. Cost: a GRU's, and L integer operations a unit.
    Source: MacKay et al. (2018), RevGRU.
    """
    bits = {"fraction_bits": fraction_bits, "gate_bits": gate_bits}
    z, new = _gate_and_candidate(cell[0], state.h_2, x, **bits)
    h_1, limbs_1, lost_1 = forgotten(state.h_1, z, state.limbs_1, gate_bits=gate_bits)
    h_1 = h_1 + new
    z, new = _gate_and_candidate(cell[1], h_1, x, **bits)
    h_2, limbs_2, lost_2 = forgotten(state.h_2, z, state.limbs_2, gate_bits=gate_bits)
    return ReversibleState(h_1, h_2 + new, limbs_1, limbs_2, state.lost | lost_1 | lost_2)


def reversed_gru_step(
    cell: tuple[HalfCell, HalfCell],
    state: ReversibleState,
    x: Float[Array, " I"],
    *,
    fraction_bits: int,
    gate_bits: int,
) -> ReversibleState:
    """The state before `reversible_gru_step`: the same gates, the other way round, h_2 first."""
    bits = {"fraction_bits": fraction_bits, "gate_bits": gate_bits}
    z, new = _gate_and_candidate(cell[1], state.h_1, x, **bits)
    h_2, limbs_2 = recalled(state.h_2 - new, z, state.limbs_2, gate_bits=gate_bits)
    z, new = _gate_and_candidate(cell[0], h_2, x, **bits)
    h_1, limbs_1 = recalled(state.h_1 - new, z, state.limbs_1, gate_bits=gate_bits)
    return ReversibleState(h_1, h_2, limbs_1, limbs_2, state.lost)


def reversible_gru_end(
    cell: tuple[HalfCell, HalfCell],
    state: ReversibleState,
    inputs: Float[Array, "M I"],
    *,
    fraction_bits: int,
    gate_bits: int,
) -> ReversibleState:
    """The state after all inputs. Nothing else need be kept. Cost: M steps."""

    def advance(state: ReversibleState, x: Array) -> tuple[ReversibleState, None]:
        bits = {"fraction_bits": fraction_bits, "gate_bits": gate_bits}
        return reversible_gru_step(cell, state, x, **bits), None

    return jax.lax.scan(advance, state, inputs)[0]


def reversed_gru_start(
    cell: tuple[HalfCell, HalfCell],
    state: ReversibleState,
    inputs: Float[Array, "M I"],
    *,
    fraction_bits: int,
    gate_bits: int,
) -> ReversibleState:
    """The state from which `reversible_gru_end` led to `state`, bit by bit. Cost: M steps."""

    def go_back(state: ReversibleState, x: Array) -> tuple[ReversibleState, None]:
        bits = {"fraction_bits": fraction_bits, "gate_bits": gate_bits}
        return reversed_gru_step(cell, state, x, **bits), None

    return jax.lax.scan(go_back, state, inputs, reverse=True)[0]


def _gate_and_candidate(
    half: HalfCell, other: Array, x: Array, *, fraction_bits: int, gate_bits: int
) -> tuple[Array, Array]:
    """z* in 1 .. 2^gate_bits, and (1 - z) o g in fixed point."""
    h = other.astype(x.dtype) / 2**fraction_bits
    z, r = jnp.split(jax.nn.sigmoid(jnp.concatenate([x, h]) @ half.gates), 2)
    g = jnp.tanh(jnp.concatenate([x, r * h]) @ half.candidate)
    gate = jnp.clip(jnp.round(z * 2**gate_bits), 1, 2**gate_bits)
    new = jnp.round((1 - gate / 2**gate_bits) * g * 2**fraction_bits)
    return gate.astype(other.dtype), new.astype(other.dtype)


def _divided(limbs: Array, z: Array, bits: int) -> tuple[Array, Array]:
    """Quotient and remainder of B by z: long division, from the highest limb down."""

    def digit(remainder: Array, limb: Array) -> tuple[Array, Array]:
        dividend = (remainder << bits) + limb
        return dividend % z, dividend // z

    remainder, quotients = jax.lax.scan(digit, jnp.zeros_like(z), limbs.T, reverse=True)
    return quotients.T, remainder


def _multiplied(limbs: Array, z: Array, addend: Array, bits: int) -> Array:
    """B z + addend, from the lowest limb up."""

    def digit(carry: Array, limb: Array) -> tuple[Array, Array]:
        product = limb * z + carry
        return product >> bits, product & (2**bits - 1)

    return jax.lax.scan(digit, addend, limbs.T)[1].T
