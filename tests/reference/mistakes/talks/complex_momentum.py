"""Plausible mistakes in `reference.talks.complex_momentum`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "the real part taken before alpha",
        "jnp.real(step_size * mu)",
        "jnp.real(step_size) * jnp.real(mu)",
        "test_iterates_are_those_of_complex_arithmetic",
    ),
    Mistake(
        "an average of gradients",
        "momentum * mu - g, state, updates",
        "momentum * mu - (1 - momentum) * g, state, updates",
        "test_memory_of_a_gradient_oscillates",
    ),
    Mistake(
        "ascent",
        "momentum * mu - g, state, updates",
        "momentum * mu + g, state, updates",
        "test_a_real_momentum_is_optaxs",
    ),
    Mistake(
        "the second moment's bias left",
        "v / (1 - decay ** t.astype(v.dtype))",
        "v",
        "test_complex_adam_is_its_equations",
    ),
    Mistake(
        "a modulus for a real part",
        "step_size * jnp.real(mu) / ",
        "step_size * jnp.abs(mu) / ",
        "test_complex_adam_is_its_equations",
    ),
    Mistake(
        "the bias of mu corrected as well",
        "step_size * jnp.real(mu) / ",
        "step_size * jnp.real(mu / (1 - momentum**t)) / ",
        "test_complex_adam_is_its_equations",
    ),
    Mistake(
        "the old mu moves the weights",
        "step_size * to_mu + jnp.concatenate([zeros, zeros, identity], axis=1)",
        "jnp.concatenate([step_size * identity, zeros, identity], axis=1)",
        "test_matrix_advances_the_run_and_the_radius_is_its_largest_eigenvalue",
    ),
    Mistake(
        "beta's conjugate on one row only",
        "jnp.concatenate([imaginary, real, zeros], axis=1)",
        "jnp.concatenate([-imaginary, real, zeros], axis=1)",
        "test_matrix_advances_the_run_and_the_radius_is_its_largest_eigenvalue",
    ),
]
