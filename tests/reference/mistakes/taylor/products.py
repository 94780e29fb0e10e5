"""Plausible mistakes in `reference.taylor.products`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "the primal given as the tangent",
        "jax.jvp(f, (w,), (v,))[1]",
        "jax.jvp(f, (w,), (w,))[1]",
        "test_jacobian_vector_product_is_a_central_difference",
    ),
    Mistake(
        "the cotangent not used",
        "jax.vjp(f, w)[1](u)[0]",
        "jax.vjp(f, w)[1](jax.tree.map(lambda u: u / u, u))[0]",
        "test_vector_jacobian_product_is_the_adjoint",
    ),
    Mistake(
        "the gradient for its derivative",
        "return jacobian_vector_product(jax.grad(loss), w, v)",
        "return jax.grad(loss)(jax.tree.map(lambda w, v: w + v, w, v))",
        "test_hessian_vector_product_is_that_of_the_dense_hessian",
    ),
    Mistake(
        "the Hessian of the loss taken at the tangent",
        "hessian_vector_product(loss_of_output, z, Jv)",
        "hessian_vector_product(loss_of_output, Jv, Jv)",
        "test_gauss_newton_takes_the_curvature_of_the_loss_at_the_output",
    ),
    Mistake(
        "the Hessian of the loss left out",
        "return vector_jacobian_product(network, w, HJv)",
        "return vector_jacobian_product(network, w, Jv)",
        "test_gauss_newton_vector_product_is_that_of_the_dense_matrix",
    ),
    Mistake(
        "the Jacobian at the origin",
        "jax.jacrev(on_vectors(lambda w: as_vector(f(w)), like=w)))(as_vector(w))",
        "jax.jacrev(on_vectors(lambda w: as_vector(f(w)), like=w)))(0 * as_vector(w))",
        "test_jacobian_matrix_makes_both_products",
    ),
    Mistake(
        "the Hessian of the loss at zero output",
        "return J.T @ hessian(loss_of_output, network(w)) @ J",
        "return J.T @ hessian(loss_of_output, 0 * network(w)) @ J",
        "test_gauss_newton_takes_the_curvature_of_the_loss_at_the_output",
    ),
    Mistake(
        "the Hessian of the loss left out of the matrix",
        "return J.T @ hessian(loss_of_output, network(w)) @ J",
        "return J.T @ J",
        "test_gauss_newton_matrix_of_half_squares_is_a_mean_of_jacobian_products",
    ),
]
