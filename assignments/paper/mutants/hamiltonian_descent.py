"""Mistakes in question 1 for Maddison et al."""

from functools import partial

import jax
import jax.numpy as jnp

from grader.checks import mutant

CHOICE = {"PAPER": "hamiltonian_descent"}
VELOCITY = "hamiltonian_descent_velocity"
SLOPE = "hamiltonian_descent_slope"
METHODS = "hamiltonian_descent_methods"
RATE = "hamiltonian_descent_rate"

mistake = partial(mutant, "q1", where=CHOICE)


def _square(p):
    return sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(p))


def _scaled(p, exponent, square=None):
    square = _square(p) if square is None else square
    moving = square > 0
    factor = jnp.where(moving, jnp.where(moving, square, 1) ** (exponent / 2), 0)
    return jax.tree.map(lambda leaf: factor * leaf, p)


def _matched(power):
    return power / (power - 1)


@mistake(
    of="matched_velocity",
    refused_by=VELOCITY,
    says="The kinetic energy has the power of the loss: the matched one is a = b / (b - 1).",
)
def velocity_with_the_same_power(p, power):
    return _scaled(p, power - 2)


@mistake(
    of="matched_velocity",
    refused_by=VELOCITY,
    says="The exponent of the norm is one too large: p itself has a factor |p|, so the norm's exponent is a - 2.",
)
def velocity_of_the_wrong_exponent(p, power):
    return _scaled(p, _matched(power) - 1)


@mistake(
    of="matched_velocity",
    refused_by=VELOCITY,
    says="Each entry has a power of its own: the norm is that of the whole momentum.",
)
def velocity_entry_by_entry(p, power):
    a = _matched(power)
    return jax.tree.map(lambda leaf: jnp.sign(leaf) * jnp.abs(leaf) ** (a - 1), p)


@mistake(
    of="matched_velocity",
    refused_by=VELOCITY,
    says="Each leaf has a norm of its own: the norm goes over all leaves.",
)
def velocity_leaf_by_leaf(p, power):
    return jax.tree.map(lambda leaf: _scaled(leaf, _matched(power) - 2), p)


@mistake(
    of="matched_velocity",
    refused_by=VELOCITY,
    says="At p = 0 this is 0 times infinity: put another number in the norm's place before you take the power.",
)
def velocity_that_is_nan_at_rest(p, power):
    factor = _square(p) ** (_matched(power) / 2 - 1)
    return jax.tree.map(lambda leaf: factor * leaf, p)


@mistake(
    of="matched_velocity",
    refused_by=VELOCITY,
    says="A constant added to the norm slows small momenta down: treat p = 0 by itself.",
)
def velocity_with_a_padded_norm(p, power):
    return _scaled(p, _matched(power) - 2, _square(p) + 1e-16)


@mistake(
    of="matched_velocity",
    refused_by=VELOCITY,
    says="The norm lacks its square root.",
)
def velocity_of_the_squared_norm(p, power):
    return _scaled(p, 2 * (_matched(power) - 2))


# --- The slope ------------------------------------------------------------------------------------


def _inner(x, p):
    return sum(jax.tree.leaves(jax.tree.map(lambda x, p: jnp.sum(x * p), x, p)))


def _slope(potential, kinetic, x, p, friction, beta, *, drag=1.0, force=-1.0, ordinary=False):
    """The slope term by term, with the signs and terms that get lost."""
    g, v = jax.grad(potential)(x), jax.grad(kinetic)(p)
    x_dot = p if ordinary else v
    p_dot = jax.tree.map(lambda g, p: force * g - drag * friction * p, g, p)
    moved = _inner(x_dot, p) + _inner(x, p_dot)
    return _inner(g, x_dot) + _inner(v, p_dot) + beta * moved


@mistake(
    of="lyapunov_slope",
    refused_by=SLOPE,
    says="This is the slope of the energy f + k: the cross term changes as well.",
)
def slope_of_the_energy(potential, kinetic, x, p, friction, beta):
    return _slope(potential, kinetic, x, p, friction, 0.0)


@mistake(
    of="lyapunov_slope",
    refused_by=SLOPE,
    says="Friction is left out of p's motion: without it the energy is kept.",
)
def slope_without_friction(potential, kinetic, x, p, friction, beta):
    return _slope(potential, kinetic, x, p, friction, beta, drag=0.0)


@mistake(
    of="lyapunov_slope",
    refused_by=SLOPE,
    says="The force has the wrong sign: p' = -grad f(x) - gamma p.",
)
def slope_uphill(potential, kinetic, x, p, friction, beta):
    return _slope(potential, kinetic, x, p, friction, beta, force=1.0)


@mistake(
    of="lyapunov_slope",
    refused_by=SLOPE,
    says="The position moves by p here: x' = grad k(p).",
)
def slope_with_ordinary_momentum(potential, kinetic, x, p, friction, beta):
    return _slope(potential, kinetic, x, p, friction, beta, ordinary=True)


@mistake(
    of="lyapunov_slope",
    refused_by=SLOPE,
    says="Of the cross term only p's change is counted: x moves, too.",
)
def slope_of_half_the_cross_term(potential, kinetic, x, p, friction, beta):
    v = jax.grad(kinetic)(p)
    return _slope(potential, kinetic, x, p, friction, beta) - beta * _inner(v, p)


@mistake(
    of="lyapunov_slope",
    refused_by=SLOPE,
    says="This is a finite difference along the flow, good to a few digits: apply the chain rule.",
)
def slope_by_differences(potential, kinetic, x, p, friction, beta):
    g, v = jax.grad(potential)(x), jax.grad(kinetic)(p)
    p_dot = jax.tree.map(lambda g, p: -g - friction * p, g, p)

    def V(h):
        y = jax.tree.map(lambda x, v: x + h * v, x, v)
        q = jax.tree.map(lambda p, d: p + h * d, p, p_dot)
        return potential(y) + kinetic(q) + beta * _inner(y, q)

    return (V(1e-5) - V(-1e-5)) / 2e-5


