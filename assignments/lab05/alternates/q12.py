"""Right answers to questions 1 and 2 by other routes: each must get full marks."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.flatten_util import ravel_pytree

from grader.checks import alternate


def _by_optax(optimizer, gradient, w0, num_steps):
    w, state, path = w0, optimizer.init(w0), [w0]
    for _ in range(num_steps):
        step, state = optimizer.update(gradient(w), state, w)
        w = optax.apply_updates(w, step)
        path.append(w)
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *path)


# --- q1: RMSprop and Adam ------------------------------------------------------------------------


@alternate("q1", of="rmsprop", route="optax, epsilon outside the root")
def rmsprop_of_optax(gradient, w0, step_size, decay, epsilon, num_steps):
    optimizer = optax.rmsprop(step_size, decay=decay, eps=epsilon, eps_in_sqrt=False)
    return _by_optax(optimizer, gradient, w0, num_steps)


@alternate("q1", of="rmsprop", route="a loop over steps on one flat vector")
def rmsprop_on_a_vector(gradient, w0, step_size, decay, epsilon, num_steps):
    w, unravel = ravel_pytree(w0)
    path, v = [w], 0.0
    for _ in range(num_steps):
        g, _ = ravel_pytree(gradient(unravel(path[-1])))
        v = v + (1 - decay) * (g * g - v)
        path.append(path[-1] - step_size * g / (v**0.5 + epsilon))
    return jax.vmap(unravel)(jnp.stack(path))


@alternate("q1", of="adam", route="optax")
def adam_of_optax(gradient, w0, step_size, b1, b2, epsilon, num_steps):
    return _by_optax(optax.adam(step_size, b1=b1, b2=b2, eps=epsilon), gradient, w0, num_steps)


@alternate("q1", of="adam", route="epsilon times the correction, fori_loop on one flat vector")
def adam_in_the_efficient_order(gradient, w0, step_size, b1, b2, epsilon, num_steps):
    flat, unravel = ravel_pytree(w0)

    def step(t, state):
        path, m, v = state
        g = ravel_pytree(gradient(unravel(path[t - 1])))[0]
        m, v = m + (1 - b1) * (g - m), v + (1 - b2) * (g**2 - v)
        left = jnp.sqrt(1 - jnp.asarray(b2, flat.dtype) ** t)
        rate = step_size * left / (1 - jnp.asarray(b1, flat.dtype) ** t)
        return path.at[t].set(path[t - 1] - rate * m / (jnp.sqrt(v) + left * epsilon)), m, v

    path = jnp.zeros((num_steps + 1, flat.size), flat.dtype).at[0].set(flat)
    start = path, jnp.zeros_like(flat), jnp.zeros_like(flat)
    path, _, _ = jax.lax.fori_loop(1, num_steps + 1, step, start)
    return jax.vmap(unravel)(path)


# --- q2: penalty and decay -----------------------------------------------------------------------


@alternate("q2", of="decayed_adam", route="optax")
def decayed_adam_of_optax(gradient, w0, step_size, b1, b2, epsilon, decay, decoupled, num_steps):
    if decoupled:
        optimizer = optax.adamw(step_size, b1=b1, b2=b2, eps=epsilon, weight_decay=decay)
    else:
        plain = optax.adam(step_size, b1=b1, b2=b2, eps=epsilon)
        optimizer = optax.chain(optax.add_decayed_weights(decay), plain)
    return _by_optax(optimizer, gradient, w0, num_steps)


@alternate("q2", of="decayed_adam", route="weights shrunk first, float32 inside")
def decayed_adam_in_single_precision(
    gradient, w0, step_size, b1, b2, epsilon, decay, decoupled, num_steps
):
    w, unravel = ravel_pytree(jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), w0))
    m = v = jnp.zeros_like(w)
    path = [w]
    for t in range(1, num_steps + 1):
        g = ravel_pytree(gradient(unravel(w)))[0].astype(jnp.float32)
        g = g if decoupled else g + decay * w
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
        kept = 1 - step_size * decay if decoupled else 1.0
        w = kept * w - step_size * (m / (1 - b1**t)) / (jnp.sqrt(v / (1 - b2**t)) + epsilon)
        path.append(w)
    return jax.vmap(unravel)(jnp.stack(path))


@alternate("q2", of="stationary_weights", route="bisection in NumPy")
def stationary_weights_by_bisection(a, c, decay, epsilon):
    a, c = np.asarray(a), np.asarray(c)
    size, low, high = np.abs(c), np.zeros_like(c), np.abs(c)
    for _ in range(100):
        w = (low + high) / 2
        pull = a * (size - w)
        too_low = pull > decay * w * (pull + epsilon)
        low, high = np.where(too_low, w, low), np.where(too_low, high, w)
    return c / (1 + decay / a), np.copysign((low + high) / 2, c)


@alternate("q2", of="stationary_weights", route="the quadratic divided by lambda a")
def stationary_weights_by_monic_quadratic(a, c, decay, epsilon):
    # Divided by lambda a: w^2 - (1/lambda + |c| + eps/a) w + |c|/lambda = 0.
    product = jnp.abs(c) / decay
    half = (1 / decay + jnp.abs(c) + epsilon / a) / 2
    larger = half + jnp.sqrt(jnp.maximum(half**2 - product, 0))
    return c - decay * c / (a + decay), jnp.sign(c) * product / larger
