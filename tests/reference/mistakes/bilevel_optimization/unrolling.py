"""Plausible mistakes in `reference.bilevel_optimization.unrolling`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "gradient ascent",
        "momentum * v - step_size * g",
        "momentum * v + step_size * g",
        "test_descended_weights_are_those_of_optax",
    ),
    Mistake(
        "momentum's gradient is damped by 1 - beta",
        "momentum * v - step_size * g",
        "momentum * v - (1 - momentum) * step_size * g",
        "test_descended_weights_are_those_of_optax",
    ),
    Mistake(
        "the first steps are differentiated, not the last",
        "num_first = num_steps - num_differentiated",
        "num_first = num_differentiated",
        "test_truncation_forgets_how_the_state_before_depends_on_theta",
    ),
    Mistake(
        "momentum restarts where differentiation begins",
        "w, _ = _descended(inner_loss, state, theta,",
        "w, _ = _descended(inner_loss, (state[0], start[1]), theta,",
        "test_truncation_forgets_how_the_state_before_depends_on_theta",
    ),
    Mistake(
        "the direct derivative is lost in forward mode",
        "w = descended_weights(inner_loss, w_0, theta, step_size, num_steps, momentum=momentum)\n"
        "        return outer_loss(w, theta)",
        "w = descended_weights(inner_loss, w_0, theta, step_size, num_steps, momentum=momentum)\n"
        "        return outer_loss(w, jax.lax.stop_gradient(theta))",
        "test_both_modes_are_the_tangent_recursion",
    ),
    Mistake(
        "the bias has the wrong sign",
        "missing = V @ (",
        "missing = -V @ (",
        "test_bias_of_truncation_at_the_optimum_is_the_closed_form",
    ),
    Mistake(
        "the bias of one step more",
        "** num_differentiated / h",
        "** (num_differentiated + 1) / h",
        "test_bias_of_truncation_at_the_optimum_is_the_closed_form",
    ),
    Mistake(
        "the bias lacks the inverse Hessian",
        "** num_differentiated / h * g_v",
        "** num_differentiated * g_v",
        "test_bias_of_truncation_at_the_optimum_is_the_closed_form",
    ),
]
