"""Right answers to question 1 for Maddison et al. by other routes."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import alternate

CHOICE = {"PAPER": "hamiltonian_descent"}


@alternate("q1", of="matched_velocity", route="a unit vector times a power", where=CHOICE)
def velocity_by_direction(p, power):
    flat, unravel = ravel_pytree(p)
    largest = jnp.max(jnp.abs(flat))
    if largest == 0:
        return p
    norm = largest * jnp.linalg.norm(flat / largest)
    return unravel(flat / norm * norm ** (1 / (power - 1)))


@alternate("q1", of="lyapunov_slope", route="term by term, in flat vectors", where=CHOICE)
def slope_term_by_term(potential, kinetic, x, p, friction, beta):
    force, velocity = jax.grad(potential)(x), jax.grad(kinetic)(p)
    x, p, g, v = (ravel_pytree(tree)[0] for tree in (x, p, force, velocity))
    return -friction * p @ v + beta * (v @ p - x @ g - friction * x @ p)


def _loop(step, x_0, p_0, num_steps):
    step, path = jax.jit(step), [(x_0, p_0)]
    for _ in range(num_steps):
        path.append(step(*path[-1]))
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *path)


@alternate("q1", of="first_explicit", route="the friction's share taken off, a loop", where=CHOICE)
def first_in_a_loop(potential, velocity, x_0, p_0, step_size, friction, num_steps):
    lost = friction * step_size / (1 + friction * step_size)

    def step(x, p):
        pushed = jax.tree.map(lambda p, g: p - step_size * g, p, jax.grad(potential)(x))
        p = jax.tree.map(lambda p: p - lost * p, pushed)
        return jax.tree.map(lambda x, v: x + step_size * v, x, velocity(p)), p

    return _loop(step, x_0, p_0, num_steps)


@alternate("q1", of="second_explicit", route="the way back of the first, a loop", where=CHOICE)
def second_as_an_adjoint(potential, velocity, x_0, p_0, step_size, friction, num_steps):
    back = -step_size

    def step(x, p):
        x = jax.tree.map(lambda x, v: x - back * v, x, velocity(p))
        g = jax.grad(potential)(x)
        return x, jax.tree.map(lambda p, g: p * (1 + friction * back) + back * g, p, g)

    return _loop(step, x_0, p_0, num_steps)
