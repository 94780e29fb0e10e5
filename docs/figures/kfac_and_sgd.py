"""Lecture 4: K-FAC against gradient descent on an ill-conditioned regression, step by step.

    python docs/figures/kfac_and_sgd.py [figure.svg]

Both see the same mini-batches, and both have the best of their step sizes; the others are pale.
"""

from collections.abc import Callable
from functools import cache

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array
from matplotlib.figure import Figure
from style import BLUE, VERMILLION, write

from reference.problems import perceptron_parameters
from reference.pytrees import Scalar
from reference.second_order.kfac import kfac_optimizer
from reference.second_order.kronecker_factors import Likelihood, sampled_factors, tapped_perceptron

WIDTHS, EXAMPLES, BATCH, STEPS, DAMPING = (10, 20, 10, 2), 1000, 100, 400, 0.01
RATES = (0.1, 0.2, 0.4, 0.8)
METHODS = {"SGD": optax.sgd, "K-FAC": lambda rate: kfac_optimizer(rate, damping=DAMPING)}


def weights(key: Array) -> list[Array]:
    """A matrix a layer, the biases its last row."""
    layers = perceptron_parameters(key, WIDTHS)
    return [jnp.vstack([layer["weights"], layer["biases"]]) for layer in layers]


def loss(w: list[Array], inputs: Array, targets: Array) -> Scalar:
    """Half the squared error, its mean over the examples."""
    outputs, _ = tapped_perceptron(w, inputs, [0.0] * len(w))
    return jnp.sum((outputs - targets) ** 2) / (2 * len(inputs))


def losses(method: Callable, rate: Array) -> Array:
    """The loss of all examples before every step; a step sees a random batch."""
    optimizer = optax.with_extra_args_support(method(rate))
    scales = jnp.logspace(-1, 0.5, WIDTHS[0])  # standard deviations of the inputs
    inputs = 0.5 + scales * jax.random.normal(jax.random.key(0), (EXAMPLES, WIDTHS[0]))
    targets = tapped_perceptron(weights(jax.random.key(1)), inputs, [0.0] * 3)[0]

    def advance(carried: tuple, key: Array) -> tuple[tuple, Array]:
        w, state = carried
        of_batch, of_model = jax.random.split(key)
        batch = jax.random.choice(of_batch, EXAMPLES, (BATCH,), replace=False)
        x, t = inputs[batch], targets[batch]
        factors = sampled_factors(of_model, tapped_perceptron, w, x, likelihood=Likelihood.GAUSSIAN)
        steps, state = optimizer.update(jax.grad(loss)(w, x, t), state, w, factors=factors)
        return (optax.apply_updates(w, steps), state), loss(w, inputs, targets)

    w_0 = weights(jax.random.key(2))
    keys = jax.random.split(jax.random.key(3), STEPS)
    return jax.lax.scan(advance, (w_0, optimizer.init(w_0)), keys)[1]


@cache
def measurements() -> dict[str, Array]:
    """For each method a row of losses for each step size, infinite once it has diverged."""
    return {
        name: jnp.nan_to_num(
            jax.jit(jax.vmap(lambda rate, method=method: losses(method, rate)))(jnp.array(RATES)),
            nan=jnp.inf,
            posinf=jnp.inf,
        )
        for name, method in METHODS.items()
    }


def main() -> None:
    """Draws the figure."""
    figure = Figure()
    axes = figure.subplots()
    for (name, curves), color in zip(measurements().items(), (BLUE, VERMILLION), strict=True):
        # By the mean of the last quarter: a single loss is noisy.
        best = int(jnp.argmin(jnp.mean(curves[:, -STEPS // 4 :], axis=1)))
        for curve in curves:
            axes.plot(curve, color=color, alpha=0.3, linewidth=0.8)
        label = f"{name}, best step size: {RATES[best]}"
        axes.plot(curves[best], color=color, label=label)
    axes.plot([], color="0.7", linewidth=0.8, label=f"others from {RATES[0]} to {RATES[-1]}")
    axes.set_yscale("log")
    axes.set_ylim(1e-3, 5)
    axes.set_xlabel(f"step (batches of {BATCH})")
    axes.set_ylabel("loss (half squared error)")
    axes.set_title("K-FAC needs fewer steps where inputs are badly scaled")
    axes.legend()
    write(figure, __file__)


if __name__ == "__main__":
    main()
