"""Plausible mistakes in `reference.papers.edge_of_stability`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "the eigenvalue largest in size",
        "jnp.max(jnp.where(spectrum.weights == 0, -jnp.inf, spectrum.nodes))",
        "jnp.max(jnp.abs(spectrum.nodes))",
        "test_sharpness_is_the_algebraically_largest_eigenvalue",
    ),
    Mistake(
        "nodes of weight 0 counted",
        "jnp.where(spectrum.weights == 0, -jnp.inf, spectrum.nodes)",
        "spectrum.nodes",
        "test_sharpness_is_the_algebraically_largest_eigenvalue",
    ),
    Mistake(
        "NaN taken for flat",
        "jnp.where(spectrum.weights == 0, -jnp.inf, spectrum.nodes)",
        "jnp.where(spectrum.weights > 0, spectrum.nodes, 0)",
        "test_a_diverged_run_does_not_look_flat",
    ),
    Mistake(
        "ascent",
        "plus_multiple(w, -step_size, g), value",
        "plus_multiple(w, step_size, g), value",
        "test_recorded_run_is_plain_descent_with_its_losses_and_sharpnesses",
    ),
    Mistake(
        "sharpness of the later iterate",
        "return moved, (losses, recorded(w))",
        "return moved, (losses, recorded(moved))",
        "test_recorded_run_is_plain_descent_with_its_losses_and_sharpnesses",
    ),
    Mistake(
        "rises counted as falls",
        "losses[1:] > losses[:-1]",
        "losses[1:] <= losses[:-1]",
        "test_share_of_rises_counts_strict_ones",
    ),
    Mistake(
        "the Gauss-Newton part alone",
        "off_diagonal = 2 * u * v - 1",
        "off_diagonal = u * v",
        "test_sharpness_of_the_scalar_model_is_that_of_its_hessian",
    ),
    Mistake(
        "the smaller eigenvalue",
        "(u**2 + v**2 + jnp.hypot",
        "(u**2 + v**2 - jnp.hypot",
        "test_sharpness_of_the_scalar_model_is_that_of_its_hessian",
    ),
]
