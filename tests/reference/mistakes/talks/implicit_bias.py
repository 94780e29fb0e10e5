"""Plausible mistakes in `reference.talks.implicit_bias`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "the sign of the margin",
        "jax.nn.softplus(-y * (X @ w))",
        "jax.nn.softplus(y * (X @ w))",
        "test_loss_is_the_mean_of_logarithms_without_overflow",
    ),
    Mistake(
        "steps always divided by the loss",
        "(loss if normalised else 1)",
        "loss",
        "test_iterates_are_those_of_a_loop",
    ),
    Mistake(
        "a margin that scales with w",
        "jnp.min(y * (X @ w)) / jnp.linalg.norm(w)",
        "jnp.min(y * (X @ w))",
        "test_margin_is_a_distance_to_the_plane",
    ),
    Mistake(
        "multipliers of either sign",
        "jnp.maximum(ahead + step_size * (1 - Z @ (ahead @ Z)), 0)",
        "ahead + step_size * (1 - Z @ (ahead @ Z))",
        "test_maximum_margin_is_that_of_another_solver",
    ),
    Mistake(
        "labels left out",
        "Z = y[:, None] * X\n    step_size",
        "Z = X\n    step_size",
        "test_maximum_margin_is_that_of_another_solver",
    ),
    Mistake(
        "the gap of weights that break constraints",
        "w @ w / (2 * least**2)",
        "w @ w / 2",
        "test_duality_gap_bounds_the_error_of_unfinished_work",
    ),
    Mistake(
        "the mean's N forgotten",
        "(len(y) * jnp.where(support, multipliers, 1))",
        "jnp.where(support, multipliers, 1)",
        "test_weights_follow_the_asymptotics",
    ),
    Mistake(
        "all examples as support vectors",
        "jnp.linalg.pinv(Z * support[:, None])",
        "jnp.linalg.pinv(Z)",
        "test_weights_follow_the_asymptotics",
    ),
]
