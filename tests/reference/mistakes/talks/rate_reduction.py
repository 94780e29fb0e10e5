"""Plausible mistakes in `reference.talks.rate_reduction`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "a full logdet",
        "return jnp.sum(jnp.log(jnp.diagonal(factor)))",
        "return 2 * jnp.sum(jnp.log(jnp.diagonal(factor)))",
        "test_coding_rate_is_the_determinant_of_the_other_side",
    ),
    Mistake(
        "distortion not squared",
        "Z.shape[1] / (Z.shape[0] * distortion**2)",
        "Z.shape[1] / (Z.shape[0] * distortion)",
        "test_coding_rate_is_the_determinant_of_the_other_side",
    ),
    Mistake(
        "N and D swapped",
        "Z.shape[1] / (Z.shape[0] *",
        "Z.shape[0] / (Z.shape[1] *",
        "test_coding_rate_is_the_determinant_of_the_other_side",
    ),
    Mistake(
        "the whole's scale for each class",
        "grams = _class_grams(Z, memberships) * (_scale(Z, distortion) / shares)[:, None, None]",
        "grams = _class_grams(Z, memberships) * _scale(Z, distortion)",
        "test_class_rate_is_the_mean_of_rates_of_the_classes",
    ),
    Mistake(
        "classes not weighted",
        "return jnp.sum(shares * jax.vmap(_half_logdet)(grams))",
        "return jnp.sum(jax.vmap(_half_logdet)(grams))",
        "test_class_rate_is_the_mean_of_rates_of_the_classes",
    ),
    Mistake(
        "weights N_j / N in the gradient, where they cancel",
        'a * (expansion - jnp.einsum("nj,jnd->nd", memberships, compressed))',
        'a * (expansion - jnp.einsum("nj,j,jnd->nd", memberships, shares, compressed))',
        "test_gradient_is_that_of_autodiff",
    ),
    Mistake(
        "the whole coded per class in the closed form",
        "jnp.log1p(precision * shares) - shares",
        "jnp.log1p(precision) - shares",
        "test_value_of_orthogonal_subspaces_is_the_closed_form",
    ),
    Mistake(
        "descent",
        "Z = Z + step_size * len(Z)",
        "Z = Z - step_size * len(Z)",
        "test_first_iterate_of_ascent_is_a_scaled_step",
    ),
]
