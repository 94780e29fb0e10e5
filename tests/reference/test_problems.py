"""The small problems have the answers that they promise."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference import problems


@pytest.mark.parametrize("eigenvalues", [[3.0], [-1.0, 0.0, 2.0], [1.0, 1.0, 4.0, 9.0]])
def test_symmetric_matrix_has_the_eigenvalues_asked_for(eigenvalues):
    A = problems.symmetric_matrix(jax.random.key(0), jnp.array(eigenvalues))
    assert_allclose(A, A.T, atol=1e-12)
    assert_allclose(np.linalg.eigvalsh(A), eigenvalues, atol=1e-12)


def test_linear_examples_have_white_inputs_and_noise_of_the_given_size():
    w_true = jnp.array([1.0, -2.0])
    Phi, t = problems.linear_examples(jax.random.key(1), 10_000, w_true, noise_std=3.0)
    # Standard errors are 1 % for a variance of 1 and 1.4 % of 9: limits at 4 of them and more.
    assert_allclose(Phi.T @ Phi / 10_000, np.eye(2), atol=0.06)
    assert_allclose(np.mean((t - Phi @ w_true) ** 2), 9, atol=0.6)


def test_perceptron_is_the_composition_of_its_layers():
    make = jax.jit(problems.perceptron_parameters, static_argnums=1)
    w = make(jax.random.key(2), (3, 4, 2))
    x = np.random.default_rng(3).normal(size=(5, 3))
    (W_1, b_1), (W_2, b_2) = ((layer["weights"], layer["biases"]) for layer in w)
    assert [W_1.shape, b_1.shape, W_2.shape, b_2.shape] == [(3, 4), (4,), (4, 2), (2,)]
    expected = np.tanh(x @ W_1 + b_1) @ W_2 + b_2
    assert_allclose(jax.jit(problems.perceptron_outputs)(w, x), expected, rtol=1e-12)
