"""Influences against retraining with weights a little changed, and leave-one-out against it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.linear_regression import ridge_solution
from reference.papers import influence_functions
from reference.pytrees import as_vector
from reference.taylor import Ending, hessian

EXACT = 1e-10  # float64 and condition numbers below 1e3
PENALTY = 0.1
SOLVE = {"tolerance": 1e-12, "max_steps": 60}


def classification(*, seed=0):
    """Inputs and labels (-1 or 1) to train on, then those to test on."""
    rng = np.random.default_rng(seed)
    inputs, test_inputs = rng.normal(size=(9, 2)), rng.normal(size=(3, 2))
    labels, test_labels = rng.choice([-1.0, 1.0], size=9), rng.choice([-1.0, 1.0], size=3)
    return tuple(map(jnp.array, (inputs, labels, test_inputs, test_labels)))


def logistic_losses(w, inputs, labels):
    return jax.nn.softplus(-labels * (inputs @ w["slope"] + w["offset"]))


@jax.jit
def trained(inputs, labels, weights):
    """The minimum of sum_n weights_n L_n + penalty, by Newton's method."""

    def objective(x):
        w = {"offset": x[0], "slope": x[1:]}
        return weights @ logistic_losses(w, inputs, labels) + PENALTY / 2 * x @ x

    def newton(_, x):
        return x - jnp.linalg.solve(jax.hessian(objective)(x), jax.grad(objective)(x))

    x = jax.lax.fori_loop(0, 12, newton, jnp.zeros(3))
    return {"offset": x[0], "slope": x[1:]}


def problem(seed):
    """The minimum w, all losses and all test losses, and how they change with an example."""
    inputs, labels, test_inputs, test_labels = classification(seed=seed)
    uniform = jnp.full(9, 1 / 9)

    def losses(w):
        return logistic_losses(w, inputs, labels)

    def test_losses(w):
        return logistic_losses(w, test_inputs, test_labels)

    def with_example(n, e):
        return trained(inputs, labels, uniform.at[n].add(e))

    return trained(inputs, labels, uniform), losses, test_losses, with_example


def parameter_influences(losses, w, num_examples):
    """Those of all examples, along a new first axis."""

    @jax.jit
    @jax.vmap
    def influence(n):
        return influence_functions.parameter_influence(
            losses, w, n, penalty=PENALTY, **SOLVE
        ).solution

    return influence(jnp.arange(num_examples))


@pytest.mark.parametrize("n", [0, 7])
def test_parameter_influence_is_the_derivative_of_retraining(n):
    w, losses, _, with_example = problem(0)
    result = jax.jit(
        lambda w: influence_functions.parameter_influence(losses, w, n, penalty=PENALTY, **SOLVE)
    )(w)
    ahead, behind = (as_vector(with_example(n, e)) for e in (1e-4, -1e-4))
    assert result.ending == Ending.CONVERGED
    assert jax.tree.structure(result.solution) == jax.tree.structure(w)
    # The third derivative times e^2 is below 1e-5.
    assert_allclose(as_vector(result.solution), (ahead - behind) / 2e-4, atol=1e-5)


@pytest.mark.parametrize("seed", range(2))
def test_influences_on_test_loss_are_derivatives_of_retraining(seed):
    w, losses, test_losses, with_example = problem(seed)
    result = jax.jit(
        lambda w: influence_functions.influences_on_test_loss(
            losses, lambda w: test_losses(w)[1], w, penalty=PENALTY, **SOLVE
        )
    )(w)
    assert result.solve.ending == Ending.CONVERGED
    expected = [
        (test_losses(with_example(n, 1e-4))[1] - test_losses(with_example(n, -1e-4))[1]) / 2e-4
        for n in range(9)
    ]
    assert_allclose(result.influences, np.array(expected), atol=1e-5)


