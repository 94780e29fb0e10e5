"""Lecture 11: implicit hypergradients against closed forms, retraining and peers."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optimistix
import pytest
from numpy.testing import assert_allclose

from reference.bilevel_optimization import implicit
from reference.pytrees import as_tree, as_vector
from reference.taylor import Ending, gauss_newton_vector_product

# float64, problems of condition number below 100, solves to 1e-12.
EXACT = 1e-9
SOLVE = {"tolerance": 1e-12, "max_steps": 50}


def ridge(seed, *, num_examples=7, num_inputs=3):
    """L_t, L_v, theta and the map theta -> w* of weighted ridge regression, in NumPy's inverse.

    theta weights the examples by exp(theta["weights"]), decays by exp(theta["decay"]), and enters
    L_v directly as well.
    """
    rng = np.random.default_rng(seed)
    Phi, t = rng.normal(size=(num_examples, num_inputs)), rng.normal(size=num_examples)
    validation, t_v = rng.normal(size=(5, num_inputs)), rng.normal(size=5)

    def inner_loss(w, theta):
        data = jnp.mean(jnp.exp(theta["weights"]) * (Phi @ w["w"] - t) ** 2) / 2
        return data + jnp.exp(theta["decay"]) * w["w"] @ w["w"] / 2

    def outer_loss(w, theta):
        return jnp.mean((validation @ w["w"] - t_v) ** 2) / 2 + jnp.sum(theta["weights"] ** 3)

    def response(theta):
        weighted = Phi.T * jnp.exp(theta["weights"]) / num_examples
        H = weighted @ Phi + jnp.exp(theta["decay"]) * jnp.eye(num_inputs)
        return {"w": jnp.linalg.inv(H) @ weighted @ t}

    theta = {"weights": jnp.array(rng.normal(size=num_examples)), "decay": jnp.array(-0.5)}
    return inner_loss, outer_loss, theta, response


@pytest.mark.parametrize(("seed", "shape"), [(0, (7, 3)), (1, (2, 4))])
def test_hypergradients_are_those_of_retraining_in_closed_form(seed, shape):
    inner_loss, outer_loss, theta, response = ridge(
        seed, num_examples=shape[0], num_inputs=shape[1]
    )

    @jax.jit
    def hypergradients(theta):
        w = response(theta)
        return (
            as_vector(jax.grad(lambda theta: outer_loss(response(theta), theta))(theta)),
            implicit.implicit_hypergradient(inner_loss, outer_loss, w, theta, **SOLVE),
            implicit.dense_hypergradient(inner_loss, outer_loss, w, theta),
        )

    expected, result, dense = hypergradients(theta)
    assert jax.tree.structure(result.hypergradient) == jax.tree.structure(theta)
    assert result.ending == Ending.CONVERGED
    assert result.residual_norm < 1e-10
    assert result.steps <= shape[1] + 1  # one more than exact arithmetic needs
    assert_allclose(as_vector(result.hypergradient), expected, atol=EXACT)
    assert_allclose(as_vector(dense), expected, atol=EXACT)


def test_hypergradient_is_the_finite_difference_of_training_anew():
    """A penalised logistic regression, trained by Newton: no closed form, and H moves with w."""
    rng = np.random.default_rng(3)
    Phi, signs = rng.normal(size=(9, 3)), rng.choice([-1.0, 1.0], 9)

    def inner_loss(w, theta):
        margins = signs * (Phi @ w)
        return jnp.mean(jnp.logaddexp(0, -margins)) + jnp.exp(theta) @ w**2 / 2

    def outer_loss(w, theta):
        return jnp.sum(jnp.sin(w)) + theta[0]

    @jax.jit
    def trained(theta):
        H, g = jax.hessian(inner_loss), jax.grad(inner_loss)
        return jax.lax.fori_loop(
            0, 12, lambda _, w: w - jnp.linalg.solve(H(w, theta), g(w, theta)), jnp.zeros(3)
        )

    theta = jnp.array([-1.0, 0.0, -0.5])
    result = jax.jit(partial(implicit.implicit_hypergradient, inner_loss, outer_loss, **SOLVE))(
        trained(theta), theta
    )
    step = 1e-5
    scores = jax.jit(jax.vmap(lambda theta: outer_loss(trained(theta), theta)))
    differences = (scores(theta + step * np.eye(3)) - scores(theta - step * np.eye(3))) / (2 * step)
    # Central differences: 1e-10 of truncation and 1e-11 of rounding.
    assert_allclose(result.hypergradient, differences, atol=1e-8)


def test_conjugate_gradients_that_stop_early_say_so_and_lie_between():
    inner_loss, outer_loss, theta, response = ridge(4)

    @jax.jit
    def early(theta):
        w = response(theta)
        H = jax.hessian(lambda w: inner_loss({"w": w}, theta))(w["w"])
        options = {"tolerance": 1e-12, "max_steps": 1}
        result = implicit.implicit_hypergradient(inner_loss, outer_loss, w, theta, **options)
        return result, H, jax.grad(outer_loss)(w, theta)["w"]

    result, H, g_v = map(partial(jax.tree.map, np.asarray), early(theta))
    assert result.ending == Ending.STEP_LIMIT
    assert result.steps == 1
    assert_allclose(result.inverse_product["w"], (g_v @ g_v) / (g_v @ H @ g_v) * g_v, atol=EXACT)
    residual = g_v - H @ result.inverse_product["w"]
    assert_allclose(result.residual_norm, np.linalg.norm(residual), rtol=1e-9)


@pytest.mark.parametrize("linear", [True, False])
def test_gauss_newton_option_solves_with_that_matrix_and_is_exact_for_linear_networks(linear):
    rng = np.random.default_rng(5)
    Phi, t = rng.normal(size=(8, 3)), rng.normal(size=8)

    def network(w):
        return Phi @ w if linear else jnp.tanh(Phi @ w)

    def loss_of_output(z):
        return jnp.mean((z - t) ** 2) / 2

    def inner_loss(w, theta):
        return loss_of_output(network(w)) + theta * w @ w / 2

    def outer_loss(w, theta):
        return jnp.sum(w)

    w, theta = rng.normal(size=3), 0.5

    @jax.jit
    def hypergradients(w, theta):
        def product(v):
            return gauss_newton_vector_product(network, loss_of_output, w, v) + theta * v

        losses = (inner_loss, outer_loss, w, theta)
        result = implicit.implicit_hypergradient(*losses, curvature_product=product, **SOLVE)
        return result.hypergradient, implicit.dense_hypergradient(*losses)

    approximate, exact = hypergradients(w, theta)
    slopes = np.ones(8) if linear else 1 - np.tanh(Phi @ w) ** 2
    G = (Phi.T * slopes**2) @ Phi / 8
    # The mixed derivative of theta |w|^2 / 2 is w.
    expected = -w @ np.linalg.solve(G + theta * np.eye(3), np.ones(3))
    assert_allclose(approximate, expected, atol=EXACT)
    assert np.allclose(exact, expected, rtol=1e-6) == linear


def test_mixed_product_is_that_of_the_dense_block():
    inner_loss, _, theta, _ = ridge(6)
    w, q = {"w": np.array([0.3, 2.0, -1.0])}, {"w": np.array([1.0, -2.0, 0.5])}
    mixed = jax.jit(jax.jacfwd(jax.grad(inner_loss), 1))(w, theta)["w"]
    product = jax.jit(partial(implicit.mixed_derivative_product, inner_loss))(w, theta, q)
    assert_allclose(product["weights"], q["w"] @ mixed["weights"], atol=EXACT)
    assert_allclose(product["decay"], q["w"] @ mixed["decay"], atol=EXACT)


def test_assembled_hypergradient_is_affine_in_the_inverse_product():
    inner_loss, outer_loss, theta, _ = ridge(7)
    w, q = {"w": np.array([0.3, 2.0, -1.0])}, {"w": np.array([1.0, -2.0, 0.5])}
    assembled = jax.jit(partial(implicit.assembled_hypergradient, inner_loss, outer_loss))
    direct = assembled(w, theta, {"w": np.zeros(3)})
    assert_allclose(direct["weights"], 3 * theta["weights"] ** 2, atol=EXACT)
    assert_allclose(direct["decay"], 0, atol=EXACT)
    # The mixed derivative in the log-decay is exp(decay) w.
    expected = -np.exp(theta["decay"]) * w["w"] @ q["w"]
    assert_allclose(assembled(w, theta, q)["decay"], expected, atol=EXACT)


def test_hypergradient_does_not_depend_on_the_coordinates_of_the_weights():
    """With w = M u the hypergradient in theta is the same: no metric on w enters."""
    inner_loss, outer_loss, theta, response = ridge(8)
    M = np.random.default_rng(8).normal(size=(3, 3)) + 2 * np.eye(3)

    def in_u(loss):
        return lambda u, theta: loss({"w": M @ u}, theta)

    @jax.jit
    def hypergradients(theta):
        w = response(theta)
        u = jnp.linalg.solve(M, w["w"])
        of_w = implicit.implicit_hypergradient(inner_loss, outer_loss, w, theta, **SOLVE)
        losses = in_u(inner_loss), in_u(outer_loss)
        of_u = implicit.implicit_hypergradient(*losses, u, theta, **SOLVE)
        return as_vector(of_w.hypergradient), as_vector(of_u.hypergradient)

    of_w, of_u = hypergradients(theta)
    assert_allclose(of_u, of_w, atol=EXACT)


# --- argmin --------------------------------------------------------------------------------------


def descent(gradient, w_0, *, num_steps=400, step_size=0.2):
    def advance(w, _):
        return jax.tree.map(lambda w, g: w - step_size * g, w, gradient(w)), None

    return jax.lax.scan(advance, w_0, length=num_steps)[0]


def argmin_of(loss, theta, w_0, minimise=descent):
    return implicit.argmin(loss, minimise, w_0, theta, **SOLVE)


def test_argmin_has_the_derivatives_of_the_closed_form_in_both_modes():
    inner_loss, _, theta, response = ridge(0)
    w_0 = {"w": jnp.ones(3)}

    def flat(f):
        return lambda vector: as_vector(f(as_tree(vector, like=theta)))

    solved = flat(lambda theta: argmin_of(inner_loss, theta, w_0))
    functions = [flat(response), jax.jacrev(flat(response))]
    functions += [solved, jax.jacrev(solved), jax.jacfwd(solved)]
    w, slopes, *ours = jax.jit(lambda vector: [f(vector) for f in functions])(as_vector(theta))
    # Descent contracts by at least 0.9 a step: 400 steps leave 1e-18 of the start.
    assert_allclose(ours[0], w, atol=EXACT)
    assert_allclose(ours[1], slopes, atol=EXACT)
    assert_allclose(ours[2], slopes, atol=EXACT)


def test_argmin_agrees_with_optimistix_on_a_problem_without_closed_form():
    def loss(w, theta):
        return jnp.sum(jnp.cosh(w - theta)) + jnp.sum(w) ** 2 / 2 + w[0] * theta[1]

    def with_optimistix(theta):
        solver = optimistix.Newton(rtol=1e-13, atol=1e-13)
        gradient = jax.grad(loss)
        return optimistix.root_find(lambda w, theta: gradient(w, theta), solver, theta, theta).value

    theta = jnp.array([0.3, -0.7])
    ours = jax.jit(jax.jacrev(lambda theta: argmin_of(loss, theta, jnp.zeros(2))))(theta)
    assert_allclose(ours, jax.jit(jax.jacfwd(with_optimistix))(theta), atol=EXACT)


def test_argmin_does_not_depend_on_the_start_and_its_minimiser_may_be_a_while_loop():
    def loss(w, theta):
        return (w - theta**2) ** 2 / 2

    def minimise(gradient, w_0):
        return jax.lax.while_loop(
            lambda w: jnp.abs(gradient(w)) > 1e-12, lambda w: w - gradient(w) / 2, w_0
        )

    solved = jax.value_and_grad(lambda theta, w_0: argmin_of(loss, theta, w_0, minimise), (0, 1))
    value, slopes = jax.jit(solved)(3.0, 1.0)
    assert_allclose(value, 9, atol=1e-11)
    assert_allclose(slopes, [6, 0], atol=1e-11)


def test_memory_of_a_derivative_does_not_grow_with_the_inner_steps():
    inner_loss, outer_loss, theta, _ = ridge(0)
    w_0 = {"w": jnp.zeros(3)}

    def temporary_bytes(num_steps, solved):
        def outer(theta):
            return outer_loss(solved(partial(descent, num_steps=num_steps), theta), theta)

        analysis = jax.jit(jax.grad(outer)).lower(theta).compile().memory_analysis()
        assert analysis is not None
        return analysis.temp_size_in_bytes

    def through_argmin(minimise, theta):
        return argmin_of(inner_loss, theta, w_0, minimise)

    def unrolled(minimise, theta):
        return minimise(lambda w: jax.grad(inner_loss)(w, theta), w_0)

    assert temporary_bytes(1000, through_argmin) == temporary_bytes(10, through_argmin)
    # Unrolled, at least the residuals of 7 examples are kept for each step.
    grown = temporary_bytes(1000, unrolled) - temporary_bytes(10, unrolled)
    assert grown >= 990 * 3 * 8
