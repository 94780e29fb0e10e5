"""Lecture 1 against loops, NumPy's solvers and the equations that define the answers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference import linear_regression, problems

EXACT = 1e-10  # float64 and condition numbers below 1e4 leave this much room over rounding
# Compiled: quicker than an operation at a time, and it shows that they run under `jit`.
gradient_descent_iterates = jax.jit(
    linear_regression.gradient_descent_iterates, static_argnames="num_steps"
)
predicted_losses = jax.jit(linear_regression.predicted_losses, static_argnames="num_steps")
predicted_excess_losses = jax.jit(
    linear_regression.predicted_excess_losses, static_argnames="num_steps"
)
stability_limit = jax.jit(linear_regression.stability_limit)
condition_number = jax.jit(linear_regression.condition_number)
minimum_norm_solution = jax.jit(linear_regression.minimum_norm_solution)
gradient_flow_limit = jax.jit(linear_regression.gradient_flow_limit)
ridge_solution = jax.jit(linear_regression.ridge_solution)
double_descent_risks = jax.jit(linear_regression.double_descent_risks)
whitening_transform = jax.jit(linear_regression.whitening_transform)

SHAPES = [(9, 4), (4, 9), (6, 6), (1, 3), (5, 1)]


def quadratic(eigenvalues, *, seed):
    """A with these eigenvalues, and any b and w_0."""
    rng, D = np.random.default_rng(seed), len(eigenvalues)
    Q = np.linalg.qr(rng.normal(size=(D, D)))[0]
    return Q * np.array(eigenvalues) @ Q.T, rng.normal(size=D), rng.normal(size=D)


def regression(shape, *, seed, rank=None):
    """Phi of this shape (and rank, if given), any t and any w_0."""
    rng = np.random.default_rng(seed)
    Phi = rng.normal(size=shape)
    if rank is not None:
        Phi = rng.normal(size=(shape[0], rank)) @ rng.normal(size=(rank, shape[1]))
    return (
        jnp.array(Phi),
        jnp.array(rng.normal(size=shape[0])),
        jnp.array(rng.normal(size=shape[1])),
    )


def descended(A, b, w, step_size, num_steps):
    """Gradient descent, a step at a time."""
    iterates = [np.asarray(w)]
    for _ in range(num_steps):
        iterates.append(iterates[-1] - step_size * (A @ iterates[-1] - b))
    return np.stack(iterates)


@pytest.mark.parametrize("step_over_limit", [0.05, 0.5, 0.85, 1.005])
@pytest.mark.parametrize(
    "eigenvalues", [[2.0], [1.0, 3.0, 10.0], [0.0, 0.0, 1.0, 4.0], [-0.5, 1.0, 2.0], [1e-12, 1.0]]
)
def test_iterates_are_those_of_a_loop_also_where_the_matrix_is_singular(
    eigenvalues, step_over_limit
):
    A, b, w_0 = quadratic(eigenvalues, seed=0)
    step_size = step_over_limit * 2 / max(eigenvalues)
    iterates = gradient_descent_iterates(A, b, w_0, step_size, num_steps=50)
    expected = descended(A, b, w_0, step_size, 50)
    assert iterates.shape == (51, len(eigenvalues))
    assert_allclose(iterates, expected, rtol=EXACT, atol=EXACT * np.abs(expected).max())


def test_float32_iterates_are_right_to_a_few_roundings_a_step():
    A, b, w_0 = quadratic([0.0, 1.0, 3.0, 10.0], seed=1)
    expected = descended(A, b, w_0, 0.19, 50)
    A, b, w_0 = (jnp.asarray(x, jnp.float32) for x in (A, b, w_0))
    iterates = gradient_descent_iterates(A, b, w_0, 0.19, num_steps=50)
    assert iterates.dtype == jnp.float32
    # 50 steps of a mode with rate -0.9, each rounding by 6e-8 of values up to 10.
    assert_allclose(iterates, expected, atol=1e-4)


def test_weights_drift_linearly_along_the_null_space():
    iterates = gradient_descent_iterates(
        jnp.diag(jnp.array([1.0, 0.0])), jnp.array([0.0, 3.0]), jnp.zeros(2), 0.5, num_steps=40
    )
    assert_allclose(iterates[:, 1], 1.5 * np.arange(41), rtol=EXACT)


@pytest.mark.parametrize(("factor", "converges"), [(0.1, True), (0.99, True), (1.01, False)])
def test_stability_limit_divides_convergence_from_divergence(factor, converges):
    A, b, w_0 = quadratic([0.5, 2.0, 7.0], seed=2)
    step_size = factor * stability_limit(A)
    end = gradient_descent_iterates(A, b, w_0, step_size, num_steps=3000)[-1]
    error = np.linalg.norm(end - np.linalg.solve(A, b))
    assert error < 1e-5 if converges else error > 1e5


@pytest.mark.parametrize(
    ("step_size", "oscillates", "converges"),
    [(0.5, False, True), (1.5, True, True), (2.5, True, False)],
)
def test_a_mode_oscillates_and_converges_between_one_and_two(step_size, oscillates, converges):
    A, zero, one = jnp.ones((1, 1)), jnp.zeros(1), jnp.ones(1)
    w = gradient_descent_iterates(A, zero, one, step_size, num_steps=20)[:, 0]
    assert bool(jnp.all(w[1:] * w[:-1] < 0)) == oscillates
    assert bool(jnp.all(jnp.abs(w[1:]) < jnp.abs(w[:-1]))) == converges


@pytest.mark.parametrize("eigenvalues", [[3.0], [1.0, 5.0, 20.0], [0.0, 1.0, 2.0]])
@pytest.mark.parametrize("seed", range(3))
def test_predicted_losses_are_the_losses_of_the_iterates(eigenvalues, seed):
    A, b, w_0 = quadratic(eigenvalues, seed=seed)
    step_size = 0.9 / max(eigenvalues)
    w = descended(A, b, w_0, step_size, 30)
    losses = np.einsum("td,de,te->t", w, A, w) / 2 - w @ b
    predicted = predicted_losses(A, b, w_0, step_size, num_steps=30)
    assert_allclose(predicted, losses, rtol=EXACT, atol=EXACT)


@pytest.mark.parametrize("eigenvalues", [[3.0], [1.0, 5.0, 20.0], [0.0, 0.0, 1.0, 2.0]])
def test_predicted_excess_losses_are_losses_less_their_minimum(eigenvalues):
    A, w_inf, w_0 = quadratic(eigenvalues, seed=4)
    b = A @ w_inf  # in the range of A
    arguments = A, b, w_0, 1.8 / max(eigenvalues), 30
    losses = predicted_losses(*arguments)
    excess = predicted_excess_losses(*arguments)
    assert_allclose(excess, losses + w_inf @ A @ w_inf / 2, rtol=EXACT, atol=EXACT)


def test_excess_loss_keeps_its_rate_far_below_rounding_of_the_loss():
    A, b, w_0 = quadratic([1.0, 4.0], seed=5)
    excess = predicted_excess_losses(A, b, w_0, 0.25, num_steps=200)
    assert excess[-1] < 1e-40
    assert_allclose(excess[101:] / excess[100:-1], 0.75**2, rtol=EXACT)


@pytest.mark.parametrize(
    ("eigenvalues", "expected"), [([2.0, 3.0, 8.0], 4.0), ([5.0], 1.0), ([0.0, 1.0, 2.0], np.inf)]
)
def test_condition_number_is_the_ratio_of_extreme_eigenvalues(eigenvalues, expected):
    A, _, _ = quadratic(eigenvalues, seed=6)
    assert_allclose(condition_number(A), expected, rtol=EXACT)


@pytest.mark.parametrize("rank", [None, 1, 2])
@pytest.mark.parametrize("shape", SHAPES)
def test_minimum_norm_solution_is_that_of_lapack(shape, rank):
    rank = rank and min(rank, *shape)
    Phi, t, _ = regression(shape, seed=7, rank=rank)
    expected = np.linalg.lstsq(Phi, t)[0]
    assert_allclose(minimum_norm_solution(Phi, t), expected, rtol=1e-9, atol=EXACT)


@pytest.mark.parametrize("from_zero", [True, False])
@pytest.mark.parametrize(("shape", "rank"), [((9, 4), None), ((4, 9), None), ((8, 6), 3)])
def test_gradient_descent_ends_where_the_flow_does(shape, rank, from_zero):
    Phi, t, w_0 = regression(shape, seed=8, rank=rank)
    w_0 = w_0 * (1 - from_zero)
    A, b = Phi.T @ Phi / len(t), Phi.T @ t / len(t)
    step_size = stability_limit(A) / 2
    end = gradient_descent_iterates(A, b, w_0, step_size, num_steps=5000)[-1]
    limit = gradient_flow_limit(Phi, t, w_0)
    assert_allclose(limit, end, rtol=1e-8, atol=1e-8)
    if from_zero:
        assert_allclose(limit, minimum_norm_solution(Phi, t), rtol=EXACT)


@pytest.mark.parametrize("penalty", [1e-3, 0.5, 20.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_ridge_solution_is_stationary_for_the_cost_in_its_docstring(shape, penalty):
    Phi, t, _ = regression(shape, seed=9)

    def cost(w):
        return jnp.mean((Phi @ w - t) ** 2) / 2 + penalty / 2 * w @ w

    w = ridge_solution(Phi, t, penalty)
    assert_allclose(jax.jit(jax.grad(cost))(w), 0, atol=EXACT)


@pytest.mark.parametrize("shape", SHAPES)
def test_ridge_penalises_with_lambda_times_the_number_of_examples(shape):
    Phi, t, _ = regression(shape, seed=10)

    def normal_equations(penalty):
        return np.linalg.solve(Phi.T @ Phi + penalty * np.eye(shape[1]), Phi.T @ t)

    w = ridge_solution(Phi, t, 0.3)
    assert_allclose(w, normal_equations(shape[0] * 0.3), rtol=EXACT)
    if shape[0] > 1:
        assert np.abs(w - normal_equations(0.3)).max() > 1e-3


@pytest.mark.parametrize(("shape", "rank"), [((4, 9), None), ((8, 6), 3)])
def test_ridge_goes_to_the_minimum_norm_solution(shape, rank):
    Phi, t, _ = regression(shape, seed=11, rank=rank)
    expected = minimum_norm_solution(Phi, t)
    # The distance is of the order of N lambda / s_min^2, and s_min is above 0.1 here.
    assert_allclose(ridge_solution(Phi, t, 1e-10), expected, atol=1e-6)
    assert_allclose(ridge_solution(Phi, t, 0.0), expected, rtol=EXACT)


@pytest.mark.parametrize("seed", range(3))
def test_excess_risk_is_a_difference_of_half_mean_squares(seed):
    Phi, noise, w_true = regression((11, 3), seed=seed)
    _, _, w = regression((11, 3), seed=seed + 100)
    noise = noise - Phi @ np.linalg.lstsq(Phi, noise)[0]  # uncorrelated with the inputs, exactly
    t = Phi @ w_true + noise
    difference = np.mean((Phi @ w - t) ** 2) / 2 - np.mean((Phi @ w_true - t) ** 2) / 2
    excess = linear_regression.excess_risk(w, w_true, Phi.T @ Phi / 11)
    assert_allclose(excess, difference, rtol=EXACT)


@pytest.mark.parametrize("penalty", [0.0, 0.2])
def test_double_descent_risks_are_those_of_separate_fits(penalty):
    Phi, t, w_true = regression((12, 5), seed=12)
    covariance = jnp.diag(jnp.arange(1.0, 6.0))
    sizes = jnp.array([1, 5, 12])
    risks = double_descent_risks(Phi, t, w_true, covariance, sizes, penalty=penalty)
    fits = [ridge_solution(Phi[:n], t[:n], penalty) for n in sizes]
    expected = [linear_regression.excess_risk(w, w_true, covariance) for w in fits]
    assert_allclose(risks, np.array(expected), rtol=1e-8)


def test_median_risk_peaks_where_examples_equal_inputs_and_ridge_removes_the_peak():
    D, sizes = 20, jnp.array([5, 10, 15, 20, 25, 60])
    w_true = jnp.ones(D) / D**0.5

    def risks(key, penalty):
        Phi, t = problems.linear_examples(key, 60, w_true, noise_std=1.0)
        return double_descent_risks(Phi, t, w_true, jnp.eye(D), sizes, penalty=penalty)

    def median_risks(penalty):
        keys = jax.random.split(jax.random.key(0), 40)
        return jnp.median(jax.jit(jax.vmap(lambda key: risks(key, penalty)))(keys), axis=0)

    ridgeless, ridge = median_risks(0.0), median_risks(1.0)
    assert sizes[jnp.argmax(ridgeless)] == D
    assert ridgeless[3] > 10 * max(ridgeless[0], ridgeless[-1])
    assert bool(jnp.all(jnp.diff(ridge) < 0))


@pytest.mark.parametrize("shape", [(7, 3), (40, 1), (3, 5)])
def test_input_second_moment_is_that_of_inputs_with_a_one_appended(shape):
    X, _, offset = regression(shape, seed=13)
    X = X + 3 * offset
    extended = np.concatenate([X, np.ones((shape[0], 1))], axis=1)
    moment = linear_regression.input_second_moment(
        X.mean(axis=0), linear_regression.input_covariance(X)
    )
    assert_allclose(moment, extended.T @ extended / shape[0], rtol=EXACT, atol=EXACT)


@pytest.mark.parametrize("size", [0.1, 1.0, 30.0])
def test_outlier_eigenvalue_of_white_inputs_off_centre(size):
    m = size * jnp.array([0.6, 0.0, 0.8])
    moment = linear_regression.input_second_moment(m, jnp.eye(3))
    outlier = 1 + (size**2 + size * np.sqrt(size**2 + 4)) / 2
    eigenvalues = np.linalg.eigvalsh(moment)
    # The small one is a difference of numbers of the size of the outlier.
    assert_allclose(eigenvalues, [1 / outlier, 1, 1, outlier], rtol=1e-9)
    assert_allclose(np.linalg.eigvalsh(moment[:3, :3])[-1], size**2 + 1, rtol=EXACT)


def test_centring_and_whitening_mend_the_condition_number():
    X, _, _ = regression((50, 4), seed=14)
    X = X * jnp.array([1.0, 2.0, 5.0, 10.0]) + 30

    def kappa(X):
        return condition_number(X.T @ X / len(X))

    centred = linear_regression.centred(X)
    white = centred @ whitening_transform(X)
    assert_allclose(centred.mean(axis=0), 0, atol=EXACT)
    assert kappa(X) > 10 * kappa(centred) > 100
    assert_allclose(kappa(white), 1, rtol=1e-9)


@pytest.mark.parametrize("shape", [(20, 4), (6, 5), (3, 1)])
def test_whitening_transform_is_the_symmetric_inverse_root(shape):
    X, _, _ = regression(shape, seed=15)
    W = whitening_transform(X)
    S = np.cov(X.T, bias=True).reshape(shape[1], shape[1])
    assert_allclose(W @ S @ W.T, np.eye(shape[1]), atol=1e-9)
    assert_allclose(W, W.T, atol=EXACT)
    assert np.all(np.linalg.eigvalsh(W) > 0)


@pytest.mark.parametrize("shape", [(4, 6), (5, 5)])
def test_whitening_too_few_examples_projects_on_what_varies(shape):
    X, _, _ = regression(shape, seed=16)
    W = whitening_transform(X)
    projection = W @ linear_regression.input_covariance(X) @ W.T
    assert_allclose(projection @ projection, projection, atol=1e-9)
    assert_allclose(jnp.trace(projection), shape[0] - 1, rtol=1e-9)
