"""Descent on matrix sensing against dense algebra, differential equations and its own bounds."""

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp
from scipy.linalg import subspace_angles

from reference.talks import matrix_sensing

EXACT = 1e-10  # float64 and well conditioned
measurements = jax.jit(matrix_sensing.measurements)
adjoint = jax.jit(matrix_sensing.adjoint)
sensing_loss = jax.jit(matrix_sensing.sensing_loss)
recovery_error = jax.jit(matrix_sensing.recovery_error)
halfway_times = jax.jit(matrix_sensing.halfway_times)
flow_matrix = jax.jit(matrix_sensing.flow_matrix)
gradient = jax.jit(jax.grad(matrix_sensing.sensing_loss))
full_measurements = jax.jit(matrix_sensing.full_measurements, static_argnums=0)
decoupled_strengths = jax.jit(matrix_sensing.decoupled_strengths, static_argnums=3)
spectral_phase_steps = jax.jit(matrix_sensing.spectral_phase_steps, static_argnames="tolerance")
descent_iterates = jax.jit(matrix_sensing.descent_iterates, static_argnums=4)
power_iterates = jax.jit(matrix_sensing.power_iterates, static_argnums=3)
error_bound = jax.jit(matrix_sensing.linearisation_error_bound, static_argnums=4)
angle_sine_bound = jax.jit(matrix_sensing.angle_sine_bound, static_argnums=(3, 4))
principal_angle_sine = jax.jit(matrix_sensing.principal_angle_sine, static_argnums=2)
sines = jax.jit(
    jax.vmap(matrix_sensing.principal_angle_sine, in_axes=(0, None, None)), static_argnums=2
)


def problem(N, D, rank, *, seed=0):
    """Gaussian measurements of a Z of eigenvalues 1 or, half of them, 0.7."""
    rng = np.random.default_rng(seed)
    Q, _ = np.linalg.qr(rng.normal(size=(D, rank)))
    Z = Q * np.where(np.arange(rank) % 2, 0.7, 1) @ Q.T
    A = rng.normal(size=(N, D, D))
    A = (A + A.transpose(0, 2, 1)) / 2
    return A, measurements(A, Z), Z


def start(D, K, scale, *, seed=1):
    return scale * np.random.default_rng(seed).normal(size=(D, K)) / np.sqrt(K)


def test_measurements_are_scaled_inner_products_and_adjoint_is_theirs():
    rng = np.random.default_rng(0)
    A, y, Z = rng.normal(size=(5, 3, 3)), rng.normal(size=5), rng.normal(size=(3, 3))
    dense = A.reshape(5, 9) / np.sqrt(5)
    assert_allclose(measurements(A, Z), dense @ Z.ravel(), rtol=EXACT)
    assert_allclose(adjoint(A, y).ravel(), dense.T @ y, rtol=EXACT)


@pytest.mark.parametrize("D", [1, 2, 5])
def test_full_measurements_give_back_each_symmetric_matrix(D):
    A = np.asarray(full_measurements(D))
    N = D * (D + 1) // 2
    assert A.shape == (N, D, D)
    assert_allclose(A, A.transpose(0, 2, 1))
    assert_allclose(A.reshape(N, -1) @ A.reshape(N, -1).T, N * np.eye(N), atol=EXACT)
    Z = np.random.default_rng(0).normal(size=(D, D))
    Z = Z + Z.T
    assert_allclose(adjoint(A, measurements(A, Z)), Z, rtol=EXACT, atol=EXACT)


def test_gaussian_measurements_give_back_a_symmetric_matrix_on_average():
    A = matrix_sensing.gaussian_measurements(jax.random.key(0), 20_000, 3)
    assert_allclose(A, A.mT)
    Z = np.array([[1.0, 0.5, 0.0], [0.5, -1.0, 0.3], [0.0, 0.3, 0.2]])
    average = adjoint(A, measurements(A, Z))
    # A draw's entry has variance |Z|^2 + Z_ij^2 at most: 0.01 a standard deviation of the mean.
    assert_allclose(average, Z, atol=0.05)


def test_small_start_is_a_scaled_identity_on_average():
    U = matrix_sensing.small_start(jax.random.key(0), jnp.asarray(0.1), 3, 20_000)
    assert U.shape == (3, 20_000)
    # Relative standard deviation of a mean of K squares: sqrt(2 / K) = 0.01.
    assert_allclose(U @ U.T, 0.01 * np.eye(3), atol=5e-4)


