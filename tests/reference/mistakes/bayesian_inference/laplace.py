"""Plausible mistakes in `reference.bayesian_inference.laplace`."""

from tests.reference.mistakes import Mistake

EXACT = "test_approximation_of_a_gaussian_posterior_is_exact"
NETWORK = "test_gauss_newton_posterior_is_that_of_the_linearised_network"

MISTAKES = [
    Mistake("the energy's sign", "return -energy(w)", "return energy(w)", EXACT),
    Mistake(
        "half of half the log-determinant",
        "jnp.sum(jnp.log(jnp.diag(L)))",
        "jnp.sum(jnp.log(jnp.diag(L))) / 2",
        EXACT,
    ),
    Mistake(
        "the determinant of the covariance",
        "- jnp.sum(jnp.log(",
        "+ jnp.sum(jnp.log(",
        EXACT,
    ),
    Mistake("the Gaussian's constant left out", "len(mean) / 2 *", "0 *", EXACT),
    Mistake("the loss's curvature left out", "J.T @ H_z @ J", "J.T @ J", NETWORK),
    Mistake(
        "variance for precision of the prior",
        "prior_precision * eye",
        "eye / prior_precision",
        NETWORK,
    ),
    Mistake(
        "precision for covariance in predictions",
        "J @ jnp.linalg.solve(posterior.precision, J.T)",
        "J @ posterior.precision @ J.T",
        "test_predictive_variance_without_data_is_the_priors",
    ),
]
