"""Talk: multiplying by less than 1 so that it can be undone, what it forgets going to a buffer.

    (h, B) <-> (floor(h / 2^b) z + (B' mod z), floor(B' / z)),     B' = 2^b B + (h mod 2^b)

Adding is reversible in fixed-point arithmetic; multiplying by a forget gate z < 1 is not: it maps
many numbers on one. So its remainders go to a buffer B, one integer a unit, in a mixed radix, where
a multiplication by z / 2^b leaves b - log2 z bits: what is forgotten has to be stored, no more and
no less, and a reversible model without a buffer must not forget.

States are integers h* = 2^fraction_bits h, gates z* / 2^gate_bits with an integer z* from 1 to
2^gate_bits = 2^b. B may have any length, as L limbs to the base 2^gate_bits, lowest first;
gate_bits <= 15 keeps all products within int32. Letters: D units, L limbs.

    >>> h, z, B = jnp.array([1000]), jnp.array([3]), jnp.zeros((1, 4), int)
    >>> smaller, fuller, lost = forgotten(h, z, B, gate_bits=2)         # 1000 times 3/4
    >>> again, emptied = recalled(smaller, z, fuller, gate_bits=2)
    >>> print(smaller, again, emptied)
    [750] [1000] [[0 0 0 0]]

Source: MacKay, Vicol, Ba and Grosse (2018), reversible recurrent neural networks; Maclaurin,
Duvenaud and Adams (2015) for exact reversal of momentum.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

# --- Fixed point ---------------------------------------------------------------------------------


def fixed_point(
    x: Float[Array, "*shape"], *, fraction_bits: int, dtype: jnp.dtype | type = jnp.int32
) -> Int[Array, "*shape"]:
    """x* = 2^fraction_bits x, to the nearest integer, ties to even. Assumes that it fits.

    >>> print(fixed_point(jnp.array([1.0, -0.3, 0.625]), fraction_bits=2))
    [ 4 -1  2]
    """
    return jnp.round(x * 2**fraction_bits).astype(dtype)


def fixed_gate(
    z: Float[Array, "*shape"], *, gate_bits: int, dtype: jnp.dtype | type = jnp.int32
) -> Int[Array, "*shape"]:
    """z* = 2^gate_bits z for z from 0 to 1, but at least 1, for 0 cannot be divided by.

    >>> print(fixed_gate(jnp.array([0.001, 0.3, 1.0]), gate_bits=4))
    [ 1  5 16]
    """
    return jnp.clip(fixed_point(z, fraction_bits=gate_bits, dtype=dtype), 1, 2**gate_bits)


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
