"""Right answers to question 1 by other routes: second moments and the floor of SGD."""

import jax
import jax.numpy as jnp

from grader.checks import alternate


@alternate("q1", of="second_moments", route="a Python loop, multiplied out")
def moments_step_by_step(h, c, s0, step_sizes, batch_sizes):
    rows = [s0]
    for k in range(step_sizes.shape[0]):
        a, s = step_sizes[k], rows[-1]
        rows.append(s - 2 * a * h * s + a**2 * (h**2 * s + c / batch_sizes[k]))
    return jnp.stack(rows)


@alternate("q1", of="second_moments", route="an associative scan over affine maps")
def moments_by_composition(h, c, s0, step_sizes, batch_sizes):
    rates = (1 - step_sizes[:, None] * h) ** 2
    kicks = step_sizes[:, None] ** 2 * c / batch_sizes[:, None]

    def compose(first, second):
        return first[0] * second[0], first[1] * second[0] + second[1]

    if len(step_sizes) == 0:
        return s0[None]
    rates, kicks = jax.lax.associative_scan(compose, (rates, kicks))
    return jnp.vstack([s0[None], rates * s0 + kicks])


@alternate("q1", of="second_moments", route="a loop that writes into an array")
def moments_written_in_place(h, c, s0, step_sizes, batch_sizes):
    def advance(k, rows):
        shrink = 1 - step_sizes[k] * h
        noise = step_sizes[k] * step_sizes[k] / batch_sizes[k] * c
        return rows.at[k + 1].set(shrink * shrink * rows[k] + noise)

    rows = jnp.zeros((len(step_sizes) + 1, len(h)), s0.dtype).at[0].set(s0)
    return jax.lax.fori_loop(0, len(step_sizes), advance, rows) if len(step_sizes) else rows


@alternate("q1", of="steady_state_loss", route="the fixed point, then the loss")
def floor_by_the_fixed_point(h, c, step_size, batch_size):
    moments = step_size * c / batch_size / (h * (2 - step_size * h))
    return jnp.dot(h, moments) / 2


@alternate("q1", of="steady_state_loss", route="the noise over the rate of forgetting")
def floor_by_rates(h, c, step_size, batch_size):
    decay = step_size * h
    return 0.5 * jnp.sum(h * (step_size**2 * c / batch_size) / (2 * decay - decay**2))
