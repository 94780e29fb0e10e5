"""Mistakes that the checks of question 4 refuse: Hamiltonian descent."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import mutant


def _norm(p):
    return jnp.sqrt(sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(p)))


def _scaled(p, factor_of, norm=None):
    """factor_of(|p|) p, and 0 at p = 0."""
    size = _norm(p) if norm is None else norm
    moving = size > 0
    factor = jnp.where(moving, factor_of(jnp.where(moving, size, 1)), 0)
    return jax.tree.map(lambda leaf: factor * leaf, p)


@mutant(
    "q4",
    of="power_velocity",
    refused_by=("velocity_of_vectors", "velocity_of_pytrees"),
    says="Each entry is taken by itself: |p| is the norm of the whole momentum.",
)
def entry_by_entry(p, a, A):
    def bent(leaf):
        size = jnp.abs(leaf)
        return (size**a + 1) ** (A / a - 1) * size ** (a - 1) * jnp.sign(leaf)

    return jax.tree.map(bent, p)


@mutant(
    "q4",
    of="power_velocity",
    refused_by="velocity_of_pytrees",
    says="Each leaf has a norm of its own: |p| is the norm over all leaves together.",
)
def leaf_by_leaf(p, a, A):
    def bent(leaf):
        return _scaled(leaf, lambda t: (t**a + 1) ** (A / a - 1) * t ** (a - 2))

    return jax.tree.map(bent, p)


@mutant(
    "q4",
    of="power_velocity",
    refused_by=("velocity_of_vectors", "velocity_near_rest"),
    says=(
        "The exponent of the norm is one too large: p itself carries a factor |p|, so that "
        "|p|^(a-2) p has the size |p|^(a-1)."
    ),
)
def exponent_one_too_large(p, a, A):
    return _scaled(p, lambda t: (t**a + 1) ** (A / a - 1) * t ** (a - 1))


@mutant(
    "q4",
    of="power_velocity",
    refused_by="velocity_of_vectors",
    says="The outer derivative is missing: the bracket has the power A/a - 1, which is 0 if A = a.",
)
def outer_derivative_missing(p, a, A):
    return _scaled(p, lambda t: t ** (a - 2))


@mutant(
    "q4",
    of="power_velocity",
    refused_by="velocity_of_vectors",
    says="The bracket's power is A/a: differentiating lowers it by one.",
)
def bracket_not_lowered(p, a, A):
    return _scaled(p, lambda t: (t**a + 1) ** (A / a) * t ** (a - 2))


@mutant(
    "q4",
    of="power_velocity",
    refused_by="velocity_of_vectors",
    says="a and A have changed places: a is the power near 0, A the one far away.",
)
def powers_swapped(p, a, A):
    return _scaled(p, lambda t: (t**A + 1) ** (a / A - 1) * t ** (A - 2))


@mutant(
    "q4",
    of="power_velocity",
    refused_by="velocity_of_vectors",
    says="A constant factor is left over: the a of the inner derivative cancels, and so does the A.",
)
def factor_left_over(p, a, A):
    return _scaled(p, lambda t: a / A * (t**a + 1) ** (A / a - 1) * t ** (a - 2))


@mutant(
    "q4",
    of="power_velocity",
    refused_by="velocity_of_vectors",
    says="The norm lacks its square root.",
)
def squared_norm(p, a, A):
    return _scaled(p, lambda t: (t**a + 1) ** (A / a - 1) * t ** (a - 2), _norm(p) ** 2)


@mutant(
    "q4",
    of="power_velocity",
    refused_by="velocity_near_rest",
    says=(
        "At p = 0 this is 0 times infinity, or a derivative of the norm at 0: choose the case before "
        "you take the power."
    ),
)
def energy_differentiated(p, a, A):
    return jax.grad(lambda p: ((_norm(p) ** a + 1) ** (A / a) - 1) / A)(p)


@mutant(
    "q4",
    of="power_velocity",
    refused_by="velocity_near_rest",
    says=(
        "A small constant is added to the norm. Tiny momenta matter for a < 2: treat p = 0 apart and "
        "leave the others as they are."
    ),
)
def padded_norm(p, a, A):
    size = _norm(p) + 1e-12
    factor = (size**a + 1) ** (A / a - 1) * size ** (a - 2)
    return jax.tree.map(lambda leaf: factor * leaf, p)


@mutant(
    "q4",
    of="power_velocity",
    refused_by="velocity_near_rest",
    says="Momenta below a threshold are taken for 0: for a < 2 they still move.",
)
def tiny_momenta_dropped(p, a, A):
    size = jnp.where(_norm(p) > 1e-8, _norm(p), 0)
    return _scaled(p, lambda t: (t**a + 1) ** (A / a - 1) * t ** (a - 2), size)


# --- The method -----------------------------------------------------------------------------------


def _axpy(x, v, factor):
    return jax.tree.map(lambda x, v: x + factor * v, x, v)


def _times(p, factor):
    return jax.tree.map(lambda leaf: factor * leaf, p)


def _run(advance, x0, num_steps):
    x, p, path = x0, jax.tree.map(jnp.zeros_like, x0), [x0]
    for _ in range(num_steps):
        x, p = advance(x, p)
        path.append(x)
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *path)


def _right(gradient, velocity, x0, step_size, friction, num_steps):
    def advance(x, p):
        p = _times(_axpy(p, gradient(x), -step_size), 1 / (1 + friction * step_size))
        return _axpy(x, velocity(p), step_size), p

    return _run(advance, x0, num_steps)


@mutant(
    "q4",
    of="hamiltonian_descent",
    refused_by=(
        "hamiltonian_descent_on_a_network",
        "hamiltonian_descent_as_a_heavy_ball",
        "matched_powers_see_no_scale",
    ),
    says="The position moves with the old momentum: update the momentum first, then use the new one.",
)
def position_with_old_momentum(gradient, velocity, x0, step_size, friction, num_steps):
    def advance(x, p):
        new = _times(_axpy(p, gradient(x), -step_size), 1 / (1 + friction * step_size))
        return _axpy(x, velocity(p), step_size), new

    return _run(advance, x0, num_steps)


@mutant(
    "q4",
    of="hamiltonian_descent",
    refused_by="hamiltonian_descent_on_a_network",
    says=(
        "The position comes first and the gradient is taken there, which is the paper's second "
        "explicit method: the first takes the gradient at x_i, before x moves."
    ),
)
def second_explicit_method(gradient, velocity, x0, step_size, friction, num_steps):
    def advance(x, p):
        x = _axpy(x, velocity(p), step_size)
        return x, _axpy(_times(p, 1 - friction * step_size), gradient(x), -step_size)

    return _run(advance, x0, num_steps)


@mutant(
    "q4",
    of="hamiltonian_descent",
    refused_by=("hamiltonian_descent_on_a_network", "hamiltonian_descent_as_a_heavy_ball"),
    says="The friction is explicit, 1 - c eps: divide by 1 + c eps, the gradient too.",
)
def explicit_friction(gradient, velocity, x0, step_size, friction, num_steps):
    def advance(x, p):
        p = _axpy(_times(p, 1 - friction * step_size), gradient(x), -step_size)
        return _axpy(x, velocity(p), step_size), p

    return _run(advance, x0, num_steps)


@mutant(
    "q4",
    of="hamiltonian_descent",
    refused_by=("hamiltonian_descent_on_a_network", "hamiltonian_descent_as_a_heavy_ball"),
    says="Only the old momentum is divided by 1 + c eps: the gradient's part is divided as well.",
)
def gradient_without_friction(gradient, velocity, x0, step_size, friction, num_steps):
    def advance(x, p):
        p = _axpy(_times(p, 1 / (1 + friction * step_size)), gradient(x), -step_size)
        return _axpy(x, velocity(p), step_size), p

    return _run(advance, x0, num_steps)


@mutant(
    "q4",
    of="hamiltonian_descent",
    refused_by="hamiltonian_descent_on_a_network",
    says="There is no friction: the energy is kept, and the particle never comes to rest.",
)
def no_friction(gradient, velocity, x0, step_size, friction, num_steps):
    return _right(gradient, velocity, x0, step_size, 0.0, num_steps)


@mutant(
    "q4",
    of="hamiltonian_descent",
    refused_by="hamiltonian_descent_on_a_network",
    says="The friction lacks the step: the momentum is divided by 1 + c eps, not by 1 + c.",
)
def friction_without_step(gradient, velocity, x0, step_size, friction, num_steps):
    return _right(gradient, velocity, x0, step_size, friction / step_size, num_steps)


@mutant(
    "q4",
    of="hamiltonian_descent",
    refused_by=("hamiltonian_descent_on_a_network", "hamiltonian_descent_as_a_heavy_ball"),
    says="The position moves by the whole velocity: the step eps is missing there.",
)
def position_without_step(gradient, velocity, x0, step_size, friction, num_steps):
    return _right(
        gradient, lambda p: _times(velocity(p), 1 / step_size), x0, step_size, friction, num_steps
    )


@mutant(
    "q4",
    of="hamiltonian_descent",
    refused_by=("hamiltonian_descent_on_a_network", "matched_powers_see_no_scale"),
    says="The position moves by the momentum itself: that is an ordinary heavy ball. Use velocity(p).",
)
def momentum_for_the_velocity(gradient, velocity, x0, step_size, friction, num_steps):
    return _right(gradient, lambda p: p, x0, step_size, friction, num_steps)


@mutant(
    "q4",
    of="hamiltonian_descent",
    refused_by=("hamiltonian_descent_on_a_network", "hamiltonian_descent_as_a_heavy_ball"),
    says="The start is missing: return the K + 1 positions from x_0 to x_K.",
)
def start_missing(gradient, velocity, x0, step_size, friction, num_steps):
    path = _right(gradient, velocity, x0, step_size, friction, num_steps)
    return jax.tree.map(lambda leaf: leaf[1:], path)


@mutant(
    "q4",
    of="hamiltonian_descent",
    refused_by="matched_powers_see_no_scale",
    says="A squeeze removed an axis of length one: there may be one dimension, or no step.",
)
def path_squeezed(gradient, velocity, x0, step_size, friction, num_steps):
    path = _right(gradient, velocity, x0, step_size, friction, num_steps)
    return jax.tree.map(jnp.squeeze, path)


@mutant(
    "q4",
    of="hamiltonian_descent",
    refused_by="hamiltonian_descent_as_a_heavy_ball",
    says="The computation went through float32: keep the dtype of the arrays that you are given.",
)
def descent_through_float32(gradient, velocity, x0, step_size, friction, num_steps):
    def single(tree):
        return jax.tree.map(lambda leaf: leaf.astype(jnp.float32), tree)

    return _right(
        lambda x: single(gradient(x)), velocity, single(x0), step_size, friction, num_steps
    )


@mutant(
    "q4",
    of="hamiltonian_descent",
    refused_by="hamiltonian_descent_takes_one_gradient_a_step",
    says="Right, but every position is computed anew from the start: keep x and p between steps.",
)
def every_position_anew(gradient, velocity, x0, step_size, friction, num_steps):
    arguments = gradient, velocity, x0, step_size, friction
    ends = [ravel_pytree(x0)[0]]
    unravel = ravel_pytree(x0)[1]
    for k in range(1, num_steps + 1):
        path = _right(*arguments, k)
        ends.append(ravel_pytree(jax.tree.map(lambda leaf: leaf[-1], path))[0])
    return jax.vmap(unravel)(jnp.stack(ends))


@mutant(
    "q4",
    of="hamiltonian_descent",
    refused_by="hamiltonian_descent_takes_one_gradient_a_step",
    says=("Right, but a second gradient is taken in every step: the one at x_i is all you need."),
)
def gradient_at_both_ends(gradient, velocity, x0, step_size, friction, num_steps):
    def advance(x, p):
        p = _times(_axpy(p, gradient(x), -step_size), 1 / (1 + friction * step_size))
        x = _axpy(x, velocity(p), step_size)
        return x, _axpy(p, gradient(x), 0.0 * step_size)

    return _run(advance, x0, num_steps)
