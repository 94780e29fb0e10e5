"""Fixed-point numbers, and a problem, for the paper on reversible learning.

An integer q stands for the real number q / 2^24. Integers are of JAX's default type: int64 where
`jax_enable_x64` is on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

Loss = Callable[[jax.Array], jax.Array]


def to_fixed(x: jax.Array) -> jax.Array:
    """The integers nearest to 2^24 x; ties go to the even one."""
    return jnp.asarray(jnp.round(x * 2**24), int)


def to_real(q: jax.Array) -> jax.Array:
    """q / 2^24."""
    return q / 2**24


def fixed_slope(loss: Loss, w: jax.Array) -> jax.Array:
    """The gradient of `loss`, a function of real weights, at the integers w: integers as well.

    The barriers keep XLA from merging it with what is around it, which could round it otherwise in
    another program. So it gives the same bits forwards and backwards.
    """
    w_real = jax.lax.optimization_barrier(to_real(w))
    return to_fixed(jax.lax.optimization_barrier(jax.grad(loss)(w_real)))


@dataclass(frozen=True)
class TrainingRun:
    """Weights to start from, as integers, and the losses of training and of validation."""

    w_0: jax.Array
    loss: Loss
    outer_loss: Loss


def training_run(*, size: int, examples: int, seed: int) -> TrainingRun:
    """Robust regression on noisy targets: mean log cosh of the residuals, flat weights (size,).

    The validation loss is the same on other examples. Training adds 0.01 |w|^2 / 2.
    """
    rng = np.random.default_rng(seed)
    truth = rng.standard_normal(size)
    data = []
    for _ in range(2):
        X = rng.standard_normal((examples, size)) * np.sqrt(2 / size)
        data.append((jnp.asarray(X), jnp.asarray(X @ truth + 0.3 * rng.standard_normal(examples))))
    w_0 = to_fixed(jnp.asarray(rng.standard_normal(size)))
    return TrainingRun(w_0, partial(_robust, *data[0], 0.01), partial(_robust, *data[1], 0.0))


@jax.jit
def _robust(X: jax.Array, targets: jax.Array, decay: float, w: jax.Array) -> jax.Array:
    residuals = X @ w - targets
    return jnp.mean(jnp.log(jnp.cosh(residuals))) + decay * jnp.sum(w**2) / 2
