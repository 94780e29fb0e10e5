"""Plausible mistakes in `reference.talks.forgetting`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "a projection that adds the error again",
        "return w - jnp.linalg.pinv(X)",
        "return w + jnp.linalg.pinv(X)",
        "test_projection_is_the_nearest_solution",
    ),
    Mistake(
        "one gradient step for a task learned",
        "jnp.linalg.pinv(X) @",
        "X.T @",
        "test_projection_is_the_nearest_solution",
    ),
    Mistake(
        "a mean over examples",
        "jnp.sum((Xs @ w - ys) ** 2, axis=1)",
        "jnp.mean((Xs @ w - ys) ** 2, axis=1)",
        "test_forgetting_is_the_mean_over_tasks_of_sums_of_squares",
    ),
    Mistake(
        "cycles counted as steps",
        "k = 2 * num_cycles",
        "k = num_cycles",
        "test_forgetting_is_worst_at_the_angle_of_the_formula",
    ),
    Mistake(
        "a cosine too many",
        "** (k - 1)",
        "** k",
        "test_forgetting_is_worst_at_the_angle_of_the_formula",
    ),
    Mistake(
        "principal vectors of the wrong task",
        "P_1 @ P_2 @ P_1",
        "P_2 @ P_1 @ P_2",
        "test_two_tasks_forget_what_the_formula_says",
    ),
    Mistake(
        "the rank for the dimension that is left",
        "(D - rank) / (2 * k)",
        "rank / (2 * k)",
        "test_bound_is_the_less_of_two",
    ),
    Mistake(
        "the norm unsquared",
        "* largest**2",
        "* largest",
        "test_bound_is_the_less_of_two",
    ),
]
