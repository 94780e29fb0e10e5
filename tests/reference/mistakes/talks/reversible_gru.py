"""Plausible mistakes in `reference.talks.reversible_gru`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "the second half reads the first one's old state",
        "_gate_and_candidate(cell[1], h_1, x, **bits)\n    h_2, limbs_2, lost_2",
        "_gate_and_candidate(cell[1], state.h_1, x, **bits)\n    h_2, limbs_2, lost_2",
        "test_a_recurrent_network_runs_backwards_bit_by_bit",
    ),
    Mistake(
        "the candidate weighted by z, the memory by z as well",
        "(1 - gate.astype(x.dtype) / 2**gate_bits) * g",
        "gate.astype(x.dtype) / 2**gate_bits * g",
        "test_a_step_is_a_gated_recurrent_unit_to_the_precision_of_fixed_point",
    ),
]
