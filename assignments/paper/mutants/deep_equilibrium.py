"""Mistakes in question 1 for Bai et al."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import mutant

CHOICE = {"PAPER": "deep_equilibrium"}
SOLVER = "equilibrium_by_anderson"
ADJOINT = "equilibrium_adjoint_of_layers"
PREDICTION = "equilibrium_predicted"
UPDATE = "equilibrium_updates"


def _plain(f, z_0, num_steps):
    return jax.lax.fori_loop(0, num_steps, lambda _, z: f(z), z_0)


def _accelerated(f, z_0, memory, num_steps, combine=None):
    """With `combine(z, r, dZ, dR, gamma)` as the next z."""
    combine = combine or (lambda z, r, dZ, dR, gamma: z + r - gamma @ (dZ + dR))

    def residual(z):
        return jnp.ravel(f(jnp.reshape(z, jnp.shape(z_0)))) - z

    z = jnp.ravel(z_0)

    def advance(state, k):
        z, r, dZ, dR = state
        after = combine(z, r, dZ, dR, jnp.linalg.lstsq(dR.T, r)[0])
        moved, place = residual(after), k % memory
        return (after, moved, dZ.at[place].set(after - z), dR.at[place].set(moved - r)), None

    nothing = jnp.zeros((memory, z.size), z.dtype)
    state = jax.lax.scan(advance, (z, residual(z), nothing, nothing), jnp.arange(num_steps))[0]
    return jnp.reshape(state[0], jnp.shape(z_0))


@mutant(
    "q1",
    of="anderson",
    refused_by=SOLVER,
    says="This is plain iteration, which runs away where J has an eigenvalue of modulus above 1: combine "
    "the earlier steps.",
    where=CHOICE,
)
def anderson_without_memory(f, z_0, memory, num_steps):
    return _plain(f, z_0, num_steps)


@mutant(
    "q1",
    of="anderson",
    refused_by=SOLVER,
    says="The sign of the correction is wrong: gamma's combination of changes is taken away.",
    where=CHOICE,
)
def anderson_adds_the_changes(f, z_0, memory, num_steps):
    return _accelerated(
        f, z_0, memory, num_steps, lambda z, r, dZ, dR, gamma: z + r + gamma @ (dZ + dR)
    )


@mutant(
    "q1",
    of="anderson",
    refused_by=SOLVER,
    says="Only the changes of z are taken away, not those of r: the step goes on from a residual that the "
    "combination would have made smaller.",
    where=CHOICE,
)
def anderson_without_residual_changes(f, z_0, memory, num_steps):
    return _accelerated(f, z_0, memory, num_steps, lambda z, r, dZ, dR, gamma: z + r - gamma @ dZ)


@mutant(
    "q1",
    of="anderson",
    refused_by=SOLVER,
    says="The best combination is found, but without its residual added: z never leaves the span of the "
    "steps it has taken.",
    where=CHOICE,
)
def anderson_without_mixing(f, z_0, memory, num_steps):
    def combine(z, r, dZ, dR, gamma):
        return jnp.where(jnp.any(dR != 0), z - gamma @ dZ, z + r)

    return _accelerated(f, z_0, memory, num_steps, combine)


@mutant(
    "q1",
    of="anderson",
    refused_by=SOLVER,
    says="One change too many is remembered: m changes, which are those between m + 1 iterates.",
    where=CHOICE,
)
def anderson_remembers_one_more(f, z_0, memory, num_steps):
    return _accelerated(f, z_0, memory + 1, num_steps)


@mutant(
    "q1",
    of="anderson",
    refused_by=SOLVER,
    says="One change too few is remembered: m changes need m + 1 iterates.",
    where=CHOICE,
)
def anderson_remembers_one_less(f, z_0, memory, num_steps):
    if memory == 1:
        return _plain(f, z_0, num_steps)
    return _accelerated(f, z_0, memory - 1, num_steps)


@mutant(
    "q1",
    of="anderson",
    refused_by=SOLVER,
    says="The normal equations are solved with a fixed ridge. It blurs the solution and slows the "
    "convergence: take the least squares of least norm.",
    where=CHOICE,
)
def anderson_with_a_ridge(f, z_0, memory, num_steps):
    def combine(z, r, dZ, dR, gamma):
        gamma = jnp.linalg.solve(dR @ dR.T + 1e-3 * jnp.eye(memory, dtype=r.dtype), dR @ r)
        return z + r - gamma @ (dZ + dR)

    return _accelerated(f, z_0, memory, num_steps, combine)


@mutant(
    "q1",
    of="anderson",
    refused_by=SOLVER,
    says="The normal equations are singular until the memory is full, and again at the solution, and you "
    "divide 0 by 0: take the least squares of least norm.",
    where=CHOICE,
)
def anderson_by_normal_equations(f, z_0, memory, num_steps):
    def combine(z, r, dZ, dR, gamma):
        return z + r - jnp.linalg.solve(dR @ dR.T, dR @ r) @ (dZ + dR)

    return _accelerated(f, z_0, memory, num_steps, combine)


def _adjoint(f, z, theta, g, memory, num_steps, sign=1.0):
    back = jax.vjp(lambda z: f(z, theta), z)[1]
    return _accelerated(lambda u: g + sign * back(u)[0], g, memory, num_steps)


@mutant(
    "q1",
    of="equilibrium_adjoint",
    refused_by=ADJOINT,
    says="The system is solved with J where its transpose belongs: the adjoint takes vector-Jacobian "
    "products.",
    where=CHOICE,
)
def adjoint_untransposed(f, z, theta, g, memory, num_steps):
    push = jax.linearize(lambda z: f(z, theta), z)[1]
    return _accelerated(lambda u: g + push(u), g, memory, num_steps)


@mutant(
    "q1",
    of="equilibrium_adjoint",
    refused_by=ADJOINT,
    says="The adjoint is iterated plainly, which runs away where the forward pass would: leave it to the "
    "same solver.",
    where=CHOICE,
)
def adjoint_by_plain_iteration(f, z, theta, g, memory, num_steps):
    back = jax.vjp(lambda z: f(z, theta), z)[1]
    return _plain(lambda u: g + back(u)[0], g, num_steps)


@mutant(
    "q1",
    of="equilibrium_adjoint",
    refused_by=ADJOINT,
    says="The sign of J is wrong: this solves u + J^T u = g.",
    where=CHOICE,
)
def adjoint_of_minus_the_layer(f, z, theta, g, memory, num_steps):
    return _adjoint(f, z, theta, g, memory, num_steps, sign=-1.0)


@mutant(
    "q1",
    of="equilibrium_adjoint",
    refused_by=ADJOINT,
    says="This is g itself: the adjoint of one step, with I for the inverse of I - J.",
    where=CHOICE,
)
def adjoint_of_one_step(f, z, theta, g, memory, num_steps):
    return g


@mutant(
    "q1",
    of="equilibrium_adjoint",
    refused_by=ADJOINT,
    says="This is u - g, the part that went through the layer once at least: u has g in it.",
    where=CHOICE,
)
def adjoint_without_its_source(f, z, theta, g, memory, num_steps):
    return _adjoint(f, z, theta, g, memory, num_steps) - g


def _source(f, z, theta, change):
    return jax.jvp(lambda theta: f(z, theta), (theta,), (change,))[1]


@mutant(
    "q1",
    of="predicted_equilibrium",
    refused_by=PREDICTION,
    says="The layer's own change is not the equilibrium's: that comes back through z, and (I - J)^-1 is "
    "missing.",
    where=CHOICE,
)
def predicted_by_one_step(f, z, theta, change, memory, num_steps):
    return z + _source(f, z, theta, change)


@mutant(
    "q1",
    of="predicted_equilibrium",
    refused_by=PREDICTION,
    says="This system is the adjoint's. The prediction goes forwards, with Jacobian-vector products.",
    where=CHOICE,
)
def predicted_backwards(f, z, theta, change, memory, num_steps):
    source = _source(f, z, theta, change)
    return z + _adjoint(f, z, theta, source, memory, num_steps)


@mutant(
    "q1",
    of="predicted_equilibrium",
    refused_by=PREDICTION,
    says="This is the change alone: return z plus the change.",
    where=CHOICE,
)
def predicted_change_alone(f, z, theta, change, memory, num_steps):
    source = _source(f, z, theta, change)
    push = jax.linearize(lambda z: f(z, theta), z)[1]
    return _accelerated(lambda dz: source + push(dz), source, memory, num_steps)


@mutant(
    "q1",
    of="predicted_equilibrium",
    refused_by=PREDICTION,
    says="This is the new equilibrium itself: asked is the prediction, linear in the change.",
    where=CHOICE,
)
def predicted_by_solving_anew(f, z, theta, change, memory, num_steps):
    moved = jax.tree.map(jnp.add, theta, change)
    return _accelerated(lambda z: f(z, moved), z, memory, num_steps)


@mutant(
    "q1",
    of="predicted_equilibrium",
    refused_by=PREDICTION,
    says="The Jacobian and the layer's change are taken at theta + change: the first order is that at "
    "theta.",
    where=CHOICE,
)
def predicted_from_the_new_parameters(f, z, theta, change, memory, num_steps):
    theta = jax.tree.map(jnp.add, theta, change)
    source = _source(f, z, theta, change)
    push = jax.linearize(lambda z: f(z, theta), z)[1]
    return z + _accelerated(lambda dz: source + push(dz), source, memory, num_steps)


@mutant(
    "q1",
    of="predicted_equilibrium",
    refused_by=PREDICTION,
    says="Differences of two evaluations of the layer keep half of the digits: use Jacobian-vector "
    "products.",
    where=CHOICE,
)
def predicted_by_differences(f, z, theta, change, memory, num_steps):
    eps = 1e-6
    ahead = jax.tree.map(lambda p, d: p + eps * d, theta, change)
    source, here = (f(z, ahead) - f(z, theta)) / eps, f(z, theta)
    return z + _accelerated(
        lambda dz: source + (f(z + eps * dz, theta) - here) / eps, source, memory, num_steps
    )


def _updated(f, loss, z, theta, step_size, adjoint, with_direct=True, sign=1.0):
    g, direct = jax.grad(loss, argnums=(0, 1))(z, theta)
    back = jax.vjp(f, z, theta)[1]
    indirect = back(adjoint(lambda u: back(u)[0], g))[1]
    if with_direct:
        indirect = jax.tree.map(jnp.add, indirect, direct)
    return z, jax.tree.map(lambda p, d: p - sign * step_size * d, theta, indirect)


def _by_anderson(memory, num_steps):
    return lambda back, g: _accelerated(lambda u: g + back(u), g, memory, num_steps)


@mutant(
    "q1",
    of="equilibrium_update",
    refused_by=UPDATE,
    says="The solver begins at 0, whatever it is given: start it at the last equilibrium.",
    where=CHOICE,
)
def update_from_a_cold_start(f, loss, z, theta, step_size, memory, num_steps):
    z = _accelerated(lambda z: f(z, theta), jnp.zeros_like(z), memory, num_steps)
    return _updated(f, loss, z, theta, step_size, _by_anderson(memory, num_steps))


@mutant(
    "q1",
    of="equilibrium_update",
    refused_by=UPDATE,
    says="The gradient is taken at the last equilibrium: solve for that of theta first.",
    where=CHOICE,
)
def update_at_the_last_equilibrium(f, loss, z, theta, step_size, memory, num_steps):
    new = _accelerated(lambda z: f(z, theta), z, memory, num_steps)
    return new, _updated(f, loss, z, theta, step_size, _by_anderson(memory, num_steps))[1]


@mutant(
    "q1",
    of="equilibrium_update",
    refused_by=UPDATE,
    says="The direct term is missing: the loss depends on theta at a fixed state, too.",
    where=CHOICE,
)
def update_without_the_direct_term(f, loss, z, theta, step_size, memory, num_steps):
    z = _accelerated(lambda z: f(z, theta), z, memory, num_steps)
    adjoint = _by_anderson(memory, num_steps)
    return _updated(f, loss, z, theta, step_size, adjoint, with_direct=False)


@mutant(
    "q1",
    of="equilibrium_update",
    refused_by=UPDATE,
    says="This is the gradient through the last application of the layer only: solve for the adjoint.",
    where=CHOICE,
)
def update_through_one_step(f, loss, z, theta, step_size, memory, num_steps):
    z = _accelerated(lambda z: f(z, theta), z, memory, num_steps)
    return _updated(f, loss, z, theta, step_size, lambda back, g: g)


@mutant(
    "q1",
    of="equilibrium_update",
    refused_by=UPDATE,
    says="The Jacobian is formed, a product for each entry of the state: the solver needs one product a "
    "step.",
    where=CHOICE,
)
def update_by_a_dense_jacobian(f, loss, z, theta, step_size, memory, num_steps):
    z = _accelerated(lambda z: f(z, theta), z, memory, num_steps)

    def adjoint(back, g):
        unit = jnp.eye(g.size, dtype=g.dtype).reshape(g.size, *g.shape)
        J = jax.lax.map(lambda e: back(e).ravel(), unit)
        matrix = jnp.eye(g.size) - J.T
        return _accelerated(
            lambda u: g + u - (matrix @ u.ravel()).reshape(g.shape), g, memory, num_steps
        )

    return _updated(f, loss, z, theta, step_size, adjoint)


@mutant(
    "q1",
    of="equilibrium_update",
    refused_by=UPDATE,
    says="All states of the forward pass are kept, and the gradient goes back through them: the "
    "equilibrium is all that it needs.",
    where=CHOICE,
)
def update_that_keeps_all_states(f, loss, z, theta, step_size, memory, num_steps):
    def last(theta, z):
        return jax.lax.scan(lambda z, _: (f(z, theta), None), z, length=num_steps)[0]

    gradient = jax.grad(lambda theta: loss(last(theta, z), theta))(theta)
    flat, unravel = ravel_pytree(theta)
    return last(theta, z), unravel(flat - step_size * ravel_pytree(gradient)[0])
