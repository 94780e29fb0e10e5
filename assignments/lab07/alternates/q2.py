"""Right answers to question 2 by other routes: momentum, and the floor of a moving average."""

import jax
import jax.numpy as jnp

from grader.checks import alternate


@alternate("q2", of="momentum_losses", route="products of 2 x 2 matrices")
def losses_by_matrices(h, c, s0, step_size, batch_size, momentum, num_steps):
    one = jnp.ones_like(h)
    velocity = jnp.stack([h, momentum * one], axis=-1)
    position = jnp.stack([one, 0 * one], axis=-1) - step_size * velocity
    M = jnp.stack([position, velocity], axis=-2)
    k = jnp.array([-step_size, 1.0], h.dtype)
    noise = (c / batch_size)[:, None, None] * jnp.outer(k, k)
    S = jnp.zeros((len(h), 2, 2), h.dtype).at[:, 0, 0].set(s0)
    losses = [h @ S[:, 0, 0] / 2]
    for _ in range(num_steps):
        S = M @ S @ jnp.swapaxes(M, 1, 2) + noise
        losses.append(h @ S[:, 0, 0] / 2)
    return jnp.stack(losses)


@alternate("q2", of="momentum_losses", route="the responses to the start and to one noise")
def losses_by_responses(h, c, s0, step_size, batch_size, momentum, num_steps):
    def respond(x, v, gradient):
        v = momentum * v + h * x + gradient
        return x - step_size * v, v

    one, zero = jnp.ones_like(h), jnp.zeros_like(h)
    start, kick = (one, zero), respond(zero, zero, one)
    moments, noise = [s0], zero
    for _ in range(num_steps):
        start = respond(*start, 0)
        noise = noise + kick[0] ** 2
        kick = respond(*kick, 0)
        moments.append(start[0] ** 2 * s0 + noise * c / batch_size)
    return jnp.stack(moments) @ h / 2


@alternate("q2", of="momentum_losses", route="the pair of successive iterates, scanned")
def losses_by_successive_iterates(h, c, s0, step_size, batch_size, momentum, num_steps):
    a, noise = 1 + momentum - step_size * h, step_size**2 * c / batch_size

    def advance(moments, _):
        new, cross, old = moments
        newest = a**2 * new - 2 * a * momentum * cross + momentum**2 * old + noise
        return (newest, a * new - momentum * cross, new), jnp.sum(h * newest) / 2

    _, later = jax.lax.scan(advance, (s0, s0, s0), length=num_steps)
    return jnp.concatenate([jnp.sum(h * s0)[None] / 2, later])


@alternate("q2", of="averaged_floor", route="the fixed point of the three moments of (x, a)")
def floor_by_the_moments(h, c, step_size, batch_size, decay):
    phi = 1 - step_size * h
    xx = step_size * c / batch_size / (h * (2 - step_size * h))
    # E[x' a'] = gamma phi E[x a] + (1 - gamma) E[x x], and the same for a' a'.
    xa = (1 - decay) * xx / (1 - decay * phi)
    aa = ((1 - decay) ** 2 * xx + 2 * decay * (1 - decay) * phi * xa) / (1 - decay**2)
    return jnp.sum(h * aa) / 2


@alternate("q2", of="averaged_floor", route="a linear system for the moments of each mode")
def floor_by_linear_systems(h, c, step_size, batch_size, decay):
    def moment(phi, noise):
        M = jnp.array([[phi, 0.0], [(1 - decay) * phi, decay]])
        k = jnp.array([step_size, (1 - decay) * step_size])
        return jnp.linalg.solve(jnp.eye(4) - jnp.kron(M, M), noise * jnp.kron(k, k))[3]

    return h @ jax.vmap(moment)(1 - step_size * h, c / batch_size) / 2


@alternate("q2", of="averaged_floor", route="long averages in closed form, multiplied out")
def floor_multiplied_out(h, c, step_size, batch_size, decay):
    rate = step_size * h
    top = (1 - decay) * (1 + decay * (1 - rate))
    bottom = (1 + decay) * (1 - decay + decay * rate) * (2 - rate)
    return step_size / batch_size * jnp.sum(c * top / bottom) / 2
