"""Plausible mistakes in `reference.taylor.response`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "sign",
        "return -jnp.linalg.solve(H, mixed)",
        "return jnp.linalg.solve(H, mixed)",
        "test_response_jacobian_is_that_of_retraining_in_closed_form",
    ),
    Mistake(
        "a product with the Hessian for a solve",
        "jnp.linalg.solve(H, mixed)",
        "H @ mixed",
        "test_response_jacobian_is_that_of_retraining_in_closed_form",
    ),
    Mistake(
        "sign in the right side of the solve",
        "jax.tree.map(jnp.negative, mixed_v)",
        "mixed_v",
        "test_response_vector_product_is_a_retraining_a_little_away",
    ),
    Mistake(
        "no Hessian at all",
        "lambda u: hessian_vector_product(lambda w: loss(w, theta), w, u)",
        "lambda u: u",
        "test_response_vector_product_is_a_retraining_a_little_away",
    ),
]
