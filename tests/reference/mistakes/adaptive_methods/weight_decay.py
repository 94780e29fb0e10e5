"""Plausible mistakes in `reference.adaptive_methods.weight_decay`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "no half in the penalty",
        "penalty / 2 * inner_product(w, w)",
        "penalty * inner_product(w, w)",
        "test_penalty_adds_lambda_w_to_the_gradient",
    ),
    Mistake(
        "decay not multiplied by the step size",
        "-step_size * decay, params",
        "-decay, params",
        "test_decay_acts_where_the_loss_does_not",
    ),
    Mistake(
        "growth for decay",
        "-step_size * decay, params",
        "step_size * decay, params",
        "test_adamw_is_that_of_optax",
    ),
    Mistake(
        "penalty for decay: it goes through the optimizer",
        "optimizer.update(updates, state, params, **extra)",
        "optimizer.update(plus_multiple(updates, decay, params), state, params, **extra)",
        "test_adamw_is_that_of_optax",
    ),
    Mistake(
        "equilibrium of slow decay for any",
        "(decay * (2 - step_size * decay))",
        "(2 * decay)",
        "test_descent_on_a_scale_invariant_loss_ends_at_the_equilibrium",
    ),
    Mistake(
        "square for the fourth power",
        "jnp.asarray(fourth_power) ** 0.25",
        "jnp.asarray(fourth_power) ** 0.5",
        "test_equilibrium_is_the_usual_formula_for_slow_decay",
    ),
    Mistake(
        "norm decayed once for its square",
        "(1 - step_size * decay) ** 2 * s",
        "(1 - step_size * decay) * s",
        "test_descent_on_a_scale_invariant_loss_ends_at_the_equilibrium",
    ),
    Mistake(
        "gradient of fixed length, whatever the norm",
        "length = gradient_norm / jnp.linalg.norm(w)",
        "length = gradient_norm",
        "test_random_walk_has_the_predicted_norms_at_every_step",
    ),
    Mistake(
        "noise not tangent",
        "tangent_component(w, jax.random.normal(key, w.shape, w.dtype))",
        "jax.random.normal(key, w.shape, w.dtype)",
        "test_random_walk_has_the_predicted_norms_at_every_step",
    ),
    Mistake(
        "arccos, which loses its digits next to 1",
        "2 * jnp.arcsin(jnp.sqrt(jnp.asarray(step_size * decay) / 2))",
        "jnp.arccos(1 - jnp.asarray(step_size * decay))",
        "test_equilibrium_angle_keeps_its_digits_in_float32",
    ),
]
