"""Plausible mistakes in `reference.bilevel_optimization.implicit`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "the indirect part is added",
        "jnp.subtract, direct",
        "jnp.add, direct",
        "test_assembled_hypergradient_is_affine_in_the_inverse_product",
    ),
    Mistake(
        "the direct part is forgotten",
        "direct = jax.grad(outer_loss, 1)(w, theta)",
        "direct = jax.tree.map(jnp.zeros_like, theta)",
        "test_assembled_hypergradient_is_affine_in_the_inverse_product",
    ),
    Mistake(
        "the response's sign is turned in the dense oracle",
        "as_vector(direct) + indirect",
        "as_vector(direct) - indirect",
        "test_hypergradients_are_those_of_retraining_in_closed_form",
    ),
    Mistake(
        "the Hessian is that of the outer loss",
        "lambda v: hessian_vector_product(lambda w: inner_loss",
        "lambda v: hessian_vector_product(lambda w: inner_loss(w, theta) + outer_loss",
        "test_hypergradients_are_those_of_retraining_in_closed_form",
    ),
    Mistake(
        "the right side holds more than the outer gradient",
        "g_v = jax.grad(outer_loss)(w, theta)",
        "g_v = jax.grad(lambda w, theta: outer_loss(w, theta) + inner_loss(w, theta) + "
        "inner_product(w, w))(w, theta)",
        "test_conjugate_gradients_that_stop_early_say_so_and_lie_between",
    ),
    Mistake(
        "the option of another curvature is ignored",
        "product = curvature_product or (",
        "product = (",
        "test_gauss_newton_option_solves_with_that_matrix_and_is_exact_for_linear_networks",
    ),
    Mistake(
        "the root does not see theta",
        "lambda w: jax.grad(loss)(w, theta), w_0",
        "lambda w: jax.grad(loss)(w, jax.lax.stop_gradient(theta)), w_0",
        "test_argmin_does_not_depend_on_the_start_and_its_minimiser_may_be_a_while_loop",
    ),
]
