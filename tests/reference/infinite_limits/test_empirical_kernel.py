"""Cheap tangent kernels against dense Jacobians, one parameter at a time, and their costs."""

from functools import partial
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.infinite_limits import empirical_kernel, finite_width
from reference.pytrees import as_vector

EXACT: dict[str, Any] = {
    "rtol": 1e-10,
    "atol": 1e-12,
}  # float64, sums of a few hundred terms of order 1
# Narrow and ragged; the third has so many outputs that products are cheaper.
WIDTHS = [(3, 5, 4, 2), (2, 6, 1), (2, 2, 2, 2, 2, 12), (3, 2)]


def perceptron(widths, *, seed=0):
    """w, rates unlike each other, and inputs."""
    rng = np.random.default_rng(seed)
    w = [
        {"weights": jnp.array(rng.normal(size=ends)), "biases": jnp.array(rng.normal(size=ends[1]))}
        for ends in pairwise(widths)
    ]
    rates = [{"weights": r, "biases": b} for r, b in rng.uniform(0.3, 2, size=(len(w), 2))]
    return w, rates, jnp.array(rng.normal(size=(4, widths[0])))


def shapes(widths):
    """Parameters to count operations with."""
    return [
        {
            "weights": jax.ShapeDtypeStruct(ends, jnp.float32),
            "biases": jax.ShapeDtypeStruct(ends[1:], jnp.float32),
        }
        for ends in pairwise(widths)
    ]


def operations(kernel, *arguments):
    analysis = jax.jit(kernel).lower(*arguments).cost_analysis()
    assert analysis
    return analysis["flops"]


def network(w, x):
    return finite_width.perceptron_outputs(w, x, jnp.tanh)


def oracle(w, inputs, rates):
    """J diag(r) J^T with the whole batch's Jacobian over the flat parameters, forwards."""
    r = as_vector(jax.tree.map(lambda leaf, rate: jnp.full(leaf.shape, rate), w, rates))
    J = jax.jit(jax.jacfwd(network))(w, inputs)
    rows = [leaf.reshape(*leaf.shape[:2], -1) for leaf in jax.tree.leaves(J)]
    flat = np.concatenate(rows, axis=2)
    return np.einsum("njp,p,mkp->nmjk", flat, r, flat)


@pytest.mark.parametrize("widths", WIDTHS)
def test_all_ways_to_the_kernel_are_the_jacobian_times_itself(widths):
    w, rates, inputs = perceptron(widths)
    expected = oracle(w, inputs, rates)

    def ways(w, inputs):
        return [
            empirical_kernel.dense_tangent_kernel(network, w, inputs, rates=rates),
            empirical_kernel.tangent_kernel_by_products(network, w, inputs, rates=rates),
            empirical_kernel.layerwise_tangent_kernel(w, inputs, phi=jnp.tanh, rates=rates),
            empirical_kernel.tangent_kernel(w, inputs, phi=jnp.tanh, rates=rates),
        ]

    for Theta in jax.jit(ways)(w, inputs):
        assert_allclose(Theta, expected, **EXACT)


@pytest.mark.parametrize("widths", WIDTHS)
def test_traced_kernel_is_the_mean_over_outputs(widths):
    w, rates, inputs = perceptron(widths)
    traced = jax.jit(
        lambda w, x: empirical_kernel.traced_tangent_kernel(w, x, phi=jnp.tanh, rates=rates)
    )(w, inputs)
    expected = np.einsum("nmkk->nm", oracle(w, inputs, rates)) / widths[-1]
    assert_allclose(traced, expected, **EXACT)


def test_rates_are_one_unless_given():
    w, rates, inputs = perceptron((3, 4, 2))
    V = jnp.ones((4, 2))
    ones = jax.tree.map(lambda _: 1.0, rates)

    def kernels(rates):
        return [
            empirical_kernel.dense_tangent_kernel(network, w, inputs, rates=rates),
            empirical_kernel.layerwise_tangent_kernel(w, inputs, phi=jnp.tanh, rates=rates),
            empirical_kernel.tangent_kernel_by_products(network, w, inputs, rates=rates),
            empirical_kernel.tangent_kernel_product(network, w, inputs, V, rates=rates),
            empirical_kernel.traced_tangent_kernel(w, inputs, phi=jnp.tanh, rates=rates),
        ]

    without, given = jax.jit(lambda: (kernels(None), kernels(ones)))()
    for a, b in zip(without, given, strict=True):
        assert_allclose(a, b, **EXACT)


