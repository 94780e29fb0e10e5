"""Plausible mistakes in `reference.second_order.newton`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "uphill",
        "as_tree(-jnp.linalg.solve(damped",
        "as_tree(jnp.linalg.solve(damped",
        "test_step_solves_the_damped_system",
    ),
    Mistake(
        "damping subtracted",
        "damped = H + damping",
        "damped = H - damping",
        "test_step_solves_the_damped_system",
    ),
    Mistake(
        "damping forgotten",
        "newton_step(loss, w, damping=damping)",
        "newton_step(loss, w)",
        "test_iterates_do_not_depend_on_the_coordinates_unless_damped",
    ),
    Mistake(
        "any small gradient is a minimum",
        "h[0] < -rounding",
        "h[-1] < -rounding",
        "test_search_says_how_it_ended",
    ),
    Mistake(
        "NaN taken for a step limit",
        "~jnp.isfinite(gradient_norm)",
        "jnp.isinf(gradient_norm)",
        "test_search_says_how_it_ended",
    ),
]
