"""Plausible mistakes in `reference.best_response.evolution_strategies`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "no 1/2 for the pair",
        "/ (2 * len(noise) * std)",
        "/ (len(noise) * std)",
        "test_gradient_of_a_quadratic_is_exact_for_noise_with_unit_covariance",
    ),
    Mistake(
        "sigma squared under standard normal noise",
        "/ (2 * len(noise) * std)",
        "/ (2 * len(noise) * std**2)",
        "test_gradient_of_a_quadratic_is_exact_for_noise_with_unit_covariance",
    ),
    Mistake(
        "a difference with the unperturbed loss",
        "- loss(theta - std * n)",
        "- loss(theta)",
        "test_gradient_of_an_even_loss_vanishes_whatever_the_noise",
    ),
    Mistake(
        "windows all start at the first state",
        "return end, evolution_strategies_gradient(loss, theta, noise, std)",
        "return state_0, evolution_strategies_gradient(loss, theta, noise, std)",
        "test_truncated_estimates_have_the_mean_of_truncated_backpropagation",
    ),
    Mistake(
        "windows all count from step 0",
        "return unroll(step, theta, state, first, num_steps=truncation)[1]",
        "return unroll(step, theta, state, 0 * first, num_steps=truncation)[1]",
        "test_truncated_estimates_have_the_mean_of_truncated_backpropagation",
    ),
    Mistake(
        "the mean over the windows for the sum",
        "return jnp.sum(gradients, axis=0)",
        "return jnp.mean(gradients, axis=0)",
        "test_truncated_estimates_have_the_mean_of_truncated_backpropagation",
    ),
    Mistake(
        "one step too few",
        "step, theta, state_0, num_steps=num_steps",
        "step, theta, state_0, num_steps=num_steps - 1",
        "test_full_unrolls_give_the_gradient_of_the_whole_horizon",
    ),
]
