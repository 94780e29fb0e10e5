"""Plausible mistakes in `reference.taylor.conjugate_gradients`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "the step goes up",
        "state.rz / curvature, 0)",
        "-state.rz / curvature, 0)",
        "test_iterates_reach_the_solution_in_as_many_steps_as_distinct_eigenvalues",
    ),
    Mistake(
        "steepest descent: directions not conjugate",
        "plus_multiple(z, rz / state.rz, state.d)",
        "plus_multiple(z, 0 * rz, state.d)",
        "test_iterates_reach_the_solution_in_as_many_steps_as_distinct_eigenvalues",
    ),
    Mistake(
        "the preconditioner inverted",
        "precondition = preconditioner or _identity",
        "precondition = _identity",
        "test_conjugate_gradient_needs_no_step_from_the_solution_and_one_with_the_inverse",
    ),
    Mistake(
        "the start is ignored by the residual",
        "r = b if x_0 is None else plus_multiple(b, -1, matvec(x_0))",
        "r = b",
        "test_conjugate_gradient_needs_no_step_from_the_solution_and_one_with_the_inverse",
    ),
    Mistake(
        "negative curvature followed",
        "usable = curvature > 0",
        "usable = curvature != 0",
        "test_conjugate_gradient_says_how_it_ended",
    ),
    Mistake(
        "the residual of the recurrence is reported",
        "residual_norm = norm(plus_multiple(b, -1, matvec(state.x)))",
        "residual_norm = norm(state.r)",
        "test_float32_residual_norm_is_the_true_one_and_not_that_of_the_recurrence",
    ),
    Mistake(
        "kappa for its root in the bound",
        "root = jnp.sqrt(condition_number)",
        "root = jnp.asarray(condition_number) ** 0.25",
        "test_errors_fall_monotonically_and_below_the_bound",
    ),
    Mistake(
        "iterates follow 0/0",
        "jnp.where(goes_on, new, old)",
        "new",
        "test_iterates_stay_at_the_solution_long_after_they_reach_it",
    ),
]
