"""Matrix-free products against dense matrices, and those against differences of gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.special import logsumexp
from numpy.testing import assert_allclose

from reference import problems
from reference.pytrees import as_tree, as_vector, inner_product
from reference.taylor import products

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


def moved(w, step, v):
    return jax.tree.map(lambda w, v: w + step * v, w, v)


def system(eigenvalues, *, seed=0):
    """A with these eigenvalues, and any b."""
    rng, D = np.random.default_rng(seed), len(eigenvalues)
    Q = np.linalg.qr(rng.normal(size=(D, D)))[0]
    return Q * np.array(eigenvalues) @ Q.T, rng.normal(size=D)


@pytest.mark.parametrize("widths", WIDTHS[1:])
def test_jacobian_vector_product_is_a_central_difference(widths):
    network, _, w, v = perceptron(widths)
    ahead, behind = (network(moved(w, step, v)) for step in (1e-5, -1e-5))
    # Truncation e^2 and rounding eps/e are both near 1e-10.
    product = products.jacobian_vector_product(network, w, v)
    assert_allclose(product, (ahead - behind) / 2e-5, atol=1e-8)


@pytest.mark.parametrize("widths", WIDTHS[1:])
def test_vector_jacobian_product_is_the_adjoint(widths):
    network, _, w, v = perceptron(widths)
    u = np.random.default_rng(9).normal(size=network(w).shape)
    Jv = products.jacobian_vector_product(network, w, v)
    JTu = products.vector_jacobian_product(network, w, u)
    assert jax.tree.structure(JTu) == jax.tree.structure(w)
    assert_allclose(inner_product(JTu, v), jnp.sum(u * Jv), rtol=EXACT)


@pytest.mark.parametrize("widths", WIDTHS[1:])
def test_jacobian_matrix_makes_both_products(widths):
    network, _, w, v = perceptron(widths)
    u = np.random.default_rng(9).normal(size=network(w).shape)
    J = products.jacobian(network, w)
    Jv = as_vector(products.jacobian_vector_product(network, w, v))
    JTu = as_vector(products.vector_jacobian_product(network, w, u))
    assert_allclose(J @ as_vector(v), Jv, atol=EXACT)
    assert_allclose(J.T @ as_vector(u), JTu, atol=EXACT)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", EXACT), ("float32", 2e-5)])
@pytest.mark.parametrize("widths", WIDTHS)
def test_hessian_vector_product_is_that_of_the_dense_hessian(widths, dtype, tolerance):
    network, loss_of_output, w, v = perceptron(widths, dtype=dtype)

    def loss(w):
        return loss_of_output(network(w))

    product = jax.jit(lambda w, v: products.hessian_vector_product(loss, w, v))(w, v)
    assert all(leaf.dtype == dtype for leaf in jax.tree.leaves(product))
    expected = products.hessian(loss, w) @ as_vector(v)
    assert_allclose(as_vector(product), expected, atol=tolerance * np.abs(expected).max())


def test_dense_hessian_is_that_of_a_polynomial_and_of_central_differences():
    A, b = system([-1.0, 2.0, 5.0])
    hessian = products.hessian(lambda w: w @ A @ w / 2 - b @ w, jnp.ones(3))
    assert_allclose(hessian, A, atol=EXACT)

    network, loss_of_output, w, _ = perceptron((2, 3, 1))
    gradient = jax.jit(jax.grad(lambda x: loss_of_output(network(as_tree(x, like=w)))))
    x, steps = as_vector(w), 1e-5 * np.eye(len(as_vector(w)))
    differences = [(gradient(x + e) - gradient(x - e)) / 2e-5 for e in steps]
    hessian = products.hessian(lambda w: loss_of_output(network(w)), w)
    assert_allclose(hessian, np.stack(differences), atol=1e-8)


def test_hessian_vector_product_costs_few_gradients_and_forms_no_matrix():
    network, loss_of_output, w, v = perceptron((20, 30, 10), num_examples=40)
    num_parameters = len(as_vector(w))

    def loss(w):
        return loss_of_output(network(w))

    def product(w, v):
        return products.hessian_vector_product(loss, w, v)

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
    G = products.gauss_newton_matrix(network, loss_of_output, w)
    product = jax.jit(
        lambda w, v: products.gauss_newton_vector_product(network, loss_of_output, w, v)
    )(w, v)
    assert jax.tree.structure(product) == jax.tree.structure(w)
    assert_allclose(as_vector(product), G @ as_vector(v), atol=EXACT * np.abs(G).max())
    assert_allclose(G, G.T, atol=EXACT)
    assert np.linalg.eigvalsh(G)[0] > -EXACT


def test_gauss_newton_matrix_of_half_squares_is_a_mean_of_jacobian_products():
    network, loss_of_output, w, _ = perceptron((3, 4, 2), num_examples=7)
    J = products.jacobian(network, w)
    G = products.gauss_newton_matrix(network, loss_of_output, w)
    assert_allclose(G, J.T @ J / 7, atol=EXACT)


def test_gauss_newton_takes_the_curvature_of_the_loss_at_the_output():
    network, _, w, v = perceptron((3, 4, 2))

    def log_partition(z):
        return jnp.mean(logsumexp(z, axis=1))

    G, product = jax.jit(
        lambda w, v: (
            products.gauss_newton_matrix(network, log_partition, w),
            products.gauss_newton_vector_product(network, log_partition, w, v),
        )
    )(w, v)
    p = np.asarray(jax.nn.softmax(network(w)))
    J = np.asarray(products.jacobian(network, w)).reshape(5, 2, -1)
    curvatures = p[:, :, None] * np.eye(2) - p[:, :, None] * p[:, None, :]
    expected = np.einsum("nkp,nkl,nlq->pq", J, curvatures, J) / 5
    assert_allclose(G, expected, atol=EXACT)
    assert_allclose(as_vector(product), expected @ as_vector(v), atol=EXACT)


@pytest.mark.parametrize(("widths", "equal"), [((3, 2), True), ((3, 4, 2), False)])
def test_gauss_newton_is_the_hessian_of_linear_networks_only(widths, equal):
    network, loss_of_output, w, _ = perceptron(widths)
    G = products.gauss_newton_matrix(network, loss_of_output, w)
    H = products.hessian(lambda w: loss_of_output(network(w)), w)
    assert np.allclose(G, H, rtol=0, atol=EXACT) == equal
