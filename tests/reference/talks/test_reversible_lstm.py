"""A reversible long short-term memory against floating point, and run backwards bit by bit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from reference.talks import reversible_lstm
from reference.talks.forgetting_buffer import stored_bits
from reference.talks.reversible_lstm import LongShortCell

BITS = {"fraction_bits": 12, "gate_bits": 8}


def problem(num_inputs, num_units, num_steps, *, seed=0, dtype=float):
    rng = np.random.default_rng(seed)
    shape = 2, num_inputs + num_units, 5 * num_units
    cell = LongShortCell(*jnp.array(rng.normal(size=shape), dtype))
    inputs = jnp.array(rng.normal(size=(num_steps, num_inputs)), dtype)
    h = jnp.array(rng.integers(-(2**12), 2**12, size=(2, num_units)), jnp.int32)
    return cell, inputs, h


@jax.jit(static_argnames="num_limbs")
def ends(cell, inputs, h, *, num_limbs):
    start = reversible_lstm.reversible_lstm_start(h[0], h[1], num_limbs=num_limbs)
    end = reversible_lstm.reversible_lstm_end(cell, start, inputs, **BITS)
    return start, end, reversible_lstm.reversed_lstm_start(cell, end, inputs, **BITS)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sizes", [(2, 3, 20), (1, 1, 7)])
def test_a_memory_runs_backwards_bit_by_bit(sizes, dtype):
    start, end, again = ends(*problem(*sizes, dtype=dtype), num_limbs=sizes[2])
    assert not end.lost
    for leaf, expected in zip(jax.tree.leaves(again), jax.tree.leaves(start), strict=True):
        assert_array_equal(leaf, expected)
    for half in (end.first, end.second):
        assert np.any(half.c != 0)
        for limbs in (half.c_limbs, half.h_limbs):
            bits = stored_bits(limbs, gate_bits=8)
            assert np.all(bits > 0)
            assert np.all(bits < 8 * sizes[2])  # less than storing every remainder whole


@pytest.mark.parametrize("which", ["f", "p"])
def test_a_buffer_too_short_is_reported_whichever_it_is(which):
    (first, second), inputs, h = problem(2, 3, 20)
    # The gate that isn't asked about forgets nothing: its buffer stays empty.
    open_gate = slice(9, 12) if which == "f" else slice(0, 3)
    inputs, h = inputs.at[:, 0].set(100.0), h // 2**6
    first, second = (W.at[:, open_gate].set(0).at[0, open_gate].set(1.0) for W in (first, second))
    forgetting = slice(0, 3) if which == "f" else slice(9, 12)
    first, second = (W.at[0, forgetting].set(0) for W in (first, second))
    start, end, again = ends(LongShortCell(first, second), inputs, h, num_limbs=1)
    assert end.lost
    kept = end.first.h_limbs if which == "f" else end.first.c_limbs
    assert np.all(kept == 0)
    assert any(
        np.any(leaf != expected)
        for leaf, expected in zip(again.first[:2], start.first[:2], strict=True)
    )


def test_a_step_is_a_memory_with_a_gate_on_its_output():
    cell, inputs, h = problem(2, 3, 2, seed=2)
    bits = {"fraction_bits": 20, "gate_bits": 12}

    def sigmoid(a):
        return 1 / (1 + np.exp(-a))

    def updated(W, c, own, other, x):
        f, i, o, p, g = np.split(np.concatenate([x, other]) @ W, 5)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return c, sigmoid(p) * own + sigmoid(o) * np.tanh(c)

    h = h << 8
    h_1, h_2 = np.asarray(h) / 2**20
    c_1 = c_2 = np.zeros(3)
    state = reversible_lstm.reversible_lstm_start(h[0], h[1], num_limbs=2)
    for x in np.asarray(inputs):
        before = state
        state = reversible_lstm.reversible_lstm_step(cell, state, jnp.array(x), **bits)
        c_1, h_1 = updated(cell.first, c_1, h_1, h_2, x)
        c_2, h_2 = updated(cell.second, c_2, h_2, h_1, x)
        # A product is off by at most the gate, 2^12 / 2^20, and passes that on.
        for half, c, h in ((state.first, c_1, h_1), (state.second, c_2, h_2)):
            assert_allclose(half.c / 2**20, c, atol=0.02)
            assert_allclose(half.h / 2**20, h, atol=0.02)
        back = reversible_lstm.reversed_lstm_step(cell, state, jnp.array(x), **bits)
        for leaf, expected in zip(jax.tree.leaves(back), jax.tree.leaves(before), strict=True):
            assert_array_equal(leaf, expected)


def test_finer_fixed_point_comes_closer():
    cell, inputs, h = problem(2, 3, 6, seed=3)
    ends_of = []
    for fraction_bits, gate_bits in ((26, 8), (26, 12), (26, 15)):
        start = reversible_lstm.reversible_lstm_start(
            h[0] << (fraction_bits - 12), h[1] << (fraction_bits - 12), num_limbs=6
        )
        bits = {"fraction_bits": fraction_bits, "gate_bits": gate_bits}
        end = reversible_lstm.reversible_lstm_end(cell, start, inputs, **bits)
        assert not end.lost
        ends_of.append(end.first.c / 2**fraction_bits)
    # What remains is the rounding of gates, 2^-8 / 2 and 2^-12 / 2 each.
    assert np.max(np.abs(ends_of[0] - ends_of[2])) < 0.02
    assert np.max(np.abs(ends_of[1] - ends_of[2])) < 0.002
