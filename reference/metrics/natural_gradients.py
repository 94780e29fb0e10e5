"""Lecture 3: the natural gradient, descent that does not see coordinates.

    w_{k+1} = w_k - alpha F(w_k)^-1 grad J(w_k)

The steepest direction when steps are measured by the KL divergence between predictions, so
that to first order it is the same whatever the coordinates. Conventions as in
`reference.metrics.fisher`.

    >>> logits_fn = lambda w, inputs: jnp.stack([inputs * w, 0 * inputs], axis=1)
    >>> w, inputs, labels = jnp.array(0.0), jnp.array([1.0, 1.0]), jnp.array([0, 0])
    >>> print(natural_gradient(logits_fn, w, inputs, labels).round(4))    # (p - 1) / (p (1 - p))
    -2.0

Source: CSC2541 lecture 3; Amari (1998).
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from reference.metrics.fisher import LogitsFn, fisher_matrix, negative_log_likelihoods
from reference.pytrees import Scalar, Tree, as_tree, as_vector, plus_multiple


def natural_gradient(
    logits_fn: LogitsFn,
    w: Tree,
    inputs: Array,
    labels: Int[Array, " N"],
    *,
    damping: Scalar | float = 0.0,
) -> Tree:
    """(F + damping I)^-1 grad of the mean loss, with the true Fisher; shaped as w.

    The steepest direction when steps are measured by KL divergence. Under w = T v with T
    regular, g_v = T^T g_w and F_v = T^T F_w T, so T times the one for v is the one for w: the
    iterates correspond exactly. Damping breaks that, for I does not become T^T T.
    Where F is singular (as for K free logits a class, which is one too many) the shortest
    solution is taken; it exists, for the gradient lies in the range of F. The invariance then
    holds for the predictions to first order in the step, not for the weights.
    Cost: that of `fisher_matrix` and one `eigh` of P x P. Source: Amari (1998), theorem 1.
    """

    def loss(w: Tree) -> Scalar:
        return jnp.mean(negative_log_likelihoods(logits_fn(w, inputs), labels))

    F = fisher_matrix(logits_fn, w, inputs)
    damped = F + damping * jnp.eye(len(F), dtype=F.dtype)
    direction = jnp.linalg.pinv(damped, hermitian=True) @ as_vector(jax.grad(loss)(w))
    return as_tree(direction, like=w)


def natural_gradient_descent_iterates(
    logits_fn: LogitsFn,
    w_0: Tree,
    inputs: Array,
    labels: Int[Array, " N"],
    step_size: Scalar | float,
    num_steps: int,
    *,
    damping: Scalar | float = 0.0,
) -> Tree:
    """w_{k+1} = w_k - alpha (F(w_k) + damping I)^-1 grad(w_k), k = 0 .. num_steps.

    The iterates lie along a new first axis of every leaf. Cost: `num_steps` natural gradients.
    """

    def advance(w: Tree, _: None) -> tuple[Tree, Tree]:
        direction = natural_gradient(logits_fn, w, inputs, labels, damping=damping)
        w = plus_multiple(w, -step_size, direction)
        return w, w

    _, iterates = jax.lax.scan(advance, w_0, length=num_steps)
    return jax.tree.map(lambda w, ws: jnp.concatenate([w[None], ws]), w_0, iterates)
