"""Talk: amortized proximal optimization (Bae, Vicol, HaoChen and Grosse, 2022).

A proximal point step minimises the batch's loss and stays close, in what the network computes
and in weights. Too dear to solve at every step, it is amortised: an update rule
u = u(w, phi, batch) is learned, by descent on the mean of the proximal objective over batches B
and inputs x~,

    Q(phi) = E [ L_B(u) + lambda_F D_F(u, w; x~) + (lambda_W / 2) |u - w|^2 ]

With a preconditioner, u = w - P g_B, and D_F(u, w) ~ 1/2 (u - w)^T G (u - w), the minimum is
known. Put C = lambda_F G + lambda_W I if the loss is linearised; kept to second order it adds its
Hessian H, if that is the same for all batches:

    Q(P) - L = E [ -g^T P g + 1/2 g^T P^T C P g ],   dQ/dP = (C P - I) E[g g^T],   P* = C^-1

So learned rules range from gradient descent (lambda_F = 0) over damped Newton and natural
gradient (lambda_F = 1, lambda_W the damping) to what lies between. P is determined on the span of
the gradients only. For a linear network with squared errors all of it is exact, G = E[x x^T].

`function_weight` is lambda_F, `weight_weight` is lambda_W; N gradients, a row each.

    >>> P = optimal_preconditioner(jnp.diag(jnp.array([1.0, 3.0])), 1.0, 1.0)
    >>> print(P)
    [[0.5  0.  ]
     [0.   0.25]]

Source: Bae, Vicol, HaoChen and Grosse (2022), the meta-objective and the theorem on optimal
preconditioners.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from reference.pytrees import Scalar, Tree, inner_product, plus_multiple


def proximal_objective(
    loss: Callable[[Tree], Scalar],
    dissimilarity: Callable[[Tree, Tree], Scalar],
    u: Tree,
    w: Tree,
    *,
    function_weight: Scalar | float,
    weight_weight: Scalar | float,
) -> Scalar:
    """L_B(u) + lambda_F D_F(u, w) + (lambda_W / 2) |u - w|^2, for one batch and one candidate u.

    `dissimilarity` is D_F averaged over other inputs than the batch's: on those of the batch, a
    rule could make the loss small there alone. Cost: an evaluation of both.
    """
    change = jax.tree.map(jnp.subtract, u, w)
    proximity = function_weight * dissimilarity(u, w) + weight_weight / 2 * inner_product(
        change, change
    )
    return loss(u) + proximity


# --- Preconditioners -----------------------------------------------------------------------------


def proximal_curvature(
    G: Float[Array, "D D"],
    function_weight: Scalar | float,
    weight_weight: Scalar | float,
    *,
    loss_curvature: Float[Array, "D D"] | None = None,
) -> Float[Array, "D D"]:
    """C = H + lambda_F G + lambda_W I, H = 0 unless given: the Hessian in u of the objective."""
    identity = jnp.eye(len(G), dtype=G.dtype)
    C = function_weight * G + weight_weight * identity
    return C if loss_curvature is None else C + loss_curvature


def preconditioner_objective(
    P: Float[Array, "D D"], gradients: Float[Array, "N D"], C: Float[Array, "D D"]
) -> Scalar:
    """Q(P) - L(w) = mean_n [ -g_n^T P g_n + 1/2 (P g_n)^T C (P g_n) ].

    Quadratic in P, hence with one minimum if C and the gradients' second moment are regular.
    Cost: O(N D^2).
    """
    steps = gradients @ P.T
    gains = jnp.einsum("nd,nd->n", gradients, steps)
    return jnp.mean(jnp.einsum("nd,de,ne->n", steps, C, steps) / 2 - gains)


def optimal_preconditioner(
    G: Float[Array, "D D"],
    function_weight: Scalar | float,
    weight_weight: Scalar | float,
    *,
    loss_curvature: Float[Array, "D D"] | None = None,
) -> Float[Array, "D D"]:
    """P* = (H + lambda_F G + lambda_W I)^-1, H = 0 unless given.

    Assumes that matrix positive definite. Not one gradient enters, given that together they span
    the space. Cost: O(D^3). Source: Bae et al. (2022), for H = 0.
    """
    C = proximal_curvature(G, function_weight, weight_weight, loss_curvature=loss_curvature)
    return jnp.linalg.inv(C)


def optimal_step_size(gradients: Float[Array, "N D"], C: Float[Array, "D D"]) -> Scalar:
    """eta* = E |g|^2 / E[g^T C g]: the minimum of Q over P = eta I, a learned learning rate.

    Between the reciprocals of C's extreme eigenvalues, and nearer to that of the directions where
    gradients are large: it is short-sighted.

    >>> print(optimal_step_size(jnp.array([[3.0, 0.0], [0.0, 1.0]]), jnp.diag(jnp.array([2.0, 1]))))
    0.5263158
    """
    return jnp.sum(gradients**2) / jnp.einsum("nd,de,ne->", gradients, C, gradients)


def preconditioner_iterates(
    P_0: Float[Array, "D D"],
    gradients: Float[Array, "N D"],
    C: Float[Array, "D D"],
    step_size: Scalar | float,
    num_steps: int,
) -> Float[Array, "T D D"]:
    """P_{k+1} = P_k - beta dQ/dP, k = 0 .. num_steps: meta-learning of P by gradient descent.

    Mode (i, j), of eigenvectors of C and of S = E[g g^T], errs by (1 - beta c_i s_j)^k: directions
    without gradients keep P_0. Cost: O(N D^2 + D^3) a step.
    """

    def advance(P: Array, _: None) -> tuple[Array, Array]:
        P = P - step_size * jax.grad(preconditioner_objective)(P, gradients, C)
        return P, P

    _, iterates = jax.lax.scan(advance, P_0, length=num_steps)
    return jnp.concatenate([P_0[None], iterates])


# --- In a training loop --------------------------------------------------------------------------


class AmortizedState(NamedTuple):
    """`phi`, the parameters of the update rule."""

    phi: Tree


def amortized_optimizer(
    rule: Callable[[Tree, Tree], Tree], phi_0: Tree, meta_step_size: float
) -> optax.GradientTransformationExtraArgs:
    """phi <- phi - beta d/dphi objective(w + rule(phi, g)), then w <- w + rule(phi, g).

    `rule(phi, gradient)` is the change of w: -exp(phi) g learns a learning rate, -P g a
    preconditioner. `update` needs the weights and `objective`, a function of the candidate u such
    as `proximal_objective` with all else filled in. A meta-step is taken before every step.
    Cost: one gradient of the objective a step, and that of the rule twice.
    Source: Bae et al. (2022), the algorithm of APO, with a meta-update at every step.

    >>> optimizer = amortized_optimizer(lambda phi, g: -phi * g, jnp.array(0.0), meta_step_size=0.5)
    >>> w, loss = jnp.array(2.0), lambda u: u**2 / 2
    >>> update, state = optimizer.update(jnp.array(2.0), optimizer.init(w), w, objective=loss)
    >>> print(state.phi, update)
    2.0 -4.0
    """

    def init(params: Tree) -> AmortizedState:
        return AmortizedState(phi_0)

    def update(
        updates: Tree, state: Any, params: Tree | None = None, **extra_args: Any
    ) -> tuple[Tree, AmortizedState]:
        def meta_objective(phi: Tree) -> Scalar:
            u = jax.tree.map(jnp.add, params, rule(phi, updates))
            return extra_args["objective"](u)

        phi = plus_multiple(state.phi, -meta_step_size, jax.grad(meta_objective)(state.phi))
        return rule(phi, updates), AmortizedState(phi)

    return optax.GradientTransformationExtraArgs(init, update)
