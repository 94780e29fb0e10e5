"""Plausible mistakes in `reference.papers.influence_functions`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "sign",
        "jax.tree.map(jnp.negative, g_n)",
        "g_n",
        "test_parameter_influence_is_the_derivative_of_retraining",
    ),
    Mistake(
        "another example",
        "losses(w)[n])(w)",
        "losses(w)[n - 1])(w)",
        "test_parameter_influence_is_the_derivative_of_retraining",
    ),
    Mistake(
        "sign of the influence on the loss",
        "InfluenceResult(-jacobian",
        "InfluenceResult(jacobian",
        "test_influences_on_test_loss_are_derivatives_of_retraining",
    ),
    Mistake(
        "the Hessian of the sum of losses",
        "hessian_vector_product(lambda w: jnp.mean(losses(w)), w, v)",
        "hessian_vector_product(lambda w: jnp.sum(losses(w)), w, v)",
        "test_influences_on_test_loss_are_derivatives_of_retraining",
    ),
    Mistake(
        "the penalty left out of the Hessian",
        "return plus_multiple(Hv, penalty, v)",
        "return Hv",
        "test_influences_on_test_loss_are_derivatives_of_retraining",
    ),
    Mistake(
        "the penalty left out of the dense Hessian",
        "damped = H + penalty * jnp.eye(len(H), dtype=H.dtype)",
        "damped = H",
        "test_influences_by_conjugate_gradients_are_those_of_the_dense_solve",
    ),
    Mistake(
        "no Hessian: products of gradients",
        "jnp.linalg.solve(damped, jacobian(losses, w).T)",
        "jacobian(losses, w).T",
        "test_influences_by_conjugate_gradients_are_those_of_the_dense_solve",
    ),
    Mistake(
        "sign of the influence of an input",
        "return -jax.grad(slope)(inputs)",
        "return jax.grad(slope)(inputs)",
        "test_input_influences_are_derivatives_of_retraining_with_an_input_moved",
    ),
    Mistake(
        "the leverage left out",
        "/ (1 - ridge_leverages(Phi, penalty))",
        "/ 1",
        "test_leave_one_out_solutions_are_those_of_retraining",
    ),
    Mistake(
        "lambda for N lambda",
        "N * penalty * jnp.eye",
        "penalty * jnp.eye",
        "test_leave_one_out_solutions_are_those_of_retraining",
    ),
]
