"""Mistakes in question 1 for Jacot et al."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import mutant

CHOICE = {"PAPER": "ntk"}
KERNEL = "ntk_kernel_of_networks"
GRADIENT = "ntk_kernel_gradient"
FLOW = "ntk_function_space_flow"
DRIFT = "ntk_drift_of_the_kernel"


def _rows(network, theta, X):
    J = jax.jacrev(lambda theta: network(theta, X))(theta)
    N, K = jax.eval_shape(network, theta, X).shape
    return jnp.concatenate([leaf.reshape(N, K, -1) for leaf in jax.tree.leaves(J)], axis=2)


def _kernel(network, theta, X, Z):
    return jnp.einsum("njp,mkp->nmjk", _rows(network, theta, X), _rows(network, theta, Z))


@mutant(
    "q1",
    of="tangent_kernel",
    refused_by=KERNEL,
    says="The kernel is traced over outputs and spread on the diagonal: pairs of different outputs "
    "have entries too, which only vanish at infinite width.",
    where=CHOICE,
)
def kernel_without_pairs_of_outputs(network, theta, X, Z):
    Theta = _kernel(network, theta, X, Z)
    K = Theta.shape[-1]
    return jnp.einsum("nmkk->nm", Theta)[..., None, None] * jnp.eye(K) / K


@mutant(
    "q1",
    of="tangent_kernel",
    refused_by=KERNEL,
    says="The last two axes are exchanged: the first of them belongs to X, the second to Z.",
    where=CHOICE,
)
def kernel_with_outputs_exchanged(network, theta, X, Z):
    # For one output there is nothing to exchange, and this is right.
    return _kernel(network, theta, X, Z).swapaxes(2, 3)


@mutant(
    "q1",
    of="tangent_kernel",
    refused_by=KERNEL,
    says="The axes are in the order of the products, (N, K, M, K): bring them to (N, M, K, K).",
    where=CHOICE,
)
def kernel_with_axes_as_they_came(network, theta, X, Z):
    return _kernel(network, theta, X, Z).swapaxes(1, 2)


@mutant(
    "q1",
    of="tangent_kernel",
    refused_by=KERNEL,
    says="Only the last leaf of the parameters counts: every parameter is trained, so add up the "
    "products of all leaves.",
    where=CHOICE,
)
def kernel_of_one_leaf(network, theta, X, Z):
    leaves, tree = jax.tree.flatten(theta)

    def of_last(leaf, X):
        return network(jax.tree.unflatten(tree, [*leaves[:-1], leaf]), X)

    return _kernel(of_last, leaves[-1], X, Z)


@mutant(
    "q1",
    of="tangent_kernel",
    refused_by=KERNEL,
    says="The products are divided by the number of parameters: the tangent kernel is their sum.",
    where=CHOICE,
)
def kernel_as_a_mean_over_parameters(network, theta, X, Z):
    return _kernel(network, theta, X, Z) / sum(leaf.size for leaf in jax.tree.leaves(theta))


@mutant(
    "q1",
    of="tangent_kernel",
    refused_by=KERNEL,
    says="This is right to some digits only: take derivatives, not finite differences.",
    where=CHOICE,
)
def kernel_by_differences(network, theta, X, Z):
    flat, unravel = ravel_pytree(theta)

    def rows(X):
        def along(e):
            ahead, behind = (
                network(unravel(flat + 1e-5 * e), X),
                network(unravel(flat - 1e-5 * e), X),
            )
            return (ahead - behind) / 2e-5

        return jax.vmap(along, out_axes=2)(jnp.eye(len(flat)))

    return jnp.einsum("njp,mkp->nmjk", rows(X), rows(Z))


@mutant(
    "q1",
    of="kernel_gradient",
    refused_by=GRADIENT,
    says="The kernel is formed, and then multiplied with D: one gradient and one forward derivative "
    "give the product.",
    where=CHOICE,
)
def kernel_gradient_by_the_kernel(network, theta, X, D, Z):
    return jnp.einsum("mnjk,nk->mj", _kernel(network, theta, Z, X), D) / len(X)


def _pushed(network, theta, X, D, Z):
    direction = jax.vjp(lambda theta: network(theta, X), theta)[1](D)[0]
    return jax.jvp(lambda theta: network(theta, Z), (theta,), (direction,))[1]


@mutant(
    "q1",
    of="kernel_gradient",
    refused_by=GRADIENT,
    says="The mean over the training inputs is missing: divide by N.",
    where=CHOICE,
)
def kernel_gradient_as_a_sum(network, theta, X, D, Z):
    return _pushed(network, theta, X, D, Z)


@mutant(
    "q1",
    of="kernel_gradient",
    refused_by=GRADIENT,
    says="The mean is over the inputs Z: it is over the training inputs, where D is.",
    where=CHOICE,
)
def kernel_gradient_over_the_other_inputs(network, theta, X, D, Z):
    return _pushed(network, theta, X, D, Z) / len(Z)


@mutant(
    "q1",
    of="kernel_gradient",
    refused_by=GRADIENT,
    says="The sign is that of the change by descent: the kernel gradient points up.",
    where=CHOICE,
)
def kernel_gradient_downhill(network, theta, X, D, Z):
    return -_pushed(network, theta, X, D, Z) / len(X)


@mutant(
    "q1",
    of="kernel_gradient",
    refused_by=GRADIENT,
    says="The outputs at moved parameters are subtracted: that has some digits only. Use jax.jvp.",
    where=CHOICE,
)
def kernel_gradient_by_a_small_step(network, theta, X, D, Z):
    direction = jax.vjp(lambda theta: network(theta, X), theta)[1](D)[0]
    moved = jax.tree.map(lambda p, d: p + 1e-6 * d, theta, direction)
    return (network(moved, Z) - network(theta, Z)) / 1e-6 / len(X)


def _matrix(Theta):
    N, M, K, _ = Theta.shape
    return Theta.transpose(0, 2, 1, 3).reshape(N * K, M * K)


def _flow(Theta, cross, Y, F_0, F_test_0, times, *, by=None, learnt=None):
    eigenvalues, Q = jnp.linalg.eigh(_matrix(Theta))
    s = times[:, None] / (by or len(Y))

    def exact(s, a):
        return jnp.where(a == 0, s, -jnp.expm1(-s * a) / jnp.where(a == 0, 1, a))

    weights = (learnt or exact)(s, eigenvalues) * ((Y - F_0).ravel() @ Q)
    return F_test_0 + (weights @ (_matrix(cross) @ Q).T).reshape(len(times), *F_test_0.shape)


@mutant(
    "q1",
    of="function_space_flow",
    refused_by=FLOW,
    says="The time is divided by N K: the cost is a mean over examples and a sum over outputs.",
    where=CHOICE,
)
def flow_as_a_mean_over_outputs(Theta, cross, Y, F_0, F_test_0, times):
    return _flow(Theta, cross, Y, F_0, F_test_0, times, by=Y.size)


@mutant(
    "q1",
    of="function_space_flow",
    refused_by=FLOW,
    says="The 1/N of the mean cost is missing in the exponent.",
    where=CHOICE,
)
def flow_of_the_sum_of_squares(Theta, cross, Y, F_0, F_test_0, times):
    return _flow(Theta, cross, Y, F_0, F_test_0, times, by=1)


@mutant(
    "q1",
    of="function_space_flow",
    refused_by=FLOW,
    says="The outputs are trained as if they did not see each other: use the kernel of all pairs of "
    "outputs, not its mean over them.",
    where=CHOICE,
)
def flow_with_the_traced_kernel(Theta, cross, Y, F_0, F_test_0, times):
    def traced(A):
        K = A.shape[-1]
        return jnp.einsum("nmkk->nm", A)[..., None, None] * jnp.eye(K) / K

    return _flow(traced(Theta), traced(cross), Y, F_0, F_test_0, times)


@mutant(
    "q1",
    of="function_space_flow",
    refused_by=FLOW,
    says="The axes are flattened as they come, (N, N, K, K): the matrix has rows (n, j) and columns "
    "(m, k), so bring j next to n first.",
    where=CHOICE,
)
def flow_with_axes_mixed(Theta, cross, Y, F_0, F_test_0, times):
    # Only the cross kernel: the other one would not even be symmetric.
    N, K = Y.shape
    weights = _flow(Theta, Theta, Y, F_0, jnp.zeros_like(F_0), times).reshape(len(times), -1)
    a = jnp.linalg.lstsq(_matrix(Theta), weights.T)[0]
    return F_test_0 + (cross.reshape(-1, N * K) @ a).T.reshape(len(times), *F_test_0.shape)


@mutant(
    "q1",
    of="function_space_flow",
    refused_by=FLOW,
    says="The initial function at the test inputs is left out: the flow starts there.",
    where=CHOICE,
)
def flow_without_the_initial_function(Theta, cross, Y, F_0, F_test_0, times):
    return _flow(Theta, cross, Y, F_0, jnp.zeros_like(F_test_0), times)


@mutant(
    "q1",
    of="function_space_flow",
    refused_by=FLOW,
    says="The initial function at the training inputs is left out: what is learnt is Y - f_0(X).",
    where=CHOICE,
)
def flow_towards_all_of_y(Theta, cross, Y, F_0, F_test_0, times):
    return _flow(Theta, cross, Y, jnp.zeros_like(F_0), F_test_0, times)


@mutant(
    "q1",
    of="function_space_flow",
    refused_by=FLOW,
    says="The kernel is inverted by itself, which fails where an example is given twice: (1 - exp(-s a)) / a "
    "has the limit s.",
    where=CHOICE,
)
def flow_by_the_inverse(Theta, cross, Y, F_0, F_test_0, times):
    A, B, y = _matrix(Theta), _matrix(cross), (Y - F_0).ravel()
    learnt = jnp.stack([y - jax.scipy.linalg.expm(-t / len(Y) * A) @ y for t in times])
    change = learnt @ jnp.linalg.inv(A).T @ B.T
    return F_test_0 + change.reshape(len(times), *F_test_0.shape)


@mutant(
    "q1",
    of="function_space_flow",
    refused_by=FLOW,
    says="At early times 1 - exp(-x) has lost its digits: there is a function for it.",
    where=CHOICE,
)
def flow_by_a_difference(Theta, cross, Y, F_0, F_test_0, times):
    def learnt(s, a):
        small = jnp.abs(a) < 1e-12 * a[-1]
        return jnp.where(small, s, (1 - jnp.exp(-s * a)) / jnp.where(small, 1, a))

    return _flow(Theta, cross, Y, F_0, F_test_0, times, learnt=learnt)


def _kernels(network, theta, X, Y, step_size, num_steps, size=None):
    def cost(theta):
        return jnp.sum((network(theta, X) - Y) ** 2) / (2 * (size or len(X)))

    kernels = []
    for _ in range(num_steps + 1):
        kernels.append(_kernel(network, theta, X, X))
        theta = jax.tree.map(lambda p, g: p - step_size * g, theta, jax.grad(cost)(theta))
    return jnp.stack(kernels)


def _norms(A):
    return jnp.sqrt(jnp.sum(A**2, axis=(1, 2, 3, 4)))


@mutant(
    "q1",
    of="kernel_drifts",
    refused_by=DRIFT,
    says="The drift is not relative: divide by the norm of the kernel at the start.",
    where=CHOICE,
)
def drifts_that_are_not_relative(network, theta_0, X, Y, step_size, num_steps):
    kernels = _kernels(network, theta_0, X, Y, step_size, num_steps)
    return _norms(kernels - kernels[0])


@mutant(
    "q1",
    of="kernel_drifts",
    refused_by=DRIFT,
    says="These are the changes from one step to the next: compare with the kernel at the start.",
    where=CHOICE,
)
def drifts_of_each_step(network, theta_0, X, Y, step_size, num_steps):
    kernels = _kernels(network, theta_0, X, Y, step_size, num_steps)
    steps = _norms(kernels[1:] - kernels[:-1]) / _norms(kernels[:1])
    return jnp.concatenate([jnp.zeros(1), steps])


@mutant(
    "q1",
    of="kernel_drifts",
    refused_by=DRIFT,
    says="Each drift is divided by the norm of the present kernel: divide by that at the start.",
    where=CHOICE,
)
def drifts_relative_to_the_present(network, theta_0, X, Y, step_size, num_steps):
    kernels = _kernels(network, theta_0, X, Y, step_size, num_steps)
    return _norms(kernels - kernels[0]) / _norms(kernels)


@mutant(
    "q1",
    of="kernel_drifts",
    refused_by=DRIFT,
    says="Training is on the sum of squares: the cost is their mean over the examples.",
    where=CHOICE,
)
def drifts_by_the_sum_of_squares(network, theta_0, X, Y, step_size, num_steps):
    # With one example the two are the same.
    kernels = _kernels(network, theta_0, X, Y, step_size, num_steps, size=1)
    return _norms(kernels - kernels[0]) / _norms(kernels[:1])


@mutant(
    "q1",
    of="kernel_drifts",
    refused_by=DRIFT,
    says="The first entry belongs to the start, before any step, and is 0.",
    where=CHOICE,
)
def drifts_one_step_late(network, theta_0, X, Y, step_size, num_steps):
    kernels = _kernels(network, theta_0, X, Y, step_size, num_steps + 1)
    return (_norms(kernels - kernels[0]) / _norms(kernels[:1]))[1:]
