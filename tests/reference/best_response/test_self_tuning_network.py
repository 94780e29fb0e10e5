"""Self-tuning networks against formed weights, ridge regression and quadratics solved by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference import linear_regression
from reference.best_response import self_tuning_network
from reference.best_response.self_tuning_network import SelfTuningLayer, SelfTuningState

EXACT = 1e-10  # float64, condition numbers below 1e3
# Compiled: quicker than an operation at a time.
gated_linear_network = jax.jit(self_tuning_network.gated_linear_network)
linear_network_gates = jax.jit(self_tuning_network.linear_network_gates)
best_response_weights = jax.jit(self_tuning_network.best_response_weights)
best_response_outputs = jax.jit(self_tuning_network.best_response_outputs)


def layer_and_batch(num_in, num_out, num_embedded, num_examples, seed):
    rng = np.random.default_rng(seed)
    shapes = [
        (num_out, num_in),
        (num_out, num_in),
        (num_out, num_embedded),
        (num_out,),
        (num_out,),
        (num_out, num_embedded),
    ]
    layer = SelfTuningLayer(*[jnp.array(rng.normal(size=shape)) for shape in shapes])
    inputs = rng.normal(size=(num_examples, num_in))
    return layer, jnp.array(inputs), jnp.array(rng.normal(size=(num_examples, num_embedded)))


@pytest.mark.parametrize("sizes", [(3, 2, 4, 5), (1, 3, 1, 2), (4, 4, 4, 1)])
def test_outputs_are_those_of_weights_formed_for_every_example(sizes):
    layer, inputs, embeddings = layer_and_batch(*sizes, seed=0)
    outputs = best_response_outputs(layer, inputs, embeddings)
    for x, e, y in zip(inputs, embeddings, outputs, strict=True):
        weights, biases = best_response_weights(layer, e)
        assert_allclose(weights @ x + biases, y, rtol=EXACT, atol=EXACT)


def test_weights_are_scaled_by_rows():
    layer, _, embeddings = layer_and_batch(3, 2, 4, 1, seed=1)
    weights, biases = best_response_weights(layer, embeddings[0])
    W_e, W_h, Q, b_e, b_h, C = (np.asarray(leaf) for leaf in layer)
    e = np.asarray(embeddings[0])
    assert_allclose(weights, W_e + np.diag(Q @ e) @ W_h, rtol=EXACT)
    assert_allclose(biases, b_e + np.diag(C @ e) @ b_h, rtol=EXACT)


@pytest.mark.parametrize("log_penalty", [-2.0, 0.7])
@pytest.mark.parametrize("shape", [(8, 3), (3, 5)])
def test_gated_linear_network_is_ridge_regression(shape, log_penalty):
    rng = np.random.default_rng(2)
    X, t = jnp.array(rng.normal(size=shape)), jnp.array(rng.normal(size=shape[0]))
    Q, s = gated_linear_network(X, t, jnp.array(log_penalty))
    ridge = linear_regression.ridge_solution(X, t, np.exp(log_penalty))
    assert_allclose(Q.T @ s, ridge, rtol=1e-9)


def test_gated_linear_network_is_stationary_for_its_cost_in_both_layers():
    rng = np.random.default_rng(3)
    X, t = jnp.array(rng.normal(size=(6, 3))), jnp.array(rng.normal(size=6))

    @jax.jit
    def gradients(Q, s):
        def cost(Q, s):
            network = lambda x: s @ (Q @ x)  # noqa: E731
            slopes = jax.vmap(jax.grad(network))(X)
            fit = jnp.mean((jax.vmap(network)(X) - t) ** 2) / 2
            return fit + jnp.exp(0.4) / 2 * jnp.mean(jnp.sum(slopes**2, axis=1))

        return jax.grad(cost, argnums=(0, 1))(Q, s)

    Q, s = gated_linear_network(X, t, jnp.array(0.4))
    for gradient in gradients(Q, s):
        assert_allclose(gradient, 0, atol=EXACT)


def test_only_the_gates_respond_to_the_penalty():
    rng = np.random.default_rng(4)
    X, t = jnp.array(rng.normal(size=(6, 3))), jnp.array(rng.normal(size=6))
    penalties = [-30.0, 0.3]
    (Q_0, s_0), (Q, s) = (gated_linear_network(X, t, jnp.array(p)) for p in penalties)
    gates = linear_network_gates(X, jnp.array(0.3))
    assert_allclose(s, s_0, rtol=EXACT)
    assert_allclose(Q_0 @ Q_0.T, np.eye(3), atol=EXACT)  # all gates open
    assert_allclose(Q, gates[:, None] * Q_0, rtol=1e-9)
    eigenvalues = np.linalg.eigvalsh(X.T @ X / 6)[::-1]
    assert_allclose(gates, eigenvalues / (eigenvalues + np.exp(0.3)), rtol=EXACT)
    # The logit of every gate falls with the log-penalty at the rate 1, and its intercept is
    # the log of the eigenvalue.
    other = linear_network_gates(X, jnp.array(1.3))
    logits, others = (np.log(g / (1 - g)) for g in (gates, other))
    assert_allclose(others, logits - 1, rtol=1e-9)


# A quadratic training loss, its exact response H^-1 (b + B theta), a quadratic validation loss.
H, B = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([[1.0], [-2.0]])
b, w_wanted = np.array([0.3, -0.2]), np.array([1.0, 0.5])
EXACT_PHI = (np.linalg.solve(H, b), np.linalg.solve(H, B))


def training_loss(w, theta):
    return w @ jnp.array(H) @ w / 2 - w @ (b + jnp.array(B) @ theta)


def validation_loss(w, theta):
    return jnp.sum((w - w_wanted) ** 2) / 2 + 0.1 * jnp.sum(theta**2)


CURVATURE = float(np.sum(EXACT_PHI[1] ** 2) + 0.2)
OPTIMUM = float(EXACT_PHI[1][:, 0] @ (w_wanted - EXACT_PHI[0]) / CURVATURE)


def state_at(theta, log_std, phi=EXACT_PHI):
    return SelfTuningState(
        tuple(jnp.array(leaf) for leaf in phi), jnp.array([theta]), jnp.array([log_std])
    )


def stepped(state, noise, hyper_step_size):
    def step(state, noise):
        return self_tuning_network.self_tuning_step(
            training_loss,
            validation_loss,
            self_tuning_network.linear_response,
            state,
            noise,
            step_size=0.1,
            hyper_step_size=hyper_step_size,
            entropy_weight=0.3,
        )

    return jax.jit(step)(state, noise)


def test_entropy_is_that_of_a_normal_density():
    log_std = np.array([0.3, -1.2, 0.8])
    x = np.linspace(-12, 12, 40001)
    by_quadrature = 0.0
    for std in np.exp(log_std):
        density = np.exp(-((x / std) ** 2) / 2) / np.sqrt(2 * np.pi) / std
        log_density = -((x / std) ** 2) / 2 - np.log(np.sqrt(2 * np.pi) * std)
        by_quadrature -= np.trapezoid(density * log_density, x)
    entropy = self_tuning_network.gaussian_entropy(jnp.array(log_std))
    assert_allclose(entropy, by_quadrature, rtol=1e-6)  # tails beyond 5 standard deviations


def test_perturbed_loss_adds_the_curvature_and_takes_the_entropy():
    state = state_at(theta=0.4, log_std=-0.5)
    noise = jnp.array([[1.0], [-1.0]])  # the moments of a standard normal up to the third
    loss = self_tuning_network.perturbed_loss(
        validation_loss, self_tuning_network.linear_response, state, noise, entropy_weight=0.3
    )
    w = EXACT_PHI[0] + EXACT_PHI[1][:, 0] * 0.4
    expected = validation_loss(w, jnp.array([0.4])) + np.exp(-1.0) * CURVATURE / 2
    entropy = -0.5 + np.log(2 * np.pi * np.e) / 2
    assert_allclose(loss, expected - 0.3 * entropy, rtol=EXACT)


def test_the_exact_response_and_the_best_hyperparameters_are_a_fixed_point():
    log_std = np.log(0.3 / CURVATURE) / 2  # std^2 = tau / curvature
    state = state_at(OPTIMUM, log_std)
    noise = jnp.array([[[2.5], [-0.7], [0.1]], [[1.0], [-1.0], [0.0]]])
    noise = noise.at[1].multiply(np.sqrt(1.5))  # mean square 1 in the hyperparameters' update
    after = stepped(state, noise, hyper_step_size=0.1)
    for leaf, before in zip(jax.tree.leaves(after), jax.tree.leaves(state), strict=True):
        assert_allclose(leaf, before, atol=EXACT)


def test_a_step_is_that_of_gradients_by_hand():
    state = state_at(0.4, -0.5, phi=(np.array([0.2, 0.1]), np.array([[0.3], [-0.4]])))
    noise = np.array([[[0.5], [-1.0]], [[0.3], [0.9]], [[2.0], [1.0]]])
    after = stepped(state, jnp.array(noise), hyper_step_size=0.05)
    w_0, Theta, std = np.array([0.2, 0.1]), np.array([0.3, -0.4]), np.exp(-0.5)
    for draws in noise[:2, :, 0]:
        slopes = [H @ (w_0 + Theta * x) - b - B[:, 0] * x for x in 0.4 + std * draws]
        w_0, Theta = (
            w_0 - 0.1 * np.mean(slopes, axis=0),
            Theta
            - 0.1
            * np.mean([s * x for s, x in zip(slopes, 0.4 + std * draws, strict=True)], axis=0),
        )
    draws = noise[2, :, 0]
    slopes = np.array([Theta @ (w_0 + Theta * x - w_wanted) + 0.2 * x for x in 0.4 + std * draws])
    assert_allclose(after.phi[0], w_0, rtol=EXACT)
    assert_allclose(after.phi[1][:, 0], Theta, rtol=EXACT)
    assert_allclose(after.theta, [0.4 - 0.05 * slopes.mean()], rtol=EXACT)
    slope_of_log_std = np.mean(slopes * draws) * std - 0.3
    assert_allclose(after.log_std, [-0.5 - 0.05 * slope_of_log_std], rtol=EXACT)


def test_alternation_ends_at_the_best_hyperparameters():
    states = jax.jit(
        lambda state, key: self_tuning_network.self_tuning_iterates(
            training_loss,
            validation_loss,
            self_tuning_network.linear_response,
            state,
            key,
            num_steps=1500,
            num_training_updates=2,
            num_pairs=1,
            step_size=0.1,
            hyper_step_size=0.01,
            entropy_weight=0.5,
        )
    )(state_at(-1.0, 0.0, phi=(np.zeros(2), np.zeros((2, 1)))), jax.random.key(0))
    assert states.theta.shape == (1501, 1)
    assert states.theta[0] == -1.0
    # phi's noise vanishes with its error, and with it theta's: convergence is geometric.
    assert_allclose(states.phi[0][-1], EXACT_PHI[0], rtol=1e-6)
    assert_allclose(states.phi[1][-1], EXACT_PHI[1], rtol=1e-6)
    assert_allclose(states.theta[-1], OPTIMUM, rtol=1e-6)
    # The scale's gradient keeps its noise: stationary, log s varies by about
    # sqrt(hyper_step_size tau / 2) = 0.05 over about 100 steps, so its mean over 1000 by 0.02.
    variances = np.exp(2 * states.log_std[-1000:])
    assert_allclose(np.mean(variances), 0.5 / CURVATURE, rtol=0.15)
