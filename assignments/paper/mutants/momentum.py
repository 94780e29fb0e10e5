"""Mistakes in question 1 for Sutskever et al."""

import jax
import jax.numpy as jnp

from grader.checks import mutant

CHOICE = {"PAPER": "momentum"}
PATH = "momentum_schedule_and_path"
RATES = "momentum_rates_of_modes"
PLACES = "momentum_places_of_sparse_weights"
SIZES = "momentum_sizes_of_sparse_weights"


@mutant(
    "q1",
    of="momentum_at",
    refused_by=PATH,
    says="t / 250 is not rounded down: the momentum is constant for 250 updates at a time.",
    where=CHOICE,
)
def momentum_without_stretches(t, maximum):
    return jnp.minimum(1 - 0.5 / (t / 250 + 1), maximum)


@mutant(
    "q1",
    of="momentum_at",
    refused_by=PATH,
    says="The exponent is off by one: the first 250 updates have momentum 1/2.",
    where=CHOICE,
)
def momentum_from_zero(t, maximum):
    return jnp.minimum(1 - 1 / (t // 250 + 1), maximum)


@mutant(
    "q1",
    of="momentum_at",
    refused_by=PATH,
    says="The momentum never stops growing: the schedule is the smaller of two numbers.",
    where=CHOICE,
)
def momentum_without_maximum(t, maximum):
    return 1 - 0.5 / (t // 250 + 1)


def _path(loss, theta, step_size, momenta, ahead):
    v = jax.tree.map(jnp.zeros_like, theta)
    path = []
    for mu in momenta:
        g = jax.grad(loss)(jax.tree.map(lambda p, u, mu=mu: p + ahead * mu * u, theta, v))
        v = jax.tree.map(lambda u, d, mu=mu: mu * u - step_size * d, v, g)
        theta = jax.tree.map(jnp.add, theta, v)
        path.append(theta)
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *path)


@mutant(
    "q1",
    of="nesterov_path",
    refused_by=PATH,
    says="The gradient is taken at theta_t, which is the heavy ball: Nesterov's is taken where the "
    "velocity leads.",
    where=CHOICE,
)
def path_of_the_heavy_ball(loss, theta_0, step_size, momenta):
    return _path(loss, theta_0, step_size, momenta, ahead=0)


@mutant(
    "q1",
    of="nesterov_path",
    refused_by=PATH,
    says="The gradient is taken at theta_t - mu_t v_t, behind the parameters: look ahead, not back.",
    where=CHOICE,
)
def path_that_looks_back(loss, theta_0, step_size, momenta):
    return _path(loss, theta_0, step_size, momenta, ahead=-1)


@mutant(
    "q1",
    of="nesterov_path",
    refused_by=PATH,
    says="The first iterate returned is theta_0: return theta_1 to theta_T.",
    where=CHOICE,
)
def path_from_the_start(loss, theta_0, step_size, momenta):
    path = _path(loss, theta_0, step_size, momenta[:-1], ahead=1)
    return jax.tree.map(lambda p, leaf: jnp.concatenate([p[None], leaf]), theta_0, path)


def _rates(trace, determinant):
    root = jnp.sqrt(jnp.asarray(trace**2 / 4 - determinant, complex))
    return jnp.maximum(jnp.abs(trace / 2 + root), jnp.abs(trace / 2 - root))


@mutant(
    "q1",
    of="nesterov_rates",
    refused_by=RATES,
    says="These are the rates of the heavy ball: Nesterov's momentum differs from mode to mode.",
    where=CHOICE,
)
def rates_of_the_heavy_ball(curvatures, step_size, momentum):
    return _rates(1 + momentum - step_size * curvatures, jnp.full_like(curvatures, momentum))


@mutant(
    "q1",
    of="nesterov_rates",
    refused_by=RATES,
    says="The root of the discriminant is taken as 0 where that is negative: there the eigenvalues "
    "are complex, and their modulus is the root of the determinant.",
    where=CHOICE,
)
def rates_without_swings(curvatures, step_size, momentum):
    damping = 1 - step_size * curvatures
    trace, determinant = (1 + momentum) * damping, momentum * damping
    root = jnp.sqrt(jnp.maximum(trace**2 / 4 - determinant, 0))
    return jnp.maximum(jnp.abs(trace / 2 + root), jnp.abs(trace / 2 - root))


@mutant(
    "q1",
    of="nesterov_rates",
    refused_by=RATES,
    says="Modes with curvature above 1 / epsilon have real eigenvalues of both signs: take the largest "
    "modulus, not the root of |determinant|.",
    where=CHOICE,
)
def rates_by_the_determinant(curvatures, step_size, momentum):
    return jnp.sqrt(jnp.abs(momentum * (1 - step_size * curvatures)))


@mutant(
    "q1",
    of="sparse_weights",
    refused_by=PLACES,
    says="Each weight is there or not by itself, so units have different numbers of connections: draw "
    "exactly k inputs for each.",
    where=CHOICE,
)
def weights_dropped_at_random(key, num_inputs, num_units, connections, scale):
    places, sizes = jax.random.split(key)
    shape = num_inputs, num_units
    there = jax.random.uniform(places, shape) < connections / num_inputs
    return jnp.where(there, scale * jax.random.normal(sizes, shape), 0)


@mutant(
    "q1",
    of="sparse_weights",
    refused_by=PLACES,
    says="All units are connected to the same inputs: draw the inputs of each unit by itself.",
    where=CHOICE,
)
def weights_from_the_same_inputs(key, num_inputs, num_units, connections, scale):
    places, sizes = jax.random.split(key)
    rank = jax.random.permutation(places, num_inputs)[:, None]
    normal = jax.random.normal(sizes, (num_inputs, num_units))
    return jnp.where(rank < connections, scale * normal, 0)


@mutant(
    "q1",
    of="sparse_weights",
    refused_by=PLACES,
    says="Each input has k outgoing weights; it is each unit that has k incoming ones.",
    where=CHOICE,
)
def weights_by_row(key, num_inputs, num_units, connections, scale):
    places, sizes = jax.random.split(key)
    shape = num_inputs, num_units
    ranks = jnp.argsort(jnp.argsort(jax.random.uniform(places, shape), axis=1), axis=1)
    return jnp.where(ranks < connections, scale * jax.random.normal(sizes, shape), 0)


@mutant(
    "q1",
    of="sparse_weights",
    refused_by=SIZES,
    says="The weights are divided by the root of k: here the scale is that of each weight.",
    where=CHOICE,
)
def weights_scaled_by_fan_in(key, num_inputs, num_units, connections, scale):
    places, sizes = jax.random.split(key)
    shape = num_inputs, num_units
    ranks = jnp.argsort(jnp.argsort(jax.random.uniform(places, shape), axis=0), axis=0)
    normal = jax.random.normal(sizes, shape) / jnp.sqrt(connections)
    return jnp.where(ranks < connections, scale * normal, 0)


@mutant(
    "q1",
    of="sparse_weights",
    refused_by=SIZES,
    says="The weights are uniform in [-s, s], which have the standard deviation s / sqrt(3): draw them "
    "from the normal distribution.",
    where=CHOICE,
)
def weights_drawn_uniformly(key, num_inputs, num_units, connections, scale):
    places, sizes = jax.random.split(key)
    shape = num_inputs, num_units
    ranks = jnp.argsort(jnp.argsort(jax.random.uniform(places, shape), axis=0), axis=0)
    return jnp.where(ranks < connections, jax.random.uniform(sizes, shape, minval=-1) * scale, 0)
