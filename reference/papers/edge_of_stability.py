"""Paper: Cohen et al. (2021), gradient descent at the edge of stability.

    sharpness(w) = lambda_max(H(w)),      edge: 2 / eta,      w' = w - eta grad f(w)

On a quadratic, descent diverges once the sharpness exceeds 2 / eta. Training a network by full
batches, the sharpness first rises (progressive sharpening) until it reaches 2 / eta, and then
stays there, a little above, while the loss goes down over many steps and up over some. Lowering
the step size moves the edge up, and the sharpness follows.

`descent_with_sharpness` records a run. The smallest model of it is f(u, v) = (1 - u v)^2 / 2, in
which descent ends at a point u v = 1 that is stable: sharpness u^2 + v^2 below 2 / eta.

    >>> loss = lambda w: scalar_product_loss(w[0], w[1])
    >>> run = descent_with_sharpness(
    ...     loss,
    ...     jnp.array([0.3, 2.0]),
    ...     jnp.full(300, 0.6),
    ...     sharpness_every=100,
    ...     num_lanczos_steps=2,
    ... )
    >>> bool(run.losses[-1] < 1e-6), bool(run.sharpnesses[-1] < 2 / 0.6)
    (True, True)

Source: Cohen, Kaur, Li, Kolter and Talwalkar (2021). The scalar model is folklore; its sharpness
here is derived.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.pytrees import Scalar, Tree, plus_multiple
from reference.taylor import gauss_quadrature, hessian_vector_product


class RecordedDescent(NamedTuple):
    """The last parameters, the losses of all iterates, the sharpnesses of every m-th from w_0."""

    parameters: Tree
    losses: Float[Array, " T"]
    sharpnesses: Float[Array, " M"]


def sharpness(
    loss: Callable[[Tree], Scalar], w: Tree, v: Tree, *, num_lanczos_steps: int
) -> Scalar:
    """lambda_max(H(w)) by Lanczos from the direction v: a lower bound, soon exact.

    Algebraically largest: a negative eigenvalue of larger size does not mislead it. v, shaped as w
    and not 0, must have a part along the eigenvector; exact after P steps at most.
    Cost: a Hessian-vector product a step.
    """
    spectrum = gauss_quadrature(lambda u: hessian_vector_product(loss, w, u), v, num_lanczos_steps)
    # A weight of 0 marks a node left over; one that is NaN, a loss that has diverged.
    return jnp.max(jnp.where(spectrum.weights == 0, -jnp.inf, spectrum.nodes))


def descent_with_sharpness(
    loss: Callable[[Tree], Scalar],
    w_0: Tree,
    step_sizes: Float[Array, " num_steps"],
    *,
    sharpness_every: int,
    num_lanczos_steps: int,
) -> RecordedDescent:
    """w_{k+1} = w_k - eta_k grad f(w_k), with the loss of every iterate and the sharpness of some.

    Full-batch, no momentum. Lanczos starts from the gradient, which the unstable direction
    dominates at the edge. `sharpness_every` divides the number of steps.
    Cost: a gradient a step, and `num_lanczos_steps` Hessian-vector products a sharpness.
    """

    def advance(w: Tree, step_size: Scalar) -> tuple[Tree, Scalar]:
        value, g = jax.value_and_grad(loss)(w)
        return plus_multiple(w, -step_size, g), value

    def recorded(w: Tree) -> Scalar:
        return sharpness(loss, w, jax.grad(loss)(w), num_lanczos_steps=num_lanczos_steps)

    def advance_many(w: Tree, step_sizes: Array) -> tuple[Tree, tuple[Array, Scalar]]:
        moved, losses = jax.lax.scan(advance, w, step_sizes)
        return moved, (losses, recorded(w))

    w, (losses, sharpnesses) = jax.lax.scan(
        advance_many, w_0, step_sizes.reshape(-1, sharpness_every)
    )
    return RecordedDescent(
        w, jnp.append(losses.ravel(), loss(w)), jnp.append(sharpnesses, recorded(w))
    )


def share_of_rises(losses: Float[Array, " T"]) -> Scalar:
    """The share of steps at which the loss went up; 0 for a monotone descent.

    >>> print(share_of_rises(jnp.array([3.0, 2.0, 2.5, 1.0, 0.5])))
    0.25
    """
    return jnp.mean(losses[1:] > losses[:-1], dtype=losses.dtype)


# --- The scalar model ----------------------------------------------------------------------------


def scalar_product_loss(u: Scalar, v: Scalar) -> Scalar:
    """f(u, v) = (1 - u v)^2 / 2: two layers of one linear unit each, one example."""
    return (1 - u * v) ** 2 / 2


def scalar_product_sharpness(u: Scalar, v: Scalar) -> Scalar:
    """(s + sqrt(s^2 - 4 d)) / 2 with s = u^2 + v^2 and d = u^2 v^2 - (2 u v - 1)^2.

    The larger eigenvalue of [[v^2, 2 u v - 1], [2 u v - 1, u^2]]; u^2 + v^2 where u v = 1, so the
    minimum at u = v is the flattest, of sharpness 2, and for eta > 1 none is stable.
    """
    off_diagonal = 2 * u * v - 1
    return (u**2 + v**2 + jnp.hypot(u**2 - v**2, 2 * off_diagonal)) / 2
