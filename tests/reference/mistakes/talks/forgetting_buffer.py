"""Plausible mistakes in `reference.talks.forgetting_buffer`."""

from tests.reference.mistakes import Mistake

EXACT = "test_forgetting_is_that_of_unbounded_integers_and_is_undone_bit_by_bit"

MISTAKES = [
    Mistake(
        "the remainder not stored",
        "remainder = h & (2**gate_bits - 1)",
        "remainder = jnp.zeros_like(h)",
        EXACT,
    ),
    Mistake(
        "no information taken back from the buffer",
        "(h >> gate_bits) * z + information, limbs, lost",
        "(h >> gate_bits) * z, limbs, lost",
        EXACT,
    ),
    Mistake(
        "a quotient rounded towards zero, wrong for negative states",
        "return ((h // z) << gate_bits) + remainder[:, 0], emptied",
        "return (jax.lax.div(h, z) << gate_bits) + remainder[:, 0], emptied",
        EXACT,
    ),
    Mistake(
        "long division from the lowest limb",
        "limbs.T, reverse=True)",
        "limbs.T)",
        EXACT,
    ),
    Mistake(
        "bits of the highest limb only",
        "jnp.where(limbs > 0, below + lengths, 0)",
        "jnp.where(limbs > 0, lengths, 0)",
        "test_bits_stored_are_the_bits_forgotten",
    ),
    Mistake(
        "a buffer too short goes unnoticed",
        "lost = jnp.any(limbs[:, -1] != 0)",
        "lost = jnp.zeros((), bool)",
        "test_a_buffer_too_short_is_reported_and_loses_the_state",
    ),
    Mistake(
        "fixed point rounded down",
        "jnp.round(x * 2**fraction_bits)",
        "jnp.floor(x * 2**fraction_bits)",
        "test_numbers_are_rounded_to_the_nearest_multiple",
    ),
    Mistake(
        "a gate that may forget all",
        "dtype=dtype), 1, 2**gate_bits)",
        "dtype=dtype), 0, 2**gate_bits)",
        "test_gates_are_rounded_but_never_to_zero",
    ),
    Mistake(
        "forgetting rounded towards the nearest",
        "return (h * z) >> gate_bits",
        "return (h * z + 2 ** (gate_bits - 1)) >> gate_bits",
        "test_without_storage_states_merge_as_many_as_the_gate_says",
    ),
]
