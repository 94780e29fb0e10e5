"""Plausible mistakes in `reference.talks.reversible_lstm`."""

from tests.reference.mistakes import Mistake

EXACT = "test_a_memory_runs_backwards_bit_by_bit"
STEP = "test_a_step_is_a_memory_with_a_gate_on_its_output"

MISTAKES = [
    Mistake(
        "the output from the old memory, on the way there only",
        "h = h + _output(o, c, fraction_bits)",
        "h = h + _output(o, half.c, fraction_bits)",
        EXACT,
    ),
    Mistake(
        "the memory undone before the output that was made of it",
        "h = half.h - _output(o, half.c, fraction_bits)",
        "h = half.h - _output(o, half.c - written, fraction_bits)",
        EXACT,
    ),
    Mistake(
        "recalled before what was added is taken away",
        "recalled(half.c - written, f, half.c_limbs, gate_bits=gate_bits)",
        "recalled(half.c, f, half.c_limbs, gate_bits=gate_bits)",
        EXACT,
    ),
    Mistake(
        "the first half undone with the other's later output",
        "_former_half(cell.first, state.first, second.h, x, **bits)",
        "_former_half(cell.first, state.first, state.second.h, x, **bits)",
        EXACT,
    ),
    Mistake(
        "the second half reads the first one's old output",
        "_advanced_half(cell.second, state.second, first.h, x, **bits)",
        "_advanced_half(cell.second, state.second, state.first.h, x, **bits)",
        EXACT,
    ),
    Mistake(
        "inputs of the way back in the order of the way there",
        "jax.lax.scan(go_back, state, inputs, reverse=True)",
        "jax.lax.scan(go_back, state, inputs)",
        EXACT,
    ),
    Mistake(
        "the output's gate read where the memory's is",
        "f, i, o, p = jnp.split",
        "p, i, o, f = jnp.split",
        STEP,
    ),
    Mistake(
        "a write that isn't squashed",
        "i * jnp.tanh(read[4 * len(h) :])",
        "i * read[4 * len(h) :]",
        STEP,
    ),
    Mistake(
        "the memory output as it is",
        "jnp.tanh(c.astype(o.dtype) / 2**fraction_bits)",
        "c.astype(o.dtype) / 2**fraction_bits",
        STEP,
    ),
    Mistake(
        "a buffer of h too short goes unnoticed",
        "lost_c | lost_h",
        "lost_c",
        "test_a_buffer_too_short_is_reported_whichever_it_is",
    ),
    Mistake(
        "the halves' warnings not passed on",
        "state.lost | lost_1 | lost_2",
        "state.lost",
        "test_a_buffer_too_short_is_reported_whichever_it_is",
    ),
]