def test_loss_is_a_quarter_of_the_mean_square():
    A, y, _ = problem(5, 3, 1)
    U = start(3, 2, 1.0)
    residuals = [np.sum(A_n * (U @ U.T)) - np.sqrt(5) * y_n for A_n, y_n in zip(A, y, strict=True)]
    expected = np.mean(np.square(residuals)) / 4
    assert_allclose(sensing_loss(U, A, y), expected, rtol=EXACT)


@pytest.mark.parametrize("K", [1, 3, 6])
def test_descent_steps_along_the_gradient_of_the_loss(K):
    A, y, _ = problem(8, 4, 2)
    iterates = descent_iterates(A, y, start(4, K, 0.5), 0.05, 4)
    assert iterates.shape == (5, 4, K)
    assert_allclose(iterates[0], start(4, K, 0.5))
    for U, next_U in pairwise(iterates):
        assert_allclose(next_U, U - 0.05 * gradient(U, A, y), rtol=EXACT, atol=EXACT)


def test_power_iterates_are_powers_of_a_matrix():
    M, U_0 = start(4, 4, 1.0, seed=3), start(4, 2, 1.0)
    M = M + M.T
    iterates = power_iterates(M, U_0, 0.3, 6)
    for k in range(7):
        power = np.linalg.matrix_power(np.eye(4) + 0.3 * M, k)
        assert_allclose(iterates[k], power @ U_0, rtol=EXACT, atol=EXACT)


def test_each_part_of_a_small_start_grows_at_its_own_rate():
    A, y, _ = problem(20, 6, 2)
    eigenvalues, Q = np.linalg.eigh(adjoint(A, y))
    parts = Q.T @ np.asarray(descent_iterates(A, y, start(6, 4, 1e-7), 0.1, 20))
    sizes = np.linalg.norm(parts, axis=2)
    # Cubes of 1e-6 are lost beside it, also in a part that shrinks meanwhile to 1e-8.
    expected = sizes[0] * (1 + 0.1 * eigenvalues) ** np.arange(21)[:, None]
    assert_allclose(sizes, expected, rtol=1e-5)


@pytest.mark.parametrize("scale", [1e-1, 1e-2, 1e-4])
@pytest.mark.parametrize(("N", "K"), [(12, 2), (40, 6)])
def test_descent_stays_as_near_power_iteration_as_the_bound_says(scale, N, K):
    A, y, _ = problem(N, 6, 2)
    U_0 = start(6, K, scale)
    M = adjoint(A, y)
    difference = descent_iterates(A, y, U_0, 0.05, 300) - power_iterates(M, U_0, 0.05, 300)
    error = np.linalg.norm(difference, axis=(1, 2))
    bound = np.asarray(error_bound(A, y, U_0, 0.05, 300))
    assert bound[0] == error[0] == 0
    assert bound[1] < np.inf
    assert bound[-1] == np.inf
    # Rounding of iterates no larger than 1e4 before the bound is infinite.
    assert np.all(error <= bound * (1 + 1e-9) + 1e-15)


@pytest.mark.parametrize("eigenvalue", [0.5, 2.0])
def test_bound_is_attained_by_one_number_at_first(eigenvalue):
    # Full measurements of one number: u <- u (1 + alpha (lambda - u^2)), L = 1.
    A, y = np.ones((1, 1, 1)), np.array([eigenvalue])
    U_0, step_size = np.full((1, 1), 1e-3), 1e-3
    descent = descent_iterates(A, y, U_0, step_size, 1000)
    error = np.abs(descent - power_iterates(y[None], U_0, step_size, 1000))[:, 0, 0]
    # What is dropped are a factor 1 + O(alpha) and terms of fifth order.
    bound = np.asarray(error_bound(A, y, U_0, step_size, 1000))
    assert_allclose(error[10:], bound[10:], rtol=0.01)
    # And with L = 4: measurements twice as large of the same number.
    doubled = error_bound(2 * A, y / 2, U_0, step_size, 1000)
    assert_allclose(doubled[10:], 4 * bound[10:], rtol=1e-3)


@pytest.mark.parametrize("scale", [1e-1, 1e-3, 1e-6])
def test_spectral_phase_ends_where_the_bound_reaches_the_tolerance(scale):
    A, y, _ = problem(40, 6, 2)
    U_0, step_size = start(6, 3, scale), 0.02
    steps = spectral_phase_steps(A, y, U_0, step_size, tolerance=0.1)
    k = int(steps)
    q = 1 + step_size * np.linalg.norm(adjoint(A, y), 2)
    bound = np.asarray(error_bound(A, y, U_0, step_size, 1000))[[k, k + 1]]
    before, after = bound / (q ** np.array([k, k + 1]) * np.linalg.norm(U_0))
    assert before <= 0.1 < after


