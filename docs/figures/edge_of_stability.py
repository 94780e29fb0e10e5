"""Edge of stability (Cohen et al., 2021): the sharpness rises to 2 / step size and stays there.

    python docs/figures/edge_of_stability.py [figure.svg]

Full-batch descent on a tanh network that fits 16 points of a curve, from several random starts;
late in the run the step size is halved.
"""

from functools import cache

import jax
import jax.numpy as jnp
from jaxtyping import Array
from matplotlib.figure import Figure
from style import BLUE, GREEN, GREY, ORANGE, PALE, VERMILLION, write

from reference.papers.edge_of_stability import descent_with_sharpness
from reference.problems import perceptron_outputs, perceptron_parameters
from reference.pytrees import Scalar, Tree

WIDTHS, SEEDS, SHRINKAGE = (1, 16, 16, 1), 5, 0.6  # of the first weights: to start well below 2
STEP_SIZE, STEPS, DROP, EVERY = 0.2, 4480, 2560, 40


def loss(w: Tree) -> Scalar:
    """Half the mean squared error."""
    x = jnp.linspace(-1, 1, 16)[:, None]
    return jnp.mean((perceptron_outputs(w, x) - jnp.sin(3 * x) - jnp.cos(8 * x)) ** 2) / 2


@cache
def measurements() -> dict[str, Array]:
    """A row for each start: sharpnesses at every EVERY-th step, losses at every one."""
    step_sizes = jnp.where(jnp.arange(STEPS) < DROP, STEP_SIZE, STEP_SIZE / 2)

    @jax.jit
    @jax.vmap
    def recorded(key: Array) -> tuple[Array, Array]:
        w_0 = jax.tree.map(lambda w: SHRINKAGE * w, perceptron_parameters(key, WIDTHS))
        _, losses, sharpnesses = descent_with_sharpness(
            loss, w_0, step_sizes, sharpness_every=EVERY, num_lanczos_steps=12
        )
        return losses, sharpnesses

    losses, sharpnesses = recorded(jax.random.split(jax.random.key(0), SEEDS))
    return {
        "losses": losses,
        "steps": jnp.arange(0, STEPS + 1, EVERY),
        "step_sizes": step_sizes[jnp.minimum(jnp.arange(0, STEPS + 1, EVERY), STEPS - 1)],
        "sharpnesses": sharpnesses,
    }


def main() -> None:
    """Draws the figure."""
    losses, steps, step_sizes, sharpnesses = measurements().values()
    figure = Figure(figsize=(8, 5.6))
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    colors = (BLUE, VERMILLION, GREEN, ORANGE, GREY)
    for run, (color, row) in enumerate(zip(colors, sharpnesses, strict=True)):
        label = f"{SEEDS} random starts" if not run else None
        upper.plot(steps, row, color=color, lw=1.1, label=label)
        lower.plot(jnp.arange(0, STEPS, 5), losses[run, :-1:5], color=color, lw=0.8)
    upper.plot(steps, 2 / step_sizes, "k--", lw=1.8, drawstyle="steps-post", label="2 / step size")
    upper.set_ylim(0, 1.15 * 2 / (STEP_SIZE / 2))
    upper.set_ylabel("sharpness (largest eigenvalue)")
    upper.legend(loc="upper left")
    for axes in (upper, lower):
        axes.axvline(DROP, color=PALE, zorder=0)
    upper.annotate(
        f"step size\n{STEP_SIZE} → {STEP_SIZE / 2}", (DROP - 60, 15.5), ha="right", color=GREY
    )
    lower.set_yscale("log")
    lower.set_ylabel("training loss")
    lower.set_xlabel("step of full-batch gradient descent")
    figure.suptitle(
        "Sharpness rises to 2 / step size and hovers there; halve the step and it rises again"
    )
    write(figure, __file__)


if __name__ == "__main__":
    main()
