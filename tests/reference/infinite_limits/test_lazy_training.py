"""Lazy training against the ODE by SciPy, descent in parameter space, and wide networks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from reference.infinite_limits import empirical_kernel, finite_width, lazy_training

flow_predictions = jax.jit(lazy_training.gradient_flow_predictions)
descent_predictions = jax.jit(
    lazy_training.gradient_descent_predictions, static_argnames="num_steps"
)
ensemble_covariance = jax.jit(lazy_training.ensemble_covariance)
kernel_regression = jax.jit(lazy_training.kernel_regression)
RANKS = [6, 3]  # of the kernel over 5 training inputs: regular and singular


def problem(*, rank, seed=0, num_test=2):
    """Features of 5 training and some test inputs, targets and initial outputs of both."""
    rng = np.random.default_rng(seed)
    Phi, Phi_test = rng.normal(size=(5, rank)), rng.normal(size=(num_test, rank))
    return Phi, Phi_test, rng.normal(size=5), rng.normal(size=5), rng.normal(size=num_test)


@pytest.mark.parametrize("rank", RANKS)
def test_flow_is_the_solution_of_its_differential_equation(rank):
    Phi, Phi_test, y, f_0, f_0_test = problem(rank=rank)
    both = np.concatenate([Phi, Phi_test])

    def velocity(_, f):
        return -both @ Phi.T @ (f[:5] - y) / 5

    times = np.array([0.0, 0.1, 1.0, 7.0])
    start = np.concatenate([f_0, f_0_test])
    f = solve_ivp(velocity, (0, 7), start, t_eval=times, rtol=1e-10, atol=1e-12).y.T
    given = {"initial": f_0, "initial_test": f_0_test}
    on_test = flow_predictions(Phi @ Phi.T, Phi_test @ Phi.T, y, times, **given)
    assert_allclose(on_test, f[:, 5:], atol=1e-8)  # the solver's accuracy
    given = {"initial": f_0, "initial_test": f_0}
    on_train = flow_predictions(Phi @ Phi.T, Phi @ Phi.T, y, times, **given)
    assert_allclose(on_train, f[:, :5], atol=1e-8)


def test_flow_from_zero_is_one_less_an_exponential_matrix_times_the_targets():
    Phi, Phi_test, y, _, _ = problem(rank=6)
    Theta, times = Phi @ Phi.T, np.array([0.0, 0.5, 3.0])
    decays = [scipy.linalg.expm(-t * Theta / 5) for t in times]
    predictions = flow_predictions(Theta, Theta, y, times)
    assert_allclose(predictions, [(np.eye(5) - E) @ y for E in decays], rtol=1e-9, atol=1e-12)
    A = Phi_test @ Phi.T @ np.linalg.inv(Theta)
    predictions = flow_predictions(Theta, Phi_test @ Phi.T, y, times)
    assert_allclose(predictions, [A @ (np.eye(5) - E) @ y for E in decays], rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("rank", RANKS)
def test_descent_is_descent_on_the_weights_of_a_linear_model(rank):
    Phi, Phi_test, y, _, _ = problem(rank=rank)
    w = np.random.default_rng(1).normal(size=rank)
    given = {"initial": Phi @ w, "initial_test": Phi_test @ w}
    predictions = descent_predictions(Phi @ Phi.T, Phi_test @ Phi.T, y, 0.3, num_steps=25, **given)
    for prediction in predictions:
        assert_allclose(prediction, Phi_test @ w, rtol=1e-9, atol=1e-10)
        w = w - 0.3 * Phi.T @ (Phi @ w - y) / 5


def test_small_steps_of_descent_follow_the_flow():
    Phi, Phi_test, y, _, _ = problem(rank=6)
    kernels = Phi @ Phi.T, Phi_test @ Phi.T
    flow = flow_predictions(*kernels, y, jnp.array([2.0]))[0]
    errors = [
        np.abs(descent_predictions(*kernels, y, 2.0 / n, num_steps=n)[-1] - flow).max()
        for n in (100, 200)
    ]
    assert_allclose(errors[0] / errors[1], 2, rtol=0.05)  # first order in the step


@pytest.mark.parametrize("rank", RANKS)
def test_both_end_in_kernel_regression(rank):
    Phi, Phi_test, y, _, _ = problem(rank=rank)
    kernels = Phi @ Phi.T, Phi_test @ Phi.T
    end = kernel_regression(*kernels, y)
    minimum_norm = np.linalg.lstsq(Phi, y)[0]
    assert_allclose(end, Phi_test @ minimum_norm, rtol=1e-8, atol=1e-10)
    # Slowest mode of these draws: theta / N above 0.01.
    assert_allclose(flow_predictions(*kernels, y, jnp.array([1e5]))[0], end, rtol=1e-6, atol=1e-8)
    descended = descent_predictions(*kernels, y, 0.3, num_steps=20_000)[-1]
    assert_allclose(descended, end, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("time", [0.0, 0.8, 50.0])
def test_ensemble_covariance_is_that_of_linear_models_with_random_weights(time):
    Phi, Phi_test, y, _, _ = problem(rank=6, num_test=3)
    rng = np.random.default_rng(2)
    trained = np.array([1.0, 1, 1, 1, 0, 0])  # some features have random weights that never move
    Theta, cross = Phi * trained @ Phi.T, Phi_test * trained @ Phi.T
    both = np.concatenate([Phi, Phi_test])
    covariance = ensemble_covariance(Theta, cross, both @ both.T, jnp.array(time))

    def response(w):
        given = {"initial": Phi @ w, "initial_test": Phi_test @ w}
        return flow_predictions(Theta, cross, y, jnp.array([time]), **given)[0]

    mean = response(np.zeros(6))
    root = np.stack([response(e) - mean for e in np.eye(6)], axis=1)  # f_t is affine in w_0
    assert_allclose(covariance, root @ root.T, rtol=1e-8, atol=1e-10)
    w = rng.normal(size=6)
    assert_allclose(response(w), mean + root @ w, rtol=1e-8, atol=1e-10)


def test_linearised_network_is_exact_for_a_quadratic_less_its_second_order():
    def network(w):
        return w["a"] * w["b"] + w["a"]

    w_0 = {"a": jnp.array([1.0, 2.0]), "b": jnp.array([3.0, -1.0])}
    v = {"a": jnp.array([0.5, -0.3]), "b": jnp.array([0.2, 0.7])}
    f_lin = lazy_training.linearised_network(network, w_0)
    moved = jax.tree.map(jnp.add, w_0, v)
    assert_allclose(f_lin(w_0), network(w_0), rtol=1e-14)
    assert_allclose(f_lin(moved), network(moved) - v["a"] * v["b"], rtol=1e-12)


def test_descent_on_a_linearised_perceptron_is_predicted_by_its_kernel():
    X = jnp.array(np.random.default_rng(3).normal(size=(6, 2)))
    y = jnp.array([1.0, -1.0, 0.5, 0.0])
    w_0 = finite_width.unit_normal_parameters(jax.random.key(0), (2, 5, 1), jnp.float64)

    def network(w):
        return finite_width.perceptron_outputs(w, X, jnp.tanh)[:, 0]

    f_lin = lazy_training.linearised_network(network, w_0)

    def step(w, _):
        gradient = jax.grad(lambda w: jnp.mean((f_lin(w)[:4] - y) ** 2) / 2)(w)
        return jax.tree.map(lambda leaf, g: leaf - 0.1 * g, w, gradient), f_lin(w)

    _, outputs = jax.jit(lambda w: jax.lax.scan(step, w, length=20))(w_0)
    Theta = empirical_kernel.tangent_kernel(w_0, X, phi=jnp.tanh)[:, :, 0, 0]
    f_0 = network(w_0)
    predictions = descent_predictions(
        Theta[:4, :4], Theta[4:, :4], y, 0.1, num_steps=19, initial=f_0[:4], initial_test=f_0[4:]
    )
    assert_allclose(predictions, outputs[:, 4:], rtol=1e-9)


def test_wide_networks_train_as_their_kernel_at_initialisation_predicts():
    X = jnp.array([[-1.0], [0.3], [0.9], [0.0]])
    y = jnp.array([1.0, -1.0, 0.5])
    variances = {"weight_variance": 1.5, "bias_variance": 0.1}

    def largest_error(width):
        theta = finite_width.unit_normal_parameters(jax.random.key(1), (1, width, 1), jnp.float64)
        w_0 = finite_width.standard_parameters(theta, **variances)
        rates = finite_width.ntk_rates(theta, **variances)

        def network(w):
            return finite_width.perceptron_outputs(w, X, jnp.tanh)[:, 0]

        def step(w, _):
            gradient = jax.grad(lambda w: jnp.mean((network(w)[:3] - y) ** 2) / 2)(w)
            w = jax.tree.map(lambda leaf, g, rate: leaf - 0.5 * rate * g, w, gradient, rates)
            return w, network(w)

        outputs = jax.lax.scan(step, w_0, length=40)[1]
        Theta = empirical_kernel.traced_tangent_kernel(w_0, X, phi=jnp.tanh, rates=rates)
        f_0 = network(w_0)
        given = {"initial": f_0[:3], "initial_test": f_0}
        predictions = lazy_training.gradient_descent_predictions(
            Theta[:3, :3], Theta[:, :3], y, 0.5, 40, **given
        )
        return jnp.max(jnp.abs(predictions[1:] - outputs))

    narrow, wide = jax.jit(lambda: (largest_error(30), largest_error(3000)))()
    assert wide < 0.02  # outputs are of order 1
    assert wide < 0.2 * narrow


def test_float32_response_has_no_division_by_a_vanishing_eigenvalue():
    ones = jnp.ones((3, 3), jnp.float32)
    y = jnp.array([1.0, 2.0, 6.0], jnp.float32)
    predictions = flow_predictions(ones, ones, y, jnp.array([0.0, 1.0, 1e6], jnp.float32))
    assert predictions.dtype == jnp.float32
    mean = 3 * np.array([0, 1 - np.exp(-1.0), 1])
    assert_allclose(predictions, np.tile(mean[:, None], 3), atol=0.5)
    assert_allclose(predictions[1], mean[1], rtol=1e-5)
