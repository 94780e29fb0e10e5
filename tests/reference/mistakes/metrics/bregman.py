"""Plausible mistakes in `reference.metrics.bregman`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "the tangent at the first argument",
        "jax.value_and_grad(potential)(w)",
        "(potential(w), jax.grad(potential)(u))",
        "test_bregman_divergence_is_the_height_over_the_tangent_at_the_second_argument",
    ),
    Mistake(
        "the linear term left out",
        "potential(u) - value - inner_product(gradient, plus_multiple(u, -1, w))",
        "potential(u) - value",
        "test_bregman_divergence_is_the_height_over_the_tangent_at_the_second_argument",
    ),
    Mistake(
        "KL of q from p",
        "jnp.exp(log_p) * (log_p - log_q)",
        "jnp.exp(log_q) * (log_q - log_p)",
        "test_bregman_divergence_of_log_partition_is_kl_with_arguments_swapped",
    ),
    Mistake(
        "a sum over examples for the mean",
        "return jnp.mean(jax.vmap(rho)",
        "return jnp.sum(jax.vmap(rho)",
        "test_mean_output_dissimilarity_is_a_mean_over_examples",
    ),
    Mistake(
        "arguments the other way round",
        "(network(u), network(w))",
        "(network(w), network(u))",
        "test_mean_output_dissimilarity_is_a_mean_over_examples",
    ),
    Mistake(
        "the mixed derivative, which is minus the metric",
        "return jax.hessian(rho)(z, z)",
        "return jax.jacfwd(jax.grad(rho), 1)(z, z)",
        "test_output_metric_is_the_hessian_of_the_potential_or_the_fisher_matrix",
    ),
    Mistake(
        "the metric of outputs left out",
        'jnp.einsum("nkp,nkl,nlq->pq", J, G, J)',
        'jnp.einsum("nkp,nkq->pq", J, J)',
        "test_pullback_metric_is_the_hessian_of_the_dissimilarity_of_weights",
    ),
    Mistake(
        "the product not divided by N",
        "jax.vmap(product_at)(z, Jv) / len(z)",
        "jax.vmap(product_at)(z, Jv)",
        "test_pullback_metric_vector_product_is_that_of_the_dense_matrix",
    ),
]
