"""Plausible mistakes in `reference.papers.deep_equilibrium`."""

from tests.reference.mistakes import Mistake

ANDERSON = "test_anderson_takes_the_steps_of_its_constrained_form"
BROYDEN = "test_broyden_takes_the_steps_of_scipy"
DERIVATIVES = "test_equilibrium_has_the_implicit_derivatives_in_both_modes"

MISTAKES = [
    Mistake(
        "changes of f(z) are corrected for without mixing",
        "gamma @ (dZ + mixing * dR)",
        "gamma @ (dZ + dR)",
        ANDERSON,
    ),
    Mistake(
        "one change too few is remembered",
        "place = old.steps % memory_size",
        "place = old.steps % max(memory_size - 1, 1)",
        ANDERSON,
    ),
    Mistake("the correction is added", "- gamma @ (dZ", "+ gamma @ (dZ", ANDERSON),
    Mistake(
        "bad Broyden: the update's denominator is |dr|^2",
        "(dz - Bdr) / (dz @ Bdr), inverse_product((V, U), dz)",
        "(dz - Bdr) / ((r - old.r) @ (r - old.r)), r - old.r",
        BROYDEN,
    ),
    Mistake(
        "B is not transposed in dz^T B",
        "inverse_product((V, U), dz)",
        "inverse_product((U, V), dz)",
        BROYDEN,
    ),
    Mistake(
        "the backward pass stops at g, as if J were 0",
        "return solver(affine, b).solution",
        "return b",
        DERIVATIVES,
    ),
    Mistake(
        "I + J in the linear solve",
        "u - Au + b, u, matvec(u), b)",
        "Au - u + b, u, matvec(u), b)",
        DERIVATIVES,
    ),
    Mistake(
        "I - J where I - J^T belongs",
        "jnp.add, transposed(u)[0], g), g)",
        "jnp.add, jax.jvp(lambda z: f(z, theta), (z,), (u,))[1], g), g)",
        "test_backward_fixed_point_and_dense_jacobian_are_those_of_a_dense_solve",
    ),
    Mistake(
        "an absolute tolerance",
        "tolerance * jnp.linalg.norm(state.z + state.r)",
        "tolerance",
        "test_plain_iteration_contracts_by_the_spectral_radius_and_acceleration_takes_fewer_steps",
    ),
    Mistake(
        "the last, infinite state is returned",
        "jnp.where(finite, new, old)",
        "new",
        "test_solvers_say_how_they_ended",
    ),
]
