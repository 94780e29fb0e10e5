"""Right answers to question 1 for Sutskever et al. by other routes."""

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import alternate

CHOICE = {"PAPER": "momentum"}


@alternate("q1", of="momentum_at", route="powers of two, as in the paper, in float32", where=CHOICE)
def momentum_by_powers(t, maximum):
    stretch = np.floor(np.asarray(t) / 250) + 1
    return np.minimum(1 - 2 ** (-1 - np.log2(stretch)), maximum).astype(np.float32)


@alternate("q1", of="nesterov_path", route="look-ahead points first, a Python loop", where=CHOICE)
def path_by_look_ahead(loss, theta_0, step_size, momenta):
    slope = jax.jit(jax.grad(loss))
    before, theta, path = theta_0, theta_0, []
    for mu in momenta:
        y = jax.tree.map(lambda p, q, mu=mu: p + mu * (p - q), theta, before)
        before, theta = theta, jax.tree.map(lambda p, d: p - step_size * d, y, slope(y))
        path.append(theta)
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *path)


@alternate(
    "q1", of="nesterov_rates", route="the heavy ball's matrix, its eigenvalues", where=CHOICE
)
def rates_by_eigenvalues(curvatures, step_size, momentum):
    rates = []
    for curvature in np.asarray(curvatures):
        mu = momentum * (1 - step_size * curvature)
        rates.append(max(abs(np.roots([1, -(1 + mu - step_size * curvature), mu]))))
    return np.array(rates)


@alternate("q1", of="sparse_weights", route="a choice of inputs for each unit", where=CHOICE)
def weights_by_choice(key, num_inputs, num_units, connections, scale):
    few = min(connections, num_inputs)

    def column(key):
        places, sizes = jax.random.split(key)
        rows = jax.random.choice(places, num_inputs, (few,), replace=False)
        return jnp.zeros(num_inputs).at[rows].set(scale * jax.random.normal(sizes, (few,)))

    return jax.vmap(column, out_axes=1)(jax.random.split(key, num_units))
