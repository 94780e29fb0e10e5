"""Lecture 11: hypergradients by differentiating the training run itself.

Training is a program, w_T = w_T(theta), and dL_v(w_T, theta)/dtheta its derivative:

    v_{k+1} = beta v_k - alpha grad_w L_t(w_k, theta),      w_{k+1} = w_k + v_{k+1},      v_0 = 0

It is exact for the T steps taken, converged or not, and sees w_0 and the step size, which
implicit differentiation cannot. As T grows it tends to the implicit hypergradient. Reverse mode
pays with memory (all T iterates), forward mode with time (one tangent for each of Q
hyperparameters), truncation to the last n steps with a bias: from the optimum with beta = 0

    truncated - exact = (d^2 L_t / dw dtheta)^T H^-1 (I - alpha H)^n g_v

The factor (1 - alpha h)^n of a mode is positive for alpha h < 1: the response counts for too
little, never with the wrong sign, and least where curvature is low.

    >>> inner_loss = lambda w, theta: (w - theta) ** 2 / 2
    >>> outer_loss = lambda w, theta: w
    >>> start, theta = jnp.array(0.0), jnp.array(1.0)
    >>> hypergradient = reverse_mode_hypergradient(inner_loss, outer_loss, start, theta, 0.5, 3)
    >>> print(hypergradient)    # 1 - (1 - 0.5)^3
    0.875

Source: CSC2541 lecture 11; Domke (2012); Franceschi et al. (2017); Shaban et al. (2019).
"""

import jax
import jax.numpy as jnp

from reference.bilevel_optimization.implicit import Loss, mixed_derivative_product
from reference.pytrees import Scalar, Tree, as_tree, as_vector, on_vectors, plus_multiple
from reference.taylor import hessian


def descended_weights(
    inner_loss: Loss,
    w_0: Tree,
    theta: Tree,
    step_size: Scalar | float,
    num_steps: int,
    *,
    momentum: Scalar | float = 0.0,
) -> Tree:
    """w_T of gradient descent with momentum (heavy ball) from w_0 at rest, T = num_steps.

    Differentiable in both modes. Cost: one gradient a step.
    """
    start = (w_0, jax.tree.map(jnp.zeros_like, w_0))
    return _descended(inner_loss, start, theta, step_size, momentum, num_steps)[0]


def reverse_mode_hypergradient(
    inner_loss: Loss,
    outer_loss: Loss,
    w_0: Tree,
    theta: Tree,
    step_size: Scalar | float,
    num_steps: int,
    *,
    momentum: Scalar | float = 0.0,
) -> Tree:
    """dL_v(w_T(theta), theta)/dtheta by backpropagation through all steps; shaped as theta.

    w_0 does not depend on theta. Cost: 3 to 4 gradients a step; memory for T iterates.
    """
    return truncated_hypergradient(
        inner_loss,
        outer_loss,
        w_0,
        theta,
        step_size,
        num_steps,
        num_differentiated=num_steps,
        momentum=momentum,
    )


def forward_mode_hypergradient(
    inner_loss: Loss,
    outer_loss: Loss,
    w_0: Tree,
    theta: Tree,
    step_size: Scalar | float,
    num_steps: int,
    *,
    momentum: Scalar | float = 0.0,
) -> Tree:
    """dL_v(w_T(theta), theta)/dtheta by carrying dw_k/dtheta along; shaped as theta.

    Q tangents travel with w: Z_{k+1} = (I - alpha H_k) Z_k - alpha d^2 L_t / dw dtheta if beta = 0.
    Cost: about 2 Q gradients a step; memory for Q copies of w and v, whatever the number of steps.
    """

    def outer(theta: Tree) -> Scalar:
        w = descended_weights(inner_loss, w_0, theta, step_size, num_steps, momentum=momentum)
        return outer_loss(w, theta)

    gradient = jax.jacfwd(on_vectors(outer, like=theta))(as_vector(theta))
    return as_tree(gradient, like=theta)


def truncated_hypergradient(
    inner_loss: Loss,
    outer_loss: Loss,
    w_0: Tree,
    theta: Tree,
    step_size: Scalar | float,
    num_steps: int,
    *,
    num_differentiated: int,
    momentum: Scalar | float = 0.0,
) -> Tree:
    """dL_v/dtheta through the last `num_differentiated` of `num_steps` steps; shaped as theta.

    The state (w, v) before them counts as constant. Biased, see `truncation_bias`; with all steps
    it is exact, with none only the direct derivative is left.
    Cost: one gradient for the first steps, 3 to 4 for the last; memory for the last iterates only.
    Source: Shaban et al. (2019).
    """
    start = (w_0, jax.tree.map(jnp.zeros_like, w_0))
    num_first = num_steps - num_differentiated
    state = _descended(inner_loss, start, theta, step_size, momentum, num_first)

    def outer(theta: Tree) -> Scalar:
        w, _ = _descended(inner_loss, state, theta, step_size, momentum, num_differentiated)
        return outer_loss(w, theta)

    return jax.grad(outer)(theta)


def truncation_bias(
    inner_loss: Loss,
    outer_loss: Loss,
    w: Tree,
    theta: Tree,
    step_size: Scalar | float,
    num_differentiated: int,
) -> Tree:
    """(d^2 L_t / dw dtheta)^T H^-1 (I - alpha H)^n g_v: truncated minus exact, in closed form.

    Assumes that w is a stationary point of inner_loss and beta = 0. Falls as the n-th power of
    1 - alpha h_min for 0 < alpha h < 1. Shaped as theta.
    Cost: P Hessian-vector products and one `eigh`. Source: Shaban et al. (2019), where the bias is
    bounded; here it is exact.
    """
    h, V = jnp.linalg.eigh(hessian(lambda w: inner_loss(w, theta), w))
    g_v = V.T @ as_vector(jax.grad(outer_loss)(w, theta))
    missing = V @ ((1 - step_size * h) ** num_differentiated / h * g_v)
    return mixed_derivative_product(inner_loss, w, theta, as_tree(missing, like=w))


def _descended(
    inner_loss: Loss,
    state: tuple[Tree, Tree],
    theta: Tree,
    step_size: Scalar | float,
    momentum: Scalar | float,
    num_steps: int,
) -> tuple[Tree, Tree]:
    """(w, v) after num_steps more."""

    def advance(state: tuple[Tree, Tree], _: None) -> tuple[tuple[Tree, Tree], None]:
        w, v = state
        gradient = jax.grad(inner_loss)(w, theta)
        v = jax.tree.map(lambda v, g: momentum * v - step_size * g, v, gradient)
        return (plus_multiple(w, 1, v), v), None

    return jax.lax.scan(advance, state, length=num_steps)[0]
