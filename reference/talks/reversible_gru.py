"""Talk: a reversible gated recurrent unit, which forgets into a buffer and so can run backwards.

    h_1 <- z_1 o h_1 + (1 - z_1) o g_1,   z_1, g_1 of (x, h_2);     then h_2 likewise, of (x, h_1)

If every state can be recomputed from the next one, backpropagation through time stores one. Halves
take turns, so that gates can be computed again on the way back; what z forgets goes to a buffer.

States are integers h* = 2^fraction_bits h, gates z* / 2^gate_bits, as in `forgetting_buffer`.
Letters: D units a half, I inputs, L limbs, M steps.

    >>> half, bits = jnp.array([1000]), {"fraction_bits": 10, "gate_bits": 8}
    >>> cell = HalfCell(jnp.array([[0.5, -0.5], [1.0, 0.3]]), jnp.array([[1.0], [2.0]]))
    >>> start, inputs = reversible_start(half, -half, num_limbs=3), jnp.ones((3, 1))
    >>> end = reversible_gru_end((cell, cell), start, inputs, **bits)
    >>> again = reversed_gru_start((cell, cell), end, inputs, **bits)
    >>> print(again.h_1, again.h_2, again.limbs_1)
    [1000] [-1000] [[0 0 0]]

Source: MacKay, Vicol, Ba and Grosse (2018), reversible recurrent neural networks.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from reference.talks.forgetting_buffer import fixed_gate, fixed_point, forgotten, recalled

# --- States --------------------------------------------------------------------------------------


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


# --- There and back ------------------------------------------------------------------------------


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
    gate = fixed_gate(z, gate_bits=gate_bits, dtype=other.dtype)
    new = (1 - gate.astype(x.dtype) / 2**gate_bits) * g
    return gate, fixed_point(new, fraction_bits=fraction_bits, dtype=other.dtype)
