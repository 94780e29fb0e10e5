"""Lecture 12: warm starts fit an outer problem that cold starts cannot, and u does not hold it.

    python docs/figures/warm_and_cold_starts.py [figure.svg]

One inner example in two dimensions: its input is the unit vector at the angle u, its target 1, so
that a line of weights w solves the inner problem. The outer problem wants a w off the unit circle.
"""

from functools import cache

import jax
import jax.numpy as jnp
from jaxtyping import Array
from matplotlib.figure import Figure
from style import BLUE, GREEN, GREY, VERMILLION, write

from reference.best_response.warm_start import bilevel_iterates, cold_start_solutions
from reference.pytrees import Scalar

W_0, U_0, WANTED = jnp.array([0.3, -0.1]), jnp.array([0.2]), jnp.array([1.5, 1.0])
STEP_SIZE, NUM_STEPS = 0.1, 100


def problem(u: Array) -> tuple[Array, Array]:
    """Phi(u) and t(u) of the one example."""
    return jnp.stack([jnp.cos(u[0]), jnp.sin(u[0])])[None], jnp.ones(1)


def outer_loss(w: Array) -> Scalar:
    """Half the squared distance from the weights that the outer problem wants."""
    return jnp.sum((w - WANTED) ** 2) / 2


@cache
def measurements() -> dict[str, Array]:
    """Both runs' weights, all cold solutions, and the warm run's u_k trained afresh from W_0."""
    angles = jnp.linspace(0, 2 * jnp.pi, 361)[:, None]
    found = {}
    for warm in (False, True):
        us, ws = bilevel_iterates(
            problem, outer_loss, U_0, W_0, STEP_SIZE, num_steps=NUM_STEPS, warm=warm
        )
        found["warm" if warm else "cold"] = ws
        found["retrained"] = cold_start_solutions(*jax.vmap(problem)(us), W_0)
    found["reachable"] = cold_start_solutions(*jax.vmap(problem)(angles), W_0)
    return found


def main() -> None:
    """Draws the figure."""
    found = measurements()
    figure = Figure(figsize=(8, 4.2))
    plane, losses = figure.subplots(1, 2)
    plane.plot(*found["reachable"].T, color=GREY, ls=":", label="all cold starts' solutions")
    plane.plot(*found["cold"].T, "o-", color=BLUE, ms=4, lw=1, label="cold starts")
    plane.plot(*found["warm"].T, ".-", color=VERMILLION, ms=4, lw=1, label="warm starts")
    afresh = "warm run's last u, trained afresh"
    plane.plot(*found["retrained"][-1], "X", color=GREEN, ms=9, mec="black", label=afresh)
    for name, color, line, note in (
        ("cold", BLUE, "-", "cold starts"),
        ("warm", VERMILLION, "-", "warm starts"),
        ("retrained", GREEN, "--", "warm run's u, trained afresh"),
    ):
        curve = jax.vmap(outer_loss)(found[name])
        losses.plot(curve, line, color=color)
        losses.annotate(note, (NUM_STEPS, 1.25 * curve[-1]), ha="right", color=color)
    plane.plot(*WANTED, "k*", ms=12, label="wanted by the outer problem")
    plane.plot(*W_0, "k+", ms=10, mew=2, label="first weights $w_0$")
    plane.set_aspect("equal")
    plane.set_xlabel("$w_1$")
    plane.set_ylabel("$w_2$")
    losses.set_yscale("log")
    losses.set_ylim(1e-6, 5)
    losses.set_xlabel("outer step")
    losses.set_ylabel("outer loss")
    figure.legend(*plane.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    figure.suptitle("Warm starts solve the outer problem, in the weights and not in u")
    write(figure, __file__)


if __name__ == "__main__":
    main()
