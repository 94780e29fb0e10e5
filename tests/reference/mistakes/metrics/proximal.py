"""Plausible mistakes in `reference.metrics.proximal`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "the half left out of the distance",
        "inner_product(difference, difference) / 2",
        "inner_product(difference, difference)",
        "test_half_squared_distance_is_that_of_the_vectors",
    ),
    Mistake(
        "lambda w left out of the right side",
        "b + penalty * w)",
        "b)",
        "test_quadratic_proximal_point_is_a_damped_newton_step_and_stationary",
    ),
    Mistake(
        "1/lambda for lambda",
        "A + penalty * jnp.eye",
        "A + 1 / penalty * jnp.eye",
        "test_quadratic_proximal_point_is_a_damped_newton_step_and_stationary",
    ),
    Mistake(
        "1/lambda for lambda in the objective",
        "loss(u) + penalty * dissimilarity(u, w)",
        "loss(u) + dissimilarity(u, w) / penalty",
        "test_proximal_point_of_a_quadratic_is_the_closed_form_in_one_newton_step",
    ),
    Mistake(
        "the dissimilarity the other way round",
        "dissimilarity(u, w)",
        "dissimilarity(w, u)",
        "test_proximal_point_on_trees_is_the_minimum_that_scipy_finds",
    ),
    Mistake(
        "explicit: the gradient at the start of the step",
        "return loss(u) + penalty",
        "return inner_product(jax.grad(loss)(w), u) + penalty",
        "test_implicit_descent_takes_the_gradient_where_the_step_ends",
    ),
    Mistake(
        "a step of Newton towards a maximum",
        "refused = cg.ending == Ending.NONPOSITIVE_CURVATURE",
        "refused = cg.ending > 99",
        "test_proximal_point_says_how_it_ended",
    ),
    Mistake(
        "every step from the first weights",
        "w = proximal_point(\n            loss, dissimilarity, w,",
        "w = proximal_point(\n            loss, dissimilarity, w_0,",
        "test_implicit_descent_shrinks_every_mode_at_every_step_size",
    ),
]
