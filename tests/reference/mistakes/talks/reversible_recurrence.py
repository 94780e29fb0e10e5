"""Plausible mistakes in `reference.talks.reversible_recurrence`."""

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
        "the second half reads the first one's old state",
        "_gate_and_candidate(cell[1], h_1, x, **bits)\n    h_2, limbs_2, lost_2",
        "_gate_and_candidate(cell[1], state.h_1, x, **bits)\n    h_2, limbs_2, lost_2",
        "test_a_recurrent_network_runs_backwards_bit_by_bit",
    ),
    Mistake(
        "the candidate weighted by z, the memory by z as well",
        "(1 - gate / 2**gate_bits) * g",
        "gate / 2**gate_bits * g",
        "test_a_step_is_a_gated_recurrent_unit_to_the_precision_of_fixed_point",
    ),
]
