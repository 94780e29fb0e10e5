"""Lecture 12: self-tuning networks, layers that hold their own best response.

    W(lambda) = W_e + diag(Q e(lambda)) W_h,      b(lambda) = b_e + (C e(lambda)) o b_h

A layer outputs y = W_e x + (Q e) o (W_h x): a second set of units, gated by the hyperparameters.
For a two-layer linear network whose Jacobian is penalised, gating the hidden units is exact. In
training, the layers see hyperparameters perturbed by noise, and learn the response around the
current ones; the hyperparameters and the noise's scale descend on the validation loss, less tau
times the noise's entropy, which keeps the scale from collapsing.

Here weights are (out, in), as in the paper, and the letters: I inputs, O outputs, E embedding of
hyperparameters, R rank of the data, S noise samples, U updates.

    >>> X, t = jnp.diag(jnp.array([2.0, 4.0])), jnp.array([1.0, 2.0])      # X^T X / N: 2 and 8
    >>> print([f"{gate:.2f}" for gate in linear_network_gates(X, jnp.log(jnp.array(2.0)))])
    ['0.80', '0.50']

Source: MacKay, Vicol, Lorraine, Duvenaud and Grosse (2019).
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from reference.pytrees import Scalar, Tree, plus_multiple

# --- A layer -------------------------------------------------------------------------------------


class SelfTuningLayer(NamedTuple):
    """The best response of one layer: `weights` and `biases`, and how hyperparameters gate."""

    weights: Float[Array, "O I"]  # W_e
    gated_weights: Float[Array, "O I"]  # W_h
    gates: Float[Array, "O E"]  # Q
    biases: Float[Array, " O"]  # b_e
    gated_biases: Float[Array, " O"]  # b_h
    bias_gates: Float[Array, "O E"]  # C


def best_response_weights(
    layer: SelfTuningLayer, embedding: Float[Array, " E"]
) -> tuple[Float[Array, "O I"], Float[Array, " O"]]:
    """W_e + diag(Q e) W_h, and b_e + (C e) o b_h: a row of W_h scaled for every output unit.

    2 O I + 2 O E weights in the place of O I E for a linear hypernetwork: a response of low rank in
    each row. Cost: O(O I + O E).
    """
    gates, bias_gates = layer.gates @ embedding, layer.bias_gates @ embedding
    weights = layer.weights + gates[:, None] * layer.gated_weights
    return weights, layer.biases + bias_gates * layer.gated_biases


def best_response_outputs(
    layer: SelfTuningLayer, inputs: Float[Array, "N I"], embeddings: Float[Array, "N E"]
) -> Float[Array, "N O"]:
    """y_n = W_e x_n + (Q e_n) o (W_h x_n) + b_e + (C e_n) o b_h, with e_n for each example.

    The same as W(lambda_n) x_n + b(lambda_n), and no weights are formed for any example: what
    makes a perturbation of its own for every example cheap. Cost: 2 products with (O, I).
    """
    gates, bias_gates = embeddings @ layer.gates.T, embeddings @ layer.bias_gates.T
    plain = inputs @ layer.weights.T + layer.biases
    return plain + gates * (inputs @ layer.gated_weights.T) + bias_gates * layer.gated_biases


# --- Where gating is exact -----------------------------------------------------------------------


def linear_network_gates(X: Float[Array, "N D"], log_penalty: Scalar) -> Float[Array, " R"]:
    """sigmoid(log a_j - log lambda) = a_j / (a_j + lambda), a_j the eigenvalues of X^T X / N.

    In descending order, R = min(N, D) of them. Cost: the singular values of X.
    """
    return _gates(jnp.linalg.svd(X, compute_uv=False), X.shape[0], log_penalty)


def gated_linear_network(
    X: Float[Array, "N D"], t: Float[Array, " N"], log_penalty: Scalar
) -> tuple[Float[Array, "R D"], Float[Array, " R"]]:
    """(diag(gates) V^T, s_0): a best response of y(x) = s^T Q x, by gating its hidden units.

        1/(2N) sum_n (y(x_n) - t_n)^2 + (lambda/2) |dy/dx|^2

    With X = U diag(d) V^T, s_0 = U^T t / d, and gates as in `linear_network_gates`. The network is
    linear with dy/dx = Q^T s =: u, so the cost is ridge in u, and

        u* = V diag(d / (d^2 + N lambda)) U^T t = V diag(gates) s_0

    The second layer is that without a penalty, and lambda only closes the gates of the weaker
    principal components.
    Assumes X of rank R = min(N, D). Cost: one thin SVD.
    Source: MacKay et al. (2019), the theorem on linear networks with penalised Jacobian.
    """
    U, d, Vt = jnp.linalg.svd(X, full_matrices=False)
    gates = _gates(d, X.shape[0], log_penalty)
    return gates[:, None] * Vt, (t @ U) / d


# --- Training ------------------------------------------------------------------------------------


class SelfTuningState(NamedTuple):
    """Parameters of the response, hyperparameters, and the log of the noise's scales."""

    phi: Tree
    theta: Float[Array, " Q"]
    log_std: Float[Array, " Q"]