@pytest.mark.parametrize("seed", range(2))
def test_influences_by_conjugate_gradients_are_those_of_the_dense_solve(seed):
    w, losses, test_losses, _ = problem(seed)
    matrix = jax.jit(
        lambda w: influence_functions.influence_matrix(losses, test_losses, w, penalty=PENALTY)
    )(w)
    assert matrix.shape == (3, 9)
    by_cg = jax.jit(
        jax.vmap(
            lambda m: (
                influence_functions.influences_on_test_loss(
                    losses, lambda w: test_losses(w)[m], w, penalty=PENALTY, **SOLVE
                ).influences
            )
        )
    )(jnp.arange(3))
    assert_allclose(by_cg, matrix, atol=EXACT)


def test_up_weighting_all_examples_alike_moves_towards_the_minimum_without_penalty():
    w, losses, _, _ = problem(0)
    influences = parameter_influences(losses, w, 9)
    total = np.sum([influences["offset"], *influences["slope"].T], axis=1)
    # At the minimum the sum of the g_n is -N penalty w.
    H = hessian(lambda w: jnp.mean(losses(w)), w)
    expected = 9 * PENALTY * np.linalg.solve(H + PENALTY * np.eye(3), as_vector(w))
    assert_allclose(total, expected, atol=1e-9)


def test_input_influences_are_derivatives_of_retraining_with_an_input_moved():
    inputs, labels, test_inputs, test_labels = classification()
    uniform = jnp.full(9, 1 / 9)
    w = trained(inputs, labels, uniform)

    def test_loss(w):
        return logistic_losses(w, test_inputs, test_labels)[0]

    @jax.jit
    def input_influences(w):
        s_test = influence_functions.influences_on_test_loss(
            lambda w: logistic_losses(w, inputs, labels), test_loss, w, penalty=PENALTY, **SOLVE
        ).solve.solution
        return influence_functions.input_influences(
            lambda w, inputs: logistic_losses(w, inputs, labels), w, inputs, s_test
        )

    retrained = jax.jit(jax.grad(lambda x: test_loss(trained(x, labels, uniform))))(inputs)
    assert_allclose(input_influences(w) / 9, retrained, atol=1e-9)


# --- Ridge regression ----------------------------------------------------------------------------


def regression(shape, *, seed=0):
    rng = np.random.default_rng(seed)
    return jnp.array(rng.normal(size=shape)), jnp.array(rng.normal(size=shape[0]))


@pytest.mark.parametrize(("shape", "penalty"), [((7, 3), 0.0), ((7, 3), 0.2), ((3, 6), 0.2)])
def test_leave_one_out_solutions_are_those_of_retraining(shape, penalty):
    Phi, t = regression(shape)
    solutions = jax.jit(influence_functions.ridge_leave_one_out_solutions)(Phi, t, penalty)
    N, D = shape
    for n in range(N):
        others, t_others = np.delete(Phi, n, axis=0), np.delete(t, n)
        expected = np.linalg.solve(others.T @ others + N * penalty * np.eye(D), others.T @ t_others)
        assert_allclose(solutions[n], expected, atol=EXACT)


@pytest.mark.parametrize(("shape", "penalty"), [((7, 3), 0.0), ((3, 6), 0.2)])
def test_leverages_are_derivatives_of_predictions_in_their_own_targets(shape, penalty):
    Phi, t = regression(shape)
    hat = jax.jit(jax.jacobian(lambda t: Phi @ ridge_solution(Phi, t, penalty)))(t)
    leverages = jax.jit(influence_functions.ridge_leverages)(Phi, penalty)
    assert_allclose(leverages, np.diag(hat), atol=EXACT)
    assert np.all((leverages > 0) & (leverages < 1))
    if penalty == 0:
        assert_allclose(np.sum(leverages), shape[1], rtol=EXACT)


def test_influence_is_leave_one_out_only_after_division_by_one_less_the_leverage():
    Phi, t = regression((8, 3))
    w = ridge_solution(Phi, t, PENALTY)

    def losses(w):
        return (Phi @ w - t) ** 2 / 2

    first_order = -parameter_influences(losses, w, 8) / 8
    exact = influence_functions.ridge_leave_one_out_solutions(Phi, t, PENALTY) - w
    h = influence_functions.ridge_leverages(Phi, PENALTY)
    assert_allclose(first_order / (1 - h)[:, None], exact, atol=EXACT)
    assert np.abs(first_order - exact).max() > 0.01
