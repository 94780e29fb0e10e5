"""Plausible mistakes in `reference.talks.amortized_proximal`."""

from tests.reference.mistakes import Mistake

LINEAR = "test_optimal_preconditioner_is_stationary_for_a_linear_network_and_batches"

MISTAKES = [
    Mistake(
        "lambda_W without its 1/2",
        "weight_weight / 2 * inner_product(",
        "weight_weight * inner_product(",
        "test_proximal_objective_on_a_tree_is_the_sum_by_hand",
    ),
    Mistake(
        "the dissimilarity is weighted by 1/2 as well",
        "function_weight * dissimilarity(u, w)",
        "function_weight / 2 * dissimilarity(u, w)",
        LINEAR,
    ),
    Mistake(
        "the loss's curvature is ignored",
        "C if loss_curvature is None else C + loss_curvature",
        "C",
        LINEAR,
    ),
    Mistake("the inverse is left out", "return jnp.linalg.inv(C)", "return C", LINEAR),
    Mistake(
        "P is transposed",
        "steps = gradients @ P.T",
        "steps = gradients @ P",
        "test_preconditioner_objective_is_the_mean_of_quadratic_models",
    ),
    Mistake(
        "the quadratic term without its 1/2",
        "steps, C, steps) / 2",
        "steps, C, steps)",
        "test_preconditioner_objective_is_the_mean_of_quadratic_models",
    ),
    Mistake(
        "the step size of the mean of ratios",
        'jnp.sum(gradients**2) / jnp.einsum("nd,de,ne->", gradients, C, gradients)',
        'jnp.mean(jnp.sum(gradients**2, 1) / jnp.einsum("nd,de,ne->n", gradients, C, gradients))',
        "test_optimal_step_size_is_the_best_of_all_step_sizes",
    ),
    Mistake(
        "the step is taken with the rule before the meta-step",
        "return rule(phi, updates), AmortizedState(phi)",
        "return rule(state.phi, updates), AmortizedState(phi)",
        "test_first_two_steps_of_a_learned_learning_rate_are_those_by_hand",
    ),
    Mistake(
        "meta-learning climbs",
        "plus_multiple(state.phi, -meta_step_size",
        "plus_multiple(state.phi, meta_step_size",
        "test_first_two_steps_of_a_learned_learning_rate_are_those_by_hand",
    ),
]