Loss = Callable[[Tree, Array], Scalar]
Response = Callable[[Tree, Array], Tree]


def linear_response(
    phi: tuple[Float[Array, " P"], Float[Array, "P Q"]], theta: Float[Array, " Q"]
) -> Float[Array, " P"]:
    """w(theta) = w_0 + Theta theta, for phi = (w_0, Theta): exact on a quadratic loss."""
    w_0, Theta = phi
    return w_0 + Theta @ theta


def gaussian_entropy(log_std: Float[Array, " Q"]) -> Scalar:
    """H = sum_j log s_j + (Q/2) log(2 pi e), in nats, of a normal with independent coordinates.

    >>> print(gaussian_entropy(jnp.zeros(2)).round(4))
    2.8379
    """
    return jnp.sum(log_std) + len(log_std) / 2 * (1 + jnp.log(2 * jnp.pi).astype(log_std.dtype))


def perturbed_loss(
    loss: Loss,
    response: Response,
    state: SelfTuningState,
    noise: Float[Array, "S Q"],
    *,
    entropy_weight: Scalar | float = 0.0,
) -> Scalar:
    """mean_n loss(w_phi(theta + s n), theta + s n) - tau H(s), over the rows n of `noise`.

    The training loss of phi (with tau = 0), and the validation loss of theta and s. For a
    validation loss that is V(theta) with curvatures k_j along the axes, it is least at s_j^2 =
    tau / k_j: the noise spreads as far as the response can be trusted to matter. Cost: S losses.
    Source: MacKay et al. (2019), the variational objective.
    """

    def one(n: Array) -> Scalar:
        theta = state.theta + jnp.exp(state.log_std) * n
        return loss(response(state.phi, theta), theta)

    return jnp.mean(jax.vmap(one)(noise)) - entropy_weight * gaussian_entropy(state.log_std)


def self_tuning_step(
    training_loss: Loss,
    validation_loss: Loss,
    response: Response,
    state: SelfTuningState,
    noise: Float[Array, "U S Q"],
    *,
    step_size: Scalar | float,
    hyper_step_size: Scalar | float,
    entropy_weight: Scalar | float,
) -> SelfTuningState:
    """U - 1 updates of phi on the training loss, then one of (theta, log s) on the validation's.

    One noise for every update. The validation loss is differentiated through the response,
    w_phi(theta), phi being constant. Cost: U S gradients.
    Source: MacKay et al. (2019), the training algorithm.
    """

    def trained(phi: Tree, noise: Array) -> tuple[Tree, None]:
        def loss(phi: Tree) -> Scalar:
            return perturbed_loss(training_loss, response, state._replace(phi=phi), noise)

        return plus_multiple(phi, -step_size, jax.grad(loss)(phi)), None

    phi, _ = jax.lax.scan(trained, state.phi, noise[:-1])

    def tuned(theta: Array, log_std: Array) -> Scalar:
        tuned_state = SelfTuningState(phi, theta, log_std)
        return perturbed_loss(
            validation_loss, response, tuned_state, noise[-1], entropy_weight=entropy_weight
        )

    slopes = jax.grad(tuned, argnums=(0, 1))(state.theta, state.log_std)
    hypers = plus_multiple((state.theta, state.log_std), -hyper_step_size, slopes)
    return SelfTuningState(phi, *hypers)


def self_tuning_iterates(
    training_loss: Loss,
    validation_loss: Loss,
    response: Response,
    state: SelfTuningState,
    key: Key[Array, ""],
    *,
    num_steps: int,
    num_training_updates: int = 2,
    num_pairs: int = 1,
    step_size: Scalar | float,
    hyper_step_size: Scalar | float,
    entropy_weight: Scalar | float,
) -> SelfTuningState:
    """The states 0 .. num_steps of alternating `self_tuning_step`s, along a new first axis.

    Two training updates for one of the hyperparameters, as in the paper. A deliberate
    difference: noise comes in pairs n, -n, so that on quadratics theta's gradient has no noise
    once phi is right. Cost: 2 num_pairs (num_training_updates + 1) gradients a step.
    """
    shape = num_training_updates + 1, num_pairs, len(state.theta)

    def advance(state: SelfTuningState, key: Array) -> tuple[SelfTuningState, SelfTuningState]:
        half = jax.random.normal(key, shape, state.theta.dtype)
        state = self_tuning_step(
            training_loss,
            validation_loss,
            response,
            state,
            jnp.concatenate([half, -half], axis=1),
            step_size=step_size,
            hyper_step_size=hyper_step_size,
            entropy_weight=entropy_weight,
        )
        return state, state

    _, states = jax.lax.scan(advance, state, jax.random.split(key, num_steps))
    return jax.tree.map(lambda x, xs: jnp.concatenate([x[None], xs]), state, states)


def _gates(d: Array, num_examples: int, log_penalty: Scalar) -> Array:
    return jax.nn.sigmoid(2 * jnp.log(d) - jnp.log(num_examples).astype(d.dtype) - log_penalty)
