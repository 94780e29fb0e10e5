"""Reversible learning: the bits come back, and hypergradients are those of unrolling."""

import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from reference.papers import reversible_learning as reversible
from reference.pytrees import as_vector

DENOMINATOR = {"float32": 2**8, "float64": 2**14}


def perceptron(seed, dtype="float64", *, num_steps=40, momentum=0.9):
    """A loss on a minibatch of two that changes by the step, an outer loss, w_0, theta, schedules.

    theta holds the logarithm of the decay and a scale of the inputs.
    """
    rng = np.random.default_rng(seed)
    inputs, t = rng.normal(size=(6, 3)).astype(dtype), rng.normal(size=6).astype(dtype)

    def outputs(w, theta, inputs):
        return jnp.tanh(theta["scale"] * inputs @ w["W"]) @ w["v"]

    def loss(w, theta, step):
        first = 2 * (step % 3)
        x = jax.lax.dynamic_slice_in_dim(jnp.asarray(inputs), first, 2)
        y = jax.lax.dynamic_slice_in_dim(jnp.asarray(t), first, 2)
        decay = jnp.exp(theta["decay"]) * jnp.sum(w["W"] ** 2)
        return jnp.mean((outputs(w, theta, x) - y) ** 2) / 2 + decay / 2

    def outer_loss(w, theta):
        return jnp.mean((outputs(w, theta, inputs[:3] + 0.5) - t[3:]) ** 2) / 2

    w_0 = {"W": rng.normal(size=(3, 2)).astype(dtype), "v": rng.normal(size=2).astype(dtype)}
    theta = {"decay": np.array(-2.0, dtype), "scale": np.array(1.1, dtype)}
    step_sizes = (0.2 + 0.1 * rng.random(num_steps)).astype(dtype)
    momenta = (momentum + 0.05 * rng.random(num_steps)).astype(dtype)
    # Exact in the format, so that training in floating point can use the same.
    momenta = np.round(momenta * DENOMINATOR[dtype]) / DENOMINATOR[dtype]
    return loss, outer_loss, w_0, theta, step_sizes, momenta.astype(dtype)


def trained_in_floating_point(loss, w_0, theta, step_sizes, momenta):
    gradient = jax.jit(jax.grad(loss))
    w, v = w_0, jax.tree.map(lambda w: 0 * w, w_0)
    for step in range(len(momenta)):
        alpha, gamma = step_sizes[step], momenta[step]
        g = gradient(w, theta, step)
        v = {name: gamma * v[name] - (1 - gamma) * g[name] for name in w}
        w = {name: w[name] + alpha * v[name] for name in w}
    return w


# --- Exact arithmetic ----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["int32", "int64"])
@pytest.mark.parametrize(("numerator", "denominator"), [(7, 8), (1, 8), (8, 8), (230, 256)])
def test_exact_product_is_undone_whatever_the_remainder(numerator, denominator, dtype):
    v, remainder = (a.ravel().astype(dtype) for a in np.mgrid[-520:520:7, 0:1500:11])
    product, later = jax.jit(reversible.exact_product)(v, remainder, numerator, denominator)
    assert_array_equal(reversible.exact_product(product, later, denominator, numerator)[0], v)
    assert_array_equal(
        reversible.exact_product(product, later, denominator, numerator)[1], remainder
    )
    assert product.dtype == later.dtype == dtype
    assert np.abs(product - v * numerator / denominator).max() < denominator
    # Below 1500 before, below ceil(1500 d / n) after.
    assert 0 <= np.min(later) <= np.max(later) < -(-1500 * denominator // numerator)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_fixed_point_numbers_are_multiples_of_the_last_place(dtype):
    bits = {"float32": 24, "float64": 48}[dtype]
    x = np.array([0.0, -1.5, 100.0, 0.3, 2.5 * 2.0**-bits, -(2.0**-bits)], dtype)
    numbers = reversible.fixed_point_numbers(jnp.array(x))
    assert_array_equal(numbers[:3], np.array([0, -1.5, 100]) * 2**bits)
    assert_array_equal(numbers[4:], [2, -1])  # ties to even
    assert numbers.dtype == {"float32": "int32", "float64": "int64"}[dtype]
    assert reversible.real_numbers(numbers).dtype == dtype
    assert_allclose(reversible.real_numbers(numbers), x, rtol=0, atol=2.0 ** -(bits + 1))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_momenta_are_rounded_to_fractions_and_none_is_zero(dtype):
    d = DENOMINATOR[dtype]
    momenta = reversible.rational_momenta(jnp.array([0.0, 1.4 / d, 0.5, 0.9, 1.0], dtype))
    assert momenta.dtype == dtype
    assert_array_equal(momenta, np.array([1, 1, d / 2, np.round(0.9 * d), d]) / d)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("gamma", [1.0, 0.9, 0.5, 0.0])
def test_words_hold_the_bits_that_the_products_destroy(gamma, dtype):
    momenta = jnp.full(600, gamma, dtype)
    needed = int(jax.jit(reversible.words_needed)(momenta))
    bits = -np.sum(np.log2(np.asarray(reversible.rational_momenta(momenta), float)))
    # The remainder keeps up to 22 bits itself, and bounds are rounded up, by 1 in 64 at worst.
    assert (bits - 22) / 16 - 1 <= needed <= 1.05 * bits / 16


# --- Backwards -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seed", "dtype", "num_steps", "momentum"),
    [(0, "float64", 200, 0.5), (0, "float32", 200, 0.9)],
)
def test_start_is_recovered_bit_for_bit(seed, dtype, num_steps, momentum):
    problem = perceptron(seed, dtype, num_steps=num_steps, momentum=momentum)
    loss, _, w_0, theta, step_sizes, momenta = problem
    needed = int(reversible.words_needed(jnp.asarray(momenta)))
    assert needed >= 1

    @jax.jit
    def there_and_back(w_0, theta, step_sizes, momenta):
        arguments = (theta, step_sizes, momenta)
        end = reversible.trained_state(loss, w_0, *arguments, num_words=needed)
        fewer = end._replace(words=0 * end.words)
        return end, [
            reversible.recovered_state(loss, state, *arguments, like=w_0) for state in (end, fewer)
        ]

    end, (start, lost) = there_and_back(w_0, theta, step_sizes, momenta)
    assert_array_equal(start.weights, reversible.fixed_point_numbers(as_vector(w_0)))
    assert_array_equal(start.velocity, np.zeros(8))
    assert_array_equal(start.remainder, np.zeros(8))
    assert np.any(lost.velocity != 0)  # without the words it does not come back
    trained = trained_in_floating_point(loss, w_0, theta, step_sizes, momenta)
    # Each product is off by up to 2^-34 or 2^-16 and lasts for 1 / (1 - gamma) = 20 steps.
    tolerance = {"float32": 2e-2, "float64": 1e-7}[dtype]
    assert_allclose(reversible.real_numbers(end.weights), as_vector(trained), atol=tolerance)


