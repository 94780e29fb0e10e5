"""Right answers to question 3 by other routes: each must get full marks."""

import jax
import jax.numpy as jnp

from grader.checks import alternate


@alternate("q3", of="es_gradient", route="a loop over the pairs, in float32")
def estimate_in_a_loop(loss, theta, noise, std):
    theta, noise = jnp.asarray(theta, jnp.float32), jnp.asarray(noise, jnp.float32)
    terms = []
    for n in noise:
        slope = (loss(theta + std * n) - loss(theta - std * n)) / (2 * std)
        terms.append(jnp.asarray(slope, jnp.float32) * n)
    return sum(terms) / len(terms)


@alternate("q3", of="es_gradient", route="both signs stacked")
def estimate_of_stacked_signs(loss, theta, noise, std):
    both = jnp.concatenate([noise, -noise])
    losses = jax.lax.map(lambda n: loss(theta + std * n), both)
    return jnp.mean(losses[:, None] * both, axis=0) / std


def _window(step, theta, state, first, truncation):
    total = 0.0
    for k in range(truncation):
        state, value = step(state, theta, first + k)
        total = total + value
    return state, total


@alternate("q3", of="persistent_step", route="a Python loop over pairs and steps")
def persistent_in_a_loop(step, theta, particles, noise, std, truncation):
    estimate, ends = jnp.zeros_like(theta), {"positive": [], "negative": []}
    for i, n in enumerate(noise):
        xi, losses = particles["xi"][i] + std * n, {}
        for name, sign in (("positive", 1), ("negative", -1)):
            state = jax.tree.map(lambda leaf, i=i: leaf[i], particles[name])
            end, losses[name] = _window(
                step, theta + sign * std * n, state, particles["first"], truncation
            )
            ends[name].append(end)
        estimate = estimate + xi * (losses["positive"] - losses["negative"])
    stacked = {
        name: jax.tree.map(lambda *leaves: jnp.stack(leaves), *found)
        for name, found in ends.items()
    }
    rest = {"xi": particles["xi"] + std * noise, "first": particles["first"] + truncation}
    return estimate / (2 * len(noise) * std**2), {**stacked, **rest}


@alternate("q3", of="persistent_step", route="all particles under one vmap, fori_loop")
def persistent_of_stacked_signs(step, theta, particles, noise, std, truncation):
    both = jnp.concatenate([noise, -noise])
    states = jax.tree.map(
        lambda up, down: jnp.concatenate([up, down]), particles["positive"], particles["negative"]
    )

    def run(state, n):
        def body(k, carry):
            state, total = carry
            state, value = step(state, theta + std * n, particles["first"] + k)
            return state, total + value

        return jax.lax.fori_loop(0, truncation, body, (state, jnp.zeros((), theta.dtype)))

    ends, losses = jax.vmap(run)(states, both)
    pairs = len(noise)
    xi = particles["xi"] + std * noise
    signed = jnp.concatenate([xi, -xi])
    after = {
        "positive": jax.tree.map(lambda leaf: leaf[:pairs], ends),
        "negative": jax.tree.map(lambda leaf: leaf[pairs:], ends),
        "xi": xi,
        "first": particles["first"] + truncation,
    }
    return jnp.mean(losses[:, None] * signed, axis=0) / std**2, after
