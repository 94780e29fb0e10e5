"""A reversible gated recurrent unit against floating point, and run backwards bit by bit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from reference.talks import reversible_gru
from reference.talks.forgetting_buffer import stored_bits
from reference.talks.reversible_gru import HalfCell


def cell_and_inputs(num_inputs, num_units, num_steps, seed, forget=0.0):
    rng = np.random.default_rng(seed)
    shapes = (num_inputs + num_units, 2 * num_units), (num_inputs + num_units, num_units)
    first, second = (HalfCell(*[jnp.array(rng.normal(size=s)) for s in shapes]) for _ in range(2))
    inputs = rng.normal(size=(num_steps, num_inputs))
    inputs[:, 0] = forget  # acts as a bias
    h = rng.integers(-(2**12), 2**12, size=(2, num_units)).astype(np.int32)
    return (first, second), jnp.array(inputs), jnp.array(h)


BITS = {"fraction_bits": 12, "gate_bits": 8}


def ends(num_limbs, num_inputs=2, num_units=3, num_steps=20, seed=1):
    cell, inputs, h = cell_and_inputs(num_inputs, num_units, num_steps, seed)

    @jax.jit
    def there_and_back(cell, inputs, h):
        start = reversible_gru.reversible_start(h[0], h[1], num_limbs=num_limbs)
        end = reversible_gru.reversible_gru_end(cell, start, inputs, **BITS)
        return start, end, reversible_gru.reversed_gru_start(cell, end, inputs, **BITS)

    return there_and_back(cell, inputs, h)


@pytest.mark.parametrize("sizes", [(2, 3, 20), (1, 1, 7)])
def test_a_recurrent_network_runs_backwards_bit_by_bit(sizes):
    start, end, again = ends(sizes[2], *sizes)
    assert not end.lost
    for leaf, expected in zip(again, start, strict=True):
        assert_array_equal(leaf, expected)
    assert np.any(end.h_1 != start.h_1)
    bits = stored_bits(end.limbs_1, gate_bits=8)
    assert np.all(bits > 0)
    assert np.all(bits < 8 * sizes[2])  # less than storing every remainder whole


def test_a_recurrent_network_without_a_buffer_does_not_come_back():
    start, end, again = ends(num_limbs=1)
    assert end.lost
    assert np.any(again.h_1 != start.h_1)


def test_a_step_is_a_gated_recurrent_unit_to_the_precision_of_fixed_point():
    cell, inputs, h = cell_and_inputs(2, 3, 1, seed=2)
    x, (h_1, h_2) = np.asarray(inputs[0]), np.asarray(h) / 2**12

    def updated(half, own, other):
        z, r = np.split(1 / (1 + np.exp(-np.concatenate([x, other]) @ half.gates)), 2)
        g = np.tanh(np.concatenate([x, r * other]) @ half.candidate)
        return z * own + (1 - z) * g

    h_1 = updated(cell[0], h_1, h_2)
    h_2 = updated(cell[1], h_2, h_1)
    start = reversible_gru.reversible_start(h[0], h[1], num_limbs=2)
    state = reversible_gru.reversible_gru_step(cell, start, inputs[0], **BITS)
    # Gates are rounded to 2^-8, and a product is off by at most the gate, 2^8 / 2^12.
    np.testing.assert_allclose(state.h_1 / 2**12, h_1, atol=0.08)
    np.testing.assert_allclose(state.h_2 / 2**12, h_2, atol=0.08)
    back = reversible_gru.reversed_gru_step(cell, state, inputs[0], **BITS)
    for leaf, expected in zip(back, start, strict=True):
        assert_array_equal(leaf, expected)
