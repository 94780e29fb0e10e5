"""Plausible mistakes in `reference.talks.activation_compression`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "rounded down always",
        "(lower + up) * h",
        "(lower + 0 * up) * h",
        "test_mean_is_the_argument",
    ),
    Mistake(
        "rounded to the nearest",
        "up = jax.random.uniform(key, x.shape, x.dtype) < position - lower",
        "up = position - lower > 0.5",
        "test_mean_is_the_argument",
    ),
    Mistake(
        "2^b spaces for 2^b levels",
        "return 2 * jnp.max(jnp.abs(x)) / (2**num_bits - 1)",
        "return 2 * jnp.max(jnp.abs(x)) / 2**num_bits",
        "test_values_are_the_two_levels_around_each_entry",
    ),
    Mistake(
        "the second moment of a rounding for its variance",
        "place * (1 - place)",
        "place",
        "test_variance_is_that_of_samples_and_below_the_bound",
    ),
    Mistake(
        "no root of the number of entries",
        "return num_entries**0.5 /",
        "return num_entries /",
        "test_bound_on_the_variance_is_attained_by_halves_of_levels",
    ),
    Mistake(
        "the activations compressed, not their change",
        "message + stochastic_quantisation(key, activations - message, num_bits)",
        "stochastic_quantisation(key, activations, num_bits)",
        "test_compressed_change_has_the_mean_and_the_levels_of_the_change",
    ),
    Mistake(
        "changes measured from the last activations, errors not fed back",
        "return message, message\n",
        "return sent[1], message\n",
        "test_messages_follow_their_recursion",
    ),
    Mistake(
        "the change added after shrinking",
        "error = c * (error + change)",
        "error = c * error + change",
        "test_error_bounds_follow_their_recursion",
    ),
    Mistake(
        "the second machine differentiates at a stale message",
        "g_2, g_a = jax.grad(loss_of_activations, argnums=(0, 1))(w_2, message)",
        "g_2, g_a = jax.grad(loss_of_activations, argnums=(0, 1))(w_2, state[1])",
        "test_many_bits_give_plain_gradient_descent",
    ),
]
