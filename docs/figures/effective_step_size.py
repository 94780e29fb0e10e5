"""Lecture 5: under weight decay a scale-invariant loss finds its own norm, hence its step size.

    python docs/figures/effective_step_size.py [figure.svg]

The losses <xi_k, w / |w|> with normal xi_k are pure gradient noise: at a unit vector their
gradients have mean square length D - 1.
"""

from functools import cache

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array
from matplotlib.figure import Figure
from style import BLUE, GREEN, ORANGE, write

from reference.adaptive_methods.normalization import effective_step_size, scale_invariant
from reference.adaptive_methods.weight_decay import (
    equilibrium_angle,
    equilibrium_norm,
    with_weight_decay,
)

D, STEPS, ALPHA, LAMBDA = 100, 1500, 0.1, 0.02
STARTS = (0.5, 3.0, 12.0)


def iterates(norm_0: Array) -> Array:
    """w_k of SGD with weight decay, from a vector of this length."""
    optimizer = with_weight_decay(optax.sgd(ALPHA), ALPHA, decay=LAMBDA)

    def advance(carried: tuple, xi: Array) -> tuple[tuple, Array]:
        w, state = carried
        g = jax.grad(scale_invariant(lambda u: xi @ u))(w)
        steps, state = optimizer.update(g, state, w)
        return (optax.apply_updates(w, steps), state), w

    w_0 = jnp.full(D, norm_0 / D**0.5)
    noise = jax.random.normal(jax.random.key(0), (STEPS, D))
    return jax.lax.scan(advance, (w_0, optimizer.init(w_0)), noise)[1]


@cache
def measurements() -> dict[str, Array]:
    """A row for each start: effective step sizes, and turns in degrees; and what is predicted."""

    @jax.jit
    @jax.vmap
    def found(norm_0: Array) -> tuple[Array, Array]:
        w = iterates(norm_0)
        units = w / jnp.linalg.norm(w, axis=1, keepdims=True)
        cosines = jnp.sum(units[1:] * units[:-1], axis=1)
        return jax.vmap(lambda w: effective_step_size(ALPHA, w))(w), jnp.arccos(cosines)

    step_sizes, turns = found(jnp.array(STARTS))
    return {
        "step_sizes": step_sizes,
        "predicted_step_size": ALPHA / equilibrium_norm(ALPHA, LAMBDA, (D - 1) ** 0.5) ** 2,
        "turns": jnp.degrees(turns),
        "predicted_turn": jnp.degrees(equilibrium_angle(ALPHA, LAMBDA)),
    }


def main() -> None:
    """Draws the figure."""
    found = measurements()
    figure = Figure(figsize=(8, 3.8))
    panels = figure.subplots(1, 2)
    colors = (BLUE, ORANGE, GREEN)
    for axes, shown, label in (
        (panels[0], "step_size", "effective step size $\\alpha\\,/\\,|w|^2$"),
        (panels[1], "turn", "turn of w in a step (degrees)"),
    ):
        for start, curve, color in zip(STARTS, found[f"{shown}s"], colors, strict=True):
            # One turn in five: they are noisy, and close to one another.
            every = 5 if shown == "turn" else 1
            steps = jnp.arange(0, len(curve), every)
            axes.plot(steps, curve[::every], color=color, lw=1.2, label=f"$|w_0|$ = {start:g}")
        predicted = float(found[f"predicted_{shown}"])
        axes.axhline(predicted, color="black", linestyle="--", label="predicted equilibrium")
        axes.set_yscale("log")
        axes.set_xlabel("step")
        axes.set_ylabel(label)
    panels[0].legend()
    figure.suptitle("Wherever w starts, weight decay brings it to one effective step size")
    write(figure, __file__)


if __name__ == "__main__":
    main()
