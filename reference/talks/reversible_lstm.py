"""Talk: a reversible long short-term memory, which forgets into buffers and can run backwards.

    c_1 <- f o c_1 + i o g,     h_1 <- p o h_1 + o o tanh(c_1),     f, i, o, p, g of (x, h_2)

then c_2, h_2 likewise, of (x, h_1). An ordinary LSTM has no p: it drops the old h altogether, and
only a copy would bring it back. What f and p forget goes to a buffer each, two a unit; the rest is
as for the gated recurrent unit of `reversible_gru`.

States are integers h* = 2^fraction_bits h, gates z* / 2^gate_bits, as in `forgetting_buffer`.
Letters: D units a half, I inputs, L limbs, M steps.

    >>> weights = jnp.array([[0.5, -0.5, 1.0, 0.2, 2.0], [1.0, 0.0, 0.3, 0.1, -1.0]])
    >>> half, bits = jnp.array([1000]), {"fraction_bits": 10, "gate_bits": 8}
    >>> start, inputs = reversible_lstm_start(half, -half, num_limbs=3), jnp.ones((3, 1))
    >>> cell = LongShortCell(weights, -weights)
    >>> end = reversible_lstm_end(cell, start, inputs, **bits)
    >>> again = reversed_lstm_start(cell, end, inputs, **bits)
    >>> print(again.first.h, again.second.h, again.first.h_limbs)
    [1000] [-1000] [[0 0 0]]

Source: MacKay, Vicol, Ba and Grosse (2018), reversible recurrent neural networks.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from reference.talks.forgetting_buffer import fixed_gate, fixed_point, forgotten, recalled

# --- States --------------------------------------------------------------------------------------


class LongShortCell(NamedTuple):
    """Each half's weights (W, W') of f, i, o, p and of g, in this order."""

    first: Float[Array, "I+D 5*D"]
    second: Float[Array, "I+D 5*D"]


class LongShortHalf(NamedTuple):
    """The memory cell c and the output h of half the units in fixed point, and their buffers."""

    c: Int[Array, " D"]
    h: Int[Array, " D"]
    c_limbs: Int[Array, "D L"]
    h_limbs: Int[Array, "D L"]


class LongShortState(NamedTuple):
    """Two halves, and whether one of the four buffers has been too short."""

    first: LongShortHalf
    second: LongShortHalf
    lost: Bool[Array, ""]


def reversible_lstm_start(
    h_1: Int[Array, " D"], h_2: Int[Array, " D"], *, num_limbs: int
) -> LongShortState:
    """Outputs, beside empty buffers and memory cells of 0."""
    zeros = jnp.zeros_like(h_1)
    empty = jnp.zeros((len(h_1), num_limbs), h_1.dtype)
    first, second = (LongShortHalf(zeros, h, empty, empty) for h in (h_1, h_2))
    return LongShortState(first, second, jnp.zeros((), bool))


# --- There and back ------------------------------------------------------------------------------


def reversible_lstm_step(
    cell: LongShortCell,
    state: LongShortState,
    x: Float[Array, " I"],
    *,
    fraction_bits: int,
    gate_bits: int,
) -> LongShortState:
    """c_1 <- f o c_1 + i o g, then h_1 <- p o h_1 + o o tanh(new c_1); c_2, h_2 of (x, new h_1).

        (f, i, o, p) = sigmoid([x, h_2] W),      g = tanh([x, h_2] W')

    Being rounded, c and h grow by at most 1 + 2^(gate_bits - fraction_bits) a step, and int32 has
    to hold the sum of M such steps.
    Cost: an LSTM's, and 2 L integer operations a unit. Source: MacKay et al. (2018), RevLSTM.
    """
    bits = {"fraction_bits": fraction_bits, "gate_bits": gate_bits}
    first, lost_1 = _advanced_half(cell.first, state.first, state.second.h, x, **bits)
    second, lost_2 = _advanced_half(cell.second, state.second, first.h, x, **bits)
    return LongShortState(first, second, state.lost | lost_1 | lost_2)


def reversed_lstm_step(
    cell: LongShortCell,
    state: LongShortState,
    x: Float[Array, " I"],
    *,
    fraction_bits: int,
    gate_bits: int,
) -> LongShortState:
    """The state before `reversible_lstm_step`: h_2, c_2, then h_1, c_1."""
    bits = {"fraction_bits": fraction_bits, "gate_bits": gate_bits}
    second = _former_half(cell.second, state.second, state.first.h, x, **bits)
    first = _former_half(cell.first, state.first, second.h, x, **bits)
    return LongShortState(first, second, state.lost)


def reversible_lstm_end(
    cell: LongShortCell,
    state: LongShortState,
    inputs: Float[Array, "M I"],
    *,
    fraction_bits: int,
    gate_bits: int,
) -> LongShortState:
    """The state after all inputs. Nothing else need be kept. Cost: M steps."""

    def advance(state: LongShortState, x: Array) -> tuple[LongShortState, None]:
        bits = {"fraction_bits": fraction_bits, "gate_bits": gate_bits}
        return reversible_lstm_step(cell, state, x, **bits), None

    return jax.lax.scan(advance, state, inputs)[0]


def reversed_lstm_start(
    cell: LongShortCell,
    state: LongShortState,
    inputs: Float[Array, "M I"],
    *,
    fraction_bits: int,
    gate_bits: int,
) -> LongShortState:
    """The state from which `reversible_lstm_end` led to `state`, bit by bit. Cost: M steps."""

    def go_back(state: LongShortState, x: Array) -> tuple[LongShortState, None]:
        bits = {"fraction_bits": fraction_bits, "gate_bits": gate_bits}
        return reversed_lstm_step(cell, state, x, **bits), None

    return jax.lax.scan(go_back, state, inputs, reverse=True)[0]


def _advanced_half(
    weights: Array,
    half: LongShortHalf,
    other: Array,
    x: Array,
    *,
    fraction_bits: int,
    gate_bits: int,
) -> tuple[LongShortHalf, Array]:
    f, p, written, o = _lstm_gates(weights, other, x, fraction_bits, gate_bits)
    c, c_limbs, lost_c = forgotten(half.c, f, half.c_limbs, gate_bits=gate_bits)
    c = c + written
    h, h_limbs, lost_h = forgotten(half.h, p, half.h_limbs, gate_bits=gate_bits)
    h = h + _output(o, c, fraction_bits)
    return LongShortHalf(c, h, c_limbs, h_limbs), lost_c | lost_h


def _former_half(
    weights: Array,
    half: LongShortHalf,
    other: Array,
    x: Array,
    *,
    fraction_bits: int,
    gate_bits: int,
) -> LongShortHalf:
    f, p, written, o = _lstm_gates(weights, other, x, fraction_bits, gate_bits)
    # h first, for it was made of the c that is still here.
    h = half.h - _output(o, half.c, fraction_bits)
    h, h_limbs = recalled(h, p, half.h_limbs, gate_bits=gate_bits)
    c, c_limbs = recalled(half.c - written, f, half.c_limbs, gate_bits=gate_bits)
    return LongShortHalf(c, h, c_limbs, h_limbs)


def _lstm_gates(
    weights: Array, other: Array, x: Array, fraction_bits: int, gate_bits: int
) -> tuple[Array, Array, Array, Array]:
    """The forget gates f and p and the write i o g in fixed point, and o as it is."""
    h = other.astype(x.dtype) / 2**fraction_bits
    read = jnp.concatenate([x, h]) @ weights
    f, i, o, p = jnp.split(jax.nn.sigmoid(read[: 4 * len(h)]), 4)
    written = i * jnp.tanh(read[4 * len(h) :])
    f, p = (fixed_gate(gate, gate_bits=gate_bits, dtype=other.dtype) for gate in (f, p))
    return f, p, fixed_point(written, fraction_bits=fraction_bits, dtype=other.dtype), o


def _output(o: Array, c: Array, fraction_bits: int) -> Array:
    squashed = jnp.tanh(c.astype(o.dtype) / 2**fraction_bits)
    return fixed_point(o * squashed, fraction_bits=fraction_bits, dtype=c.dtype)
