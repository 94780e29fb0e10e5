"""Plausible mistakes in `reference.talks.multi_task_representation`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "the smallest angle",
        "compute_uv=False)[0]",
        "compute_uv=False)[-1]",
        "test_sine_distance_is_that_of_principal_angles",
    ),
    Mistake(
        "the trailing eigenvectors",
        "jnp.linalg.eigh(moment)[1][:, -rank:]",
        "jnp.linalg.eigh(moment)[1][:, :rank]",
        "test_moment_subspace_is_of_the_leading_eigenvectors",
    ),
    Mistake(
        "targets in the first power",
        "t**2, X, X)",
        "t, X, X)",
        "test_moment_subspace_is_of_the_leading_eigenvectors",
    ),
    Mistake(
        "the design's columns in the other order",
        '"mnd,mr->mndr"',
        '"mnd,mr->mnrd"',
        "test_one_iterate_is_two_least_squares",
    ),
    Mistake(
        "a basis that isn't orthonormal",
        "B = jnp.linalg.qr(_least_squares(design, t.ravel()).reshape(D, R))[0]",
        "B = _least_squares(design, t.ravel()).reshape(D, R)",
        "test_joint_regression_never_increases_its_loss",
    ),
    Mistake(
        "weights in the coordinates of the inputs' projection",
        "return B @ _least_squares(X @ B, t)",
        "return B @ (B.T @ (X.T @ t) / len(t))",
        "test_few_shot_weights_are_the_best_of_the_subspace",
    ),
    Mistake(
        "shares in proportion to squares",
        "size = jnp.abs(relevance)",
        "size = relevance**2",
        "test_allocation_is_the_least_variance_of_all",
    ),
    Mistake(
        "relevance not squared in the variance",
        "relevance**2 / jnp.where",
        "jnp.abs(relevance) / jnp.where",
        "test_transfer_variance_is_that_of_weighted_means",
    ),
    Mistake(
        "noise not scaled",
        "B @ W) + noise_std * noise",
        "B @ W) + noise",
        "test_examples_have_white_inputs_and_targets_of_their_task",
    ),
]
