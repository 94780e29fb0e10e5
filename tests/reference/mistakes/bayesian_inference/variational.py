"""Plausible mistakes in `reference.bayesian_inference.variational`."""

from tests.reference.mistakes import Mistake

UNBIASED = "test_free_energy_and_its_gradient_are_unbiased"
NATURAL = "test_noisy_newton_is_natural_gradient_descent_in_natural_parameters"

MISTAKES = [
    Mistake(
        "the mean loss not multiplied by N",
        "num_examples * jnp.mean(losses)",
        "jnp.mean(losses)",
        UNBIASED,
    ),
    Mistake("the divergence subtracted", "+ kl_from_prior(q", "- kl_from_prior(q", UNBIASED),
    Mistake(
        "the divergence of the prior from q",
        "(jnp.exp(2 * log_ratio) + (m / prior_std) ** 2 - 1) / 2 - log_ratio",
        "(jnp.exp(-2 * log_ratio) * (1 + (m / prior_std) ** 2) - 1) / 2 + log_ratio",
        "test_divergence_from_the_prior_is_its_integral",
    ),
    Mistake(
        "log variance for log standard deviation",
        "m + jnp.exp(r) * e",
        "m + jnp.exp(r / 2) * e",
        "test_samples_have_the_mean_exactly_and_the_deviations_nearly",
    ),
    Mistake(
        "the marginals' variances",
        "-jnp.log(jnp.diag(posterior.precision)) / 2",
        "jnp.log(jnp.diag(jnp.linalg.inv(posterior.precision))) / 2",
        "test_mean_field_optimum_is_stationary_and_too_narrow",
    ),
    Mistake(
        "the old precision for the mean",
        "step_size * jnp.linalg.solve(precision, g)",
        "step_size * jnp.linalg.solve(q.precision, g)",
        NATURAL,
    ),
    Mistake(
        "a mean of the wrong sign",
        "Gaussian(q.mean - step_size",
        "Gaussian(q.mean + step_size",
        NATURAL,
    ),
    Mistake(
        "the other triangular factor",
        "trans=1, lower=True",
        "trans=0, lower=True",
        "test_noisy_newton_takes_the_curvature_on_the_mean_over_q",
    ),
    Mistake(
        "no antithetic partner",
        "jnp.concatenate([eps, -eps])",
        "jnp.concatenate([eps, eps])",
        "test_one_full_noisy_newton_step_ends_at_a_gaussian_posterior",
    ),
]
