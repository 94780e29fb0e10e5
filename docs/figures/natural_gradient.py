"""Lecture 3: the path of natural gradient does not depend on the coordinates, that of GD does.

    python docs/figures/natural_gradient.py [figure.svg]

Logistic regression on two inputs, in w and in v with w = T v; what happens to v is drawn in the
coordinates w.
"""

from functools import cache, partial

import jax
import jax.numpy as jnp
from jaxtyping import Array
from matplotlib.figure import Figure
from style import BLUE, PALE, VERMILLION, write

from reference.metrics.fisher import negative_log_likelihoods
from reference.metrics.natural_gradients import natural_gradient_descent_iterates
from reference.pytrees import Scalar

EXAMPLES, STEPS = 60, 40
STEP_SIZE, NATURAL_STEP_SIZE = 0.4, 0.1
T = jnp.array([[1.2, 0.8], [0.0, 0.4]])
W_0 = jnp.array([-1.5, 1.5])


def logits_fn(w: Array, inputs: Array) -> Array:
    """Of the two classes, the second one's logit being 0."""
    z = inputs @ w
    return jnp.stack([z, jnp.zeros_like(z)], axis=1)


def task() -> tuple[Array, Array]:
    """Normal inputs, and labels drawn from the model at (1, 0.5)."""
    of_inputs, of_labels = jax.random.split(jax.random.key(0))
    inputs = jax.random.normal(of_inputs, (EXAMPLES, 2))
    return inputs, jax.random.categorical(of_labels, logits_fn(jnp.array([1.0, 0.5]), inputs))


def mean_loss(w: Array) -> Scalar:
    """The mean negative log-likelihood, in nats."""
    inputs, labels = task()
    return jnp.mean(negative_log_likelihoods(logits_fn(w, inputs), labels))


@jax.jit
def descent_path(T: Array) -> Array:
    """w = T v along gradient descent on v."""

    def advance(v: Array, _: None) -> tuple[Array, Array]:
        return v - STEP_SIZE * jax.grad(lambda v: mean_loss(T @ v))(v), v

    return jax.lax.scan(advance, jnp.linalg.solve(T, W_0), length=STEPS + 1)[1] @ T.T


@partial(jax.jit, static_argnames="num_steps")
def natural_path(T: Array, num_steps: int) -> Array:
    """w = T v along natural gradient descent on v."""

    def logits_of_v(v: Array, inputs: Array) -> Array:
        return logits_fn(T @ v, inputs)

    v_0 = jnp.linalg.solve(T, W_0)
    vs = natural_gradient_descent_iterates(logits_of_v, v_0, *task(), NATURAL_STEP_SIZE, num_steps)
    return vs @ T.T


@cache
def measurements() -> dict[str, Array]:
    """Both methods' paths (in w, then in v) as points w, and the minimum."""
    spaces = (jnp.eye(2), T)
    return {
        "gradient descent": jnp.stack([descent_path(S) for S in spaces]),
        "natural gradient": jnp.stack([natural_path(S, STEPS) for S in spaces]),
        "minimum": natural_path(jnp.eye(2), 5 * STEPS)[-1],
    }


def main() -> None:
    """Draws the figure."""
    x, y = jnp.linspace(-2.3, 2.5, 60), jnp.linspace(-0.8, 2.1, 60)
    grid = jnp.stack(jnp.meshgrid(x, y), axis=-1).reshape(-1, 2)
    losses = jax.jit(jax.vmap(mean_loss))(grid).reshape(60, 60)
    found = dict(measurements())
    minimum = found.pop("minimum")
    figure = Figure(figsize=(8, 4))
    panels = figure.subplots(1, 2, sharey=True)
    for axes, (name, (in_w, in_v)) in zip(panels, found.items(), strict=True):
        axes.contour(x, y, losses, levels=12, colors=PALE, linewidths=0.8)
        axes.plot(*in_w.T, "o-", color=BLUE, ms=6, mfc="none", label="steps in w")
        axes.plot(*in_v.T, ".-", color=VERMILLION, ms=5, lw=1, label="steps in v, w = T v")
        axes.plot(*minimum, "k*", ms=11, label="minimum of the loss")
        axes.set_xlabel("weight $w_1$ (logit / input)")
        axes.set_title(name, fontsize=11)
    panels[0].set_ylabel("weight $w_2$ (logit / input)")
    panels[0].legend(loc="lower left", frameon=True, framealpha=1, edgecolor="none")
    figure.suptitle("Only natural gradient takes the same path in both coordinate systems")
    write(figure, __file__)


if __name__ == "__main__":
    main()
