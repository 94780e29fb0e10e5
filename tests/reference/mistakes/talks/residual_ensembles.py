"""Plausible mistakes in `reference.talks.residual_ensembles`."""

from tests.reference.mistakes import Mistake

PATHS = "test_parts_are_sums_over_all_paths_of_a_length"

MISTAKES = [
    Mistake(
        "blocks untransposed on the way back", "jnp.pad(parts @ A,", "jnp.pad(parts @ A.T,", PATHS
    ),
    Mistake("blocks in the order of the inputs", "blocks, reverse=True)", "blocks)", PATHS),
    Mistake(
        "every path through every block",
        "return parts + jnp.pad(parts @ A, ((1, 0), (0, 0)))[:-1], None",
        "return jnp.pad(parts @ A, ((1, 0), (0, 0)))[:-1], None",
        PATHS,
    ),
    Mistake(
        "gains for their shares",
        "start, gains / (1 + gains))[0]",
        "start, gains / 2)[0]",
        "test_shares_with_one_gain_are_binomial_with_its_odds",
    ),
    Mistake(
        "through a block or not exchanged",
        "(1 - p) * shares + p * longer",
        "p * shares + (1 - p) * longer",
        "test_shares_with_one_gain_are_binomial_with_its_odds",
    ),
    Mistake(
        "more steps for larger batches",
        "min_steps * (1 + critical_batch_size / batch_sizes)",
        "min_steps * (1 + batch_sizes / critical_batch_size)",
        "test_steps_and_examples_lie_on_the_hyperbola",
    ),
    Mistake(
        "the share of steps for that of examples",
        "return 1 / (1 + batch_sizes / critical_batch_size)",
        "return 1 / (1 + critical_batch_size / batch_sizes)",
        "test_steps_and_examples_lie_on_the_hyperbola",
    ),
]
