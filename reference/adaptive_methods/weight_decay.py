"""Lecture 5: weight decay, an L2 penalty, and the equilibrium of decay with normalisation.

    L2:     g = grad J(w) + lambda w, then the optimizer
    decay:  w <- w + (the optimizer's step for grad J(w)) - alpha lambda w

For gradient descent these are one. Adam divides the penalty's gradient by sqrt(v) too, so that
weights with large gradients are decayed less; AdamW decays all alike. Here, as in optax, the decay
is multiplied by the step size.

On a scale-invariant loss decay does not regularise the function; it sets the effective step
size alpha / |w|^2. The gradient is normal to w, and of length c / |w| with c that at the unit
vector w / |w|, hence

    |w'|^2 = (1 - alpha lambda)^2 |w|^2 + alpha^2 c^2 / |w|^2

If c is constant, |w|^2 goes to the fixed point of this, wherever it starts:

    |w|^4 = alpha c^2 / (lambda (2 - alpha lambda))  ~  alpha c^2 / (2 lambda)

where the direction turns by arccos(1 - alpha lambda) ~ sqrt(2 alpha lambda) a step: alpha and
lambda matter by their product only, and the loss not at all. Nearby, deviations shrink by
1 - 4 alpha lambda a step: some 1 / (4 alpha lambda) steps lead there.

    >>> print(equilibrium_norm(step_size=1.0, decay=0.4, gradient_norm=3.2).round(3))
    2.0
    >>> print(decayed_norms(jnp.array(1.0), 1.0, 0.4, 3.2, num_steps=30)[-1].round(3))
    2.0

Source: CSC2541 lecture 5; Loshchilov and Hutter (2019); van Laarhoven (2017).
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Key

from reference.adaptive_methods.adaptive import adam
from reference.adaptive_methods.normalization import tangent_component
from reference.pytrees import Scalar, Tree, inner_product, plus_multiple

# --- Penalty and decay ---------------------------------------------------------------------------


def l2_penalized(
    loss: Callable[[Tree], Scalar], *, penalty: Scalar | float
) -> Callable[[Tree], Scalar]:
    """w -> J(w) + (lambda/2) |w|^2: adds lambda w to the gradient."""
    return lambda w: loss(w) + penalty / 2 * inner_product(w, w)


def with_weight_decay(
    optimizer: optax.GradientTransformation, step_size: Scalar | float, *, decay: Scalar | float
) -> optax.GradientTransformationExtraArgs:
    """The step of `optimizer`, then - alpha lambda w, with w from before the step.

    `step_size` is alpha, which a constant `optimizer` does not disclose. `update` needs the
    parameters. Source: Loshchilov and Hutter (2019), whose lambda is our alpha lambda.
    """
    optimizer = optax.with_extra_args_support(optimizer)

    def update(updates: Tree, state: Any, params: Tree, **extra: Any) -> tuple[Tree, Any]:
        steps, state = optimizer.update(updates, state, params, **extra)
        return plus_multiple(steps, -step_size * decay, params), state

    # optax declares the parameters as optional.
    return optax.GradientTransformationExtraArgs(optimizer.init, update)  # pyright: ignore[reportArgumentType]


def adamw(
    step_size: Scalar | float,
    *,
    decay: Scalar | float,
    b1: Scalar | float = 0.9,
    b2: Scalar | float = 0.999,
    epsilon: Scalar | float = 1e-8,
) -> optax.GradientTransformationExtraArgs:
    """w <- w - alpha (m^ / (sqrt(v^) + eps) + lambda w): Adam with decoupled weight decay."""
    plain = adam(step_size, b1=b1, b2=b2, epsilon=epsilon)
    return with_weight_decay(plain, step_size, decay=decay)


# --- Equilibrium on a scale-invariant loss -------------------------------------------------------


def equilibrium_norm(
    step_size: Scalar | float, decay: Scalar | float, gradient_norm: Scalar | float
) -> Scalar:
    """|w| = (alpha c^2 / (lambda (2 - alpha lambda)))^{1/4}, with 0 < alpha lambda < 1.

    c = `gradient_norm` is that at the unit vector. The usual alpha c^2 / (2 lambda) is this to
    first order in alpha lambda.
    """
    fourth_power = step_size * gradient_norm**2 / (decay * (2 - step_size * decay))
    return jnp.asarray(fourth_power) ** 0.25


def equilibrium_angle(step_size: Scalar | float, decay: Scalar | float) -> Scalar:
    """arccos(1 - alpha lambda): how far w turns in a step at equilibrium, in radians.

    (1 - alpha lambda) w and the new w, as long as w, are a leg and the hypotenuse of a triangle
    with a right angle, its other leg the step alpha grad f.
    """
    # arccos(1 - x) = 2 arcsin(sqrt(x/2)), and keeps its digits for small x.
    return 2 * jnp.arcsin(jnp.sqrt(jnp.asarray(step_size * decay) / 2))


def decayed_norms(
    norm_0: Scalar,
    step_size: Scalar | float,
    decay: Scalar | float,
    gradient_norm: Scalar | float,
    num_steps: int,
) -> Float[Array, " T"]:
    """|w_k| for k = 0 .. num_steps, by the recursion for |w|^2 with constant c."""

    def advance(s: Scalar, _: None) -> tuple[Scalar, Scalar]:
        s = (1 - step_size * decay) ** 2 * s + (step_size * gradient_norm) ** 2 / s
        return s, s

    start = norm_0**2
    _, later = jax.lax.scan(advance, start, length=num_steps)
    return jnp.sqrt(jnp.append(start, later))


def scale_invariant_walk(
    key: Key[Array, ""],
    w_0: Float[Array, " D"],
    step_size: Scalar | float,
    decay: Scalar | float,
    gradient_norm: Scalar | float,
    num_steps: int,
) -> Float[Array, "T D"]:
    """w_{k+1} = (1 - alpha lambda) w_k - alpha g_k, for random g_k normal to w_k, D >= 2.

    A toy of training with pure gradient noise: g_k has a direction uniform among those normal
    to w_k and the length c / |w_k|, as for a scale-invariant loss. Its norms are not random.
    Cost: O(T D).
    """

    def advance(w: Array, key: Array) -> tuple[Array, Array]:
        tangent = tangent_component(w, jax.random.normal(key, w.shape, w.dtype))
        length = gradient_norm / jnp.linalg.norm(w)
        g = length * tangent / jnp.linalg.norm(tangent)
        w = (1 - step_size * decay) * w - step_size * g
        return w, w

    _, later = jax.lax.scan(advance, w_0, jax.random.split(key, num_steps))
    return jnp.concatenate([w_0[None], later])
