"""Plausible mistakes in `reference.talks.attack_subspaces`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "squared norms of the blocks: ridge regression",
        "penalty * jnp.sum(jnp.linalg.norm(z, axis=1))",
        "penalty * jnp.sum(jnp.linalg.norm(z, axis=1) ** 2)",
        "test_loss_is_that_of_the_dense_dictionary",
    ),
    Mistake(
        "entries shrunk, not blocks",
        "norms = jnp.linalg.norm(z, axis=1, keepdims=True)\n    kept",
        "norms = jnp.abs(z)\n    kept",
        "test_block_soft_threshold_minimises_its_sum",
    ),
    Mistake(
        "blocks kept or dropped, not shrunk",
        "(1 - threshold / jnp.where(kept, norms, 1)) * z",
        "z",
        "test_block_soft_threshold_minimises_its_sum",
    ),
    Mistake(
        "the largest column for the largest block",
        "jnp.max(jnp.linalg.norm(_correlations(blocks, x), axis=1))",
        "jnp.max(jnp.abs(_correlations(blocks, x)))",
        "test_all_is_silent_from_the_silent_penalty_on",
    ),
    Mistake(
        "threshold not scaled by the step size",
        "ahead + alpha * uphill, alpha * penalty",
        "ahead + alpha * uphill, penalty",
        "test_code_is_that_of_another_solver",
    ),
    Mistake(
        "the attack's block counted from the first class",
        "blocks[num_classes + attack_type]",
        "blocks[attack_type]",
        "test_class_and_attack_are_recovered",
    ),
    Mistake(
        "the shrunk coefficients for the fitted",
        "fitted = jnp.linalg.pinv(jnp.concatenate(pair, axis=1)) @ x",
        "fitted = jnp.stack([z[label], z[num_classes + attack_type]])",
        "test_class_and_attack_are_recovered",
    ),
    Mistake(
        "columns taken as orthonormal",
        "Q, _ = jnp.linalg.qr(blocks)",
        "Q = blocks",
        "test_distances_are_those_of_least_squares",
    ),
    Mistake(
        "idle blocks held to equality",
        "jnp.maximum(jnp.linalg.norm(r, axis=1) - penalty, 0)",
        "jnp.abs(jnp.linalg.norm(r, axis=1) - penalty)",
        "test_code_is_that_of_another_solver",
    ),
]
