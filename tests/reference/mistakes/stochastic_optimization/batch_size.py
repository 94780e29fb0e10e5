"""Plausible mistakes in `reference.stochastic_optimization.batch_size`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "the target as a loss without its half",
        "moments[:, 0, 0]) / 2",
        "moments[:, 0, 0])",
        "test_steps_to_target_are_the_first_below_it",
    ),
    Mistake(
        "an overflow counted as reached",
        "~(loss(state[0]) <= target)",
        "(loss(state[0]) < 1e6)",
        "test_a_target_out_of_reach_ends_at_the_limit_and_says_so",
    ),
    Mistake(
        "the slowest of the step sizes",
        "jnp.min(steps)",
        "jnp.max(steps)",
        "test_fewest_steps_are_those_of_the_best_step_size",
    ),
    Mistake(
        "steps taken as linear in the batch size",
        "1 / jnp.interp(2 * noiseless_steps, steps[::-1], 1 / batch_sizes[::-1])",
        "jnp.interp(2 * noiseless_steps, steps[::-1], batch_sizes[::-1])",
        "test_critical_batch_size_is_found_between_two_that_were_tried",
    ),
    Mistake(
        "the noise scale without curvature",
        "jnp.sum(h * c) / jnp.sum(h**3 * second_moments)",
        "jnp.sum(c) / jnp.sum(h**2 * second_moments)",
        "test_greedy_step_size_has_the_least_expected_loss_of_all",
    ),
    Mistake(
        "the best step for a gradient of noise alone",
        "(1 + curvature_noise_scale(model, second_moments) / batch_size)",
        "(1 + curvature_noise_scale(model, second_moments) * batch_size)",
        "test_greedy_step_size_has_the_least_expected_loss_of_all",
    ),
    Mistake(
        "noise of the step forgotten on the way",
        "(1 - alpha * h) ** 2 * s + alpha**2 * c / batch_size",
        "(1 - alpha * h) ** 2 * s",
        "test_greedy_steps_filter_one_mode_as_kalman_does",
    ),
]
