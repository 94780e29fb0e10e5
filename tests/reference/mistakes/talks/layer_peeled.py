"""Plausible mistakes in `reference.talks.layer_peeled`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "the ratio given to the rare classes",
        "ones.at[:num_major]",
        "ones.at[num_major:]",
        "test_fractions_are_of_examples",
    ),
    Mistake(
        "features summed over classes",
        "jnp.sum(H**2) / len(H)",
        "jnp.sum(H**2)",
        "test_loss_is_a_mean_over_examples_and_two_penalties",
    ),
    Mistake(
        "penalties without 1/2",
        "+ decay / 2",
        "+ decay",
        "test_loss_is_a_mean_over_examples_and_two_penalties",
    ),
    Mistake(
        "softmax over examples",
        "jax.nn.log_softmax(Z, axis=1)",
        "jax.nn.log_softmax(Z, axis=0)",
        "test_loss_is_a_mean_over_examples_and_two_penalties",
    ),
    Mistake(
        "ascent",
        "plus_multiple(w, -step_size",
        "plus_multiple(w, step_size",
        "test_step_is_against_the_gradient",
    ),
    Mistake(
        "J forgotten in the certificate",
        "(weight_penalty * feature_penalty / len(fractions)) ** 0.5",
        "(weight_penalty * feature_penalty) ** 0.5",
        "test_certificate_refuses_a_saddle",
    ),
    Mistake(
        "inner products for cosines",
        "unit = W / jnp.linalg.norm(W, axis=1, keepdims=True)",
        "unit = W",
        "test_cosines_are_of_angles",
    ),
]
