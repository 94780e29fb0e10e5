"""Paper: Sutskever et al. (2013), on the importance of initialization and momentum.

    v_{t+1} = mu_t v_t - eps grad f(theta_t + mu_t v_t),      theta_{t+1} = theta_t + v_{t+1}
    mu_t = min(1 - 2^{-1 - log2(floor(t / 250) + 1)}, mu_max)

Nesterov's method as a correction of the heavy ball: the gradient is taken after the velocity has
moved the parameters, not before. On a quadratic, a mode of curvature lambda then sees a heavy ball
with momentum mu (1 - eps lambda), less where the heavy ball would swing. The schedule raises the
momentum, 1/2 at first, as 1 - 1/(2 n) in the n-th stretch of 250 steps. The sparse initialisation
gives each unit few incoming weights of unit size, however many inputs there are.

    >>> [round(float(momentum_at(jnp.array(t), maximum=0.99)), 4) for t in (0, 249, 250, 10**5)]
    [0.5, 0.5, 0.75, 0.99]

Source: Sutskever, Martens, Dahl and Hinton (2013), sections 2 and 3; Martens (2010), the sparse
initialisation.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, Key

from reference.momentum import nesterov_iterates
from reference.pytrees import Scalar, Tree


class _State(NamedTuple):
    v: Any
    t: Int[Array, ""]


def momentum_at(t: Int[Array, ""] | Scalar, *, maximum: Scalar | float) -> Scalar:
    """mu_t = min(1 - 2^{-1 - log2(floor(t/250) + 1)}, mu_max).

    That is 1 - 1/(2 n) in the n-th stretch of 250 updates, t counting them from 0. A float t keeps
    its dtype, an integer gives the default one. The paper's mu_max are 0 and 0.9 to 0.999.
    Source: Sutskever et al. (2013), section 3.
    """
    stretch = t // 250 + 1
    return jnp.minimum(1 - 1 / (2 * stretch), maximum)


def scheduled_nesterov_iterates(
    loss: Callable[[Tree], Scalar],
    theta_0: Tree,
    step_size: Scalar | float,
    num_steps: int,
    *,
    maximum: Scalar | float,
) -> Tree:
    """theta_0 .. theta_{num_steps} of the equations above, with v_0 = 0.

    Along a new first axis of every leaf. v_t is theta_t - theta_{t-1}, so that this is
    `nesterov_iterates` with a schedule. Cost: `num_steps` gradients.
    """
    dtype = jnp.result_type(*jax.tree.leaves(theta_0))
    momenta = momentum_at(jnp.arange(num_steps, dtype=dtype), maximum=maximum)
    return nesterov_iterates(loss, theta_0, step_size, momenta, num_steps)


def scheduled_nesterov_optimizer(
    step_size: Scalar | float, *, maximum: Scalar | float
) -> optax.GradientTransformation:
    """v' = mu_t v - eps g and the update mu_{t+1} v' - eps g, of the look-ahead points.

    A training loop takes gradients at its parameters, so these are y_t = theta_t + mu_t v_t, from
    y_0 = theta_0; y_{t+1} - y_t = v' + mu_{t+1} v' - mu_t v. The state holds v and t.
    Cost: one gradient a step, and the memory of one.
    """

    def led(v: Any, g: Any, momentum: Scalar) -> Any:
        return jax.tree.map(lambda v, g: (momentum * v - step_size * g).astype(v.dtype), v, g)

    def init(params: Any) -> Any:
        return _State(jax.tree.map(jnp.zeros_like, params), jnp.zeros((), jnp.int32))

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        del params
        t = state.t + 1
        v = led(state.v, updates, momentum_at(state.t, maximum=maximum))
        return led(v, updates, momentum_at(t, maximum=maximum)), _State(v, t)

    return optax.GradientTransformation(init, update)


def effective_momentum(
    curvatures: Float[Array, " D"], step_size: Scalar | float, momentum: Scalar | float
) -> Float[Array, " D"]:
    """mu (1 - eps lambda_j): Nesterov's method on a quadratic is a heavy ball with these momenta.

    In the eigenvectors of the Hessian, a mode each, with the same step size. Negative where
    eps lambda > 1. Source: Sutskever et al. (2013), section 2, theorem on quadratics.

    >>> print(effective_momentum(jnp.array([0.0, 1.0, 2.0]), 0.5, 0.5))
    [0.5  0.25 0.  ]
    """
    return momentum * (1 - step_size * curvatures)


def sparse_weights(
    key: Key[Array, ""],
    num_inputs: int,
    num_units: int,
    *,
    connections: int = 15,
    scale: Scalar | float = 1.0,
    dtype: jnp.dtype | type = float,
) -> Float[Array, "num_inputs num_units"]:
    """Each unit has `connections` incoming weights ~ scale N(0, 1) and no others: (in, out).

    Which ones is uniform, without replacement, and independent between units; all of them, if there
    are no more inputs than that. A unit's input then has variance `connections` scale^2 whatever
    the width, while units do not all see the same. Biases start at 0; for tanh units
    the paper takes scale 0.25 and biases of 0.5. Source: Martens (2010).
    """
    shape = num_inputs, num_units
    key_of_places, key_of_sizes = jax.random.split(key)
    # The places of the smallest of independent uniform numbers are a uniform choice.
    order = jnp.argsort(jax.random.uniform(key_of_places, shape, jnp.float32), axis=0)
    ranks = jnp.argsort(order, axis=0)
    sizes = scale * jax.random.normal(key_of_sizes, shape, dtype)
    return jnp.where(ranks < connections, sizes, 0)
