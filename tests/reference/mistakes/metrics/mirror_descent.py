"""Plausible mistakes in `reference.metrics.mirror_descent`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "sign of the entropy",
        "return jnp.sum(w * jnp.log(w))",
        "return -jnp.sum(w * jnp.log(w))",
        "test_log_partition_is_the_conjugate_of_negative_entropy_on_the_simplex",
    ),
    Mistake(
        "the potential for its conjugate on the way back",
        "return jax.grad(conjugate)(dual)",
        "return jax.grad(potential)(dual)",
        "test_mirror_step_subtracts_the_gradient_in_dual_coordinates",
    ),
    Mistake(
        "the gradient subtracted from the weights",
        "dual = plus_multiple(jax.grad(potential)(w), -step_size, gradient)",
        "dual = jax.grad(potential)(plus_multiple(w, -step_size, gradient))",
        "test_mirror_step_subtracts_the_gradient_in_dual_coordinates",
    ),
    Mistake(
        "ascent",
        "-step_size, gradient)\n    return jax.grad(conj",
        "step_size, gradient)\n    return jax.grad(conj",
        "test_mirror_step_with_half_squares_is_gradient_descent",
    ),
    Mistake(
        "all gradients taken at the first weights",
        "jax.grad(loss)(w), step_size)",
        "jax.grad(loss)(w_0), step_size)",
        "test_mirror_descent_finds_the_interpolant_nearest_in_its_own_divergence",
    ),
    Mistake(
        "weights not normalised",
        "jax.nn.log_softmax(log_w - step_size * gradient)",
        "log_w - step_size * gradient",
        "test_exponentiated_gradient_is_mirror_descent_with_the_negative_entropy",
    ),
    Mistake(
        "the gradient at log w",
        "jax.grad(loss)(jnp.exp(log_w))",
        "jax.grad(loss)(log_w)",
        "test_exponentiated_gradient_is_mirror_descent_with_the_negative_entropy",
    ),
    Mistake(
        "the new weights given as updates",
        "return plus_multiple(u, -1, params), state",
        "return u, state",
        "test_optimizer_takes_the_steps_of_the_iterates_on_trees",
    ),
]
