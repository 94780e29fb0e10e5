"""Plausible mistakes in `reference.adaptive_methods.adaptive`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "weights of old and new exchanged",
        "decay * old + (1 - decay) * new",
        "(1 - decay) * old + decay * new",
        "test_bias_correction_makes_the_average_of_a_constant_that_constant",
    ),
    Mistake(
        "no bias correction of m",
        "bias_corrected(m, t, decay=b1)",
        "m",
        "test_adam_is_its_sums_with_normalised_weights",
    ),
    Mistake(
        "no bias correction of v",
        "bias_corrected(v, t, decay=b2)",
        "v",
        "test_first_steps_are_signs_of_length_alpha_or_without_correction_longer",
    ),
    Mistake(
        "steps counted from zero",
        "t = state.num_steps + 1",
        "t = state.num_steps + 2",
        "test_adam_is_its_sums_with_normalised_weights",
    ),
    Mistake(
        "corrected averages carried on",
        "AdamState(t, m, v)",
        "AdamState(t, bias_corrected(m, t, decay=b1), v)",
        "test_adam_is_its_sums_with_normalised_weights",
    ),
    Mistake(
        "epsilon inside the root of RMSprop",
        "(g / (jnp.sqrt(v) + epsilon))",
        "(g / jnp.sqrt(v + epsilon))",
        "test_rmsprop_is_its_formula_step_by_step",
    ),
    Mistake(
        "no root",
        "(m / (jnp.sqrt(v) + epsilon))",
        "(m / (v + epsilon))",
        "test_scale_of_the_loss_is_not_seen",
    ),
    Mistake(
        "the bound in circulation",
        "((1 - b2) * (1 - b1**2 / b2)) ** 0.5",
        "(1 - b2) ** 0.5",
        "test_step_bound_is_reached_by_growing_gradients_and_by_no_others",
    ),
]
