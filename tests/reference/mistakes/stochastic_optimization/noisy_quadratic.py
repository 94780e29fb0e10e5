"""Plausible mistakes in `reference.stochastic_optimization.noisy_quadratic`."""

from tests.reference.mistakes import Mistake

IMPULSES = "test_second_moments_are_sums_of_squared_impulse_responses"

MISTAKES = [
    Mistake(
        "the old velocity moves the iterate",
        "jnp.stack([one, zero, zero], axis=-1) - step_size * v",
        "jnp.stack([one - step_size * h, -step_size * one, zero], axis=-1)",
        IMPULSES,
    ),
    Mistake(
        "noise that a batch does not average",
        "(c / batch_size)[:",
        "(c + 0 * batch_size)[:",
        IMPULSES,
    ),
    Mistake(
        "variance taken for a standard deviation",
        "(c / batch_size)[:",
        "(c**2 / batch_size)[:",
        IMPULSES,
    ),
    Mistake(
        "the average sees the noise a step late",
        "one, -(1 - ema_decay) * step_size * one]",
        "one, zero]",
        "test_one_step_moves_all_second_moments_of_the_state",
    ),
    Mistake(
        "damped momentum's floor, without 1 - beta",
        "(1 + momentum) / (1 - momentum) / (2 * (1 + momentum)",
        "(1 + momentum) / (2 * (1 + momentum)",
        "test_steady_state_solves_the_lyapunov_equation",
    ),
    Mistake(
        "noise that grows with preconditioning",
        "h**-power * c",
        "h**power * c",
        "test_preconditioning_is_a_step_size_for_every_mode",
    ),
    Mistake(
        "the rate of x, not of its square",
        "(1 - step_size * model.curvatures) ** 2",
        "(1 - step_size * model.curvatures)",
        "test_closed_form_is_the_recursion_at_a_constant_step_size",
    ),
    Mistake(
        "noise of one example whatever the batch",
        "jnp.sqrt(c / batch_size)",
        "jnp.sqrt(c)",
        "test_noise_of_the_gradient_has_the_variance_of_a_batch",
    ),
]
