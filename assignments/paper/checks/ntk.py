"""Hidden checks of question 1 for Jacot et al.: the tangent kernel, and training by it."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference.infinite_limits import dense_tangent_kernel, gradient_flow_predictions

CHOICE = {"PAPER": "ntk"}
EXACT = "no step is approximate: float64 gives about 1e-15, finite differences some 1e-10"


def _kernel(problem: Any, first: Any, second: Any) -> np.ndarray:
    """By one dense Jacobian: blocks of the kernel of both sets together."""
    network, theta = problem.network.local(), jax.tree.map(jnp.asarray, problem.theta_0)
    both = jnp.concatenate([jnp.asarray(first), jnp.asarray(second)])
    kernel = jax.jit(dense_tangent_kernel, static_argnums=0)(network, theta, both)
    return np.asarray(kernel)[: len(first), len(first) :]


@check("q1", points=8, title="NTK: the kernel between two sets of inputs", where=CHOICE)
def ntk_kernel_of_networks(student, inputs):
    for points, problem in (
        (3, _perceptron(inputs, (3, 6, 5, 2), examples=4, tests=5)),
        (3, _recurrent(inputs, features=2, units=5, outputs=3, examples=3, tests=4)),
        (2, _perceptron(inputs, (1, 4, 1), examples=1, tests=3)),
    ):
        arrays = problem.X, problem.X_test
        expect(student.tangent_kernel(problem.network, problem.theta_0, *arrays), "Theta").close_to(
            lambda problem=problem, arrays=arrays: _kernel(problem, *arrays),
            rtol=1e-12,
            why=EXACT,
            points=points,
        )


@check("q1", points=7, title="NTK: the kernel gradient, and its cost", where=CHOICE)
def ntk_kernel_gradient(student, inputs):
    problem = _recurrent(inputs, features=3, units=24, outputs=2, examples=12, tests=9)
    D = inputs.normal(12, 2)
    parts = problem.theta_0, problem.X, D, problem.X_test
    expect(student.kernel_gradient(problem.network, *parts), "The kernel gradient").close_to(
        lambda: _kernel_gradient(problem, D), rtol=1e-12, why=EXACT, points=4
    )
    program = student.program("kernel_gradient", problem.network, *parts)

    def cost(theta, X, Y):
        return jnp.sum((problem.network(theta, X) - Y) ** 2) / (2 * len(X))

    gradient = inputs.program(jax.grad(cost), problem.theta_0, problem.X, D)
    expect(program, "The kernel gradient").costs_at_most(
        4, gradient, says="Don't form the kernel.", points=3
    )


def _kernel_gradient(problem: Any, D: np.ndarray) -> np.ndarray:
    kernel = _kernel(problem, problem.X_test, problem.X)
    return np.einsum("mnjk,nk->mj", kernel, D) / len(D)


class _Flow(NamedTuple):
    """What `function_space_flow` takes, but for the times."""

    Theta: np.ndarray
    cross: np.ndarray
    Y: np.ndarray
    F_0: np.ndarray
    F_test_0: np.ndarray


def _flow_problem(inputs: Any, N: int, M: int, K: int) -> _Flow:
    """Features with a kernel of eigenvalues from 0.3 to 4, outputs coupled."""
    Q, R = inputs.orthogonal(N * K), inputs.orthogonal(N * K)
    features = (Q * np.sqrt(np.geomspace(0.3, 4.0, N * K))) @ R
    tests = 0.7 * inputs.normal(M * K, N * K)
    return _Flow(
        (features @ features.T).reshape(N, K, N, K).transpose(0, 2, 1, 3),
        (tests @ features.T).reshape(M, K, N, K).transpose(0, 2, 1, 3),
        2 * inputs.normal(N, K),
        inputs.normal(N, K),
        inputs.normal(M, K),
    )


def _flow(problem: _Flow, times: np.ndarray) -> np.ndarray:
    """The reference's flow of one output, which divides by their number: here N, there N K."""
    Theta, cross, Y, F_0, F_test_0 = problem
    N, M, K = len(Y), len(cross), Y.shape[1]
    predictions = gradient_flow_predictions(
        jnp.asarray(Theta.transpose(0, 2, 1, 3).reshape(N * K, N * K)),
        jnp.asarray(cross.transpose(0, 2, 1, 3).reshape(M * K, N * K)),
        jnp.asarray(Y.ravel()),
        jnp.asarray(K * times),
        initial=jnp.asarray(F_0.ravel()),
        initial_test=jnp.asarray(F_test_0.ravel()),
    )
    return np.asarray(predictions).reshape(len(times), M, K)


