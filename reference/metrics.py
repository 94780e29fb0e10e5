"""Lecture 3: metrics on the space of functions, and descent that does not see coordinates.

The Fisher information measures how far a step moves the model's predictions, in KL divergence:

    KL(r_w || r_{w+v}) ~ 1/2 v^T F v,      F = E_x E_{t ~ r(.|x)} [D D^T],  D = grad_w log r(t|x)

For a softmax classifier with logits z(w, x), p = softmax(z), the inner expectation is exact:
F = E_x J^T (diag(p) - p p^T) J, the Gauss-Newton matrix of the cross-entropy. The *true* Fisher
takes targets t from the model; the *empirical* one takes the labels of the data, and differs,
even in expectation, unless the model is right.

Everywhere `logits_fn(w, inputs)` maps a batch (N, ...) to logits (N, K), each row from its own
example (no batch statistics). E_x is the mean over the N inputs, the loss the mean negative
log-likelihood in nats.

    >>> logits_fn = lambda w, inputs: inputs @ w
    >>> w, inputs = jnp.zeros((1, 2)), jnp.array([[1.0], [3.0]])
    >>> print(fisher_matrix(logits_fn, w, inputs))
    [[ 1.25 -1.25]
     [-1.25  1.25]]

Source: CSC2541 lecture 3; Amari (1998); Martens (2020).
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from reference.pytrees import Scalar, Tree, as_tree, as_vector, on_vectors, plus_multiple
from reference.taylor import jacobian, jacobian_vector_product, vector_jacobian_product

LogitsFn = Callable[[Tree, Array], Array]

# --- Fisher information of a distribution --------------------------------------------------------


def gaussian_fisher(mean: Scalar, std: Scalar) -> Float[Array, "2 2"]:
    """diag(1/s^2, 2/s^2): the Fisher information of N(m, s^2) in the coordinates (m, s).

    In (m, s^2) the last entry would be 1/(2 s^4), in (m, log s) it would be 2. It does not
    depend on the mean.

    >>> print(gaussian_fisher(jnp.array(7.0), jnp.array(2.0)))
    [[0.25 0.  ]
     [0.   0.5 ]]
    """
    return jnp.diag(jnp.stack([jnp.ones_like(mean), 2 * jnp.ones_like(mean)]) / std**2)


def softmax_fisher(logits: Float[Array, " K"]) -> Float[Array, "K K"]:
    """diag(p) - p p^T, p = softmax(z): the Fisher information of a categorical in its logits.

    The covariance of a one-hot draw, and the Hessian of the cross-entropy in z whatever the
    label. Singular: adding a constant to all logits changes nothing.

    >>> print(softmax_fisher(jnp.zeros(2)))
    [[ 0.25 -0.25]
     [-0.25  0.25]]
    """
    p = jax.nn.softmax(logits)
    return jnp.diag(p) - jnp.outer(p, p)


def negative_log_likelihoods(
    logits: Float[Array, "N K"], labels: Int[Array, " N"]
) -> Float[Array, " N"]:
    """-log p[label] of every example, in nats."""
    log_p = jax.nn.log_softmax(logits)
    return -jnp.take_along_axis(log_p, labels[:, None], axis=1)[:, 0]


# --- Fisher matrix of a classifier ---------------------------------------------------------------


def fisher_matrix(logits_fn: LogitsFn, w: Tree, inputs: Array) -> Float[Array, "P P"]:
    """F = (1/N) sum_n J_n^T (diag(p_n) - p_n p_n^T) J_n: the true Fisher, exact, no labels.

    Over the flattened parameters. Cost: N K gradients of one example, and N K P memory.
    Source: Martens (2020), F as Gauss-Newton matrix of the log-likelihood.
    """
    logits = logits_fn(w, inputs)
    J = jax.jacrev(on_vectors(lambda w: logits_fn(w, inputs), like=w))(as_vector(w))
    return jnp.einsum("nkp,nkl,nlq->pq", J, jax.vmap(softmax_fisher)(logits), J) / len(logits)


def empirical_fisher_matrix(
    logits_fn: LogitsFn, w: Tree, inputs: Array, labels: Int[Array, " N"]
) -> Float[Array, "P P"]:
    """(1/N) sum_n g_n g_n^T, g_n the gradient of example n's loss at its *label*.

    Not the Fisher: it vanishes where the data are fitted, and F does not. Gradients are taken
    an example at a time: the outer product of the mean gradient is something else again.
    Cost: N gradients of one example, and N P memory.
    """
    g = jacobian(lambda w: negative_log_likelihoods(logits_fn(w, inputs), labels), w)
    return g.T @ g / len(g)


def fisher_vector_product(logits_fn: LogitsFn, w: Tree, inputs: Array, v: Tree) -> Tree:
    """F v = (1/N) sum_n J_n^T (p_n * u_n - p_n <p_n, u_n>), with u = J v; shaped as w.

    Forms no matrix. Cost: about 2 gradients, and the memory of one.
    """

    def network(w: Tree) -> Array:
        return logits_fn(w, inputs)

    p = jax.nn.softmax(network(w))
    u = jacobian_vector_product(network, w, v)
    Fu = p * (u - jnp.sum(p * u, axis=1, keepdims=True)) / len(p)
    return vector_jacobian_product(network, w, Fu)


def empirical_fisher_vector_product(
    logits_fn: LogitsFn, w: Tree, inputs: Array, labels: Int[Array, " N"], v: Tree
) -> Tree:
    """(1/N) sum_n g_n <g_n, v> with the gradients at the labels; see `empirical_fisher_matrix`.

    Forms no matrix and no single gradient. Cost: about 2 gradients.
    """

    def losses(w: Tree) -> Array:
        return negative_log_likelihoods(logits_fn(w, inputs), labels)

    slopes = jacobian_vector_product(losses, w, v)
    return vector_jacobian_product(losses, w, slopes / len(slopes))


# --- Natural gradient ----------------------------------------------------------------------------


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
