"""Plausible mistakes in `reference.stochastic_optimization.averaging`."""

from tests.reference.mistakes import Mistake

LOOP = "test_average_is_the_one_that_optax_steps_to_and_the_iterates_are_undisturbed"
COVARIANCES = "test_mean_of_iterates_is_a_sum_of_covariances"

MISTAKES = [
    Mistake(
        "the parameters before the update",
        "w = optax.apply_updates(params, updates)",
        "w = params",
        LOOP,
    ),
    Mistake(
        "decay and weight exchanged",
        "gamma * a + (1 - gamma) * w",
        "(1 - gamma) * a + gamma * w",
        LOOP,
    ),
    Mistake(
        "the start counted among the iterates",
        "return count / (count + 1)",
        "return (count + 1) / (count + 2)",
        "test_polyaks_average_is_the_mean_of_all_iterates_but_the_first",
    ),
    Mistake(
        "iterates taken as independent",
        "(1 - decay) / (1 + decay) * (1 + gamma_phi) / (1 - gamma_phi)",
        "(1 - decay) / (1 + decay)",
        "test_ema_risk_is_where_the_expected_losses_end",
    ),
    Mistake(
        "a stationary start",
        "(s_0 - s) * (f / t) ** 2 + s",
        "s",
        COVARIANCES,
    ),
    Mistake("the end effect forgotten", "(1 + phi - 2 * f / t)", "(1 + phi)", COVARIANCES),
]