@pytest.mark.parametrize("widths", WIDTHS[:2])
def test_product_is_the_kernel_times_the_error(widths):
    w, rates, inputs = perceptron(widths, seed=1)
    V = jnp.array(np.random.default_rng(2).normal(size=(4, widths[-1])))
    product = jax.jit(
        lambda w, V: empirical_kernel.tangent_kernel_product(network, w, inputs, V, rates=rates)
    )(w, V)
    assert_allclose(product, np.einsum("nmjk,mk->nj", oracle(w, inputs, rates), V), **EXACT)


def test_a_small_step_of_descent_moves_the_outputs_by_the_kernel():
    w, rates, inputs = perceptron((3, 5, 2), seed=3)
    t = jnp.ones((4, 2))

    def moved(w):
        gradient = jax.grad(lambda w: jnp.sum((network(w, inputs) - t) ** 2) / 2)(w)
        step = jax.tree.map(lambda leaf, g, rate: leaf - 1e-6 * rate * g, w, gradient, rates)
        return network(step, inputs)

    def predicted(w):
        Theta = empirical_kernel.layerwise_tangent_kernel(w, inputs, phi=jnp.tanh, rates=rates)
        return -jnp.einsum("nmjk,mk->nj", Theta, network(w, inputs) - t)

    change = (jax.jit(moved)(w) - network(w, inputs)) / 1e-6
    assert_allclose(change, jax.jit(predicted)(w), rtol=1e-3, atol=1e-3)  # second order in 1e-6


def test_relu_networks_have_their_kernels_too():
    w, _, inputs = perceptron((3, 8, 6, 2), seed=4)

    def both(w):
        dense = empirical_kernel.dense_tangent_kernel(
            lambda w, x: finite_width.perceptron_outputs(w, x, jax.nn.relu), w, inputs
        )
        return dense, empirical_kernel.tangent_kernel(w, inputs, phi=jax.nn.relu)

    dense, layerwise = jax.jit(both)(w)
    assert_allclose(layerwise, dense, **EXACT)


def test_kernel_is_symmetric_and_positive():
    w, rates, inputs = perceptron((3, 20, 2), seed=5)
    Theta = jax.jit(
        lambda w: empirical_kernel.tangent_kernel(w, inputs, phi=jnp.tanh, rates=rates)
    )(w)
    matrix = np.transpose(Theta, (0, 2, 1, 3)).reshape(8, 8)
    assert_allclose(matrix, matrix.T, rtol=1e-12)
    assert np.linalg.eigvalsh(matrix)[0] > 0


def test_costs_are_counted_by_hand_for_a_small_network():
    # P = 2 x 3 + 3 x 4 = 18; N = 5, K = 4.
    costs = empirical_kernel.contraction_costs(5, (2, 3, 4))
    gradients = 5 * 4 * 18
    assert costs.dense == gradients + 20**2 * 18
    assert costs.products == gradients + 2 * 5**2 * 4 * 18
    assert costs.layerwise == gradients + 5**2 * (2 + 3 + 16 * 3)


@pytest.mark.parametrize(
    ("widths", "cheapest"),
    [
        ((20, 64, 64, 1), "layerwise"),
        ((20, 256, 10), "layerwise"),
        ((2, 2, 2, 2, 2, 12), "products"),
    ],
)
def test_the_cheapest_way_is_taken(widths, cheapest):
    costs = empirical_kernel.contraction_costs(50, widths)
    assert min(costs) == getattr(costs, cheapest)
    inputs = jnp.zeros((50, widths[0]), jnp.float32)
    program = str(
        jax.make_jaxpr(lambda w: empirical_kernel.tangent_kernel(w, inputs, phi=jnp.tanh))(
            shapes(widths)
        )
    )
    assert ("scan" in program) == (cheapest == "products")  # products go example by example


@pytest.mark.parametrize("hidden", [(64, 64), (256,), (256, 256)])
@pytest.mark.parametrize("num_outputs", [1, 10])
def test_layers_take_at_most_a_tenth_of_the_operations_of_jacobians(hidden, num_outputs):
    arguments = shapes((64, *hidden, num_outputs)), jax.ShapeDtypeStruct((100, 64), jnp.float32)
    dense = operations(partial(empirical_kernel.dense_tangent_kernel, network), *arguments)
    cheap = operations(partial(empirical_kernel.tangent_kernel, phi=jnp.tanh), *arguments)
    traced = operations(partial(empirical_kernel.traced_tangent_kernel, phi=jnp.tanh), *arguments)
    assert cheap <= 0.1 * dense
    assert traced <= 1.01 * cheap


def test_traced_kernel_does_not_grow_with_outputs_beyond_the_hidden_units():
    inputs = jax.ShapeDtypeStruct((100, 5), jnp.float32)
    kernel = partial(empirical_kernel.traced_tangent_kernel, phi=jnp.tanh)
    few, many = (operations(kernel, shapes((5, 30, 20, K)), inputs) for K in (40, 400))
    assert many < 1.2 * few
