"""Lecture 2: the spectrum of a symmetric matrix that is only multiplied with.

    A Q^T = Q^T T + r e_M^T,      v^T f(A) v ~ |v|^2 sum_i omega_i f(theta_i)

Lanczos builds an orthonormal basis Q (rows) of the Krylov space of v in which A is tridiagonal;
the eigenvalues theta_i of T and the squares omega_i of its eigenvectors' first entries are the
nodes and weights of Gauss quadrature for the spectral measure of v. Averaged over random v they
estimate the density of eigenvalues: stochastic Lanczos quadrature.

Vectors are pytrees; those stored as a matrix are flat. Letters: M Lanczos steps, V probes,
G grid points.

    >>> A = jnp.diag(jnp.array([1.0, 2.0, 4.0]))
    >>> result = power_iteration(lambda v: A @ v, jnp.ones(3), tolerance=1e-3, max_steps=50)
    >>> print(result.eigenvalue.round(4), Ending(int(result.ending)).name)
    4.0 CONVERGED
    >>> nodes, weights = gauss_quadrature(lambda v: A @ v, jnp.ones(3), num_steps=3)
    >>> print(nodes.round(3), weights.round(3))
    [1. 2. 4.] [1. 1. 1.]

Source: CSC2541 lecture 2; Golub and Meurant (1994); Ubaru, Chen and Saad (2017); Ghorbani,
Krishnan and Xiao (2019) for Hessians of networks.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from reference.pytrees import (
    Scalar,
    Tree,
    as_tree,
    as_vector,
    inner_product,
    norm,
    plus_multiple,
)
from reference.taylor.conjugate_gradients import Ending

Matvec = Callable[[Tree], Tree]

# --- One eigenvalue ------------------------------------------------------------------------------


class PowerIterationResult(NamedTuple):
    """`residual_norm` is |A v - lambda v|: an eigenvalue of A is at most that far from lambda."""

    eigenvalue: Scalar
    eigenvector: Tree
    steps: Int[Array, ""]
    residual_norm: Scalar
    ending: Int[Array, ""]


class _PowerState(NamedTuple):
    v: Tree  # of length 1
    Av: Tree
    eigenvalue: Scalar
    residual_norm: Scalar
    steps: Int[Array, ""]


def rayleigh_quotient(matvec: Matvec, v: Tree) -> Scalar:
    """<v, A v> / <v, v>: the curvature along v, whatever its length. Cost: one matvec.

    >>> print(rayleigh_quotient(lambda v: jnp.array([1.0, 3.0]) * v, jnp.array([5.0, 5.0])))
    2.0
    """
    return inner_product(v, matvec(v)) / inner_product(v, v)


def power_iteration(
    matvec: Matvec, v_0: Tree, *, tolerance: float, max_steps: int
) -> PowerIterationResult:
    """v <- A v / |A v| until |A v - lambda v| <= tolerance |lambda|, lambda = <v, A v>.

    Finds the eigenvalue largest in absolute value, with its sign, given that it is alone there
    and v_0 not orthogonal to its eigenvector. The angle shrinks by |lambda_2 / lambda_1| a step
    and the error of lambda by the square of that. If lambda and -lambda are both largest it
    never converges, and says so. Cost: one matvec a step and one more.
    """

    def seen(v: Tree, steps: Array) -> _PowerState:
        Av = matvec(v)
        eigenvalue = inner_product(v, Av)
        residual = plus_multiple(Av, -eigenvalue, v)
        return _PowerState(v, Av, eigenvalue, norm(residual), steps)

    def unfinished(state: _PowerState) -> Array:
        return (state.residual_norm > tolerance * jnp.abs(state.eigenvalue)) & (
            state.steps < max_steps
        )

    state = jax.lax.while_loop(
        unfinished,
        lambda state: seen(_scaled(state.Av, 1 / norm(state.Av)), state.steps + 1),
        seen(_scaled(v_0, 1 / norm(v_0)), jnp.zeros((), jnp.int32)),
    )
    v, _, eigenvalue, residual_norm, steps = state
    ending = jnp.select(
        [~jnp.isfinite(residual_norm), residual_norm <= tolerance * jnp.abs(eigenvalue)],
        [jnp.int32(Ending.NOT_FINITE), Ending.CONVERGED],
        Ending.STEP_LIMIT,
    )
    return PowerIterationResult(eigenvalue, v, steps, residual_norm, ending)


# --- Lanczos -------------------------------------------------------------------------------------


class LanczosResult(NamedTuple):
    """Q A Q^T = T, with `diagonal` and `off_diagonal`; `dimension` counts the rows of Q in use.

    `residual_norm` is |r| in A Q^T = Q^T T + r e_M^T: 0 where the Krylov space is exhausted.
    """

    basis: Float[Array, "M P"]
    diagonal: Float[Array, " M"]
    off_diagonal: Float[Array, " M-1"]
    residual_norm: Scalar
    dimension: Int[Array, ""]


def lanczos_decomposition(matvec: Matvec, v: Tree, num_steps: int) -> LanczosResult:
    """Q with orthonormal rows, the first v / |v|, such that Q A Q^T is tridiagonal.

    Row k spans with those above it the Krylov space of v, A v .. A^k v. Every new row is made
    orthogonal to all before it, twice, which keeps it so to rounding; the three-term recurrence
    alone does not, and finds eigenvalues again and again. If the space is exhausted after
    fewer steps, to working precision, the rows and entries left are 0.
    Cost: M matvecs, 4 M^2 P flops, and M P memory.
    """
    x = as_vector(v)
    rounding = 4 * len(x) ** 0.5 * float(jnp.finfo(x.dtype).eps)

    def advance(carry: tuple[Array, ...], k: Array) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        basis, q, scale, dimension = carry
        basis = basis.at[k].set(q)
        r = as_vector(matvec(as_tree(q, like=v)))
        scale = jnp.maximum(scale, jnp.sqrt(jnp.sum(r**2)))
        alpha = jnp.sum(q * r)
        for _ in range(2):
            r = r - (basis @ r) @ basis
        beta = jnp.sqrt(jnp.sum(r**2))
        goes_on = beta > rounding * scale
        beta = jnp.where(goes_on, beta, 0)
        dimension = dimension + jnp.any(q != 0)
        return (basis, jnp.where(goes_on, r / beta, 0), scale, dimension), (alpha, beta)

    start = (
        jnp.zeros((num_steps, len(x)), x.dtype),
        x / jnp.sqrt(jnp.sum(x**2)),
        jnp.zeros((), x.dtype),
        jnp.zeros((), jnp.int32),
    )
    (basis, _, _, dimension), (alphas, betas) = jax.lax.scan(advance, start, jnp.arange(num_steps))
    return LanczosResult(basis, alphas, betas[:-1], betas[-1], dimension)


def tridiagonal_matrix(
    diagonal: Float[Array, " M"], off_diagonal: Float[Array, " M-1"]
) -> Float[Array, "M M"]:
    """The symmetric T with these entries.

    >>> print(tridiagonal_matrix(jnp.array([1.0, 2.0]), jnp.array([5.0])))
    [[1. 5.]
     [5. 2.]]
    """
    return jnp.diag(diagonal) + jnp.diag(off_diagonal, 1) + jnp.diag(off_diagonal, -1)


# --- Spectral density ----------------------------------------------------------------------------


class Quadrature(NamedTuple):
    """sum over all of weights * f(nodes) stands for the integral of f."""

    nodes: Float[Array, "*shape"]
    weights: Float[Array, "*shape"]


def gauss_quadrature(matvec: Matvec, v: Tree, num_steps: int) -> Quadrature:
    """v^T f(A) v = sum_i omega_i f(theta_i), exact for polynomials f of degree <= 2 M - 1.

    Nodes are the eigenvalues of T, ascending; weights |v|^2 times the squares of the first
    entries of its eigenvectors. Where the Krylov space is exhausted it is exact for every f,
    and the nodes left over have weight 0. Cost: that of Lanczos and one `eigh` of M x M.
    Source: Golub and Meurant (1994).
    """
    lanczos = lanczos_decomposition(matvec, v, num_steps)
    theta, Y = jnp.linalg.eigh(tridiagonal_matrix(lanczos.diagonal, lanczos.off_diagonal))
    return Quadrature(theta, inner_product(v, v) * Y[0] ** 2)


def spectral_density(
    matvec: Matvec, like: Tree, key: Key[Array, ""], *, num_probes: int, num_steps: int
) -> Quadrature:
    """tr f(A) / P ~ sum w f(theta), with weights that sum to 1: (V, M) nodes, a row a probe.

    Probes are random signs v / sqrt(P), shaped as `like`, so that E v v^T = I / P: unbiased for
    polynomials f of degree <= 2 M - 1. One row alone has a relative standard error of
    at most sqrt(2 tr f^2) / tr f, and none at all if A is diagonal.
    Cost: V runs of Lanczos. Source: Ubaru, Chen and Saad (2017); Ghorbani et al. (2019).
    """
    x = as_vector(like)

    def of_one_probe(key: Key[Array, ""]) -> Quadrature:
        signs = jax.random.rademacher(key, x.shape, x.dtype) / len(x) ** 0.5
        return gauss_quadrature(matvec, as_tree(signs, like=like), num_steps)

    nodes, weights = jax.vmap(of_one_probe)(jax.random.split(key, num_probes))
    return Quadrature(nodes, weights / num_probes)


def spectral_moments(density: Quadrature, num_moments: int) -> Float[Array, " num_moments"]:
    """sum w theta^k, k = 0 .. num_moments - 1: estimates of tr A^k / P.

    >>> print(spectral_moments(Quadrature(jnp.array([1.0, 3.0]), jnp.array([0.5, 0.5])), 3))
    [1. 2. 5.]
    """
    k = jnp.arange(num_moments)
    return jnp.sum(density.weights.ravel() * density.nodes.ravel() ** k[:, None], axis=1)


def smoothed_density(
    density: Quadrature, at: Float[Array, " G"], width: Scalar | float
) -> Float[Array, " G"]:
    """sum_i w_i N(x; theta_i, width^2) for each x of `at`: the density as a curve.

    Its integral is that of the weights, its variance larger by width^2.
    """
    z = (at[:, None] - density.nodes.ravel()) / width
    return jnp.exp(-(z**2) / 2) @ density.weights.ravel() / (width * (2 * jnp.pi) ** 0.5)


def _scaled(x: Tree, a: Scalar) -> Tree:
    return jax.tree.map(lambda leaf: a * leaf, x)
