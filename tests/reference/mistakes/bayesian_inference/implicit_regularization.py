"""Plausible mistakes in `reference.bayesian_inference.implicit_regularization`."""

from tests.reference.mistakes import Mistake

STEP = "test_a_step_follows_the_modified_flow_to_one_order_more"
GRADIENT = "test_modified_gradient_is_that_of_the_modified_loss"
EPOCH = "test_the_mean_epoch_follows_the_flow_that_punishes_noise"

MISTAKES = [
    Mistake("half for a quarter", "value + step_size / 4", "value + step_size / 2", STEP),
    Mistake("a reward for steepness", "value + step_size / 4", "value - step_size / 4", STEP),
    Mistake("a quarter for a half", "(g, step_size / 2, Hg)", "(g, step_size / 4, Hg)", GRADIENT),
    Mistake("H applied to w", "(w,), (g,))[1]", "(w,), (w,))[1]", GRADIENT),
    Mistake(
        "the square of the mean gradient alone",
        "value, inner_product(g, g)\n",
        "value, 0 * inner_product(g, g)\n",
        EPOCH,
    ),
    Mistake("a sum over batches", "* jnp.mean(squares)", "* jnp.sum(squares)", EPOCH),
    Mistake(
        "weights of the stages",
        "jax.tree.map(jnp.add, k_1, k_4), 2, inner",
        "jax.tree.map(jnp.add, k_2, k_3), 2, jax.tree.map(jnp.add, k_1, k_4)",
        "test_flow_on_a_quadratic_is_a_matrix_exponential",
    ),
]
