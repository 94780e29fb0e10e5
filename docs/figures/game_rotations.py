"""Lecture 10: four methods on f(x, y) = x y, which x minimises and y maximises.

    python docs/figures/game_rotations.py [figure.svg]

The field only turns, around the equilibrium at 0.
"""

from functools import cache

import jax
import jax.numpy as jnp
from jaxtyping import Array
from matplotlib.figure import Figure
from style import BLUE, GREEN, ORANGE, VERMILLION, write

from reference.differential_games.descent_ascent import (
    alternating_descent_iterates,
    simultaneous_descent_iterates,
)
from reference.differential_games.extragradient import (
    extragradient_direction,
    optimistic_iterates,
)
from reference.differential_games.game import (
    Players,
    descent_iterates,
    simultaneous_gradient,
    zero_sum,
)

STEP_SIZE, NUM_STEPS = 0.25, 60


@cache
def measurements() -> dict[str, Array]:
    """The iterates (x, y) of every method, all from the same start."""
    losses = zero_sum(lambda x, y: x * y)

    def field(z: Players) -> Players:
        return simultaneous_gradient(losses, z)

    def ahead(z: Players) -> Players:
        return extragradient_direction(field, z, STEP_SIZE)

    @jax.jit
    def runs(z_0: Players) -> dict[str, Players]:
        return {
            "simultaneous": simultaneous_descent_iterates(losses, z_0, STEP_SIZE, NUM_STEPS),
            "alternating": alternating_descent_iterates(losses, z_0, STEP_SIZE, NUM_STEPS),
            "extragradient": descent_iterates(ahead, z_0, STEP_SIZE, NUM_STEPS),
            "optimistic": optimistic_iterates(field, z_0, STEP_SIZE, NUM_STEPS),
        }

    found = runs((jnp.array(1.0), jnp.array(0.0)))
    return {name: jnp.stack(z, axis=1) for name, z in found.items()}


def main() -> None:
    """Draws the figure."""
    figure = Figure(figsize=(8, 4.2))
    plane, distance = figure.subplots(1, 2)
    looks = {
        "simultaneous": (VERMILLION, "o-"),
        "alternating": (ORANGE, "s-"),
        "extragradient": (BLUE, "^-"),
        "optimistic": (GREEN, "v--"),
    }
    for name, (color, line) in looks.items():
        z = measurements()[name]
        plane.plot(*z.T, line, color=color, ms=3, lw=0.8)
        distance.plot(
            jnp.linalg.norm(z, axis=1), line, color=color, ms=4, lw=0.8, markevery=4, label=name
        )
    plane.plot(0, 0, "k+", ms=14, mew=2)
    plane.set_xlim(-2.6, 2.6)
    plane.set_ylim(-2.6, 2.6)
    plane.set_aspect("equal")
    plane.set_xlabel("x, which minimises")
    plane.set_ylabel("y, which maximises")
    distance.set_yscale("log")
    distance.set_yticks([0.1, 0.2, 0.5, 1, 2, 5], ["0.1", "0.2", "0.5", "1", "2", "5"])
    distance.minorticks_off()
    distance.set_ylim(0.1, 9)
    distance.set_xlabel("step")
    distance.set_ylabel("distance from the equilibrium")
    distance.legend()
    figure.suptitle("On f = x y descent-ascent spirals out or circles; looking ahead leads in")
    write(figure, __file__)


if __name__ == "__main__":
    main()
