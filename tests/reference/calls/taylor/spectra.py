"""Example calls of `reference.taylor.spectra`."""

import jax
import numpy as np

from reference.taylor import spectra
from tests.reference.calls import Call

rng = np.random.default_rng(0)
TREE = {"W": rng.normal(size=(3, 2)), "bias": rng.normal(size=2)}
DENSITY = spectra.Quadrature._make([rng.normal(size=(2, 3)), rng.exponential(size=(2, 3))])


def matvec(x):
    return jax.tree.map(lambda leaf: 2 * leaf + leaf[::-1], x)


CALLS = [
    Call(spectra.rayleigh_quotient, (matvec, TREE)),
    Call(spectra.power_iteration, (matvec, TREE), {"tolerance": 1e-3, "max_steps": 9}),
    Call(spectra.lanczos_decomposition, (matvec, TREE, 3)),
    Call(spectra.tridiagonal_matrix, (rng.normal(size=4), rng.normal(size=3))),
    Call(spectra.gauss_quadrature, (matvec, TREE, 3)),
    Call(
        spectra.spectral_density,
        (matvec, TREE, jax.random.key),
        {"num_probes": 2, "num_steps": 3},
    ),
    Call(spectra.spectral_moments, (DENSITY, 4)),
    Call(spectra.smoothed_density, (DENSITY, rng.normal(size=5), 0.1)),
]