def test_training_reversed_in_floating_point_does_not_come_back():
    """Why all this: dividing by gamma = 1/2 doubles the rounding at every step."""
    w, v = w_0, _ = np.array([1.0, -2.0]), np.zeros(2)
    for _ in range(150):
        v = 0.5 * v - 0.5 * w
        w = w + 0.1 * v
    for _ in range(150):
        w = w - 0.1 * v
        v = (v + 0.5 * w) / 0.5
    assert np.abs(w - w_0).max() > 1e-3


def test_hypergradients_are_those_of_unrolling():
    loss, outer_loss, *arguments = perceptron(2)

    @jax.jit
    def both(*arguments):
        return (
            reversible.reversible_hypergradients(loss, outer_loss, *arguments, num_words=3),
            reversible.unrolled_hypergradients(loss, outer_loss, *arguments),
        )

    ours, unrolled = both(*arguments)
    assert jax.tree.structure(ours) == jax.tree.structure(unrolled)
    # What fixed point adds to the weights, 2^-34 a step, goes into every derivative.
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(unrolled), strict=True):
        assert_allclose(a, b, atol=1e-7 * np.abs(as_vector(unrolled)).max())


def test_hypergradients_are_finite_differences_of_training():
    loss, outer_loss, *arguments = perceptron(3, num_steps=6)
    hypergradients = jax.jit(
        lambda *arguments: reversible.reversible_hypergradients(
            loss, outer_loss, *arguments, num_words=1
        )
    )(*arguments)
    flat, unravel = jax.flatten_util.ravel_pytree(arguments)

    @jax.jit
    def outer(vector):
        arguments = unravel(vector)
        return outer_loss(trained_in_floating_point(loss, *arguments), arguments[1])

    step, entries = 1e-5, [0, 7, 8, 9, 10, 13, 15, 16, 19, 21]  # of each argument, both ends
    directions = step * np.eye(len(flat))[entries]
    differences = [(outer(flat + e) - outer(flat - e)) / (2 * step) for e in directions]
    # Central differences: 1e-9 of truncation; fixed point: as above.
    assert_allclose(as_vector(tuple(hypergradients))[np.array(entries)], differences, atol=2e-7)


def test_memory_grows_by_the_bits_destroyed_and_not_by_the_iterates():
    def loss(w, theta, step):
        return jnp.sum(jnp.cosh(w - theta))

    def temporary_bytes(num_steps, hypergradients):
        w, schedule = np.ones(50), np.full(num_steps, 0.9375)
        program = jax.jit(lambda w, a, b: hypergradients(w, w, a, b))
        analysis = program.lower(w, schedule, schedule).compile().memory_analysis()
        assert analysis is not None
        return analysis.temp_size_in_bytes

    def reversed_(*arguments):
        outer = lambda w, theta: jnp.sum(w)  # noqa: E731
        return reversible.reversible_hypergradients(loss, outer, *arguments, num_words=5)

    def unrolled(*arguments):
        return reversible.unrolled_hypergradients(loss, lambda w, theta: jnp.sum(w), *arguments)

    # 0.093 bits a step: 800 steps fill 5 words; the schedules take some doubles a step.
    assert int(reversible.words_needed(jnp.full(800, 0.9375))) <= 5
    assert temporary_bytes(800, reversed_) - temporary_bytes(50, reversed_) < 750 * 8 * 10
    assert temporary_bytes(800, unrolled) - temporary_bytes(50, unrolled) >= 750 * 8 * 50
