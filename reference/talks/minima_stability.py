"""Talk: minima at which gradient descent can stay are smooth functions.

Near a minimum, to first order, descent multiplies the error by I - step H: it can stay only if
lambda_max(H) <= 2 / step. For a network of one input that fits its examples, with loss 1/2 mean
square,

    f(x) = sum_j a_j relu(w_j x + b_j) + c,    sum_j |a_j w_j| g(-b_j / w_j) <= 1/step - 1/2

where g falls to 0 at the ends of the data. |a_j w_j| is the jump of the slope at the kink
-b_j / w_j: the sum is the integral of g |f''|. No norm of weights is penalised anywhere.

Letters: J hidden units; w = {"inputs": w_j, "biases": b_j, "outputs": a_j, "offset": c}.

    >>> left, right = smoothness_weights(jnp.array([0.0]), jnp.array([-1.0, 0.0, 1.0]))
    >>> print(f"{left[0]:.4f} {right[0]:.4f}")
    0.1571 0.1571

Source: Mulayoff, Michaeli and Soudry (2021), minima stability of shallow univariate networks.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.pytrees import Scalar, Tree, as_vector, on_vectors

# --- Stability -----------------------------------------------------------------------------------


def linearised_growth(hessian: Float[Array, "P P"], step_size: Scalar | float) -> Scalar:
    """max |1 - step lambda(H)|: what the error near a minimum is multiplied with in a step.

    At most 1, which is stable, if and only if 0 <= lambda <= 2 / step for all. Cost: eigh.
    """
    return jnp.max(jnp.abs(1 - step_size * jnp.linalg.eigvalsh(hessian)))


def network_outputs(w: Tree, x: Float[Array, " N"]) -> Float[Array, " N"]:
    """f(x_n) = sum_j a_j relu(w_j x_n + b_j) + c."""
    hidden = jax.nn.relu(jnp.outer(x, w["inputs"]) + w["biases"])
    return hidden @ w["outputs"] + w["offset"]


def interpolating_sharpness(w: Tree, x: Float[Array, " N"]) -> Scalar:
    """lambda_max((1/N) sum_n grad f(x_n) grad f(x_n)^T).

    That is the Hessian's of (1/N) sum 1/2 (f(x_n) - y_n)^2 wherever f(x_n) = y_n and no example
    is on a kink. Cost: J of N x P by reverse mode, and eigh of J J^T.
    """
    outputs = on_vectors(lambda w: network_outputs(w, x), like=w)
    J = jax.jacrev(outputs)(as_vector(w))
    return jnp.linalg.eigvalsh(J @ J.T / len(x))[-1]


# --- Smoothness ----------------------------------------------------------------------------------


def smoothness_weights(
    t: Float[Array, " S"], x: Float[Array, " N"]
) -> tuple[Float[Array, " S"], Float[Array, " S"]]:
    """g of units active left, x < t, and right, x > t; each is P^2 E|x - t| sqrt(1 + (E x)^2).

    P is the fraction of examples on that side, E the mean over them; 0 if there are none.
    """

    def weights(side: int) -> Array:
        distances = jax.nn.relu(side * (x - t[:, None]))
        active = (distances > 0).astype(x.dtype)
        # Means over all examples hold a factor P each.
        return jnp.mean(distances, axis=1) * jnp.hypot(
            jnp.mean(active, axis=1), jnp.mean(active * x, axis=1)
        )

    return weights(-1), weights(1)


def weighted_path_norm(w: Tree, x: Float[Array, " N"]) -> Scalar:
    """sum_j |a_j w_j| g_j(-b_j / w_j) <= (lambda - 1) / 2, g_j of the side where unit j is active.

    lambda is `interpolating_sharpness`; it is at least |mean_n grad f(x_n)|^2, in which c has 1
    and unit j

        (mean relu)^2 + a_j^2 ((mean x active)^2 + (mean active)^2) >= 2 |a_j w_j| g_j

    because mean relu = |w_j| mean |x - t| over the active. Exact for one example and units that
    are balanced. Units with w_j = 0 have no kink and are left out.
    """
    left, right = smoothness_weights(_kinks(w), x)
    return jnp.abs(w["outputs"] * w["inputs"]) @ jnp.where(w["inputs"] > 0, right, left)


def weighted_curvature(w: Tree, x: Float[Array, " N"]) -> Scalar:
    """sum_j |a_j w_j| min(g_left, g_right)(-b_j / w_j), at most `weighted_path_norm`.

    It is the integral of g |f''| with g the lesser, hence of f alone, as long as no two units of
    opposite jumps share a kink (and an upper bound of it if they do).
    """
    left, right = smoothness_weights(_kinks(w), x)
    return jnp.abs(w["outputs"] * w["inputs"]) @ jnp.minimum(left, right)


def stable_curvature_bound(step_size: Float[Array, " S"]) -> Float[Array, " S"]:
    """1/step - 1/2 >= `weighted_path_norm` of networks that fit all examples and are stable.

    From lambda <= 2 / step. Negative for steps above 2: no such minimum is stable, the offset
    alone having curvature 1.
    """
    return 1 / step_size - 0.5


def _kinks(w: Tree) -> Array:
    # A unit that ignores x is anywhere: its jump |a_j w_j| is 0.
    return -w["biases"] / jnp.where(w["inputs"] == 0, 1, w["inputs"])
