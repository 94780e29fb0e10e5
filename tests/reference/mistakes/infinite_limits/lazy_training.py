"""Plausible mistakes in `reference.infinite_limits.lazy_training`."""

from tests.reference.mistakes import Mistake

FLOW = "test_flow_is_the_solution_of_its_differential_equation"
DESCENT = "test_descent_is_descent_on_the_weights_of_a_linear_model"

MISTAKES = [
    Mistake(
        "the sum of squares for their mean",
        "_flow_response(theta, times[:, None] / len(targets))",
        "_flow_response(theta, times[:, None])",
        FLOW,
    ),
    Mistake(
        "the targets for the error at the start",
        "error = targets if initial is None else targets - initial",
        "error = targets",
        FLOW,
    ),
    Mistake(
        "the initial output left out at test inputs",
        "return change if initial_test is None else initial_test + change",
        "return change",
        FLOW,
    ),
    Mistake(
        "divided by nothing where theta vanishes",
        "time * jnp.where(small, 1, ",
        "jnp.where(small, 0, ",
        FLOW,
    ),
    Mistake(
        "a step too many",
        "** jnp.arange(num_steps)[:, None]",
        "** jnp.arange(1, num_steps + 1)[:, None]",
        DESCENT,
    ),
    Mistake(
        "the flow's rate for the step's",
        "powers = (1 - rate * theta) **",
        "powers = jnp.exp(-rate * theta) **",
        DESCENT,
    ),
    Mistake(
        "the training inputs' variance not carried along",
        "carried = jnp.concatenate([-A,",
        "carried = jnp.concatenate([0 * A,",
        "test_ensemble_covariance_is_that_of_linear_models_with_random_weights",
    ),
    Mistake(
        "the slope at the origin",
        "push_forward(plus_multiple(w, -1, w_0))",
        "push_forward(w)",
        "test_linearised_network_is_exact_for_a_quadratic_less_its_second_order",
    ),
    Mistake(
        "all modes learnt, also those of eigenvalue 0",
        "cutoff = len(theta) * jnp.finfo(theta.dtype).eps * theta[-1]",
        "cutoff = -1.0",
        "test_both_end_in_kernel_regression",
    ),
]
