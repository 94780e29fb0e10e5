"""Talk: gradient descent on separable data finds the largest margin, slowly.

The logistic loss (1/N) sum log(1 + exp(-y_n x_n^T w)) of separable data has no minimum; descent
lets w grow for ever, along the hard-margin support vector solution:

    w_k = w_svm log k + w_rest + o(1),     w_svm = argmin |w|^2  with  y_n x_n^T w >= 1

so the loss falls as 1/k while direction and margin err by 1 / log k. With w_svm = sum_n
alpha_n y_n x_n, the rest has y_n x_n^T w_rest = log(step / (N alpha_n)) at the support vectors.
Steps divided by the loss go about the same way, exponentially faster. y_n = +-1, no bias.

    >>> X, y = jnp.array([[2.0, 1.0], [2.0, -1.0]]), jnp.ones(2)
    >>> print(maximum_margin(X, y, num_steps=100).weights.round(3))
    [0.5 0. ]

Source: Soudry et al. (2018), theorem on the L2 bias; Nacson et al. (2019), normalised steps.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.pytrees import Scalar

# --- Descent -------------------------------------------------------------------------------------


def logistic_loss(w: Float[Array, " D"], X: Float[Array, "N D"], y: Float[Array, " N"]) -> Scalar:
    """(1/N) sum log(1 + exp(-y_n x_n^T w)), without overflow."""
    return jnp.mean(jax.nn.softplus(-y * (X @ w)))


def logistic_descent_iterates(
    X: Float[Array, "N D"],
    y: Float[Array, " N"],
    w_0: Float[Array, " D"],
    step_size: Scalar | float,
    num_steps: int,
    *,
    normalised: bool = False,
) -> Float[Array, "T D"]:
    """w_{k+1} = w_k - alpha grad, or alpha grad / loss if `normalised`; k = 0 .. num_steps.

    A plain step is stable for alpha < 8 N / |X|_2^2, the loss being curved by at most 1/4 a
    margin. A normalised one moves by about alpha, however small the loss has become.
    Cost: one gradient a step.
    """

    def advance(w: Array, _: None) -> tuple[Array, Array]:
        loss, gradient = jax.value_and_grad(logistic_loss)(w, X, y)
        w = w - step_size * gradient / (loss if normalised else 1)
        return w, w

    return jnp.concatenate([w_0[None], jax.lax.scan(advance, w_0, length=num_steps)[1]])


def margin(w: Float[Array, " D"], X: Float[Array, "N D"], y: Float[Array, " N"]) -> Scalar:
    """min_n y_n x_n^T w / |w|: the least distance of an example, negative on the wrong side."""
    return jnp.min(y * (X @ w)) / jnp.linalg.norm(w)


# --- Where it goes -------------------------------------------------------------------------------


class MaximumMargin(NamedTuple):
    """w_svm, its alpha_n >= 0, and the duality gap: |w_svm|^2 is the least to within twice it.

    The gap is that of w_svm scaled up to satisfy all constraints; it is infinite if none does.
    """

    weights: Float[Array, " D"]
    multipliers: Float[Array, " N"]
    duality_gap: Scalar


def maximum_margin(
    X: Float[Array, "N D"], y: Float[Array, " N"], *, num_steps: int
) -> MaximumMargin:
    """argmin 1/2 |w|^2 with y_n x_n^T w >= 1, by its dual: sum alpha - 1/2 |sum alpha_n y_n x_n|^2.

    Projected gradient ascent with Nesterov's momentum on alpha >= 0. On data that is not
    separable alpha grows for ever and the gap stays infinite. Cost: two products with X a step.
    """
    Z = y[:, None] * X
    step_size = 1 / jnp.linalg.svd(Z, compute_uv=False)[0] ** 2

    def ascend(k: Array, state: tuple[Array, Array]) -> tuple[Array, Array]:
        alpha, ahead = state
        moved = jnp.maximum(ahead + step_size * (1 - Z @ (ahead @ Z)), 0)
        return moved, moved + k / (k + 3) * (moved - alpha)

    start = jnp.zeros_like(y)
    alpha, _ = jax.lax.fori_loop(0, num_steps, ascend, (start, start))
    w = alpha @ Z
    least = jnp.min(Z @ w)
    primal = jnp.where(least > 0, w @ w / (2 * least**2), jnp.inf)
    return MaximumMargin(w, alpha, primal - (jnp.sum(alpha) - w @ w / 2))


def asymptotic_weights(
    X: Float[Array, "N D"],
    y: Float[Array, " N"],
    multipliers: Float[Array, " N"],
    step_size: Scalar | float,
    steps: Float[Array, " T"],
) -> Float[Array, "T D"]:
    """w_svm log k + w_rest for k in `steps`, to which the plain iterates converge.

    w_rest is the shortest with y_n x_n^T w_rest = log(step / (N alpha_n)) at alpha_n > 0; what the
    iterates have orthogonal to the support vectors, and keep, depends on w_0 and is left out.
    Assumes the support vectors linearly independent, each with alpha_n > 0, as random data has.
    Why: to grow as w_svm log k, w must gain alpha_n y_n x_n / k, which is what the gradient gives
    if (step / N) exp(-y_n x_n^T w_k) = alpha_n / k. A deviation d from it then obeys
    k d' = -(sum_n alpha_n x_n x_n^T) d, and so falls as a power of k: the least eigenvalue within
    the span, at most 1 (its value at w_svm), and sometimes far less. Cost: one SVD.
    """
    Z, support = y[:, None] * X, multipliers > 0
    targets = jnp.log(step_size / (len(y) * jnp.where(support, multipliers, 1)))
    rest = jnp.linalg.pinv(Z * support[:, None]) @ (targets * support)
    return jnp.log(steps)[:, None] * (multipliers @ Z) + rest
