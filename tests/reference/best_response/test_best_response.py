"""Best responses against retraining, the implicit function theorem and dense expansions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference import linear_regression, taylor
from reference.best_response import best_response

EXACT = 1e-10  # float64, condition numbers below 1e3


def regression(shape, seed):
    rng = np.random.default_rng(seed)
    Phi, t = rng.normal(size=shape), rng.normal(size=shape[0])
    return jnp.array(Phi), jnp.array(t), jnp.array(rng.uniform(0.1, 1.0, size=shape[1]))


def cost(Phi, t):
    def value(w, penalties):
        return jnp.mean((Phi @ w - t) ** 2) / 2 + jnp.sum(penalties * w**2) / 2

    return value


@pytest.mark.parametrize("shape", [(7, 3), (3, 5), (4, 1)])
def test_ridge_best_response_is_stationary_for_the_cost_in_its_docstring(shape):
    Phi, t, penalties = regression(shape, seed=0)
    w = best_response.ridge_best_response(Phi, t, penalties)
    assert_allclose(jax.grad(cost(Phi, t))(w, penalties), 0, atol=EXACT)


def test_equal_penalties_give_ridge_regression():
    Phi, t, _ = regression((7, 3), seed=1)
    w = best_response.ridge_best_response(Phi, t, 0.3 * jnp.ones(3))
    assert_allclose(w, linear_regression.ridge_solution(Phi, t, 0.3), rtol=EXACT)


@pytest.mark.parametrize("shape", [(7, 3), (3, 5)])
def test_ridge_response_jacobian_is_that_of_the_implicit_function_theorem(shape):
    Phi, t, penalties = regression(shape, seed=2)
    w = best_response.ridge_best_response(Phi, t, penalties)
    expected = taylor.response_jacobian(cost(Phi, t), w, penalties)
    jacobian = best_response.ridge_response_jacobian(Phi, t, penalties)
    assert_allclose(jacobian, expected, rtol=1e-9, atol=EXACT)
    assert np.abs(jacobian - jacobian.T).max() > 1e-3  # so that a transpose would show


def test_linearised_response_is_off_by_the_square_of_the_distance():
    Phi, t, penalties = regression((7, 3), seed=3)
    towards = jnp.array([1.0, -0.5, 0.3])

    def response(tree):
        return {"w": best_response.ridge_best_response(Phi, t, tree["penalties"])}

    @jax.jit
    def error(distance):
        theta = {"penalties": penalties + distance * towards}
        linear = best_response.linearised_best_response(response, {"penalties": penalties}, theta)
        return jnp.linalg.norm(linear["w"] - response(theta)["w"])

    near, far = error(1e-3), error(2e-3)
    # The next term of the expansion is of relative size 1e-3 x |A^-1|, below 0.05 here.
    assert_allclose(far / near, 4, rtol=0.05)
    assert error(0.0) == 0
    jacobian = best_response.ridge_response_jacobian(Phi, t, penalties)
    moved = best_response.linearised_best_response(
        response, {"penalties": penalties}, {"penalties": penalties + towards}
    )
    expected = response({"penalties": penalties})["w"] + jacobian @ towards
    assert_allclose(moved["w"], expected, rtol=1e-9)


def penalised_network(seed):
    """A small network that isn't linear in w, whose outputs hold w for the penalty as well."""
    rng = np.random.default_rng(seed)
    X, t = jnp.array(rng.normal(size=(5, 2))), jnp.array(rng.normal(size=5))
    w, theta = jnp.array(rng.normal(size=3)), jnp.array(rng.normal(size=2))

    def network(w):
        return {"y": jnp.tanh(X @ w[:2]) * w[2], "w": w}

    def loss_of_outputs(z, theta):
        penalties = jnp.exp(theta)[jnp.array([0, 0, 1])]
        return jnp.mean((z["y"] - t) ** 2) / 2 + jnp.sum(penalties * z["w"] ** 2) / 2

    return network, loss_of_outputs, w, theta


def test_response_step_descends_on_the_quadratic_with_the_gauss_newton_matrix():
    network, loss_of_outputs, w, theta = penalised_network(seed=4)
    response = jnp.array(np.random.default_rng(5).normal(size=(3, 2)))
    std = 1e-3
    # Along the axes, both ways, scaled to have the covariance std^2 I exactly.
    perturbations = std * np.sqrt(2.0) * jnp.concatenate([jnp.eye(2), -jnp.eye(2)])

    @jax.jit
    def step(response):
        return best_response.linearised_response_step(
            network,
            loss_of_outputs,
            w,
            response,
            theta,
            perturbations,
            step_size=0.1,
            response_step_size=1 / std**2,
        )

    new_w, new_response = step(response)
    G = taylor.gauss_newton_matrix(network, lambda z: loss_of_outputs(z, theta), w)
    gradient = jax.jit(jax.grad(lambda w, theta: loss_of_outputs(network(w), theta)))
    mixed = jax.jit(jax.jacfwd(gradient, argnums=1))(w, theta)
    # Terms of fourth order in the perturbations: of relative size std^2.
    assert_allclose(response - new_response, G @ response + mixed, rtol=1e-4, atol=1e-4)
    assert_allclose(w - new_w, 0.1 * gradient(w, theta), rtol=EXACT)
    H = taylor.hessian(lambda w: loss_of_outputs(network(w), theta), w)
    assert np.abs(H @ response - G @ response).max() > 1e-2  # so that H for G would show


def test_response_jacobian_is_a_fixed_point_where_the_network_is_linear():
    Phi, t, _ = regression((6, 3), seed=6)
    theta = jnp.array([-0.5, 0.2, 0.1])
    w = best_response.ridge_best_response(Phi, t, jnp.exp(theta))
    jacobian = best_response.ridge_response_jacobian(Phi, t, jnp.exp(theta)) * jnp.exp(theta)
    std = 1e-3
    perturbations = std * np.sqrt(3.0) * jnp.concatenate([jnp.eye(3), -jnp.eye(3)])
    new_w, new_jacobian = best_response.linearised_response_step(
        lambda w: (Phi @ w, w),
        lambda z, theta: jnp.mean((z[0] - t) ** 2) / 2 + jnp.sum(jnp.exp(theta) * z[1] ** 2) / 2,
        w,
        jacobian,
        theta,
        perturbations,
        step_size=0.1,
        response_step_size=1 / std**2,
    )
    assert_allclose(new_w, w, rtol=EXACT)
    assert_allclose(new_jacobian, jacobian, atol=1e-4)  # terms of relative size std^2


def test_response_hypergradient_is_the_slope_of_the_validation_loss_of_retrained_weights():
    Phi, t, penalties = regression((7, 3), seed=7)

    def validation_loss(w, penalties):
        return jnp.sum(jnp.sin(w)) + jnp.sum(penalties**2 * w)

    def composed(penalties):
        w = best_response.ridge_best_response(Phi, t, penalties)
        return validation_loss(w, penalties)

    w = best_response.ridge_best_response(Phi, t, penalties)
    jacobian = best_response.ridge_response_jacobian(Phi, t, penalties)
    slope = best_response.response_hypergradient(validation_loss, w, jacobian, penalties)
    assert_allclose(slope, jax.jit(jax.grad(composed))(penalties), rtol=1e-9)
