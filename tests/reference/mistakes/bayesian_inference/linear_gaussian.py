"""Plausible mistakes in `reference.bayesian_inference.linear_gaussian`."""

from tests.reference.mistakes import Mistake

ENERGY = "test_energy_is_minus_the_logs_of_the_densities"
POSTERIOR = "test_posterior_has_the_minimum_and_the_curvature_of_the_energy"

MISTAKES = [
    Mistake("a mean over examples", "residual @ residual +", "residual @ residual / N +", ENERGY),
    Mistake("the prior left unnormalised", "P * jnp.log(tau)", "0 * jnp.log(tau)", ENERGY),
    Mistake("standard deviation for variance", "eye / prior_std**2", "eye / prior_std", POSTERIOR),
    Mistake(
        "a mean that forgets the noise",
        "Phi.T @ t / noise_std**2)",
        "Phi.T @ t)",
        POSTERIOR,
    ),
    Mistake(
        "variance of the weights left out of the evidence",
        "prior_std**2 * Phi @ Phi.T",
        "Phi @ Phi.T",
        "test_evidence_is_the_density_of_the_targets_as_one_gaussian",
    ),
    Mistake(
        "the determinant's sign",
        "jnp.linalg.solve(K, t) + log_determinant",
        "jnp.linalg.solve(K, t) - log_determinant",
        "test_evidence_is_the_density_of_the_targets_as_one_gaussian",
    ),
]
