"""Plausible mistakes in `reference.second_order.kronecker_factors`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "homogeneous coordinate first",
        "jnp.concatenate([activations, ones], axis=-1)",
        "jnp.concatenate([ones, activations], axis=-1)",
        "test_perceptron_is_that_of_the_problems_module",
    ),
    Mistake(
        "labels not weighted by their probabilities",
        "jnp.sqrt(p.T)[:, :, None] * (p - units)",
        "p - units + 0 * p.T[:, :, None]",
        "test_exact_factors_of_a_classifier_are_sums_over_all_labels",
    ),
    Mistake(
        "weighted by the square of the probabilities",
        "jnp.sqrt(p.T)",
        "p.T",
        "test_exact_factors_of_a_classifier_are_sums_over_all_labels",
    ),
    Mistake(
        "gradients of the mean loss squared: 1/N^2",
        'jnp.einsum("cno,cnp->op", g, g) / len(abar)',
        'jnp.einsum("cno,cnp->op", g, g) / len(abar) ** 2',
        "test_exact_factors_of_a_gaussian_model_integrate_over_its_targets",
    ),
    Mistake(
        "the likeliest label for a drawn one",
        "jax.random.categorical(key, outputs)",
        "jnp.argmax(outputs, axis=1)",
        "test_sampled_output_vectors_have_the_second_moment_of_the_exact_ones",
    ),
    Mistake(
        "probabilities for log-probabilities in the draw",
        "jax.random.categorical(key, outputs)",
        "jax.random.categorical(key, jax.nn.softmax(outputs))",
        "test_sampled_output_vectors_have_the_second_moment_of_the_exact_ones",
    ),
    Mistake(
        "outputs for probabilities",
        "mean = outputs if likelihood is Likelihood.GAUSSIAN else jax.nn.softmax(outputs)",
        "mean = outputs",
        "test_empirical_output_vectors_at_a_draw_are_gradients_of_the_loss",
    ),
    Mistake(
        "square of a mean for the mean of squares",
        "return gradients.T @ gradients / len(abar)",
        "return jnp.outer(gradients.sum(0), gradients.sum(0)) / len(abar)",
        "test_fisher_blocks_are_the_diagonal_blocks_of_the_dense_fisher",
    ),
]
