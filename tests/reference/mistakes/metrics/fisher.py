"""Plausible mistakes in `reference.metrics.fisher`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "1/s^2 for the standard deviation too",
        "jnp.stack([jnp.ones_like(mean), 2 * jnp.ones_like(mean)])",
        "jnp.ones(2, mean.dtype)",
        "test_gaussian_fisher_is_the_mean_outer_product_of_scores",
    ),
    Mistake(
        "the second moment for the covariance",
        "return jnp.diag(p) - jnp.outer(p, p)",
        "return jnp.diag(p)",
        "test_softmax_fisher_is_the_covariance_of_a_draw_and_the_hessian_of_every_label",
    ),
    Mistake(
        "log of a softmax that underflows",
        "log_p = jax.nn.log_softmax(logits)",
        "log_p = jnp.log(jax.nn.softmax(logits))",
        "test_negative_log_likelihoods_stay_finite_for_large_logits",
    ),
    Mistake(
        "a sum over examples for the mean",
        "J, jax.vmap(softmax_fisher)(logits), J) / len(logits)",
        "J, jax.vmap(softmax_fisher)(logits), J)",
        "test_fisher_matrix_takes_labels_from_the_model",
    ),
    Mistake(
        "outer product of the mean gradient",
        "return g.T @ g / len(g)",
        "return jnp.outer(jnp.mean(g, 0), jnp.mean(g, 0))",
        "test_empirical_fisher_matrix_takes_labels_from_the_data_and_differs",
    ),
    Mistake(
        "the product not divided by N",
        "Fu = p * (u - jnp.sum(p * u, axis=1, keepdims=True)) / len(p)",
        "Fu = p * (u - jnp.sum(p * u, axis=1, keepdims=True))",
        "test_products_are_those_of_the_dense_matrices",
    ),
    Mistake(
        "the mean over classes for that over the model",
        "jnp.sum(p * u, axis=1, keepdims=True)",
        "jnp.mean(u, axis=1, keepdims=True)",
        "test_products_are_those_of_the_dense_matrices",
    ),
    Mistake(
        "empirical for true: labels that are not drawn",
        "labels = jax.random.categorical(key, logits)",
        "labels = jnp.argmax(logits, axis=1)",
        "test_sampled_fisher_vector_product_is_unbiased_for_the_true_fisher",
    ),
    Mistake(
        "labels drawn uniformly",
        "jax.random.categorical(key, logits)",
        "jax.random.categorical(key, 0 * logits)",
        "test_sampled_fisher_vector_product_is_unbiased_for_the_true_fisher",
    ),
    Mistake(
        "one draw for all samples",
        "jax.vmap(product)(jax.random.split(key, num_samples))",
        "jax.vmap(product)(jnp.stack([key] * num_samples))",
        "test_variance_of_the_sampled_product_falls_with_the_samples",
    ),
]
