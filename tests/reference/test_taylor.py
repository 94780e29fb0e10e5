"""Lecture 2: matrix-free products against dense matrices, conjugate gradients against SciPy."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse.linalg
from numpy.testing import assert_allclose

from reference import problems, taylor
from reference.pytrees import as_tree, as_vector, inner_product

EXACT = 1e-10  # float64; both sides are short sums of products
WIDTHS = [(3, 4, 2), (5, 2, 3, 1)]

parameters = jax.jit(problems.perceptron_parameters, static_argnums=(1, 2))


def mean_half_square(t):
    return lambda z: jnp.mean(jnp.sum((z - t) ** 2, axis=1)) / 2


def perceptron(widths, *, seed=0, num_examples=5, dtype="float64"):
    """network, loss_of_output, w and a direction v."""
    rng, keys = np.random.default_rng(seed), jax.random.split(jax.random.key(seed))
    inputs = jnp.asarray(rng.normal(size=(num_examples, widths[0])), dtype)
    t = jnp.asarray(rng.normal(size=(num_examples, widths[-1])), dtype)
    w, v = (parameters(key, widths, dtype) for key in keys)
    return jax.jit(lambda w: problems.perceptron_outputs(w, inputs)), mean_half_square(t), w, v


def system(eigenvalues, *, seed=0):
    """A with these eigenvalues, and any b."""
    rng, D = np.random.default_rng(seed), len(eigenvalues)
    Q = np.linalg.qr(rng.normal(size=(D, D)))[0]
    return Q * np.array(eigenvalues) @ Q.T, rng.normal(size=D)


@partial(jax.jit, static_argnums=2)
def krylov_iterates(A, b, num_steps):
    return taylor.conjugate_gradient_iterates(lambda x: A @ x, b, num_steps)


def moved(w, step, v):
    return jax.tree.map(lambda w, v: w + step * v, w, v)


# --- Products and dense matrices -----------------------------------------------------------------


@pytest.mark.parametrize("widths", WIDTHS[1:])
def test_jacobian_vector_product_is_a_central_difference(widths):
    network, _, w, v = perceptron(widths)
    ahead, behind = (network(moved(w, step, v)) for step in (1e-5, -1e-5))
    # Truncation e^2 and rounding eps/e are both near 1e-10.
    product = taylor.jacobian_vector_product(network, w, v)
    assert_allclose(product, (ahead - behind) / 2e-5, atol=1e-8)


@pytest.mark.parametrize("widths", WIDTHS[1:])
def test_vector_jacobian_product_is_the_adjoint(widths):
    network, _, w, v = perceptron(widths)
    u = np.random.default_rng(9).normal(size=network(w).shape)
    Jv = taylor.jacobian_vector_product(network, w, v)
    JTu = taylor.vector_jacobian_product(network, w, u)
    assert jax.tree.structure(JTu) == jax.tree.structure(w)
    assert_allclose(inner_product(JTu, v), jnp.sum(u * Jv), rtol=EXACT)


@pytest.mark.parametrize("widths", WIDTHS[1:])
def test_jacobian_matrix_makes_both_products(widths):
    network, _, w, v = perceptron(widths)
    u = np.random.default_rng(9).normal(size=network(w).shape)
    J = taylor.jacobian(network, w)
    Jv = as_vector(taylor.jacobian_vector_product(network, w, v))
    JTu = as_vector(taylor.vector_jacobian_product(network, w, u))
    assert_allclose(J @ as_vector(v), Jv, atol=EXACT)
    assert_allclose(J.T @ as_vector(u), JTu, atol=EXACT)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", EXACT), ("float32", 2e-5)])
@pytest.mark.parametrize("widths", WIDTHS)
def test_hessian_vector_product_is_that_of_the_dense_hessian(widths, dtype, tolerance):
    network, loss_of_output, w, v = perceptron(widths, dtype=dtype)

    def loss(w):
        return loss_of_output(network(w))

    product = jax.jit(lambda w, v: taylor.hessian_vector_product(loss, w, v))(w, v)
    assert all(leaf.dtype == dtype for leaf in jax.tree.leaves(product))
    expected = taylor.hessian(loss, w) @ as_vector(v)
    assert_allclose(as_vector(product), expected, atol=tolerance * np.abs(expected).max())


def test_dense_hessian_is_that_of_a_polynomial_and_of_central_differences():
    A, b = system([-1.0, 2.0, 5.0])
    hessian = taylor.hessian(lambda w: w @ A @ w / 2 - b @ w, jnp.ones(3))
    assert_allclose(hessian, A, atol=EXACT)

    network, loss_of_output, w, _ = perceptron((2, 3, 1))
    gradient = jax.jit(jax.grad(lambda x: loss_of_output(network(as_tree(x, like=w)))))
    x, steps = as_vector(w), 1e-5 * np.eye(len(as_vector(w)))
    differences = [(gradient(x + e) - gradient(x - e)) / 2e-5 for e in steps]
    hessian = taylor.hessian(lambda w: loss_of_output(network(w)), w)
    assert_allclose(hessian, np.stack(differences), atol=1e-8)


def test_hessian_vector_product_costs_few_gradients_and_forms_no_matrix():
    network, loss_of_output, w, v = perceptron((20, 30, 10), num_examples=40)
    num_parameters = len(as_vector(w))

    def loss(w):
        return loss_of_output(network(w))

    def product(w, v):
        return taylor.hessian_vector_product(loss, w, v)

    def flops(function, *arguments):
        costs = jax.jit(function).lower(*arguments).compile().cost_analysis()
        assert costs is not None
        return costs["flops"]

    assert flops(product, w, v) < 4 * flops(jax.grad(loss), w)
    values = [v.aval for e in jax.make_jaxpr(product)(w, v).eqns for v in e.outvars]
    assert max(value.size for value in values) < num_parameters**2 / 100


@pytest.mark.parametrize("widths", WIDTHS)
def test_gauss_newton_vector_product_is_that_of_the_dense_matrix(widths):
    network, loss_of_output, w, v = perceptron(widths)
    G = taylor.gauss_newton_matrix(network, loss_of_output, w)
    product = jax.jit(
        lambda w, v: taylor.gauss_newton_vector_product(network, loss_of_output, w, v)
    )(w, v)
    assert jax.tree.structure(product) == jax.tree.structure(w)
    assert_allclose(as_vector(product), G @ as_vector(v), atol=EXACT * np.abs(G).max())
    assert_allclose(G, G.T, atol=EXACT)
    assert np.linalg.eigvalsh(G)[0] > -EXACT


def test_gauss_newton_matrix_of_half_squares_is_a_mean_of_jacobian_products():
    network, loss_of_output, w, _ = perceptron((3, 4, 2), num_examples=7)
    J = taylor.jacobian(network, w)
    G = taylor.gauss_newton_matrix(network, loss_of_output, w)
    assert_allclose(G, J.T @ J / 7, atol=EXACT)


@pytest.mark.parametrize(("widths", "equal"), [((3, 2), True), ((3, 4, 2), False)])
def test_gauss_newton_is_the_hessian_of_linear_networks_only(widths, equal):
    network, loss_of_output, w, _ = perceptron(widths)
    G = taylor.gauss_newton_matrix(network, loss_of_output, w)
    H = taylor.hessian(lambda w: loss_of_output(network(w)), w)
    assert np.allclose(G, H, rtol=0, atol=EXACT) == equal


# --- Conjugate gradients -------------------------------------------------------------------------


@pytest.mark.parametrize("preconditioned", [False, True])
@pytest.mark.parametrize("eigenvalues", [np.geomspace(1, 30, 12), [7.0], np.linspace(1, 2, 5)])
def test_conjugate_gradient_takes_the_steps_of_scipy(eigenvalues, preconditioned):
    A, b = system(eigenvalues)
    x_0, M_inverse, steps = np.ones_like(b), np.diag(1 / np.diag(A)), []
    expected, _ = scipy.sparse.linalg.cg(
        A, b, x_0, rtol=1e-8, M=M_inverse if preconditioned else None, callback=steps.append
    )
    result = taylor.conjugate_gradient(
        lambda x: A @ x,
        b,
        x_0,
        tolerance=1e-8,
        max_steps=100,
        preconditioner=(lambda r: M_inverse @ r) if preconditioned else None,
    )
    assert result.steps == len(steps)
    assert result.ending == taylor.Ending.CONVERGED
    # Rounding separates the two by kappa^2 eps a step, below 1e-11.
    assert_allclose(result.solution, expected, atol=EXACT)
    assert_allclose(result.residual_norm, np.linalg.norm(b - A @ result.solution), rtol=1e-4)
    assert result.residual_norm <= 1.01e-8 * np.linalg.norm(b)


def nan_after_one_step(x):
    return jnp.where(jnp.abs(x[1]) > 2, jnp.nan, x * jnp.array([1.0, 3.0]))


@pytest.mark.parametrize(
    ("matvec", "b", "ending", "steps"),
    [
        (lambda x: x * jnp.array([1.0, 3.0]), [1.0, 1.0], taylor.Ending.CONVERGED, 2),
        (lambda x: x * jnp.array([1.0, 3.0]), [0.0, 0.0], taylor.Ending.CONVERGED, 0),
        (lambda x: x * jnp.array([1.0, 0.0]), [2.0, 0.0], taylor.Ending.CONVERGED, 1),
        (lambda x: x * jnp.arange(1.0, 41), [1.0] * 40, taylor.Ending.STEP_LIMIT, 5),
        (lambda x: x * jnp.array([1.0, -3.0]), [1.0, 1.0], taylor.Ending.NONPOSITIVE_CURVATURE, 0),
        (lambda x: x * jnp.array([4.0, -1.0]), [1.0, 1.0], taylor.Ending.NONPOSITIVE_CURVATURE, 1),
        (lambda x: x * jnp.array([1.0, 0.0]), [0.0, 1.0], taylor.Ending.NONPOSITIVE_CURVATURE, 0),
        (lambda x: x * jnp.nan, [1.0, 1.0], taylor.Ending.NOT_FINITE, 0),
        (lambda x: x, [jnp.nan, 1.0], taylor.Ending.NOT_FINITE, 0),
    ],
)
def test_conjugate_gradient_says_how_it_ended(matvec, b, ending, steps):
    b = jnp.array(b)
    result = taylor.conjugate_gradient(matvec, b, tolerance=1e-10, max_steps=5)
    assert (taylor.Ending(int(result.ending)), int(result.steps)) == (ending, steps)
    assert np.all(np.isfinite(result.solution))


def test_conjugate_gradient_needs_no_step_from_the_solution_and_one_with_the_inverse():
    A, b = system([1.0, 5.0, 30.0])
    x = np.linalg.solve(A, b)
    options = {"tolerance": 1e-10, "max_steps": 50}
    assert taylor.conjugate_gradient(lambda x: A @ x, b, x, **options).steps == 0
    inverse = np.linalg.inv(A)
    result = taylor.conjugate_gradient(
        lambda x: A @ x, b, preconditioner=lambda r: inverse @ r, **options
    )
    assert result.steps == 1


def test_conjugate_gradient_solves_on_pytrees_under_jit():
    network, loss_of_output, w, v = perceptron((3, 4, 2))

    def damped(v):
        product = taylor.gauss_newton_vector_product(network, loss_of_output, w, v)
        return jax.tree.map(lambda Gv, v: Gv + 0.1 * v, product, v)

    result = jax.jit(
        lambda b: taylor.conjugate_gradient(damped, b, tolerance=1e-12, max_steps=200)
    )(v)
    G = taylor.gauss_newton_matrix(network, loss_of_output, w)
    expected = np.linalg.solve(G + 0.1 * np.eye(len(G)), as_vector(v))
    assert jax.tree.structure(result.solution) == jax.tree.structure(w)
    assert_allclose(as_vector(result.solution), expected, rtol=1e-8, atol=1e-9)


def test_float32_residual_norm_is_the_true_one_and_not_that_of_the_recurrence():
    A, b = (jnp.asarray(x, jnp.float32) for x in system(np.geomspace(1e-3, 1, 10)))
    result = taylor.conjugate_gradient(lambda x: A @ x, b, tolerance=1e-9, max_steps=500)
    assert result.ending == taylor.Ending.CONVERGED
    x = np.asarray(result.solution, float)
    true_norm = np.linalg.norm(np.asarray(b, float) - np.asarray(A, float) @ x)
    assert true_norm > 1e-8 * np.linalg.norm(b)
    # The true residual is itself a rounding error, so its size alone is determined.
    assert true_norm / 10 < result.residual_norm < 10 * true_norm


@pytest.mark.parametrize("seed", range(3))
def test_iterates_are_optimal_over_the_krylov_space(seed):
    A, b = system(np.geomspace(1, 20, 6), seed=seed)
    iterates = krylov_iterates(A, b, 6)
    krylov = np.stack([np.linalg.matrix_power(A, k) @ b for k in range(6)], axis=1)
    for k in range(1, 7):
        K = np.linalg.qr(krylov[:, :k])[0]
        best = K @ np.linalg.solve(K.T @ A @ K, K.T @ b)
        # Powers of A lose kappa^5 / 1e6 of the digits of the oracle.
        assert_allclose(iterates[k], best, atol=1e-8)
    assert_allclose(iterates[0], 0)


@pytest.mark.parametrize("num_distinct", [1, 2, 4])
def test_iterates_reach_the_solution_in_as_many_steps_as_distinct_eigenvalues(num_distinct):
    A, b = system(np.repeat(np.arange(1.0, num_distinct + 1), 3))
    iterates = krylov_iterates(A, b, num_distinct)
    solution = np.linalg.solve(A, b)
    assert_allclose(iterates[-1], solution, atol=EXACT)
    assert np.abs(iterates[-2] - solution).max() > 1e-2


@pytest.mark.parametrize("condition_number", [4.0, 400.0])
def test_errors_fall_monotonically_and_below_the_bound(condition_number):
    A, b = system(np.geomspace(1, condition_number, 30))
    errors = krylov_iterates(A, b, 25) - np.linalg.solve(A, b)
    norms = np.sqrt(np.einsum("td,de,te->t", errors, A, errors))
    bounds = norms[0] * taylor.conjugate_gradient_bound(condition_number, 25)
    assert np.all((np.diff(norms) < 0) | (norms[1:] < 1e-12))
    assert np.all(norms <= bounds + 1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("eigenvalues", [[1.0, 2.0, 3.0], [0.0, 1.0, 5.0], [1.0] * 4, [1e-3, 1.0]])
def test_iterates_stay_at_the_solution_long_after_they_reach_it(eigenvalues, dtype):
    A, x = system(eigenvalues)
    b = A @ x
    A, b = jnp.asarray(A, dtype), jnp.asarray(b, dtype)
    iterates = krylov_iterates(A, b, 100)
    assert iterates.dtype == dtype
    # Rounding enters x times the smallest positive eigenvalue's inverse, 1e3 at worst.
    tolerance = 2e4 * float(jnp.finfo(dtype).eps)
    expected = np.linalg.lstsq(np.asarray(A, float), np.asarray(b, float), rcond=1e-6)[0]
    assert_allclose(iterates[10:], np.broadcast_to(expected, (91, len(b))), atol=tolerance)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_iterates_from_a_zero_right_side_are_zero(dtype):
    iterates = taylor.conjugate_gradient_iterates(lambda x: 2 * x, jnp.zeros(3, dtype), 4)
    assert iterates.shape == (5, 3)
    assert_allclose(iterates, 0)


# --- Response ------------------------------------------------------------------------------------


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
    def response(theta):
        weighted = inputs.T * jnp.exp(theta["weights"]) / len(t)
        H = weighted @ inputs + jnp.exp(theta["decay"]) * jnp.eye(3)
        return {"w": jnp.linalg.solve(H, weighted @ t)}

    def hyperparameters():
        return {"weights": jnp.array(rng.normal(size=7)), "decay": jnp.array(rng.normal())}

    return ridge_cost(inputs, t), hyperparameters(), hyperparameters(), response


@pytest.mark.parametrize("seed", range(2))
def test_response_jacobian_is_that_of_retraining_in_closed_form(seed):
    cost, theta, _, response = ridge_response_problem(seed)
    jacobian = jax.jit(lambda w, theta: taylor.response_jacobian(cost, w, theta))(
        response(theta), theta
    )
    assert jacobian.shape == (3, 8)
    assert_allclose(jacobian, taylor.jacobian(response, theta), atol=EXACT)


@pytest.mark.parametrize("seed", range(2))
def test_response_vector_product_is_a_retraining_a_little_away(seed):
    cost, theta, v, response = ridge_response_problem(seed)
    result = jax.jit(
        lambda w, theta, v: taylor.response_vector_product(
            cost, w, theta, v, tolerance=1e-12, max_steps=20
        )
    )(response(theta), theta, v)
    ahead, behind = (response(moved(theta, step, v)) for step in (1e-5, -1e-5))
    assert result.ending == taylor.Ending.CONVERGED
    assert_allclose(result.solution["w"], (ahead["w"] - behind["w"]) / 2e-5, atol=1e-8)
    jacobian = jax.jit(lambda w, theta: taylor.response_jacobian(cost, w, theta))(
        response(theta), theta
    )
    assert_allclose(result.solution["w"], jacobian @ as_vector(v), atol=EXACT)
