"""Plausible mistakes in `reference.taylor.spectra`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "the quotient not divided by the length",
        "return inner_product(v, matvec(v)) / inner_product(v, v)",
        "return inner_product(v, matvec(v))",
        "test_rayleigh_quotient_lies_between_the_eigenvalues_whatever_the_length",
    ),
    Mistake(
        "the norm for the eigenvalue: its sign is lost",
        "eigenvalue = inner_product(v, Av)",
        "eigenvalue = norm(Av)",
        "test_power_iteration_finds_the_largest_in_absolute_value",
    ),
    Mistake(
        "always said to have converged",
        "Ending.STEP_LIMIT,\n    )",
        "Ending.CONVERGED,\n    )",
        "test_power_iteration_says_how_it_ended",
    ),
    Mistake(
        "the three-term recurrence alone",
        "r = r - (basis @ r) @ basis",
        "r = r - jnp.sum(q * r) * q - jnp.sum(basis[k - 1] * r) * basis[k - 1]",
        "test_basis_stays_orthonormal_long_after_eigenvalues_have_converged",
    ),
    Mistake(
        "the rest divided by where the space is exhausted",
        "goes_on = beta > rounding * scale",
        "goes_on = beta >= 0",
        "test_an_exhausted_krylov_space_leaves_zeros",
    ),
    Mistake(
        "last entries of eigenvectors for the first",
        "Y[0] ** 2",
        "Y[-1] ** 2",
        "test_gauss_quadrature_is_exact_up_to_twice_the_steps_less_one_and_no_further",
    ),
    Mistake(
        "rows for columns of the eigenvectors",
        "Y[0] ** 2",
        "Y[:, 0] ** 2",
        "test_gauss_quadrature_is_exact_up_to_twice_the_steps_less_one_and_no_further",
    ),
    Mistake(
        "weights not averaged over probes",
        "Quadrature(nodes, weights / num_probes)",
        "Quadrature(nodes, weights)",
        "test_every_probe_is_exact_for_a_diagonal_matrix",
    ),
    Mistake(
        "probes not of unit length",
        "x.dtype) / len(x) ** 0.5",
        "x.dtype)",
        "test_spectral_density_estimates_traces_without_bias",
    ),
    Mistake(
        "the variance for the width",
        "-(z**2) / 2) @",
        "-(z**2)) @",
        "test_smoothed_density_integrates_to_one_and_is_wider_by_its_kernel",
    ),
]
