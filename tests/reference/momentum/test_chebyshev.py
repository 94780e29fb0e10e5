"""The Chebyshev method against NumPy's polynomials and a linear program for the best ones."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import scipy.optimize
from numpy.polynomial.chebyshev import chebval
from numpy.testing import assert_allclose

from reference.momentum import chebyshev, heavy_ball

EXACT = 1e-10  # float64
residual_polynomials = jax.jit(
    chebyshev.chebyshev_residual_polynomials, static_argnames="num_steps"
)


def chebyshev_values(x, k):
    """T_k(x) for one k."""
    return chebval(x, np.eye(k + 1)[k])


def loss_of(A, b):
    return lambda w: w["w"] @ A @ w["w"] / 2 - b @ w["w"]


def problem(seed=0):
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    A = Q * np.array([0.5, 1.0, 3.0, 6.0, 8.0]) @ Q.T
    return A, rng.normal(size=5), {"w": jnp.array(rng.normal(size=5))}


@pytest.mark.parametrize(("mu", "L"), [(1.0, 9.0), (0.1, 10.0)])
def test_residual_polynomials_are_scaled_chebyshev_polynomials(mu, L):
    theta, delta = (L + mu) / 2, (L - mu) / 2
    a = np.linspace(0, 1.1 * L, 23)
    values = residual_polynomials(a, mu, L, num_steps=7)
    for k in range(8):
        expected = chebyshev_values((theta - a) / delta, k) / chebyshev_values(theta / delta, k)
        assert_allclose(values[k], expected, atol=EXACT * np.abs(expected).max())


def test_residual_polynomials_swing_between_the_bounds():
    a = 5 - 4 * np.cos(np.pi * np.arange(6) / 5)  # the extremes of T_5 on [1, 9]
    values = residual_polynomials(a, 1.0, 9.0, num_steps=5)[5]
    bound = chebyshev.chebyshev_bound(9.0, 5)[5]
    assert_allclose(values, bound * (-1.0) ** np.arange(6), rtol=EXACT)


@pytest.mark.parametrize("k", [1, 2, 4])
def test_no_polynomial_has_a_smaller_maximum(k):
    # min t with -t <= 1 + sum_i c_i a^i <= t on a grid: a linear program, no Chebyshev in it.
    a = np.linspace(1, 9, 400)
    powers = (a[:, None] / 9) ** np.arange(1, k + 1)
    ones = np.ones((len(a), 1))
    found = scipy.optimize.linprog(
        c=np.eye(k + 1)[k],
        A_ub=np.block([[powers, -ones], [-powers, -ones]]),
        b_ub=np.concatenate([-ones, ones]).ravel(),
        bounds=[(None, None)] * (k + 1),
    )
    # The grid misses the extremes by up to 0.01, and the maximum is flat there.
    assert_allclose(chebyshev.chebyshev_bound(9.0, 4)[k], found.fun, rtol=1e-3)


def test_errors_are_the_polynomials_of_the_matrix():
    A, b, w_0 = problem()
    w = jax.jit(lambda w: chebyshev.chebyshev_iterates(loss_of(A, b), w, 0.5, 8.0, 9))(w_0)
    a, Q = np.linalg.eigh(A)
    w_star = np.linalg.solve(A, b)
    errors = (w["w"] - w_star) @ Q
    polynomials = residual_polynomials(a, 0.5, 8.0, num_steps=9)
    assert_allclose(errors, polynomials * errors[0], atol=EXACT)
    norms = np.linalg.norm(errors, axis=1)
    assert np.all(norms <= chebyshev.chebyshev_bound(16.0, 9) * norms[0] + EXACT)


def test_training_loop_goes_through_the_iterates():
    A, b, w_0 = problem(seed=1)
    loss, optimizer = loss_of(A, b), chebyshev.chebyshev_optimizer(0.5, 8.0)

    def advance(carry, _):
        w, state = carry
        updates, state = optimizer.update(jax.grad(loss)(w), state, w)
        return (optax.apply_updates(w, updates), state), w["w"]

    start = w_0, optimizer.init(w_0)
    _, trained = jax.jit(lambda start: jax.lax.scan(advance, start, length=10))(start)
    w = jax.jit(lambda w: chebyshev.chebyshev_iterates(loss, w, 0.5, 8.0, 9))(w_0)
    assert_allclose(trained, w["w"], atol=EXACT)


def test_schedule_ends_at_the_heavy_balls_best_constants():
    step_sizes, momenta = map(np.asarray, chebyshev.chebyshev_schedule(1.0, 9.0, 60))
    step_size, momentum = heavy_ball.optimal_heavy_ball(1.0, 9.0)
    assert_allclose(step_sizes[[0, -1]], np.array([2 / 10, step_size]), rtol=EXACT)
    assert_allclose(momenta[[0, -1]], np.array([0, momentum]), rtol=EXACT)


def test_equal_eigenvalues_need_one_exact_step():
    values = residual_polynomials(np.array([3.0]), 3.0, 3.0, num_steps=2)
    assert_allclose(values[:, 0], [1, 0, 0], atol=EXACT)
    assert_allclose(chebyshev.chebyshev_bound(1.0, 2), [1, 0, 0])


def test_bound_is_the_inverse_of_a_chebyshev_polynomial():
    kappa = 25.0
    expected = [1 / chebyshev_values((kappa + 1) / (kappa - 1), k) for k in range(6)]
    assert_allclose(chebyshev.chebyshev_bound(kappa, 5), expected, rtol=EXACT)
