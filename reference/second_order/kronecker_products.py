"""Lecture 4: linear algebra with Kronecker products, as K-FAC needs it.

The curvature of a layer with weights W, an (I, O) matrix, is approximated by A (x) G, with A of
I x I and G of O x O, over the row-major ravel of W:

    (A (x) G) vec(V) = vec(A V G),      (A (x) G)^-1 vec(V) = vec(A^-1 V G^-1)

With (O, I) weights, or a column-major vec, it would be G (x) A. Damping A (x) G + lambda I is
no Kronecker product. K-FAC instead damps the factors,

    (A + pi sqrt(lambda) I) (x) (G + sqrt(lambda)/pi I)
        = A (x) G + lambda I + sqrt(lambda) (pi I (x) G + A (x) I / pi),

which damps by more than lambda; pi makes the last two terms equal in trace. The inverse of the
true A (x) G + lambda I is as cheap, from the eigenvectors of A and G, and is here to compare
with: the two are close only where sqrt(lambda) is far below, or far above, all a_i / pi and
all pi g_j.

Letters of shapes: I inputs of the layer and its homogeneous coordinate, O outputs, P = I O.

    >>> factors, V = Factors(jnp.eye(2), jnp.array([[1.0]])), jnp.ones((2, 1))
    >>> print(preconditioned_gradient(factors, V, damping=1.0).ravel().round(3))    # 1 / (1 + 1)^2
    [0.25 0.25]
    >>> print(exactly_damped_gradient(factors, V, damping=1.0).ravel().round(3))    # 1 / (1 + 1)
    [0.5 0.5]

Source: CSC2541 lecture 4; Martens and Grosse (2015), section 6.3, for the damping.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax.scipy.linalg import cho_factor, cho_solve
from jaxtyping import Array, Float

from reference.pytrees import Scalar


class Factors(NamedTuple):
    """A and G of one layer, both symmetric positive semi-definite."""

    A: Float[Array, "I I"]
    G: Float[Array, "O O"]


def kronecker_matrix(factors: Factors) -> Float[Array, "P P"]:
    """A (x) G, dense: entry ((i, o), (i', o')) is A[i, i'] G[o, o']. For small layers.

    >>> print(kronecker_matrix(Factors(jnp.diag(jnp.array([1.0, 2.0])), jnp.array([[5.0]]))))
    [[ 5.  0.]
     [ 0. 10.]]
    """
    return jnp.kron(factors.A, factors.G)


def kronecker_vector_product(factors: Factors, V: Float[Array, "I O"]) -> Float[Array, "I O"]:
    """A V G, which is (A (x) G) vec(V) for symmetric G. Cost: O(I O (I + O)) flops."""
    return factors.A @ V @ factors.G


def damping_ratio(factors: Factors) -> Scalar:
    """pi = sqrt((tr A / I) / (tr G / O)); 1 where A or G vanishes.

    The least trace of pi I (x) G + A (x) I / pi. Scaling A by c and G by 1/c leaves A (x) G,
    and with this pi the damped product, unchanged.
    Source: Martens and Grosse (2015), section 6.3, with the trace norm.
    """
    a, g = jnp.trace(factors.A) / len(factors.A), jnp.trace(factors.G) / len(factors.G)
    both = (a > 0) & (g > 0)
    return jnp.sqrt(jnp.where(both, a, 1) / jnp.where(both, g, 1))


def damped_factors(factors: Factors, damping: Scalar | float) -> Factors:
    """A + pi sqrt(lambda) I and G + sqrt(lambda) / pi I, with pi = `damping_ratio(factors)`."""
    A, G = factors
    pi, root = damping_ratio(factors), damping**0.5
    return Factors(
        A + root * pi * jnp.eye(len(A), dtype=A.dtype),
        G + root / pi * jnp.eye(len(G), dtype=G.dtype),
    )


def preconditioned_gradient(
    factors: Factors, V: Float[Array, "I O"], *, damping: Scalar | float
) -> Float[Array, "I O"]:
    """(A + pi sqrt(lambda) I)^-1 V (G + sqrt(lambda)/pi I)^-1: K-FAC's factored damping.

    Assumes the damped factors positive definite, which lambda > 0 ensures. Not the inverse of
    A (x) G + lambda I: never a longer step than `exactly_damped_gradient`, often half of it.
    Cost: two Cholesky factorisations, O(I^3 + O^3 + I O (I + O)) flops.
    """
    A, G = damped_factors(factors, damping)
    left = cho_solve(cho_factor(A), V)
    return cho_solve(cho_factor(G), left.T).T


def exactly_damped_gradient(
    factors: Factors, V: Float[Array, "I O"], *, damping: Scalar | float
) -> Float[Array, "I O"]:
    """(A (x) G + lambda I)^-1 vec(V) = vec(Q [(Q^T V R)_ij / (a_i g_j + lambda)] R^T).

    With A = Q diag(a) Q^T, G = R diag(g) R^T; lambda > 0 where A or G is singular.
    Cost: two `eigh`, O(I^3 + O^3 + I O (I + O)) flops. Source: George et al. (2018), who go on
    to replace the a_i g_j.
    """
    a, Q = jnp.linalg.eigh(factors.A)
    g, R = jnp.linalg.eigh(factors.G)
    return Q @ ((Q.T @ V @ R) / (jnp.outer(a, g) + damping)) @ R.T