def test_spectral_phase_lasts_with_the_logarithm_of_the_scale():
    A, y, _ = problem(40, 6, 2)
    M = adjoint(A, y)
    log_q = np.log1p(0.02 * np.linalg.norm(M, 2))
    predicted, measured = [], []
    for scale in (1e-4, 1e-6, 1e-8):
        U_0 = start(6, 3, scale)
        steps = spectral_phase_steps(A, y, U_0, 0.02, tolerance=0.1)
        predicted.append(float(steps))
        difference = descent_iterates(A, y, U_0, 0.02, 1500) - power_iterates(M, U_0, 0.02, 1500)
        limit = 0.1 * np.exp(log_q * np.arange(1501)) * np.linalg.norm(U_0)
        measured.append(np.argmax(np.linalg.norm(difference, axis=(1, 2)) > limit))
    assert np.all(np.array(measured) >= predicted)
    assert_allclose(np.diff(predicted), np.log(100) / log_q, rtol=1e-4)
    # Parts of other growth rates still count a little: 3 steps of 228.
    assert_allclose(np.diff(measured), np.log(100) / log_q, atol=4)


@pytest.mark.parametrize(("rank", "K"), [(1, 1), (1, 5), (2, 3), (3, 3)])
def test_sine_is_that_of_the_largest_principal_angle(rank, K):
    M, U = start(5, 5, 1.0, seed=4), start(5, K, 1.0)
    M = M @ M.T
    top = np.linalg.eigh(M)[1][:, -rank:]
    P = np.linalg.svd(U)[0][:, :rank]
    sine = principal_angle_sine(U, M, rank)
    assert_allclose(sine, np.sin(subspace_angles(top, P).max()), rtol=1e-8)
    assert_allclose(principal_angle_sine(top, M, rank), 0, atol=1e-14)


@pytest.mark.parametrize(("rank", "K"), [(1, 1), (1, 6), (2, 2), (2, 6)])
def test_power_iterates_turn_to_the_top_eigenspace_as_fast_as_the_bound(rank, K):
    eigenvalues = np.array([0.1, -0.3, 0.2, 0.4, 0.9, 1.5])
    Q, _ = np.linalg.qr(start(6, 6, 1.0, seed=5))
    M, U_0 = Q * eigenvalues @ Q.T, start(6, K, 1.0)
    if rank == K:
        U_0, _ = np.linalg.qr(U_0)
    measured = np.asarray(sines(power_iterates(M, U_0, 0.2, 150), M, rank))
    bound = np.asarray(angle_sine_bound(M, U_0, 0.2, 150, rank))
    assert np.all(measured <= bound * (1 + EXACT))
    growth = 1 + 0.2 * np.sort(eigenvalues)[::-1]
    ratio = growth[rank] / growth[rank - 1]
    assert_allclose(measured[-1] / measured[-2], ratio, rtol=1e-3)
    assert_allclose(bound[1:] / bound[:-1], ratio, rtol=EXACT)
    if rank == K:  # from orthonormal columns it begins with the tangent of the same angle
        assert_allclose(bound[0], np.tan(np.arcsin(measured[0])), rtol=1e-8)
    assert_allclose(angle_sine_bound(M, 1e-3 * U_0, 0.2, 150, rank), bound, rtol=EXACT)


def test_descent_finds_the_top_subspace_before_it_fits():
    A, y, Z = problem(400, 8, 2)
    M, U_0 = adjoint(A, y), start(8, 8, 1e-8)
    k = int(spectral_phase_steps(A, y, U_0, 0.05, tolerance=0.01))
    iterates = descent_iterates(A, y, U_0, 0.05, k)
    # It is M's subspace that is found; Z's is as near as 400 measurements bring the two.
    assert principal_angle_sine(iterates[0], M, 2) > 0.5
    assert principal_angle_sine(iterates[-1], M, 2) < 0.02
    assert principal_angle_sine(iterates[-1], Z, 2) < 0.2
    assert recovery_error(iterates[-1], Z) > 0.9  # nothing is fitted as yet
    values = np.linalg.svd(iterates[-1], compute_uv=False)
    assert values[2] < 0.05 * values[1]


def test_smaller_starts_end_closer_to_the_truth_though_all_fit():
    D = 8
    A, y, Z = problem(20, D, 1)  # of 36 that would determine Z
    errors = []
    for scale in (1.0, 1e-1, 1e-2, 1e-3):
        U = descent_iterates(A, y, start(D, D, scale), 0.1, 2000)[-1]
        # Of 0.25: slow at the end, where U shrinks in directions that cost a fourth power.
        assert sensing_loss(U, A, y) < 1e-5
        errors.append(float(recovery_error(U, Z)))
    assert np.all(np.diff(np.log10(errors)) < -0.5)
    assert errors[0] > 1
    assert errors[-1] < 1e-3


