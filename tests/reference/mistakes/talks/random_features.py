"""Plausible mistakes in `reference.talks.random_features`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "features over examples",
        "num_examples / num_features * fitted**2",
        "num_features / num_examples * fitted**2",
        "test_bound_is_sharp_for_orthogonal_examples",
    ),
    Mistake(
        "the noise without the loss's 1/2",
        "noise_std * 0.5**0.5",
        "noise_std",
        "test_bound_is_sharp_for_orthogonal_examples",
    ),
    Mistake(
        "a bound that rises again beyond the noise",
        "jnp.maximum(noise_std * 0.5**0.5 - jnp.sqrt(training_loss), 0)",
        "(noise_std * 0.5**0.5 - jnp.sqrt(training_loss))",
        "test_bound_vanishes_where_training_stops_at_the_noise",
    ),
    Mistake(
        "whitened by the transposed root",
        "jnp.linalg.solve(root, Phi.T)",
        "jnp.linalg.solve(root.T, Phi.T)",
        "test_frontier_has_the_losses_of_ridge_on_the_noise",
    ),
    Mistake(
        "N lambda for lambda, after division by N",
        "compute_uv=False) ** 2 / N",
        "compute_uv=False) ** 2",
        "test_frontier_has_the_losses_of_ridge_on_the_noise",
    ),
    Mistake(
        "directions that no feature fits forgotten",
        " + max(N - P, 0)",
        "",
        "test_frontier_has_the_losses_of_ridge_on_the_noise",
    ),
    Mistake(
        "features of unit amplitude",
        "return 2**0.5 * jnp.cos",
        "return jnp.cos",
        "test_features_have_the_gaussian_kernel_in_the_mean",
    ),
    Mistake(
        "the phases' difference twice",
        "b = phases[:, None] + sign * phases",
        "b = phases[:, None] - phases",
        "test_second_moment_is_that_of_quadrature",
    ),
]
