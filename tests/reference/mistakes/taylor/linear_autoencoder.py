"""Plausible mistakes in `reference.taylor.linear_autoencoder`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "the half left out of the penalty",
        "jnp.sum(penalties * sizes)) / 2",
        "2 * jnp.sum(penalties * sizes)) / 2",
        "test_loss_is_a_mean_of_half_squares_and_ridge_penalties",
    ),
    Mistake(
        "a sum over examples for the mean",
        "jnp.sum(residuals**2) / len(X)",
        "jnp.sum(residuals**2)",
        "test_loss_is_a_mean_of_half_squares_and_ridge_penalties",
    ),
    Mistake(
        "the root left out of the scale",
        "jnp.sqrt(jnp.maximum(0, 1 - penalties / s))",
        "jnp.maximum(0, 1 - penalties / s)",
        "test_optimal_autoencoder_is_where_no_descent_from_random_starts_gets_below",
    ),
    Mistake(
        "components in the order of the latent units, whatever their penalties",
        "rank = jnp.argsort(jnp.argsort(penalties))",
        "rank = jnp.arange(len(penalties))",
        "test_optimal_autoencoder_is_where_no_descent_from_random_starts_gets_below",
    ),
    Mistake(
        "argsort for the rank",
        "jnp.argsort(jnp.argsort(penalties))",
        "jnp.argsort(penalties)",
        "test_optimal_autoencoder_is_where_no_descent_from_random_starts_gets_below",
    ),
    Mistake(
        "eigenvalues ascending",
        "return s[::-1][:num_components]",
        "return s[:num_components]",
        "test_principal_components_are_those_of_the_singular_value_decomposition",
    ),
    Mistake(
        "the decoder is turned the same way as the encoder",
        "-generator @ w.decoder",
        "generator @ w.decoder",
        "test_directions_are_derivatives_of_the_moves_that_they_name",
    ),
    Mistake(
        "exchange without the sign is growth",
        "-w.decoder * chosen[:, None]",
        "w.decoder * chosen[:, None]",
        "test_curvatures_are_those_derived_in_closed_form",
    ),
    Mistake(
        "growth of s, not of s - lambda",
        "return 2 * (s - penalties)",
        "return 2 * s",
        "test_curvatures_are_those_derived_in_closed_form",
    ),
]