def test_recovery_error_is_relative():
    U = np.array([[2.0], [0.0]])
    Z = np.diag([1.0, 4.0])
    assert_allclose(recovery_error(U, Z), 5 / 17**0.5, rtol=EXACT)


def test_with_full_measurements_eigenvalues_go_their_own_ways():
    eigenvalues = np.array([1.0, 0.5, 0.0, -0.4])
    Q, _ = np.linalg.qr(start(4, 4, 1.0, seed=6))
    Z, A = Q * eigenvalues @ Q.T, full_measurements(4)
    scales = np.array([0.1, 0.2, 0.3, 0.0])
    y = measurements(A, Z)
    U = np.asarray(descent_iterates(A, y, Q * scales, 0.2, 60))
    parts = Q.T @ (U @ U.transpose(0, 2, 1)) @ Q
    p = np.asarray(decoupled_strengths(eigenvalues, scales**2, 0.2, 60))
    assert_allclose(parts, p[:, :, None] * np.eye(4), atol=EXACT)
    assert_allclose(p[-1, :2], eigenvalues[:2], atol=1e-4)
    assert np.all(p[:, 3] == 0)


def test_larger_eigenvalues_are_learned_earlier_and_halfway_when_said():
    eigenvalues, p_0 = np.array([2.0, 1.0, 0.5]), np.array([1e-6, 1e-4, 1e-5])
    times = np.asarray(halfway_times(eigenvalues, p_0))
    assert times[0] < times[1] < times[2]
    step_size = 1e-3
    p = decoupled_strengths(eigenvalues, p_0, step_size, 15_000)
    crossing = np.argmax(np.asarray(p) > eigenvalues / 2, axis=0)
    # Steps lag the flow by O(alpha) in growth rates.
    assert_allclose(crossing * step_size, times, rtol=5e-3)
    for i, time in enumerate(times):
        W = flow_matrix(np.diag(eigenvalues), np.diag(np.sqrt(p_0)), time)
        assert_allclose(W[i, i], eigenvalues[i] / 2, rtol=1e-8)


@pytest.mark.parametrize("K", [1, 2, 4])
@pytest.mark.parametrize("time", [0.3, 2.0, 8.0])
def test_flow_is_that_of_the_differential_equation(K, time):
    # An eigenvalue of exactly 0, and one below.
    Z = np.diag([1.0, 0.6, 0.0, -0.4])
    Z[0, 1] = Z[1, 0] = 0.2
    U_0 = start(4, K, 0.3)

    def velocity(_, u):
        U = u.reshape(4, K)
        return ((Z - U @ U.T) @ U).ravel()

    u = solve_ivp(velocity, (0, time), U_0.ravel(), rtol=1e-10, atol=1e-12).y[:, -1]
    U = u.reshape(4, K)
    assert_allclose(flow_matrix(Z, U_0, time), U @ U.T, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_flow_ends_at_the_nearest_positive_semidefinite_matrix(dtype):
    eigenvalues = np.array([2.0, 1.5, 1.0, -0.3])
    Q, _ = np.linalg.qr(start(4, 4, 1.0, seed=8))
    Z, U_0 = (Q * eigenvalues @ Q.T).astype(dtype), start(4, 4, 1e-3).astype(dtype)
    # e^{2 lambda t} = e^84, near float32's largest number, beside a start of 1e-6.
    end = flow_matrix(Z, U_0, np.asarray(21, dtype))
    # Of the third e^-42 / 1e-6 is still missing, 1e-12.
    atol = 1e-5 if dtype == "float32" else EXACT
    assert_allclose(end, Q * np.maximum(eigenvalues, 0) @ Q.T, atol=atol)


def test_descent_with_small_steps_is_the_flow():
    A, U_0 = full_measurements(3), start(3, 2, 0.1)
    Z = start(3, 3, 1.0, seed=7)
    Z = Z @ Z.T
    flow = flow_matrix(Z, U_0, 3.0)
    y, gaps = measurements(A, Z), []
    for num_steps in (300, 3000):
        U = descent_iterates(A, y, U_0, 3 / num_steps, num_steps)[-1]
        gaps.append(np.linalg.norm(U @ U.T - flow))
    assert gaps[0] < 0.05
    assert_allclose(gaps[0] / gaps[1], 10, rtol=0.1)  # first order in the step
