"""Plausible mistakes in `reference.talks.sketching`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "not scaled",
        "jax.random.normal(key, (size, len(x)), x.dtype) @ x / size**0.5",
        "jax.random.normal(key, (size, len(x)), x.dtype) @ x",
        "test_inner_products_have_the_stated_mean_and_variance",
    ),
    Mistake(
        "scaled by the size",
        "jax.random.rademacher(key, (size, len(x)), x.dtype) @ x / size**0.5",
        "jax.random.rademacher(key, (size, len(x)), x.dtype) @ x / size",
        "test_inner_products_have_the_stated_mean_and_variance",
    ),
    Mistake(
        "no signs in the count sketch",
        "signed = x * jax.random.rademacher(key_of_signs, x.shape, x.dtype)",
        "signed = x",
        "test_count_sketch_keeps_every_entry_once",
    ),
    Mistake(
        "the last bucket never used",
        "x.shape, 0, size)",
        "x.shape, 0, size - 1)",
        "test_count_sketch_keeps_every_entry_once",
    ),
    Mistake(
        "the variance of Gaussian entries for signs",
        "(kurtosis - 3) * jnp.sum((x * y) ** 2)",
        "0 * jnp.sum((x * y) ** 2)",
        "test_variance_of_signs_is_that_of_all_signs",
    ),
    Mistake(
        "the product of norms alone",
        "jnp.sum(x**2) * jnp.sum(y**2) + jnp.sum(x * y) ** 2",
        "2 * jnp.sum(x**2) * jnp.sum(y**2)",
        "test_variance_of_signs_is_that_of_all_signs",
    ),
    Mistake(
        "half the angle",
        "return 1 - 2 * jnp.arctan2",
        "return 1 - jnp.arctan2",
        "test_collision_probability_is_linear_in_the_angle",
    ),
    Mistake(
        "the mean of signs for the cosine",
        "return jnp.sin(jnp.pi / 2 * jnp.mean(signs * other))",
        "return jnp.mean(signs * other)",
        "test_hashed_cosine_tends_to_the_cosine",
    ),
]
