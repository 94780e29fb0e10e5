"""Plausible mistakes in `reference.momentum.heavy_ball`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "the velocity after the step, not before",
        "return v, v",
        "return state, v",
        "test_training_loop_polyak_form_and_optax_agree",
    ),
    Mistake(
        "an average of gradients for a sum",
        "momentum * v - step_size * g, state",
        "momentum * v - (1 - momentum) * step_size * g, state",
        "test_training_loop_polyak_form_and_optax_agree",
    ),
    Mistake(
        "step size on the whole velocity",
        "return v, v",
        "return v, jax.tree.map(lambda v: v / step_size, v)",
        "test_a_change_of_step_size_leaves_the_velocity_gained",
    ),
    Mistake(
        "momentum against the last step",
        "+ momentum * (w - w_before)",
        "- momentum * (w - w_before)",
        "test_training_loop_polyak_form_and_optax_agree",
    ),
    Mistake(
        "Nesterov's momentum, the root of the best",
        "((high - low) / (high + low)) ** 2",
        "((high - low) / (high + low)) ** 1",
        "test_best_constants_give_all_modes_the_best_rate",
    ),
    Mistake(
        "step size 1 / L",
        "4 / (high + low) ** 2",
        "1 / high**2",
        "test_best_constants_give_all_modes_the_best_rate",
    ),
    Mistake(
        "kappa for its root",
        "root = jnp.sqrt(condition_number)",
        "root = condition_number",
        "test_best_constants_give_all_modes_the_best_rate",
    ),
    Mistake(
        "gradient descent's stability limit",
        "2 * (1 + momentum)",
        "2 * (1 - 0 * momentum)",
        "test_stability_limit_divides_convergence_from_divergence",
    ),
    Mistake(
        "the sign of the curvature",
        "1 + momentum - step_size * a",
        "1 + momentum + step_size * a",
        "test_eigenvalues_advance_every_mode",
    ),
]
