"""Paper: Koh and Liang (2017), "Understanding black-box predictions via influence functions".

    w(e) = argmin J(w) + e L_z(w),      dL_test(w(e))/de = -g_test^T H^-1 g_z    at e = 0

How the loss on a test point changes as a training example z is given a little more weight.
One solve with the Hessian, s_test = H^-1 g_test, serves all training examples. Removing z is
e = -1/N, a finite step: the formula is its first order, and is to be tested as a derivative, not
against retraining, except where the second-order rest is known. For ridge regression it is, and
division by 1 - h_z, with h_z the example's leverage, makes leave-one-out exact.

The objective is J(w) = (1/N) sum_n L_n(w) + (lambda/2) |w|^2 and H = d^2 J / dw^2: `penalty` is
lambda, or the damping that makes H positive definite where w is no minimum. The penalty is not
part of L_n, so up-weighting an example leaves it alone. `losses(w)` gives all N of the L_n.
Letter: M test points.

    >>> losses = lambda w: (w - jnp.array([0.0, 1.0, 5.0])) ** 2 / 2    # w = 2, the mean
    >>> result = influences_on_test_loss(
    ...     losses, lambda w: w, jnp.array(2.0), tolerance=1e-5, max_steps=5
    ... )
    >>> print(result.influences)
    [-2. -1.  3.]

Source: Koh and Liang (2017); Cook and Weisberg (1982).
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from reference.linear_regression import ridge_solution
from reference.pytrees import Scalar, Tree, plus_multiple
from reference.taylor import (
    ConjugateGradientResult,
    conjugate_gradient,
    hessian,
    hessian_vector_product,
    jacobian,
    jacobian_vector_product,
)

Losses = Callable[[Tree], Float[Array, " N"]]

# --- Influence -----------------------------------------------------------------------------------


class InfluenceResult(NamedTuple):
    """`influences[n]` is dL_test/de for example n; `solve` says how s_test = H^-1 g_test went."""

    influences: Float[Array, " N"]
    solve: ConjugateGradientResult


def parameter_influence(
    losses: Losses,
    w: Tree,
    n: Int[Array, ""] | int,
    *,
    penalty: Scalar | float = 0.0,
    tolerance: float,
    max_steps: int,
) -> ConjugateGradientResult:
    """dw(e)/de = -H^-1 g_n: how the minimum moves as example n is up-weighted.

    Assumes w a minimum of J with H positive definite. The `solution` is shaped as w.
    Cost: a Hessian-vector product a step of CG. Source: Koh and Liang (2017), eq. 1.
    """
    g_n = jax.grad(lambda w: losses(w)[n])(w)
    return conjugate_gradient(
        _damped_hessian_product(losses, w, penalty),
        jax.tree.map(jnp.negative, g_n),
        tolerance=tolerance,
        max_steps=max_steps,
    )


def influences_on_test_loss(
    losses: Losses,
    test_loss: Callable[[Tree], Scalar],
    w: Tree,
    *,
    penalty: Scalar | float = 0.0,
    tolerance: float,
    max_steps: int,
) -> InfluenceResult:
    """-g_test^T H^-1 g_n for every training example n: positive where it harms the test point.

    One solve for s_test, then all <g_n, s_test> as one product with the Jacobian of `losses`.
    Leaving example n out changes the test loss by about -1/N times this.
    Cost: a Hessian-vector product a step of CG, and about 2 evaluations of all losses.
    Source: Koh and Liang (2017), eq. 2.
    """
    s_test = conjugate_gradient(
        _damped_hessian_product(losses, w, penalty),
        jax.grad(test_loss)(w),
        tolerance=tolerance,
        max_steps=max_steps,
    )
    return InfluenceResult(-jacobian_vector_product(losses, w, s_test.solution), s_test)


def influence_matrix(
    losses: Losses, test_losses: Losses, w: Tree, *, penalty: Scalar | float = 0.0
) -> Float[Array, "M N"]:
    """-G_test H^-1 G^T by a dense solve: entry (m, n) is the influence of n on test point m.

    The rows of G and G_test are gradients. The oracle of `influences_on_test_loss`, and the better
    one for small P and many test points. Cost: P Hessian-vector products, O(P^3), P^2 memory.
    """
    H = hessian(lambda w: jnp.mean(losses(w)), w)
    damped = H + penalty * jnp.eye(len(H), dtype=H.dtype)
    return -jacobian(test_losses, w) @ jnp.linalg.solve(damped, jacobian(losses, w).T)


def input_influences(
    losses: Callable[[Tree, Float[Array, "N D"]], Float[Array, " N"]],
    w: Tree,
    inputs: Float[Array, "N D"],
    s_test: Tree,
) -> Float[Array, "N D"]:
    """-s_test^T d^2 L_n / dw dx_n: how the test loss changes as training input x_n moves.

    Per unit of weight, as above: moving x_n by a small d changes the test loss by 1/N times the
    product with d. Assumes that losses(w, inputs)[n] depends on row n alone.
    Cost: about 3 gradients. Source: Koh and Liang (2017), eq. 5.
    """

    def slope(inputs: Array) -> Scalar:
        return jnp.sum(jacobian_vector_product(lambda w: losses(w, inputs), w, s_test))

    return -jax.grad(slope)(inputs)


# --- Leave-one-out for ridge regression ----------------------------------------------------------


def ridge_leverages(Phi: Float[Array, "N D"], penalty: Scalar | float) -> Float[Array, " N"]:
    """h_n = phi_n^T (Phi^T Phi + N lambda I)^-1 phi_n, between 0 and 1: dy_n / dt_n of the fit.

    Cost: one dense solve. Source: Cook and Weisberg (1982).

    >>> print(ridge_leverages(jnp.ones((4, 1)), penalty=0.0))
    [0.25 0.25 0.25 0.25]
    """
    return jnp.sum(Phi.T * jnp.linalg.solve(_ridge_matrix(Phi, penalty), Phi.T), axis=0)


def ridge_leave_one_out_solutions(
    Phi: Float[Array, "N D"], t: Float[Array, " N"], penalty: Scalar | float
) -> Float[Array, "N D"]:
    """w_-n = w - (Phi^T Phi + N lambda I)^-1 phi_n (t_n - phi_n^T w) / (1 - h_n), exact, row n.

    The influence step, -1/N times dw/de, divided by 1 - h_n (Sherman and Morrison). The
    objective of the others keeps its 1/N, so its solution has N lambda, not (N - 1) lambda.
    Assumes h_n < 1. Cost: one dense solve.
    """
    w = ridge_solution(Phi, t, penalty)
    stretched = (t - Phi @ w) / (1 - ridge_leverages(Phi, penalty))
    return w - jnp.linalg.solve(_ridge_matrix(Phi, penalty), Phi.T * stretched).T


def _ridge_matrix(Phi: Array, penalty: Scalar | float) -> Array:
    N, D = Phi.shape
    return Phi.T @ Phi + N * penalty * jnp.eye(D, dtype=Phi.dtype)


def _damped_hessian_product(
    losses: Losses, w: Tree, penalty: Scalar | float
) -> Callable[[Tree], Tree]:
    def product(v: Tree) -> Tree:
        Hv = hessian_vector_product(lambda w: jnp.mean(losses(w)), w, v)
        return plus_multiple(Hv, penalty, v)

    return product
