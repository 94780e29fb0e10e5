"""Plausible mistakes in `reference.second_order.kfac`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "weights of old and new exchanged",
        "eps * old + (1 - eps) * new",
        "(1 - eps) * old + eps * new",
        "test_average_is_a_mean_at_first_and_exponential_later",
    ),
    Mistake(
        "no bias correction: the average starts from zero",
        "jnp.minimum(1 - 1 / count.astype(old.dtype), decay)",
        "decay",
        "test_average_is_a_mean_at_first_and_exponential_later",
    ),
    Mistake(
        "count from zero",
        "count = state.num_batches + 1",
        "count = state.num_batches + 2",
        "test_two_updates_precondition_by_the_mean_of_both_factors",
    ),
    Mistake(
        "this batch's factors, not the averaged ones",
        "            average,\n        )\n        return",
        "            factors,\n        )\n        return",
        "test_two_updates_precondition_by_the_mean_of_both_factors",
    ),
    Mistake(
        "uphill",
        "-step_size * preconditioned_gradient",
        "step_size * preconditioned_gradient",
        "test_one_step_solves_linear_regression",
    ),
    Mistake(
        "damping left out of the quadratic model",
        "plus_multiple(curvature_product(v), damping, v)",
        "curvature_product(v)",
        "test_step_size_and_momentum_minimise_the_quadratic_model_in_their_plane",
    ),
    Mistake(
        "step size of the wrong sign",
        "return -jnp.linalg.pinv",
        "return jnp.linalg.pinv",
        "test_first_step_has_no_momentum",
    ),
]
