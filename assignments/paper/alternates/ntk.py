"""Right answers to question 1 for Jacot et al. by other routes."""

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import alternate

CHOICE = {"PAPER": "ntk"}


@alternate("q1", of="tangent_kernel", route="column by column, without a Jacobian", where=CHOICE)
def kernel_by_columns(network, theta, X, Z):
    outputs, pull_back = jax.vjp(lambda theta: network(theta, Z), theta)

    def column(e):
        return jax.jvp(lambda theta: network(theta, X), (theta,), (pull_back(e)[0],))[1]

    basis = jnp.eye(outputs.size, dtype=outputs.dtype).reshape(-1, *outputs.shape)
    columns = jax.lax.map(column, basis)  # of (m, k), n, j
    return columns.reshape(*outputs.shape, *columns.shape[1:]).transpose(2, 0, 3, 1)


@alternate("q1", of="kernel_gradient", route="reverse mode twice", where=CHOICE)
def kernel_gradient_by_two_pullbacks(network, theta, X, D, Z):
    direction = jax.grad(lambda theta: jnp.sum(network(theta, X) * D) / len(X))(theta)
    outputs, pull_back = jax.vjp(lambda theta: network(theta, Z), theta)

    def along(U):
        pulled = pull_back(U)[0]
        products = jax.tree.map(lambda a, b: jnp.sum(a * b), pulled, direction)
        return jax.tree.reduce(jnp.add, products)

    return jax.grad(along)(jnp.zeros_like(outputs))


@alternate(
    "q1", of="function_space_flow", route="the exponential of a matrix one larger", where=CHOICE
)
def flow_by_matrix_exponential(Theta, cross, Y, F_0, F_test_0, times):
    N, K = Y.shape
    A = Theta.transpose(0, 2, 1, 3).reshape(N * K, N * K)
    B = cross.transpose(0, 2, 1, 3).reshape(-1, N * K)
    # da/dt = (Y - F_0 - Theta a) / N, with a constant appended.
    top = jnp.concatenate([-A, (Y - F_0).reshape(-1, 1)], axis=1) / N
    generator = jnp.concatenate([top, jnp.zeros((1, N * K + 1))])
    a = jnp.stack([jax.scipy.linalg.expm(t * generator)[:-1, -1] for t in times])
    return F_test_0 + (a @ B.T).reshape(len(times), *F_test_0.shape)


@alternate("q1", of="kernel_drifts", route="a Python loop, distances in NumPy", where=CHOICE)
def drifts_in_numpy(network, theta_0, X, Y, step_size, num_steps):
    slope = jax.jit(
        jax.grad(lambda theta: jnp.mean(jnp.sum((network(theta, X) - Y) ** 2, axis=1)) / 2)
    )
    jacobian = jax.jit(jax.jacrev(lambda theta: network(theta, X).ravel()))
    theta, first, drifts = theta_0, None, []
    for _ in range(num_steps + 1):
        J = [np.asarray(leaf).reshape(Y.size, -1) for leaf in jax.tree.leaves(jacobian(theta))]
        kernel = sum(rows @ rows.T for rows in J)
        first = kernel if first is None else first
        drifts.append(np.linalg.norm(kernel - first) / np.linalg.norm(first))
        theta = jax.tree.map(lambda p, g: p - step_size * g, theta, slope(theta))
    return np.array(drifts)
