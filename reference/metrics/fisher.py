"""Lecture 3: the Fisher information, the metric of a space of distributions.

It measures how far a step moves the model's predictions, in KL divergence:

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
from jaxtyping import Array, Float, Int, Key

from reference.pytrees import Scalar, Tree, as_vector, on_vectors
from reference.taylor import jacobian, jacobian_vector_product, vector_jacobian_product

LogitsFn = Callable[[Tree, Array], Array]

# --- Fisher information of a distribution ---------------------------------------------------------


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


# --- Fisher matrix of a classifier ----------------------------------------------------------------


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


def sampled_fisher_vector_product(
    logits_fn: LogitsFn,
    w: Tree,
    inputs: Array,
    v: Tree,
    key: Key[Array, ""],
    num_samples: int = 1,
) -> Tree:
    """(1/NS) sum_n sum_s g_ns <g_ns, v>, g_ns the gradient at a label drawn from the model.

    Unbiased for F v, with labels drawn anew for every example and sample: what K-FAC and most
    estimates of the true Fisher use where the sum over labels is too dear. Its variance falls
    as 1 / (N S). Cost: about 2 gradients a sample. Source: Martens (2020).
    """
    logits = logits_fn(w, inputs)

    def product(key: Key[Array, ""]) -> Tree:
        labels = jax.random.categorical(key, logits)
        return empirical_fisher_vector_product(logits_fn, w, inputs, labels, v)

    products = jax.vmap(product)(jax.random.split(key, num_samples))
    return jax.tree.map(lambda leaf: jnp.mean(leaf, axis=0), products)


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
