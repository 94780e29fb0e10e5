"""Forgetting against Python's integers of any length, and undone bit by bit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from reference.talks import forgetting_buffer

forgotten = jax.jit(forgetting_buffer.forgotten, static_argnames="gate_bits")
recalled = jax.jit(forgetting_buffer.recalled, static_argnames="gate_bits")


def test_numbers_are_rounded_to_the_nearest_multiple():
    x = np.random.default_rng(0).normal(size=100)
    h = forgetting_buffer.fixed_point(jnp.array(x), fraction_bits=10)
    assert h.dtype == jnp.int32
    assert np.all(np.abs(h / 2**10 - x) <= 0.5 / 2**10)


def test_gates_are_rounded_but_never_to_zero():
    z = forgetting_buffer.fixed_gate(jnp.array([0.0, 0.001, 0.3, 0.999, 1.0]), gate_bits=8)
    assert z.tolist() == [1, 1, 77, 256, 256]


def as_integer(limbs, bits):
    return sum(int(limb) << (bits * place) for place, limb in enumerate(limbs))


def forgotten_by_hand(h, z, B, bits):
    """With Python's unbounded integers and its floor division."""
    B = B * 2**bits + h % 2**bits
    return h // 2**bits * z + B % z, B // z


@pytest.mark.parametrize("bits", [1, 4, 10, 15])
def test_forgetting_is_that_of_unbounded_integers_and_is_undone_bit_by_bit(bits):
    rng = np.random.default_rng(bits)
    num_steps, num_units = 12, 5
    start = rng.integers(-(2**20), 2**20, size=num_units).astype(np.int32)
    gates = rng.integers(1, 2**bits + 1, size=(num_steps, num_units)).astype(np.int32)
    gates[0] = 2**bits  # nothing forgotten
    gates[1] = 1  # as much as can be
    h, limbs = jnp.array(start), jnp.zeros((num_units, num_steps), jnp.int32)
    by_hand, history = [(int(x), 0) for x in start], []
    for z in gates:
        history.append((h, limbs))
        h, limbs, lost = forgotten(h, jnp.array(z), limbs, gate_bits=bits)
        by_hand = [
            forgotten_by_hand(x, int(z_i), B, bits) for (x, B), z_i in zip(by_hand, z, strict=True)
        ]
        assert not lost
        assert h.tolist() == [x for x, _ in by_hand]
        assert [as_integer(row, bits) for row in limbs] == [B for _, B in by_hand]
    for z in gates[::-1]:
        h, limbs = recalled(h, jnp.array(z), limbs, gate_bits=bits)
        h_before, limbs_before = history.pop()
        assert_array_equal(h, h_before)
        assert_array_equal(limbs, limbs_before)
    assert h.dtype == limbs.dtype == jnp.int32


def test_forgetting_multiplies_to_within_the_gate():
    h = jnp.array([1000, -1000, 7, 0], jnp.int32)
    z = jnp.array([700, 700, 1, 1024], jnp.int32)
    smaller, _, _ = forgotten(h, z, jnp.zeros((4, 2), jnp.int32), gate_bits=10)
    assert np.all(np.abs(smaller - np.asarray(h) * np.asarray(z) / 1024) <= z)


def test_without_storage_states_merge_as_many_as_the_gate_says():
    h = jnp.arange(-512, 512, dtype=jnp.int32)
    for z in (1, 3, 8, 15, 16):
        product = forgetting_buffer.rounded_product(h, jnp.full_like(h, z), gate_bits=4)
        assert_array_equal(product, np.floor(np.asarray(h) * z / 16))
        # 1024 states on 64 z: without a buffer, only z = 16, which forgets nothing, is one to one.
        assert len(np.unique(product)) == 64 * z


def test_a_state_and_its_buffer_together_never_merge():
    h = jnp.arange(-512, 512, dtype=jnp.int32)
    for z in (1, 3, 15):
        smaller, limbs, _ = forgotten(
            h, jnp.full_like(h, z), jnp.zeros((1024, 2), jnp.int32), gate_bits=4
        )
        pairs = np.column_stack([smaller, limbs])
        assert len(np.unique(pairs, axis=0)) == 1024


def test_bits_stored_are_the_bits_forgotten():
    rng = np.random.default_rng(0)
    gates = rng.integers(200, 1025, size=(60, 4)).astype(np.int32)

    @jax.jit
    def run(h, gates):
        def advance(carry, z):
            h, limbs, _ = forgetting_buffer.forgotten(carry[0], z, carry[1], gate_bits=10)
            return (h + 12345, limbs), None

        return jax.lax.scan(advance, (h, jnp.zeros((4, 60), jnp.int32)), gates)[0]

    _, limbs = run(jnp.full(4, 99999, jnp.int32), jnp.array(gates))
    stored = forgetting_buffer.stored_bits(limbs, gate_bits=10)
    assert stored.tolist() == [as_integer(row, 10).bit_length() for row in limbs]
    forgotten_bits = np.sum(10 - np.log2(gates), axis=0)
    # B grows by the factor 2^10 / z in every step, but for roundings down of B / z. The first
    # remainder and the roundings while B is small move the end by a few bits.
    assert np.all(np.abs(stored - forgotten_bits) < 8)
    assert np.all(stored < 0.25 * 60 * 10)


def test_a_buffer_too_short_is_reported_and_loses_the_state():
    h, z = jnp.array([123457], jnp.int32), jnp.array([1], jnp.int32)
    limbs = jnp.zeros((1, 2), jnp.int32)
    losses = []
    for _ in range(3):
        h, limbs, lost = forgotten(h, z, limbs, gate_bits=4)
        h = h + 54321
        losses.append(bool(lost))
    assert losses == [False, False, True]


def test_floats_do_not_come_back_from_division():
    # What the buffer is for: the same product undone in float32 misses by a rounding.
    h = np.random.default_rng(3).normal(size=1000).astype(np.float32)
    z = np.float32(0.3)
    assert np.any((h * z) / z != h)
