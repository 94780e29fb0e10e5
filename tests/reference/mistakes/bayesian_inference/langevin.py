"""Plausible mistakes in `reference.bayesian_inference.langevin`."""

from tests.reference.mistakes import Mistake

LYAPUNOV = "test_stationary_covariance_solves_the_lyapunov_equation"
OPTIMIZER = "test_as_an_optimizer_it_descends_and_makes_new_noise_at_every_step"

MISTAKES = [
    Mistake(
        "noise of the other convention",
        "jnp.sqrt(2 * jnp.asarray(step_size * temperature))",
        "jnp.sqrt(jnp.asarray(step_size * temperature))",
        "test_step_is_that_of_blackjax",
    ),
    Mistake(
        "a step that climbs",
        "w - step_size * g + scale",
        "w + step_size * g + scale",
        "test_at_zero_temperature_it_is_gradient_descent",
    ),
    Mistake(
        "the mean gradient of the batch",
        "N * g + w / prior_std**2",
        "g + w / prior_std**2",
        "test_gradient_of_equal_examples_is_that_of_all_of_them",
    ),
    Mistake(
        "the prior's standard deviation for its variance",
        "w / prior_std**2",
        "w / prior_std",
        "test_gradient_of_equal_examples_is_that_of_all_of_them",
    ),
    Mistake(
        "the same noise at every step", "SgldState(next_key,", "SgldState(state.key,", OPTIMIZER
    ),
    Mistake(
        "a schedule that stands still",
        "SgldState(next_key, state.num_updates + 1)",
        "SgldState(next_key, state.num_updates)",
        OPTIMIZER,
    ),
    Mistake(
        "noise of the gradient to first order", "step_size**2 * Q.T", "step_size * Q.T", LYAPUNOV
    ),
    Mistake(
        "the eigenbasis transposed",
        "Q.T @ gradient_noise @ Q",
        "Q @ gradient_noise @ Q.T",
        LYAPUNOV,
    ),
    Mistake(
        "the covariance of the diffusion",
        "(1 - jnp.outer(rates, rates))",
        "(step_size * (a[:, None] + a))",
        LYAPUNOV,
    ),
]