@check("q1", points=8, title="NTK: training in function space", where=CHOICE)
def ntk_function_space_flow(student, inputs):
    problem = _flow_problem(inputs, N=4, M=3, K=2)
    times = np.array([0.0, 0.4, 3.0, 20.0])
    expect(student.function_space_flow(*problem, times), "The flow").close_to(
        lambda: _flow(problem, times),
        rtol=1e-6,
        why="conditions below 20: float64 gives 1e-13, the smallest known mistake more than 1e-3",
        points=4,
    )
    twice = np.array([0, 0, 1, 1, 2, 3])
    singular = _Flow(
        problem.Theta[np.ix_(twice, twice)],
        problem.cross[:, twice],
        problem.Y[twice] + inputs.uniform(0.5, 1.0, 6, 2),  # labels that disagree
        problem.F_0[twice],
        problem.F_test_0,
    )
    expect(student.function_space_flow(*singular, times), "With examples twice, the flow").close_to(
        lambda: _flow(singular, times),
        rtol=1e-6,
        why="the vanishing eigenvalues come out near 1e-16 and are learnt as if linear: 1e-14",
        points=2,
    )
    nothing = problem._replace(F_0=np.zeros((4, 2)), F_test_0=np.zeros((3, 2)))
    early = np.array([1e-9])
    expect(student.function_space_flow(*nothing, early), "Early, the flow").close_to(
        lambda: _flow(nothing, early),
        rtol=1e-10,
        why="with expm1 about 1e-15; 1 - exp(-x) at 1e-9 keeps seven digits",
        points=2,
    )


@check("q1", points=7, title="NTK: the kernel's drift", where=CHOICE, x64=False)
def ntk_drift_of_the_kernel(student, inputs):
    for points, problem, step_size, num_steps in (
        (5, _perceptron(inputs, (2, 7, 6, 2), examples=4, tests=1), 0.4, 5),
        (2, _recurrent(inputs, features=2, units=4, outputs=1, examples=1, tests=1), 0.3, 2),
    ):
        data = problem.theta_0, problem.X, problem.Y
        drifts = student.kernel_drifts(problem.network, *data, step_size, num_steps)
        expect(drifts, "The drift").close_to(
            lambda a=(problem, step_size, num_steps): _drifts(*a),
            rtol=1e-3,
            why="differences of kernels in float32: about 1e-5; the least mistake more than 1e-2",
            points=points,
        )


def _drifts(problem: Any, step_size: float, num_steps: int) -> np.ndarray:
    network = problem.network.local()

    def cost(theta):
        return jnp.sum((network(theta, problem.X) - problem.Y) ** 2) / (2 * len(problem.X))

    slope = jax.jit(jax.grad(cost))
    theta, kernels = jax.tree.map(jnp.asarray, problem.theta_0), []
    kernel = jax.jit(dense_tangent_kernel, static_argnums=0)
    for _ in range(num_steps + 1):
        kernels.append(np.asarray(kernel(network, theta, jnp.asarray(problem.X))))
        theta = jax.tree.map(lambda p, g: p - step_size * g, theta, slope(theta))
    size = np.linalg.norm(kernels[0])
    return np.array([np.linalg.norm(later - kernels[0]) / size for later in kernels])


def _perceptron(inputs: Any, widths: tuple[int, ...], **sizes: int) -> Any:
    seed = inputs.seed("perceptron")
    return inputs.given("tangent_perceptron", widths=widths, **sizes, seed=seed)


def _recurrent(inputs: Any, **sizes: int) -> Any:
    return inputs.given("tangent_recurrent", **sizes, seed=inputs.seed("recurrent"))
