"""The response of a minimum against retraining, in closed form and a little away."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference import problems
from reference.pytrees import as_vector
from reference.taylor import response
from reference.taylor.conjugate_gradients import Ending
from reference.taylor.products import jacobian

EXACT = 1e-10  # float64; both sides are short sums of products

response_jacobian = jax.jit(response.response_jacobian, static_argnums=0)


def moved(w, step, v):
    return jax.tree.map(lambda w, v: w + step * v, w, v)


def ridge_cost(inputs, t):
    """Data weighted by exp(theta["weights"]), decay exp(theta["decay"]); smooth in both."""

    def cost(w, theta):
        data = jnp.mean(jnp.exp(theta["weights"]) * (inputs @ w["w"] - t) ** 2) / 2
        return data + jnp.exp(theta["decay"]) * w["w"] @ w["w"] / 2

    return cost


def ridge_response_problem(seed):
    """A cost, hyperparameters, a direction of theirs, and the function theta -> argmin."""
    inputs, t = problems.linear_examples(jax.random.key(seed), 7, jnp.ones(3), noise_std=1.0)
    rng = np.random.default_rng(seed)

    @jax.jit
    def retrained(theta):
        weighted = inputs.T * jnp.exp(theta["weights"]) / len(t)
        H = weighted @ inputs + jnp.exp(theta["decay"]) * jnp.eye(3)
        return {"w": jnp.linalg.solve(H, weighted @ t)}

    def hyperparameters():
        return {"weights": jnp.array(rng.normal(size=7)), "decay": jnp.array(rng.normal())}

    return ridge_cost(inputs, t), hyperparameters(), hyperparameters(), retrained


@pytest.mark.parametrize("seed", range(2))
def test_response_jacobian_is_that_of_retraining_in_closed_form(seed):
    cost, theta, _, retrained = ridge_response_problem(seed)
    dr_dtheta = response_jacobian(cost, retrained(theta), theta)
    assert dr_dtheta.shape == (3, 8)
    assert_allclose(dr_dtheta, jacobian(retrained, theta), atol=EXACT)


@pytest.mark.parametrize("seed", range(2))
def test_response_vector_product_is_a_retraining_a_little_away(seed):
    cost, theta, v, retrained = ridge_response_problem(seed)
    result = jax.jit(
        lambda w, theta, v: response.response_vector_product(
            cost, w, theta, v, tolerance=1e-12, max_steps=20
        )
    )(retrained(theta), theta, v)
    ahead, behind = (retrained(moved(theta, step, v)) for step in (1e-5, -1e-5))
    assert result.ending == Ending.CONVERGED
    assert_allclose(result.solution["w"], (ahead["w"] - behind["w"]) / 2e-5, atol=1e-8)
    dr_dtheta = response_jacobian(cost, retrained(theta), theta)
    assert_allclose(result.solution["w"], dr_dtheta @ as_vector(v), atol=EXACT)
