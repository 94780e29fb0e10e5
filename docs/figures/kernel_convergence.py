"""Lecture 6: the tangent kernel of a random network nears its limit as 1 / sqrt(width).

    python docs/figures/kernel_convergence.py [figure.svg]

Perceptrons with two hidden layers in the NTK parameterisation; the deviation is
|Theta_n - Theta| / |Theta| in Frobenius norms.
"""

from functools import cache

import jax
import jax.numpy as jnp
from jaxtyping import Array
from matplotlib.figure import Figure
from style import BLUE, VERMILLION, write

from reference.infinite_limits.dual_activations import RELU
from reference.infinite_limits.empirical_kernel import layerwise_tangent_kernel
from reference.infinite_limits.finite_width import (
    ntk_rates,
    standard_parameters,
    unit_normal_parameters,
)
from reference.infinite_limits.neural_tangent_kernel import neural_tangent_kernel

EXAMPLES, INPUTS, DRAWS = 4, 10, 40
HIDDEN = (16, 48, 144, 432)
VARIANCES = {"weight_variance": 2.0, "bias_variance": 0.1}


def deviations(width: int, inputs: Array, limit: Array) -> Array:
    """|Theta_n - Theta| / |Theta| for DRAWS networks of this width."""

    @jax.jit
    def deviation(key: Array) -> Array:
        theta = unit_normal_parameters(key, (INPUTS, width, width, 1))
        w = standard_parameters(theta, **VARIANCES)
        rates = ntk_rates(w, **VARIANCES)
        kernel = layerwise_tangent_kernel(w, inputs, phi=jax.nn.relu, rates=rates)[:, :, 0, 0]
        return jnp.linalg.norm(kernel - limit) / jnp.linalg.norm(limit)

    return jnp.stack([deviation(key) for key in jax.random.split(jax.random.key(width), DRAWS)])


@cache
def measurements() -> dict[str, Array]:
    """The widths, and a row of deviations for each."""
    inputs = jax.random.normal(jax.random.key(0), (EXAMPLES, INPUTS))
    limit = neural_tangent_kernel(inputs, activation=RELU, num_hidden=2, **VARIANCES)
    by_width = jnp.stack([deviations(n, inputs, limit) for n in HIDDEN])
    return {"widths": jnp.array(HIDDEN), "deviations": by_width}


def main() -> None:
    """Draws the figure."""
    n, by_width = measurements().values()
    scale = jnp.median(by_width * n[:, None] ** 0.5)
    figure = Figure()
    axes = figure.subplots()
    spread = 2 ** jnp.linspace(-0.12, 0.12, DRAWS)  # side by side rather than on top of each other
    for width, row in zip(n, by_width, strict=True):
        axes.plot(width * spread, row, ".", color=BLUE, alpha=0.35, ms=4)
    label = f"median of {DRAWS} networks"
    axes.plot(n, jnp.median(by_width, axis=1), "o-", color=BLUE, ms=8, label=label)
    axes.plot(n, scale / n**0.5, "--", color=VERMILLION, label=f"{float(scale):.1f} / √width")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(HIDDEN, [str(n) for n in HIDDEN])
    axes.minorticks_off()
    axes.set_xlabel("width of both hidden layers (units)")
    axes.set_ylabel("relative deviation from the limit")
    axes.set_title("The kernel's deviation from its limit falls as 1 / √width")
    axes.legend()
    write(figure, __file__)


if __name__ == "__main__":
    main()
