"""Talk: hyperparameters by the million, with implicit gradients (Lorraine, Vicol, Duvenaud, 2020).

With a Neumann series for the inverse Hessian a hypergradient costs a few gradients, however many
hyperparameters there are: one for each pixel of a distilled data set, or the weights of a network
that augments data. Training and tuning alternate, w being carried on from one to the next:

    w <- some steps on L_t(., theta);      theta <- theta - beta hypergradient(w, theta)

Here both examples are linear regression, where the answers are exact. For penalty lambda, M
synthetic rows S with targets s are fitted by the ridge solution

    w*(S, s) = S^T (S S^T + M lambda I)^-1 s

and any w in the row space of S is w* for one choice of s: distillation without loss. Augmenting
inputs by noise, x + L e with e ~ N(0, I), adds the penalty 1/2 |L^T w|^2 on average: what an
augmentation network learns to do is to choose a quadratic penalty.

    >>> S, w = jnp.array([[1.0, 1.0]]), jnp.array([2.0, 2.0])
    >>> s = distilled_targets(S, w, penalty=0.5)
    >>> print(s, distilled_weights(S, s, penalty=0.5).round(4))
    [5.] [2. 2.]

Source: Lorraine, Vicol and Duvenaud (2020), data distillation and learned augmentation; Wang et al.
(2018) for distillation.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from reference.bilevel_optimization import descended_weights, neumann_hypergradient
from reference.bilevel_optimization.implicit import Loss
from reference.linear_regression import ridge_solution
from reference.pytrees import Scalar, Tree, plus_multiple

# --- Tuning while training -----------------------------------------------------------------------


def alternating_iterates(
    inner_loss: Loss,
    outer_loss: Loss,
    w_0: Tree,
    theta_0: Tree,
    *,
    inner_step_size: Scalar | float,
    outer_step_size: Scalar | float,
    num_inner_steps: int,
    num_terms: int,
    num_outer_steps: int,
) -> tuple[Tree, Tree]:
    """w and theta after each outer step (a first axis in every leaf), the start included.

    An outer step is num_inner_steps of gradient descent from the last w, then a step along the
    Neumann hypergradient with num_terms at the new w; the series uses inner_step_size as well.
    Hypergradients are exact only once w has caught up with theta, so outer steps are small
    beside inner ones. Cost: num_inner_steps + 2 num_terms + 3 gradients an outer step.
    Source: Lorraine et al. (2020), algorithm 1.
    """

    def advance(carry: tuple[Tree, Tree], _: None) -> tuple[tuple[Tree, Tree], tuple[Tree, Tree]]:
        w, theta = carry
        w = descended_weights(inner_loss, w, theta, inner_step_size, num_inner_steps)
        hypergradient = neumann_hypergradient(
            inner_loss, outer_loss, w, theta, inner_step_size, num_terms
        ).hypergradient
        theta = plus_multiple(theta, -outer_step_size, hypergradient)
        return (w, theta), (w, theta)

    start = (w_0, theta_0)
    _, later = jax.lax.scan(advance, start, length=num_outer_steps)
    return jax.tree.map(lambda a, b: jnp.concatenate([a[None], b]), start, later)


# --- Distillation --------------------------------------------------------------------------------


def distilled_weights(
    S: Float[Array, "M D"], s: Float[Array, " M"], penalty: Scalar | float
) -> Float[Array, " D"]:
    """argmin (1/2M) |S w - s|^2 + (lambda/2) |w|^2: what training on the synthetic rows gives.

    Differentiable in all three for lambda > 0, by S^T (S S^T + M lambda I)^-1 s. For lambda = 0
    it assumes rows that are linearly independent, and gives the shortest solution.
    Cost: O(M^2 D + M^3).
    """
    K = S @ S.T + len(S) * penalty * jnp.eye(len(S), dtype=S.dtype)
    return S.T @ jnp.linalg.solve(K, s)


def distillation_loss(
    S: Float[Array, "M D"],
    s: Float[Array, " M"],
    Phi: Float[Array, "N D"],
    t: Float[Array, " N"],
    penalty: Scalar | float,
) -> Scalar:
    """(1/2N) |Phi w*(S, s) - t|^2: the loss on real data of a model that saw synthetic data only.

    Cost: that of `distilled_weights`, and O(N D).
    """
    return jnp.mean((Phi @ distilled_weights(S, s, penalty) - t) ** 2) / 2


def distillation_hypergradients(
    S: Float[Array, "M D"],
    s: Float[Array, " M"],
    Phi: Float[Array, "N D"],
    t: Float[Array, " N"],
    penalty: Scalar | float,
    *,
    step_size: Scalar | float,
    num_terms: int,
) -> tuple[Float[Array, "M D"], Float[Array, " M"]]:
    """Derivatives of `distillation_loss` in S and s, by a Neumann series at the trained weights.

    Assumes step_size below 2 over the largest eigenvalue of S^T S / M + lambda I; the error
    falls as (1 - step_size lambda)^num_terms where M < D. Nothing is differentiated through the
    solver. Cost: two products with S a term. Source: Lorraine et al. (2020), algorithm 2.
    """

    def inner_loss(w: Array, synthetic: tuple[Array, Array]) -> Scalar:
        S, s = synthetic
        return jnp.mean((S @ w - s) ** 2) / 2 + penalty * w @ w / 2

    def outer_loss(w: Array, synthetic: tuple[Array, Array]) -> Scalar:
        return jnp.mean((Phi @ w - t) ** 2) / 2

    w = ridge_solution(S, s, penalty)
    return neumann_hypergradient(
        inner_loss, outer_loss, w, (S, s), step_size, num_terms
    ).hypergradient


def distilled_targets(
    S: Float[Array, "M D"], w: Float[Array, " D"], penalty: Scalar | float
) -> Float[Array, " M"]:
    """s = S w + M lambda (S^T)^+ w: targets on which training gives w, exactly.

    Assumes independent rows with w in their span; otherwise w is first projected onto that.
    One row will do, along w. The second term undoes the shrinkage by the penalty.
    Cost: one SVD.
    """
    return S @ w + len(S) * penalty * (jnp.linalg.pinv(S).T @ w)


# --- Augmentation --------------------------------------------------------------------------------


def augmented_inputs(
    key: Key[Array, ""], Phi: Float[Array, "N D"], L: Float[Array, "D E"]
) -> Float[Array, "N D"]:
    """x_n + L e_n with e_n ~ N(0, I) in E dimensions: a linear augmentation network, weights L."""
    noise = jax.random.normal(key, (len(Phi), L.shape[1]), Phi.dtype)
    return Phi + noise @ L.T


def augmented_loss(
    w: Float[Array, " D"],
    L: Float[Array, "D E"],
    Phi: Float[Array, "N D"],
    t: Float[Array, " N"],
) -> Scalar:
    """E (1/2N) |(augmented Phi) w - t|^2 = (1/2N) |Phi w - t|^2 + 1/2 |L^T w|^2, exactly.

    Training with noise is Tikhonov regularisation; here without the usual small-noise
    approximation, for the model is linear. Source: Bishop (1995), for small noise.
    """
    return jnp.mean((Phi @ w - t) ** 2) / 2 + jnp.sum((L.T @ w) ** 2) / 2


def augmented_weights(
    L: Float[Array, "D E"], Phi: Float[Array, "N D"], t: Float[Array, " N"]
) -> Float[Array, " D"]:
    """argmin_w of `augmented_loss` = (Phi^T Phi / N + L L^T)^-1 Phi^T t / N.

    Assumes that matrix regular. Differentiable in L: the best response to an augmentation.
    Cost: O(N D^2 + D^3).
    """
    return jnp.linalg.solve(Phi.T @ Phi / len(Phi) + L @ L.T, Phi.T @ t / len(Phi))
