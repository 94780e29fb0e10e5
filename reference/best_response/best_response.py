"""Lecture 12: the best response, the weights as a function of their hyperparameters.

    w*(lambda) = argmin_w J(w, lambda),      w*(lambda_0 + e) ~ w*(lambda_0) + Theta e

For ridge regression with a penalty for every weight both sides are closed forms. In general
Theta, the response Jacobian, can be learned: perturb the hyperparameters, and train Theta on the
training loss that the weights w + Theta e get at lambda_0 + e. Whoever has Theta has the
hypergradient by the chain rule, without solving with the Hessian.

w and theta are flat vectors here (`pytrees.on_vectors` makes a loss of trees one of vectors); S
counts perturbations.

    >>> Phi, t = jnp.eye(2), jnp.array([1.0, 4.0])
    >>> penalties = jnp.array([0.5, 3.5])
    >>> print(ridge_best_response(Phi, t, penalties))
    [0.5 0.5]
    >>> print(ridge_response_jacobian(Phi, t, penalties))
    [[-0.5   -0.   ]
     [-0.    -0.125]]

Source: CSC2541 lecture 12; Bae and Grosse (2020), Delta-STN.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.pytrees import Scalar, Tree

# --- In closed form ------------------------------------------------------------------------------


def ridge_best_response(
    Phi: Float[Array, "N D"], t: Float[Array, " N"], penalties: Float[Array, " D"]
) -> Float[Array, " D"]:
    """argmin (1/2N) |Phi w - t|^2 + 1/2 sum_j lambda_j w_j^2 = (A + diag(lambda))^-1 Phi^T t / N.

    A = Phi^T Phi / N. Assumes that A + diag(lambda) is positive definite, as it is if all
    penalties are positive. One penalty for all is lambda times ones. Cost: O(N D^2 + D^3).
    """
    return _penalised_solve(Phi, penalties, Phi.T @ t / len(t))


def ridge_response_jacobian(
    Phi: Float[Array, "N D"], t: Float[Array, " N"], penalties: Float[Array, " D"]
) -> Float[Array, "D D"]:
    """dw*/dlambda = -(A + diag(lambda))^-1 diag(w*); column j is for penalty j.

    By differentiating (A + diag(lambda)) w* = b. For one penalty common to all weights sum the
    columns; for log-penalties scale them by lambda. Cost: O(N D^2 + D^3).
    """
    w = ridge_best_response(Phi, t, penalties)
    return -_penalised_solve(Phi, penalties, jnp.diag(w))


# --- Linearised ----------------------------------------------------------------------------------


def linearised_best_response(
    best_response: Callable[[Tree], Tree], theta_0: Tree, theta: Tree
) -> Tree:
    """w*(theta_0) + (dw*/dtheta) (theta - theta_0), for trees of any shapes.

    The error is of second order in theta - theta_0. Cost: one tangent of `best_response`.

    >>> print(linearised_best_response(lambda x: 1 / x, jnp.array(1.0), jnp.array(1.1)).round(4))
    0.9
    """
    shift = jax.tree.map(jnp.subtract, theta, theta_0)
    w, moved = jax.jvp(best_response, (theta_0,), (shift,))
    return jax.tree.map(jnp.add, w, moved)


def linearised_response_step(
    network: Callable[[Array], Tree],
    loss_of_outputs: Callable[[Tree, Array], Scalar],
    w: Float[Array, " P"],
    response: Float[Array, "P Q"],
    theta: Float[Array, " Q"],
    perturbations: Float[Array, "S Q"],
    *,
    step_size: Scalar | float,
    response_step_size: Scalar | float,
) -> tuple[Float[Array, " P"], Float[Array, "P Q"]]:
    """One step for w on l(f(w), theta), one for Theta on mean_e l(f(w) + J Theta e, theta + e).

    The update of Delta-STN. Three things make it differ from a self-tuning network's: the
    response is centred at theta; w is trained without perturbations; and the network is
    linearised at w, so that Theta's loss is convex where l is. With E[e] = 0 and E[e e^T] = s^2
    I the expected gradient of Theta is s^2 (G Theta + M) + O(s^4) for symmetric e: G is the
    Gauss-Newton matrix, M the mixed derivative d^2 l/dw dtheta. Its zero is the response
    Jacobian, with G in the place of H.

    The loss may depend on theta, the network may not. What the loss needs of w itself, to
    penalise it, goes among the network's outputs.
    Cost: 1 gradient, and S tangents and gradients of the linearised network.
    Source: Bae and Grosse (2020).
    """
    outputs, push = jax.linearize(network, w)

    def perturbed_loss(response: Array) -> Scalar:
        def loss(e: Array) -> Scalar:
            moved = jax.tree.map(jnp.add, outputs, push(response @ e))
            return loss_of_outputs(moved, theta + e)

        return jnp.mean(jax.vmap(loss)(perturbations))

    gradient = jax.grad(lambda w: loss_of_outputs(network(w), theta))(w)
    response_gradient = jax.grad(perturbed_loss)(response)
    return w - step_size * gradient, response - response_step_size * response_gradient


def response_hypergradient(
    validation_loss: Callable[[Array, Array], Scalar],
    w: Float[Array, " P"],
    response: Float[Array, "P Q"],
    theta: Float[Array, " Q"],
) -> Float[Array, " Q"]:
    """d/dtheta V(w*(theta), theta) = dV/dtheta + Theta^T dV/dw, evaluated at w.

    Exact if w is the best response and `response` its Jacobian. Cost: one gradient, and P Q.
    """
    slope_of_w, direct_slope = jax.grad(validation_loss, argnums=(0, 1))(w, theta)
    return direct_slope + response.T @ slope_of_w


def _penalised_solve(Phi: Array, penalties: Array, b: Array) -> Array:
    """(A + diag(lambda))^-1 b, with A = Phi^T Phi / N."""
    A = Phi.T @ Phi / Phi.shape[0]
    return jax.scipy.linalg.solve(A + jnp.diag(penalties), b, assume_a="pos")
