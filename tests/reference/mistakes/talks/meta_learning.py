"""Plausible mistakes in `reference.talks.meta_learning`."""

from tests.reference.mistakes import Mistake

HYPERNETWORK = "test_hypernetwork_gradients_are_those_of_the_composition"
NEWTON = "test_best_linear_warp_makes_every_step_a_newton_step"

MISTAKES = [
    Mistake(
        "the bias of the hypernetwork is forgotten",
        "as_tree(embedding @ A + b, like=like)",
        "as_tree(embedding @ A + 0 * b, like=like)",
        HYPERNETWORK,
    ),
    Mistake(
        "the gradient in A lacks the embedding",
        "jnp.outer(embedding, g), g, A @ g",
        "jnp.outer(jnp.ones_like(embedding), g), g, A @ g",
        HYPERNETWORK,
    ),
    Mistake(
        "the preconditioner is D, not D D^T",
        "return D @ D.T",
        "return D @ D.T @ D @ D.T",
        "test_warp_preconditioner_is_that_of_finite_differences",
    ),
    Mistake(
        "the gradient in w is taken for that in theta",
        "jax.grad(lambda theta: loss(warp(theta)))(theta)",
        "jax.grad(loss)(warp(theta))",
        "test_warped_step_moves_the_weights_along_the_preconditioner",
    ),
    Mistake(
        "the meta-loss is backpropagated into the points",
        "(jax.lax.stop_gradient(thetas))",
        "(thetas)",
        NEWTON,
    ),
    Mistake(
        "the meta-loss is scored on the loss adapted to",
        "query_loss(warped(warped_step",
        "loss(warped(warped_step",
        "test_meta_loss_steps_on_one_loss_and_is_scored_on_the_other",
    ),
    Mistake(
        "the context is the mean input",
        "jnp.mean(jax.vmap(features)(inputs), axis=0)",
        "jnp.mean(inputs, axis=0)",
        "test_contextual_outputs_are_permuted_with_the_batch_and_use_the_mean_feature",
    ),
    Mistake(
        "one context for all groups",
        "contextual_outputs(features, prediction, inputs) - targets",
        "contextual_outputs(lambda x: 0 * features(x), prediction, inputs) - targets",
        "test_adaptation_to_the_inputs_alone_removes_a_shift_between_groups",
    ),
    Mistake(
        "R_in (x) R_out for a matrix ravelled by rows",
        "jax.vmap(jnp.kron)(on_outputs, on_inputs)",
        "jax.vmap(jnp.kron)(on_inputs, on_outputs)",
        "test_sharing_projector_projects_onto_the_equivariant_maps",
    ),
    Mistake(
        "a sum over the group",
        "jnp.mean(products, axis=0)",
        "jnp.sum(products, axis=0)",
        "test_shared_weights_of_cyclic_shifts_are_convolutions",
    ),
    Mistake(
        "the matrix is laid out in columns",
        "(U @ v).reshape(-1, num_inputs)",
        "(U @ v).reshape(num_inputs, -1).T",
        "test_adapted_weights_of_a_ragged_matrix_are_laid_out_in_rows",
    ),
]
