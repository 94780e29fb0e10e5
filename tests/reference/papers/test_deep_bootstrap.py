"""Two worlds: the exact risks against runs, and the gap where theory says it is."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from numpy.testing import assert_allclose

from reference import problems
from reference.papers import deep_bootstrap

EXACT = 1e-10  # float64, tens of steps
COVARIANCE = np.array([[1.0, 0.3], [0.3, 0.5]])
W_TRUE, W_0, SIGMA = np.array([1.0, -2.0]), np.array([0.5, 0.5]), 1.0
ideal_world_risks = jax.jit(deep_bootstrap.ideal_world_risks, static_argnames="num_steps")
real_world_risks = jax.jit(deep_bootstrap.real_world_risks, static_argnames="num_steps")


def draw_examples(key, n):
    Phi, noise = problems.linear_examples(key, n, jnp.zeros(2), noise_std=SIGMA)
    Phi = Phi @ jnp.linalg.cholesky(jnp.array(COVARIANCE)).T
    return Phi, Phi @ jnp.array(W_TRUE) + noise


def loss(w, batch):
    Phi, t = batch
    return jnp.mean((Phi @ w - t) ** 2) / 2


def excess(w):
    return (w - W_TRUE) @ COVARIANCE @ (w - W_TRUE) / 2


def test_runs_in_both_worlds_have_the_exact_risks_in_the_mean():
    num_examples, batch_size, num_steps, runs, step_size = 5, 2, 6, 2000, 0.3
    training_set = draw_examples(jax.random.key(0), num_examples)

    def draw(key, n):  # the set is the same in all runs, so that its risk is known
        return training_set if n == num_examples else draw_examples(key, n)

    def run(key):
        return deep_bootstrap.real_and_ideal_errors(
            key,
            draw,
            loss,
            excess,
            optax.sgd(step_size),
            jnp.array(W_0),
            num_examples=num_examples,
            batch_size=batch_size,
            num_steps=num_steps,
        )

    found = jax.jit(jax.vmap(run))(jax.random.split(jax.random.key(1), runs))
    real = real_world_risks(
        *training_set, COVARIANCE, W_TRUE, W_0, step_size, float(batch_size), num_steps
    )
    ideal = ideal_world_risks(
        COVARIANCE, W_TRUE, W_0, SIGMA, step_size, float(batch_size), num_steps
    )
    for errors, risks in zip(found, (real, ideal), strict=True):
        assert_allclose(errors[:, 0], np.full(runs, risks[0]), rtol=EXACT)
        # z-tests at 4 standard errors.
        standard_errors = np.std(errors[:, 1:], axis=0) / np.sqrt(runs)
        assert_allclose((errors.mean(axis=0) - risks)[1:] / standard_errors, 0, atol=4)
    assert_allclose(found.bootstrap_gap, found.real - found.ideal, rtol=0)


def test_with_infinite_batches_the_ideal_world_is_gradient_descent_on_the_risk():
    w, risks = W_0, []
    for _ in range(8):
        risks.append(excess(w))
        w = w - 0.4 * COVARIANCE @ (w - W_TRUE)
    found = ideal_world_risks(COVARIANCE, W_TRUE, W_0, SIGMA, 0.4, np.inf, 7)
    assert_allclose(found, risks, rtol=EXACT)


def test_with_infinite_batches_the_real_world_ends_at_least_squares():
    Phi, t = draw_examples(jax.random.key(2), 12)
    risks = real_world_risks(Phi, t, COVARIANCE, W_TRUE, W_0, 0.5, np.inf, 2000)
    # The slowest mode has a rate below 0.95.
    assert_allclose(risks[-1], excess(np.linalg.lstsq(Phi, t)[0]), rtol=1e-8)


def test_gap_of_online_steps_vanishes_as_the_training_set_grows():
    ideal = ideal_world_risks(COVARIANCE, W_TRUE, W_0, SIGMA, 0.2, 1.0, 40)

    def median_gap(num_examples):
        def risks(key):
            Phi, t = draw_examples(key, num_examples)
            return real_world_risks(Phi, t, COVARIANCE, W_TRUE, W_0, 0.2, 1.0, 40)

        keys = jax.random.split(jax.random.key(3), 21)
        return jnp.median(jnp.max(jnp.abs(jax.jit(jax.vmap(risks))(keys) - ideal), axis=1))

    small, large = median_gap(20), median_gap(2000)
    # As 1 / sqrt(N): a hundred times the examples, a tenth of the gap, and room for luck.
    assert large < small / 4
    assert large < 0.1 * ideal[0]


@pytest.mark.parametrize(("num_examples", "least", "most"), [(8, 5, 200), (4000, -0.5, 0.5)])
def test_gap_of_a_network_that_imitates_another_opens_if_examples_are_few(
    num_examples, least, most
):
    teacher = problems.perceptron_parameters(jax.random.key(4), [3, 4, 1])
    test_inputs = jax.random.normal(jax.random.key(5), (200, 3))

    def draw(key, n):
        inputs = jax.random.normal(key, (n, 3))
        return inputs, problems.perceptron_outputs(teacher, inputs)

    def square_error(w, batch):
        inputs, targets = batch
        return jnp.mean((problems.perceptron_outputs(w, inputs) - targets) ** 2) / 2

    def test_error(w):
        return square_error(w, (test_inputs, problems.perceptron_outputs(teacher, test_inputs)))

    def run(key):
        w_0 = problems.perceptron_parameters(key, [3, 8, 1])
        return deep_bootstrap.real_and_ideal_errors(
            key,
            draw,
            square_error,
            test_error,
            optax.sgd(0.1, 0.5),
            w_0,
            num_examples=num_examples,
            batch_size=8,
            num_steps=400,
        )

    found = jax.jit(jax.vmap(run))(jax.random.split(jax.random.key(6), 5))
    real, ideal = (np.median(errors, axis=0) for errors in found)
    assert ideal[-1] < 0.2 * ideal[0]
    # A band: in units of the error of online learning.
    assert least < (real[-1] - ideal[-1]) / ideal[-1] < most
    # At first both worlds learn alike.
    assert abs(real[5] - ideal[5]) < 0.3 * ideal[0]
