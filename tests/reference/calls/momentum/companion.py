"""Example calls of `reference.momentum.companion`."""

import numpy as np

from reference.momentum import companion
from tests.reference.calls import Call

P, Q = np.array([1.5, 0.3, 0.0]), np.array([0.7, 0.2, -1.0])
MATRIX = np.array([[0.5, 1.0], [-0.2, 0.3]])

CALLS = [
    Call(companion.companion_matrices, (P, Q)),
    Call(companion.companion_eigenvalues, (P, Q)),
    Call(companion.spectral_radius, (MATRIX,)),
    Call(companion.spectral_radius, (1j * MATRIX,), {"num_squarings": 3}),
]
