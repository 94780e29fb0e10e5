"""Lecture 7: steps to a target loss against the batch size, on the noisy quadratic model.

    python docs/figures/steps_and_batch_size.py [figure.svg]

Curvatures 1/i, gradient noise of the same variances, and the best constant step size for every
batch size.
"""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from matplotlib.figure import Figure
from style import BLUE, GREY, VERMILLION, write

from reference.stochastic_optimization.batch_size import critical_batch_size, fewest_steps
from reference.stochastic_optimization.noisy_quadratic import NoisyQuadratic

NUM_MODES, TARGET, MAX_STEPS, STEP_SIZES = 100, 0.02, 1100, 18
BATCH_SIZES = 2.0 ** np.arange(4, 13)
MOMENTA = (0.0, 0.9)


@cache
def measurements() -> dict[str, np.ndarray]:
    """A row for each momentum: the fewest steps at every batch size, without noise, and B_crit.

    Step sizes reach up to the limit of stability, 2 (1 + beta) / h_max.
    """
    h = 1 / jnp.arange(1.0, NUM_MODES + 1)
    model = NoisyQuadratic(h, h, jnp.ones_like(h))

    @jax.jit
    def fewest(batch_size: Array, momentum: Array) -> tuple[Array, Array]:
        rates = jnp.geomspace(2e-3, 0.99, STEP_SIZES) * 2 * (1 + momentum)
        return fewest_steps(
            model, TARGET, rates, batch_size, momentum=momentum, max_steps=MAX_STEPS
        )

    def steps(batch_size: float, momentum: float) -> float:
        count, reached = fewest(jnp.asarray(batch_size), jnp.asarray(momentum))
        assert reached, f"no step size reaches the target with batches of {batch_size}"
        return float(count)

    by_size = np.array([[steps(B, momentum) for B in BATCH_SIZES] for momentum in MOMENTA])
    noiseless = np.array([steps(np.inf, momentum) for momentum in MOMENTA])
    sizes = jnp.array(BATCH_SIZES)
    critical = [
        critical_batch_size(sizes, jnp.array(row), fewest)
        for row, fewest in zip(by_size, noiseless, strict=True)
    ]
    return {"steps": by_size, "noiseless": noiseless, "critical": np.array(critical)}


def main() -> None:
    """Draws the figure."""
    found = measurements()
    figure = Figure(figsize=(8, 4.8))
    axes = figure.subplots()
    first = found["steps"][0, 0]
    axes.plot(
        BATCH_SIZES, first * BATCH_SIZES[0] / BATCH_SIZES, "k--", lw=1, label="∝ 1 / batch size"
    )
    looks = ((BLUE, "o"), (VERMILLION, "s"))
    for momentum, steps, noiseless, critical, (color, marker) in zip(
        MOMENTA, *found.values(), looks, strict=True
    ):
        label = f"momentum {momentum}" if momentum else "SGD"
        axes.plot(BATCH_SIZES, steps, marker=marker, color=color, label=label)
        axes.axhline(noiseless, color=color, linestyle=":", linewidth=1.2)
        axes.plot(critical, 2 * noiseless, "*", color=color, ms=16, mec="black", zorder=3)
        axes.annotate(
            f"critical size {critical:.0f}",
            (critical, 2 * noiseless),
            xytext=(10, 8) if not momentum else (-10, -18),
            ha="left" if not momentum else "right",
            textcoords="offset points",
            color=GREY,
        )
    axes.plot([], ":", color=GREY, label="without noise")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_ylim(20, 1.4 * first)
    axes.set_xticks(BATCH_SIZES, [f"{B:.0f}" for B in BATCH_SIZES])
    axes.set_xlabel("batch size (examples a step)")
    axes.set_ylabel(f"steps until the expected loss is {TARGET:g}")
    axes.set_title("Larger batches save steps up to a critical size, which momentum raises")
    axes.legend()
    write(figure, __file__)


if __name__ == "__main__":
    main()
