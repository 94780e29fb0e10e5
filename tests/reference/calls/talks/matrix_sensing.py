"""Example calls of `reference.talks.matrix_sensing`."""

import jax
import numpy as np

from reference.talks import matrix_sensing
from tests.reference.calls import Call

rng = np.random.default_rng(0)
A, Y, U = rng.normal(size=(5, 3, 3)), rng.normal(size=5), rng.normal(size=(3, 2))
A = A + A.transpose(0, 2, 1)
Z, SCALE = np.diag([1.0, 0.5, 0.0]), np.array(0.1)
EIGENVALUES, STRENGTHS = np.array([1.0, 0.5]), np.array([0.01, 0.02])

CALLS = [
    Call(matrix_sensing.measurements, (A, Z)),
    Call(matrix_sensing.adjoint, (A, Y)),
    Call(matrix_sensing.sensing_loss, (U, A, Y)),
    Call(matrix_sensing.small_start, (jax.random.key, SCALE, 3, 2)),
    Call(matrix_sensing.descent_iterates, (A, Y, U, SCALE, 3)),
    Call(matrix_sensing.recovery_error, (U, Z)),
    Call(matrix_sensing.power_iterates, (Z, U, 0.1, 3)),
    Call(matrix_sensing.linearisation_error_bound, (A, Y, U, SCALE, 3)),
    Call(matrix_sensing.spectral_phase_steps, (A, Y, U, SCALE), {"tolerance": 0.1}),
    Call(matrix_sensing.principal_angle_sine, (U, Z, 1)),
    Call(matrix_sensing.angle_sine_bound, (Z, U, SCALE, 3, 1)),
    Call(matrix_sensing.decoupled_strengths, (EIGENVALUES, STRENGTHS, SCALE, 3)),
    Call(matrix_sensing.halfway_times, (EIGENVALUES, STRENGTHS)),
    Call(matrix_sensing.flow_matrix, (Z, U, SCALE)),
]
# Of a key or of numbers.
NOT_PROGRAMS = [matrix_sensing.gaussian_measurements, matrix_sensing.full_measurements]
