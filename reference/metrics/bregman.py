"""Lecture 3: metrics pulled back from the outputs, and where they come from.

    rho(u, w) = (1/N) sum_n rho(z_n(u), z_n(w)),      rho(w + v, w) ~ 1/2 v^T G_w v
    G_w = (1/N) sum_n J_n^T G_{z_n} J_n,              G_z = d^2 rho(z', z) / dz'^2 at z' = z

A dissimilarity of outputs measures weights by what the network does. To second order it is a
metric: no second derivative of the network enters, since rho is flat at z' = z. Every
dissimilarity counts, the Bregman divergence of a convex function among them:

    B_phi(u, w) = phi(u) - phi(w) - <grad phi(w), u - w>,      G = d^2 phi(w) / dw^2

With phi = 1/2 |.|^2 that is 1/2 |u - w|^2 and G_w the Gauss-Newton matrix of least squares; with
phi = log Z of an exponential family it is a KL divergence and G_w the Fisher matrix.

`network(w)` gives outputs (N, K), a row an example; `rho(z', z)` compares two rows and is 0 and
smallest where they are equal. Trees count as vectors.

    >>> z, shifted = jnp.zeros(2), jnp.array([1.0, 1.0])
    >>> print(bregman_divergence(jax.nn.logsumexp, shifted, z))    # the same distribution
    0.0
    >>> print(output_metric(partial(bregman_divergence, jax.nn.logsumexp), z))
    [[ 0.25 -0.25]
     [-0.25  0.25]]

Source: CSC2541 lecture 3; Bregman (1967); Amari and Nagaoka (2000).
"""

from collections.abc import Callable
from functools import partial  # noqa: F401, for the example

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.pytrees import Scalar, Tree, as_vector, inner_product, on_vectors, plus_multiple
from reference.taylor import (
    hessian_vector_product,
    jacobian_vector_product,
    vector_jacobian_product,
)

Network = Callable[[Tree], Float[Array, "N K"]]
OutputDissimilarity = Callable[[Float[Array, " K"], Float[Array, " K"]], Scalar]

# --- Divergences ---------------------------------------------------------------------------------


def bregman_divergence(potential: Callable[[Tree], Scalar], u: Tree, w: Tree) -> Scalar:
    """B_phi(u, w) = phi(u) - phi(w) - <grad phi(w), u - w>: how far phi lies over its tangent.

    >= 0 for convex phi, and not symmetric. The tangent is taken at the second argument. A
    linear term in phi changes nothing. Cost: one gradient of phi. Source: Bregman (1967).

    >>> print(bregman_divergence(lambda w: jnp.sum(w**2) / 2, jnp.array([4.0]), jnp.array([1.0])))
    4.5
    """
    value, gradient = jax.value_and_grad(potential)(w)
    return potential(u) - value - inner_product(gradient, plus_multiple(u, -1, w))


def categorical_divergence(logits_p: Float[Array, " K"], logits_q: Float[Array, " K"]) -> Scalar:
    """KL(p || q) = sum p log(p / q), in nats, p and q the softmax of the logits.

    Equals B_logZ(logits_q, logits_p), the arguments swapped; and B_phi(p, q) for
    phi = sum p log p, in their order.
    """
    log_p, log_q = jax.nn.log_softmax(logits_p), jax.nn.log_softmax(logits_q)
    return jnp.sum(jnp.exp(log_p) * (log_p - log_q))


def mean_output_dissimilarity(
    network: Network, rho: OutputDissimilarity, u: Tree, w: Tree
) -> Scalar:
    """rho(u, w) = (1/N) sum_n rho(z_n(u), z_n(w)): how differently two networks behave."""
    return jnp.mean(jax.vmap(rho)(network(u), network(w)))


# --- Metrics -------------------------------------------------------------------------------------


def output_metric(rho: OutputDissimilarity, z: Float[Array, " K"]) -> Float[Array, "K K"]:
    """G_z = d^2 rho(z', z) / dz'^2 at z' = z, so that rho(z + v, z) ~ 1/2 v^T G_z v.

    The same in either argument: rho and its gradient vanish along z' = z, so that both second
    derivatives are minus the mixed one. Cost: K Hessian-vector products of rho.
    """
    return jax.hessian(rho)(z, z)


def pullback_metric(network: Network, rho: OutputDissimilarity, w: Tree) -> Float[Array, "P P"]:
    """G_w = (1/N) sum_n J_n^T G_{z_n} J_n over the flattened parameters.

    The Hessian of u -> rho(u, w) at u = w. Positive semi-definite; G_v = T^T G_w T for w = T v,
    so that G_w^-1 grad J does not depend on coordinates.
    Cost: N K gradients of one example, and N K P memory.
    """
    z = network(w)
    J = jax.jacrev(on_vectors(network, like=w))(as_vector(w))
    G = jax.vmap(lambda z_n: output_metric(rho, z_n))(z)
    return jnp.einsum("nkp,nkl,nlq->pq", J, G, J) / len(z)


def pullback_metric_vector_product(
    network: Network, rho: OutputDissimilarity, w: Tree, v: Tree
) -> Tree:
    """G_w v = (1/N) sum_n J_n^T G_{z_n} J_n v, shaped as w; forms no matrix.

    Cost: about 2 to 3 gradients.
    """
    z, Jv = network(w), jacobian_vector_product(network, w, v)

    def product_at(z_n: Array, v_n: Array) -> Array:
        return hessian_vector_product(lambda u: rho(u, z_n), z_n, v_n)

    return vector_jacobian_product(network, w, jax.vmap(product_at)(z, Jv) / len(z))
