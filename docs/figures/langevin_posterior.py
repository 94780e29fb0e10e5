"""Lecture 8: what stochastic gradient Langevin dynamics samples, beside the exact posterior.

    python docs/figures/langevin_posterior.py [figure.svg]

A line fitted to few points has a Gaussian posterior; SGLD at two step sizes samples from nearly
that, or from something wider.
"""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure
from style import BLUE, VERMILLION, write

from reference.bayesian_inference.langevin import batch_gradient, langevin_iterates
from reference.bayesian_inference.linear_gaussian import linear_posterior
from reference.pytrees import Tree

NUM_EXAMPLES, BATCH_SIZE, NOISE_STD, PRIOR_STD = 40, 10, 0.5, 2.0
NUM_STEPS, BURN_IN, EVERY = 60_000, 2_000, 250  # one in EVERY is drawn, all are counted
RELATIVE_STEP_SIZES = (0.02, 0.5)  # times 1 / the largest eigenvalue of the precision


def loss(w: Tree, batch: Tree) -> jax.Array:
    """The mean negative log-likelihood of a batch, without its constant."""
    Phi, t = batch
    return jnp.mean((t - Phi @ w) ** 2) / (2 * NOISE_STD**2)


@cache
def measurements() -> dict[str, np.ndarray]:
    """The posterior's mean and covariance, and the samples at each step size."""
    keys = jax.random.split(jax.random.key(0), 3)
    x = jax.random.uniform(keys[0], (NUM_EXAMPLES,), minval=-0.5, maxval=1.5)
    Phi = jnp.stack([jnp.ones_like(x), x], axis=1)
    t = Phi @ jnp.array([0.5, -1.0]) + NOISE_STD * jax.random.normal(keys[1], x.shape)
    mean, precision = linear_posterior(Phi, t, NOISE_STD, PRIOR_STD)

    @jax.jit
    @jax.vmap
    def iterates(step_size: jax.Array) -> jax.Array:
        def gradient(key: jax.Array, w: Tree) -> Tree:
            return batch_gradient(key, loss, w, (Phi, t), BATCH_SIZE, PRIOR_STD)

        return langevin_iterates(keys[2], gradient, mean, step_size, NUM_STEPS)

    samples = iterates(jnp.array(RELATIVE_STEP_SIZES) / jnp.linalg.eigvalsh(precision)[-1])
    return {
        "mean": np.asarray(mean),
        "covariance": np.linalg.inv(precision),
        "samples": np.asarray(samples)[:, BURN_IN:],
    }


def ellipse(mean: np.ndarray, covariance: np.ndarray, radius: float) -> np.ndarray:
    """The points `radius` standard deviations away from the mean."""
    angles = np.linspace(0, 2 * np.pi, 100)
    circle = np.stack([np.cos(angles), np.sin(angles)])
    return mean[:, None] + radius * np.linalg.cholesky(covariance) @ circle


def main() -> None:
    """Draws the figure."""
    mean, covariance, runs = measurements().values()
    figure = Figure()
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    for axes, relative, samples in zip(panels, RELATIVE_STEP_SIZES, runs, strict=True):
        axes.plot(*samples[::EVERY].T, ".", color=BLUE, ms=3, alpha=0.4, label="SGLD samples")
        for radius in (1, 2):
            labels = ("posterior, 1 and 2 std", "samples, 1 and 2 std") if radius == 1 else ("", "")
            axes.plot(*ellipse(mean, covariance, radius), "k-", label=labels[0])
            of_samples = ellipse(samples.mean(0), np.cov(samples.T), radius)
            axes.plot(*of_samples, "--", color=VERMILLION, lw=2, label=labels[1])
        ratios = samples.std(0) / np.sqrt(np.diag(covariance))
        axes.set_title(
            f"step size {relative:g} / largest precision\n"
            f"std {ratios[0]:.2f} and {ratios[1]:.2f} times the posterior's",
            fontsize=11,
        )
        axes.set_xlabel("intercept")
    panels[0].set_ylabel("slope")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    figure.suptitle("SGLD samples the posterior at small steps only; large ones widen it")
    write(figure, __file__)


if __name__ == "__main__":
    main()