# --- The methods ----------------------------------------------------------------------------------


def _path(step, x_0, p_0, num_steps):
    def scanned(state, _):
        return step(*state), state

    return jax.lax.scan(scanned, (x_0, p_0), length=num_steps + 1)[1]


def _add(x, y, factor):
    return jax.tree.map(lambda x, y: x + factor * y, x, y)


def _times(p, factor):
    return jax.tree.map(lambda leaf: factor * leaf, p)


def _first_step(potential, velocity, eps, friction):
    def step(x, p):
        p = _times(_add(p, jax.grad(potential)(x), -eps), 1 / (1 + friction * eps))
        return _add(x, velocity(p), eps), p

    return step


def _second_step(potential, velocity, eps, friction):
    def step(x, p):
        x = _add(x, velocity(p), eps)
        return x, _add(_times(p, 1 - friction * eps), jax.grad(potential)(x), -eps)

    return step


@mistake(
    of="first_explicit",
    refused_by=(METHODS, RATE),
    says="The position moves with the old momentum: in the first method it moves with the new one.",
)
def first_with_the_old_momentum(potential, velocity, x_0, p_0, step_size, friction, num_steps):
    def step(x, p):
        _, q = _first_step(potential, velocity, step_size, friction)(x, p)
        return _add(x, velocity(p), step_size), q

    return _path(step, x_0, p_0, num_steps)


@mistake(
    of="first_explicit",
    refused_by=(METHODS, RATE),
    says="The friction is explicit, 1 - gamma eps: the first method divides by 1 + gamma eps.",
)
def first_with_explicit_friction(potential, velocity, x_0, p_0, step_size, friction, num_steps):
    def step(x, p):
        p = _add(_times(p, 1 - friction * step_size), jax.grad(potential)(x), -step_size)
        return _add(x, velocity(p), step_size), p

    return _path(step, x_0, p_0, num_steps)


@mistake(
    of="first_explicit",
    refused_by=(METHODS, RATE),
    says="Only the old momentum is divided by 1 + gamma eps: the gradient's part is divided as well.",
)
def first_with_an_undivided_gradient(potential, velocity, x_0, p_0, step_size, friction, num_steps):
    def step(x, p):
        p = _times(p, 1 / (1 + friction * step_size))
        p = _add(p, jax.grad(potential)(x), -step_size)
        return _add(x, velocity(p), step_size), p

    return _path(step, x_0, p_0, num_steps)


@mistake(
    of="first_explicit",
    refused_by=(METHODS, RATE),
    says="The first method's position moves by the momentum itself: use velocity(p).",
)
def first_with_plain_momentum(potential, velocity, x_0, p_0, step_size, friction, num_steps):
    step = _first_step(potential, lambda p: p, step_size, friction)
    return _path(step, x_0, p_0, num_steps)


@mistake(
    of="first_explicit",
    refused_by=(METHODS, RATE),
    says="The path of the first method begins after a step: it begins with x_0 and p_0, and has T + 1 places.",
)
def first_without_the_start(potential, velocity, x_0, p_0, step_size, friction, num_steps):
    step = _first_step(potential, velocity, step_size, friction)
    return jax.tree.map(lambda leaf: leaf[1:], _path(step, x_0, p_0, num_steps))


@mistake(
    of="second_explicit",
    refused_by=(METHODS, RATE),
    says="The gradient is taken at the old position: the second method takes it at the new one.",
)
def second_with_the_old_gradient(potential, velocity, x_0, p_0, step_size, friction, num_steps):
    def step(x, p):
        q = _add(_times(p, 1 - friction * step_size), jax.grad(potential)(x), -step_size)
        return _add(x, velocity(p), step_size), q

    return _path(step, x_0, p_0, num_steps)


@mistake(
    of="second_explicit",
    refused_by=(METHODS, RATE),
    says="This is the first method over again: the second moves the position before the momentum.",
)
def second_that_is_the_first(potential, velocity, x_0, p_0, step_size, friction, num_steps):
    step = _first_step(potential, velocity, step_size, friction)
    return _path(step, x_0, p_0, num_steps)


@mistake(
    of="second_explicit",
    refused_by=(METHODS, RATE),
    says="The second method's friction is explicit: multiply p by 1 - gamma eps, and divide nothing.",
)
def second_with_implicit_friction(potential, velocity, x_0, p_0, step_size, friction, num_steps):
    def step(x, p):
        x = _add(x, velocity(p), step_size)
        p = _add(p, jax.grad(potential)(x), -step_size)
        return x, _times(p, 1 / (1 + friction * step_size))

    return _path(step, x_0, p_0, num_steps)


@mistake(
    of="second_explicit",
    refused_by=METHODS,
    says="The size of the step is used in place of the step: a negative one goes backwards.",
)
def second_with_positive_steps(potential, velocity, x_0, p_0, step_size, friction, num_steps):
    step = _second_step(potential, velocity, abs(step_size), friction)
    return _path(step, x_0, p_0, num_steps)


@mistake(
    of="second_explicit",
    refused_by=(METHODS, RATE),
    says="The second method's position moves by the momentum itself: use velocity(p).",
)
def second_with_plain_momentum(potential, velocity, x_0, p_0, step_size, friction, num_steps):
    step = _second_step(potential, lambda p: p, step_size, friction)
    return _path(step, x_0, p_0, num_steps)
