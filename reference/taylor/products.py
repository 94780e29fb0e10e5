"""Lecture 2: products with Jacobians, Hessians and Gauss-Newton matrices that are never formed.

    f(w + v) ~ f(w) + J v,      J(w + v) ~ J(w) + g^T v + 1/2 v^T H v,      G = J^T H_z J

A product with the Jacobian, the Hessian or the Gauss-Newton matrix costs a few gradients,
whatever the number P of parameters. The dense matrices are here as oracles for small P.

    >>> loss = lambda w: w["x"] ** 2 * w["y"]
    >>> w = {"x": jnp.array(1.0), "y": jnp.array(3.0)}
    >>> v = {"x": jnp.array(1.0), "y": jnp.array(0.0)}
    >>> {name: float(leaf) for name, leaf in hessian_vector_product(loss, w, v).items()}
    {'x': 6.0, 'y': 2.0}
    >>> print(hessian(loss, w))
    [[6. 2.]
     [2. 0.]]

Source: CSC2541 lecture 2; Pearlmutter (1994); Schraudolph (2002).
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp  # noqa: F401, for the examples
from jaxtyping import Array, Float

from reference.pytrees import Scalar, Tree, as_vector, on_vectors

# --- Products -------------------------------------------------------------------------------------


def jacobian_vector_product(f: Callable[[Tree], Tree], w: Tree, v: Tree) -> Tree:
    """J v = d/de f(w + e v) at e = 0: the directional derivative of f, or R_v f.

    Shaped as f(w). Cost: one evaluation of f and its tangent, about 2 evaluations.
    Source: Pearlmutter (1994), the R operator.

    >>> print(jacobian_vector_product(lambda w: w**2, jnp.array([1.0, 3.0]), jnp.ones(2)))
    [2. 6.]
    """
    return jax.jvp(f, (w,), (v,))[1]


def vector_jacobian_product(f: Callable[[Tree], Tree], w: Tree, u: Tree) -> Tree:
    """J^T u, for a cotangent u shaped as f(w); the result is shaped as w.

    <u, J v> = <J^T u, v> for all v. Cost: one gradient.

    >>> print(vector_jacobian_product(lambda w: w[:1] * w[1], jnp.array([2.0, 3.0]), jnp.ones(1)))
    [3. 2.]
    """
    return jax.vjp(f, w)[1](u)[0]


def hessian_vector_product(loss: Callable[[Tree], Scalar], w: Tree, v: Tree) -> Tree:
    """H v = d/de grad(w + e v) at e = 0, forward over reverse.

    Assumes loss twice differentiable at w (at the kink of a ReLU its derivative counts as 0).
    Cost: about 2 to 3 gradients, and the memory of one. Source: Pearlmutter (1994).
    """
    return jacobian_vector_product(jax.grad(loss), w, v)


def gauss_newton_vector_product(
    network: Callable[[Tree], Tree], loss_of_output: Callable[[Tree], Scalar], w: Tree, v: Tree
) -> Tree:
    """G v = J^T H_z J v for the loss `loss_of_output(network(w))`; z is the network's output.

    G is the Hessian of the loss with the network linearised at w: H without the term that holds
    the residual and the network's own second derivatives. Positive semi-definite if
    loss_of_output is convex, and equal to H if the network is linear in w.
    Cost: about 2 to 3 gradients. Source: Schraudolph (2002); CSC2541 lecture 2.

    >>> half_square = lambda z: z**2 / 2
    >>> w, v = jnp.array(3.0), jnp.array(1.0)
    >>> print(gauss_newton_vector_product(lambda w: w**2, half_square, w, v))  # H = 54
    36.0
    """
    z, Jv = jax.jvp(network, (w,), (v,))
    HJv = hessian_vector_product(loss_of_output, z, Jv)
    return vector_jacobian_product(network, w, HJv)


# --- Dense oracles --------------------------------------------------------------------------------


def jacobian(f: Callable[[Tree], Tree], w: Tree) -> Float[Array, "K P"]:
    """J of f, both sides flattened by `as_vector`. Cost: K gradients and K P memory."""
    return jax.jit(jax.jacrev(on_vectors(lambda w: as_vector(f(w)), like=w)))(as_vector(w))


def hessian(loss: Callable[[Tree], Scalar], w: Tree) -> Float[Array, "P P"]:
    """H over the flattened parameters. Cost: P Hessian-vector products and P^2 memory."""
    # Compiled as a whole: a tenth of the time that its operations take to compile one by one.
    return jax.jit(jax.hessian(on_vectors(loss, like=w)))(as_vector(w))


def gauss_newton_matrix(
    network: Callable[[Tree], Tree], loss_of_output: Callable[[Tree], Scalar], w: Tree
) -> Float[Array, "P P"]:
    """G = J^T H_z J over the flattened parameters. Cost: K gradients, K^2 + P^2 memory.

    K counts all outputs of `network`: examples times outputs if it maps a batch.
    """
    J = jacobian(network, w)
    return J.T @ hessian(loss_of_output, network(w)) @ J
