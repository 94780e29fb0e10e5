"""Plausible mistakes in `reference.papers.maml`."""

from tests.reference.mistakes import Mistake

DENSE = "test_meta_gradient_is_the_product_of_dense_hessian_factors"

MISTAKES = [
    Mistake(
        "first-order MAML for MAML",
        "jax.grad(loss)(u, examples)), None",
        "jax.lax.stop_gradient(jax.grad(loss)(u, examples))), None",
        DENSE,
    ),
    Mistake(
        "scored on the support examples",
        "loss(adapted_parameters(loss, w, support, step_size, num_steps), query)\n\n    return jnp",
        "loss(adapted_parameters(loss, w, support, step_size, num_steps), support)\n\n"
        "    return jnp",
        DENSE,
    ),
    Mistake(
        "adapted on the query examples in the first-order variant",
        "jax.grad(loss)(adapted_parameters(loss, w, support",
        "jax.grad(loss)(adapted_parameters(loss, w, query",
        DENSE,
    ),
    Mistake(
        "a sum over tasks",
        "jnp.mean(jax.vmap(after_adaptation)",
        "jnp.sum(jax.vmap(after_adaptation)",
        DENSE,
    ),
    Mistake(
        "the first-order gradient is summed over tasks",
        "jnp.mean(leaf, axis=0)",
        "jnp.sum(leaf, axis=0)",
        DENSE,
    ),
    Mistake(
        "adaptation climbs",
        "plus_multiple(u, -step_size",
        "plus_multiple(u, step_size",
        "test_quadratic_tasks_have_the_closed_form_meta_loss",
    ),
    Mistake(
        "the meta-step is of the adaptation's size",
        "plus_multiple(w, -meta_step_size, gradient)",
        "plus_multiple(w, -step_size, gradient)",
        "test_meta_descent_reaches_the_best_initialisation_which_the_first_order_variant_misses",
    ),
]
