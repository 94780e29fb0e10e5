"""The hidden checks of problem set 1.

Ordinary checks leave room for a computation in float32 (relative error near 1e-6 on these small,
well-conditioned problems); what only float64 can do is asked for by checks whose titles say so.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference import linear_regression, metrics, taylor

SINGLE = "well-conditioned: float32 inside gives about 1e-6, every known mistake more than 1e-3"
EXACT = "float64 gives about 1e-15; finite differences 1e-10, of fourth order some 1e-12"


# --- q1: gradient descent on a quadratic ---------------------------------------------------------


def _iterates(
    A: np.ndarray, b: np.ndarray, w0: np.ndarray, step_size: float, num_steps: int
) -> jax.Array:
    iterates = jax.jit(linear_regression.gradient_descent_iterates, static_argnums=4)
    return iterates(A, b, w0, step_size, num_steps)


@check("q1", points=3, title="Iterates of gradient descent, in rotated coordinates")
def iterates_of_a_rotated_quadratic(student, inputs):
    a = inputs.uniform(0.3, 1.0, 4)
    b, w0, Q = inputs.normal(4), inputs.normal(4), inputs.orthogonal(4)
    A = Q @ np.diag(a) @ Q.T
    expect(student.gd_iterates((A + A.T) / 2, Q @ b, Q @ w0, 0.7, 50), "the iterates").close_to(
        lambda: _iterates(np.diag(a), b, w0, 0.7, 50) @ Q.T,
        rtol=1e-4,
        why=SINGLE,
    )


@check("q1", points=2, title="Iterates at large step sizes")
def iterates_at_large_steps(student, inputs):
    problem = inputs.given(
        "quadratic", eigenvalues=(0.4, 0.6, 0.7, 1.0), seed=inputs.seed("quadratic")
    )
    A, b, w0 = problem.A, problem.b, problem.w0
    for fraction, behaviour in ((0.9, "oscillate and converge"), (1.005, "diverge")):
        step = 2.0 * fraction  # the largest eigenvalue is 1
        expect(student.gd_iterates(A, b, w0, step, 50), f"iterates that {behaviour}").close_to(
            lambda step=step: _iterates(A, b, w0, step, 50),
            rtol=1e-4,
            why=SINGLE,
        )


@check("q1", points=3, title="Iterates where the cost has flat directions")
def iterates_with_flat_directions(student, inputs):
    problem = inputs.given(
        "quadratic", eigenvalues=(0.0, 0.0, 0.5, 1.0), seed=inputs.seed("quadratic")
    )
    A, b, w0 = problem.A, problem.b, problem.w0
    expect(student.gd_iterates(A, b, w0, 0.8, 50), "the iterates").close_to(
        lambda: _iterates(A, b, w0, 0.8, 50),
        rtol=1e-4,
        why=SINGLE,
    )


@check("q1", points=1, title="Iterates where the cost is nearly flat, in float32", x64=False)
def iterates_nearly_flat_in_float32(student, inputs):
    problem = inputs.given(
        "quadratic", eigenvalues=(3e-9, 1e-8, 0.5, 1.0), seed=inputs.seed("quadratic")
    )
    A, b, w0 = problem.A, problem.b, problem.w0
    expect(student.gd_iterates(A, b, w0, 0.8, 100), "the iterates").close_to(
        lambda: _iterates(A, b, w0, 0.8, 100),
        rtol=1e-3,
        why="float32: eigenvalues near 0 are uncertain by 1e-7, which 100 steps make 1e-5",
    )


@check("q1", points=1, title="Iterates in one dimension, and no steps at all")
def iterates_of_no_steps(student, inputs):
    A, b, w0 = inputs.uniform(0.5, 1.5, 1, 1), inputs.normal(1), inputs.normal(1)
    expect(student.gd_iterates(A, b, w0, 0.3, 0), "the only iterate").close_to(
        lambda: w0[None], rtol=1e-4, why="the start, and nothing else"
    )


@check("q1", points=2, title="The stability limit")
def limit_of_the_step_size(student, inputs):
    A = inputs.spd(inputs.uniform(0.2, 1.0, 5))
    for scale in (1.0, 40.0):
        expect(student.stability_limit(scale * A), "the stability limit").close_to(
            lambda scale=scale: linear_regression.stability_limit(jnp.asarray(scale * A)),
            rtol=1e-4,
            why=SINGLE,
        )


# --- q2: minimum-norm solution and double descent ------------------------------------------------


def _minimum_norm(Phi: np.ndarray, t: np.ndarray) -> jax.Array:
    return linear_regression.minimum_norm_solution(jnp.asarray(Phi), jnp.asarray(t))


def _with_repeated_columns(inputs) -> np.ndarray:
    """Features of shape (9, 8) and rank 5; equal columns are equal in every precision."""
    distinct = inputs.normal(9, 5)
    return np.concatenate([distinct, distinct[:, :3]], axis=1)


@check("q2", points=2, title="Minimum-norm solution, more and fewer features than examples")
def minimum_norm_of_full_rank(student, inputs):
    for N, D in ((4, 11), (11, 4)):
        Phi, t = inputs.normal(N, D), inputs.normal(N)
        expect(student.min_norm_solution(Phi, t), f"the weights for N = {N}, D = {D}").close_to(
            lambda Phi=Phi, t=t: _minimum_norm(Phi, t),
            rtol=1e-3,
            why="singular values within a factor of 10 or so: float32 gives about 1e-5",
        )


@check("q2", points=2, title="Minimum-norm solution, rank-deficient features")
def minimum_norm_rank_deficient(student, inputs):
    Phi, t = _with_repeated_columns(inputs), inputs.normal(9)
    expect(student.min_norm_solution(Phi, t), "the weights").close_to(
        lambda: _minimum_norm(Phi, t),
        rtol=1e-4,
        why="float32 inside gives 1e-5; a singular value of rounding size that is kept, more than 1",
    )


@check("q2", points=1, title="Minimum-norm solution, rank-deficient, in float32", x64=False)
def minimum_norm_rank_deficient_in_float32(student, inputs):
    Phi, t = _with_repeated_columns(inputs), inputs.normal(9)
    expect(student.min_norm_solution(Phi, t), "the weights").close_to(
        lambda: _minimum_norm(Phi, t),
        rtol=1e-3,
        why="float32 on kept singular values within a factor of 20: about 1e-5",
    )


@check("q2", points=1, title="Minimum-norm solution, rotated features")
def minimum_norm_rotated(student, inputs):
    Phi, t, Q = inputs.normal(4, 11), inputs.normal(4), inputs.orthogonal(11)
    expect(student.min_norm_solution(Phi @ Q, t), "the weights").close_to(
        lambda: Q.T @ _minimum_norm(Phi, t), rtol=1e-3, why=SINGLE
    )


@check("q2", points=3, title="Limit of gradient descent from a given start")
def limit_of_gradient_descent(student, inputs):
    for Phi in (inputs.normal(4, 11), _with_repeated_columns(inputs), inputs.normal(11, 4)):
        t, w0 = inputs.normal(len(Phi)), inputs.normal(Phi.shape[1])
        expect(student.gd_limit(Phi, t, w0), "the limit").close_to(
            lambda Phi=Phi, t=t, w0=w0: linear_regression.gradient_flow_limit(
                *map(jnp.asarray, (Phi, t, w0))
            ),
            rtol=1e-4,
            why="float32 inside gives some 1e-6 on singular values within a factor of 20",
        )


def _ridge(Phi: np.ndarray, t: np.ndarray, penalty: float) -> jax.Array:
    return linear_regression.ridge_solution(jnp.asarray(Phi), jnp.asarray(t), penalty)


@check("q2", points=3, title="Ridge solution")
def ridge_of_random_features(student, inputs):
    for N, D in ((11, 4), (4, 11), (1, 4)):
        Phi, t, penalty = inputs.normal(N, D), inputs.normal(N), float(inputs.uniform(0.2, 0.5))
        expect(student.ridge_solution(Phi, t, penalty), f"ridge, N = {N}, D = {D}").close_to(
            lambda Phi=Phi, t=t, penalty=penalty: _ridge(Phi, t, penalty),
            rtol=1e-4,
            why=SINGLE,
        )


@check("q2", points=2, title="Risk curve, with and without a penalty")
def risk_of_growing_models(student, inputs):
    N, D, sizes = 4, 11, (8, 11)  # not near 4: the peak is ill-conditioned
    data = (inputs.normal(N, D), inputs.normal(N), inputs.normal(20, D), inputs.normal(20))
    for penalty, part in ((0.3, "with a penalty"), (0.0, "without")):
        expect(student.risk_curve(*data, sizes, penalty), f"the risk {part}").close_to(
            lambda penalty=penalty: _risks(*data, sizes, penalty), rtol=1e-4, why=SINGLE, points=1
        )


def _risks(
    Phi: np.ndarray,
    t: np.ndarray,
    Phi_test: np.ndarray,
    t_test: np.ndarray,
    sizes: tuple[int, ...],
    penalty: float,
) -> np.ndarray:
    weights = [_ridge(Phi[:, :d], t, penalty) for d in sizes]
    errors = [Phi_test[:, : len(w)] @ np.asarray(w) - t_test for w in weights]
    return np.array([np.mean(error**2) / 2 for error in errors])


# --- q3: conditioning and whitening --------------------------------------------------------------


def _second_moment(mean: np.ndarray, covariance: np.ndarray) -> jax.Array:
    return linear_regression.input_second_moment(jnp.asarray(mean), jnp.asarray(covariance))


@check("q3", points=2, title="Second moment with a homogeneous coordinate")
def second_moment_of_inputs(student, inputs):
    mean, covariance = inputs.normal(4), inputs.spd(inputs.uniform(0.5, 2.0, 4))
    expect(student.second_moment(mean, covariance), "the second moment").close_to(
        lambda: _second_moment(mean, covariance), rtol=1e-4, why=SINGLE
    )


@check("q3", points=2, title="Spectrum of white inputs off centre")
def spectrum_of_white_inputs(student, inputs):
    for mean in (inputs.normal(5), np.zeros(3), inputs.normal(1)):
        expect(student.white_spectrum(mean), "the spectrum").close_to(
            lambda mean=mean: _dense_white_spectrum(mean), rtol=1e-4, why=SINGLE
        )


def _dense_white_spectrum(mean: np.ndarray) -> np.ndarray:
    return np.linalg.eigvalsh(_second_moment(mean, np.eye(len(mean))))


@check("q3", points=1, title="Smallest eigenvalue far off centre, to full relative precision")
def spectrum_far_off_centre(student, inputs):
    mean = 1e8 * (1.0 + inputs.uniform(0.0, 1.0, 3))
    square = float(mean @ mean)
    spectrum = student.white_spectrum(mean)
    expect(spectrum, "the spectrum").close_to(
        lambda: np.array([0.0, 1.0, 1.0, square + 2]), rtol=1e-4, why="dominated by the largest"
    )
    # The two eigenvalues that are not 1 have product 1 and sum |mu|^2 + 2.
    expect(spectrum[0], "the smallest eigenvalue").close_to(
        lambda: np.float64(1 / (square + 2)),
        rtol=1e-4,
        why="relative: the cancelling formula has no correct digit, 1/largest has them all",
    )


@check("q3", points=1, title="Condition number, at any scale")
def condition_at_any_scale(student, inputs):
    A = inputs.spd(np.append(inputs.uniform(0.8, 3.0, 4), [0.5, 6.0]))
    for scale in (1.0, 1e-3):
        expect(student.condition_number(scale * A), "the condition number").close_to(
            lambda: np.float64(12.0), rtol=1e-3, why="6 / 0.5 by construction; float32 gives 1e-6"
        )


@check("q3", points=2, title="Whitening of correlated inputs")
def whitening_of_correlated_inputs(student, inputs):
    X = inputs.normal(12, 4) @ inputs.spd((0.4, 0.8, 1.2, 2.0)) + inputs.normal(4)
    expect(student.whiten(X), "the whitened inputs").close_to(
        lambda: _whitened(X), rtol=1e-3, why="eigenvalues within a factor of 100 or so"
    )


def _whitened(X: np.ndarray) -> jax.Array:
    inputs = jnp.asarray(X)
    return linear_regression.centred(inputs) @ linear_regression.whitening_transform(inputs)


@check("q3", points=1, title="Whitening of one feature, far off centre")
def whitening_far_off_centre(student, inputs):
    X = inputs.normal(9, 1) + 3e7
    expect(student.whiten(X), "the whitened inputs").close_to(
        lambda: (X - X.mean()) / X.std(),
        rtol=1e-4,
        why="centring first keeps 8 digits in float64; E[x^2] - E[x]^2 keeps one or none",
    )


@check("q3", points=1, title="Whitening of rotated inputs")
def whitening_of_rotated_inputs(student, inputs):
    X, Q = inputs.normal(10, 3) * np.array([0.5, 1.0, 2.0]), inputs.orthogonal(3)
    expect(student.whiten(X @ Q), "the whitened inputs").close_to(
        lambda: _whitened(X) @ Q, rtol=1e-3, why="as for correlated inputs"
    )


# --- q4: JVP, VJP, Hessian- and Gauss-Newton-vector products --------------------------------------


@check("q4", points=2, title="JVP, outputs in an array and in a dict")
def jvp_of_networks(student, inputs):
    for name in ("mlp_regression", "gaussian_regression"):
        problem = inputs.given(name, widths=(4, 7, 2), examples=6, seed=inputs.seed(name))
        w, v = problem.params, inputs.direction(problem.params)
        expect(student.jvp(problem.network, w, v), "J v").close_to(
            lambda problem=problem, w=w, v=v: jax.jit(
                partial(taylor.jacobian_vector_product, problem.network)
            )(w, v),
            rtol=1e-4,
            why=SINGLE,
        )


@check("q4", points=2, title="VJP, outputs in an array and in a dict")
def vjp_of_networks(student, inputs):
    cotangents = {
        "mlp_regression": inputs.normal(6, 2),
        "gaussian_regression": {"mean": inputs.normal(6, 1), "log_scale": inputs.normal(6, 1)},
    }
    for name, u in cotangents.items():
        problem = inputs.given(name, widths=(4, 7, 2), examples=6, seed=inputs.seed(name))
        expect(student.vjp(problem.network, problem.params, u), "J^T u").close_to(
            lambda problem=problem, u=u: jax.jit(
                partial(taylor.vector_jacobian_product, problem.network)
            )(problem.params, u),
            rtol=1e-4,
            why=SINGLE,
        )


@check("q4", points=3, title="Hessian-vector product of networks")
def hvp_of_networks(student, inputs):
    for name, widths in (("mlp_regression", (7, 16, 3)), ("gaussian_regression", (3, 6, 5, 2))):
        problem = inputs.given(name, widths=widths, examples=11, seed=inputs.seed(name))
        v = inputs.direction(problem.params)
        expect(student.hvp(problem.loss, problem.params, v), "H v").close_to(
            lambda problem=problem, v=v: _hessian_product(problem, v),
            rtol=1e-4,
            why=SINGLE,
        )


def _hessian_product(problem: Any, v: Any) -> Any:
    return jax.jit(partial(taylor.hessian_vector_product, problem.loss))(problem.params, v)


@check("q4", points=2, title="Hessian-vector product to all digits, at any length of the direction")
def hvp_to_all_digits(student, inputs):
    problem = inputs.given(
        "mlp_classification", widths=(4, 6, 3), examples=7, seed=inputs.seed("problem")
    )
    unit = inputs.direction(problem.params)
    for length in (1.0, 1e3):
        v = jax.tree.map(lambda leaf, length=length: length * leaf, unit)
        expect(student.hvp(problem.loss, problem.params, v), "H v").close_to(
            lambda v=v: _hessian_product(problem, v),
            rtol=3e-14,
            why=EXACT,
        )


@check("q4", points=3, title="Cost of the Hessian-vector product")
def hvp_costs_few_gradients(student, inputs):
    problem = inputs.given("mlp_regression", widths=(8, 24, 24, 4), examples=16, seed=1)
    v = inputs.direction(problem.params)
    program = student.program("hvp", problem.loss, problem.params, v)
    gradient = inputs.program(jax.grad(problem.loss), problem.params)
    expect(program, "H v").costs_at_most(5, gradient, unit="gradients")
    expect(program, "H v").uses_at_most(_MATRIX_FREE_BYTES)


# 916 parameters: a dense float64 matrix is 6.7 MB; forward and reverse passes of the network on
# 16 examples keep some 100 kB.
_MATRIX_FREE_BYTES = 1_000_000


@check("q4", points=3, title="Gauss-Newton product, squared, softmax and Gaussian loss")
def gnvp_of_networks(student, inputs):
    for name in ("mlp_classification", "gaussian_regression", "mlp_regression"):
        problem = inputs.given(name, widths=(4, 7, 4), examples=5, seed=inputs.seed(name))
        v = inputs.direction(problem.params)
        product = student.gnvp(problem.network, problem.output_loss, problem.params, v)
        expect(product, "G v").close_to(
            lambda p=problem, v=v: _gauss_newton(p, v), rtol=1e-4, why=SINGLE, points=1
        )


def _gauss_newton(problem: Any, v: Any) -> Any:
    product = partial(taylor.gauss_newton_vector_product, problem.network, problem.output_loss)
    return jax.jit(product)(problem.params, v)


@check("q4", points=1, title="Gauss-Newton product of a linear network, one example", x64=False)
def gnvp_of_one_example(student, inputs):
    problem = inputs.given("mlp_regression", widths=(3, 1), examples=1, seed=inputs.seed("problem"))
    v = inputs.direction(problem.params)
    product = student.gnvp(problem.network, problem.output_loss, problem.params, v)
    expect(product, "G v").close_to(
        # Linear in the weights, so the Hessian itself.
        lambda: _hessian_product(problem, v),
        rtol=1e-4,
        why="float32 on four parameters",
    )


@check("q4", points=1, title="Gauss-Newton product to all digits")
def gnvp_to_all_digits(student, inputs):
    problem = inputs.given(
        "mlp_classification", widths=(4, 6, 3), examples=7, seed=inputs.seed("problem")
    )
    v = inputs.direction(problem.params)
    product = student.gnvp(problem.network, problem.output_loss, problem.params, v)
    expect(product, "G v").close_to(lambda: _gauss_newton(problem, v), rtol=3e-14, why=EXACT)


@check("q4", points=3, title="Cost of the Gauss-Newton product")
def gnvp_costs_few_gradients(student, inputs):
    problem = inputs.given("mlp_classification", widths=(8, 24, 24, 4), examples=16, seed=1)
    v = inputs.direction(problem.params)
    program = student.program("gnvp", problem.network, problem.output_loss, problem.params, v)
    gradient = inputs.program(jax.grad(problem.loss), problem.params)
    expect(program, "G v").costs_at_most(5, gradient, unit="gradients")
    expect(program, "G v").uses_at_most(_MATRIX_FREE_BYTES)


# --- q5: conjugate gradient ----------------------------------------------------------------------


@check("q5", points=3, title="Iterates of conjugate gradient are optimal in the Krylov space")
def cg_is_krylov_optimal(student, inputs):
    system = inputs.given(
        "linear_system", eigenvalues=np.linspace(1, 20, 12).tolist(), seed=inputs.seed("system")
    )
    expect(student.cg(system.matvec, system.b, 6), "the iterates").close_to(
        lambda: _krylov_minima(system.A, system.b, 6), rtol=1e-4, why=SINGLE
    )


def _krylov_minima(A: np.ndarray, b: np.ndarray, num_steps: int) -> np.ndarray:
    """Minima of 1/2 x^T A x - b^T x over span(b, .., A^{k-1} b), by an orthonormal basis."""
    powers = [b]
    for _ in range(num_steps - 1):
        powers.append(A @ powers[-1] / np.linalg.norm(powers[-1]))
    V, _ = np.linalg.qr(np.stack(powers, axis=1))
    spaces = [V[:, :k] for k in range(1, num_steps + 1)]
    minima = [S @ np.linalg.solve(S.T @ A @ S, S.T @ b) for S in spaces]
    return np.stack([np.zeros_like(b), *minima])


@check("q5", points=2, title="Conjugate gradient solves an ill-conditioned system")
def cg_solves_ill_conditioned_system(student, inputs):
    eigenvalues = (1e-3, 2e-2, 0.1, 0.3, 1.0)
    system = inputs.given("linear_system", eigenvalues=eigenvalues, seed=inputs.seed("system"))
    iterates = student.cg(system.matvec, system.b, 8)
    expect(iterates, "the iterates").close_to(
        lambda: taylor.conjugate_gradient_iterates(system.matvec, jnp.asarray(system.b), 8),
        rtol=1e-5,
        why="condition 1000, 5 dimensions, 8 steps of float64: below 1e-9",
    )
    expect(iterates[-1], "the last iterate").close_to(
        lambda: np.linalg.solve(system.A, system.b), rtol=1e-5, why="solved after 5 steps"
    )


@check("q5", points=2, title="Conjugate gradient stays where it is after convergence")
def cg_stays_after_convergence(student, inputs):
    double, b = inputs.source("lambda x: 2.0 * x"), inputs.normal(7)
    expect(student.cg(double, b, 4), "iterates for A = 2 I").close_to(
        lambda: np.stack([np.zeros(7), *[b / 2] * 4]), rtol=1e-4, why=SINGLE
    )
    system = inputs.given(
        "linear_system", eigenvalues=(1.0, 2.0, 3.0), seed=inputs.seed("system"), modes=(0, 2)
    )
    # 90 steps: without a guard, rounding keeps shrinking until the quotients are 0/0.
    expect(student.cg(system.matvec, system.b, 90), "iterates after convergence").close_to(
        lambda: taylor.conjugate_gradient_iterates(system.matvec, jnp.asarray(system.b), 90),
        rtol=1e-4,
        why=SINGLE,
    )


@check("q5", points=1, title="Conjugate gradient with a zero right-hand side")
def cg_of_zero(student, inputs):
    system = inputs.given("linear_system", eigenvalues=(1.0, 3.0), seed=inputs.seed("system"))
    expect(student.cg(system.matvec, np.zeros(2), 3), "the iterates").close_to(
        lambda: np.zeros((4, 2)), rtol=0.0, atol=1e-12, why="nothing to solve: exactly 0"
    )


@check("q5", points=1, title="Conjugate gradient at a small scale")
def cg_at_a_small_scale(student, inputs):
    system = inputs.given(
        "linear_system", eigenvalues=(1.0, 2.0, 3.0, 4.0, 5.0), seed=inputs.seed("system")
    )
    expect(student.cg(system.matvec, 1e-7 * system.b, 5), "the iterates").close_to(
        lambda: 1e-7 * _krylov_minima(system.A, system.b, 5), rtol=1e-4, why=SINGLE
    )


@check("q5", points=1, title="Conjugate gradient in float32", x64=False)
def cg_in_float32(student, inputs):
    half, b = inputs.source("lambda x: 0.5 * x"), inputs.normal(5)
    expect(student.cg(half, b, 4), "iterates for A = I / 2").close_to(
        lambda: np.stack([np.zeros(5), *[2 * b] * 4]), rtol=1e-4, why="float32, one real step"
    )
    system = inputs.given(
        "linear_system", eigenvalues=(1.0, 2.0, 3.0, 6.0), seed=inputs.seed("system")
    )
    expect(student.cg(system.matvec, system.b, 4), "the iterates").close_to(
        lambda: _krylov_minima(system.A, system.b, 4), rtol=1e-3, why="float32, four steps"
    )


@check("q5", points=2, title="Conjugate gradient takes one product a step")
def cg_takes_one_product_a_step(student, inputs):
    steps, size = 20, 96
    system = inputs.given("linear_system", eigenvalues=np.linspace(1, 9, size).tolist(), seed=2)
    program = student.program("cg", system.matvec, system.b, steps)
    product = inputs.program(system.matvec, system.b)
    # Two more products for a first residual and a last, and the vectors' 10 D beside 2 D^2 a step.
    expect(program, "the iteration").costs_at_most(1.2 * steps + 2, product, unit="products with A")


# --- q6: response Jacobian -----------------------------------------------------------------------


def _response(problem: Any) -> jax.Array:
    return jax.jit(partial(taylor.response_jacobian, problem.loss))(problem.w, problem.theta)


@check("q6", points=3, title="Response of ridge regression to its penalties")
def response_of_ridge(student, inputs):
    problem = inputs.given(
        "penalised_regression", examples=9, features=4, seed=inputs.seed("problem")
    )
    response = student.response_jacobian(problem.loss, problem.w, problem.theta)
    expect(response, "the response").close_to(lambda: _response(problem), rtol=1e-4, why=SINGLE)


@check("q6", points=3, title="Response of logistic regression to the weights of its examples")
def response_of_logistic_regression(student, inputs):
    problem = inputs.given("weighted_logistic", examples=7, features=3, seed=inputs.seed("problem"))
    response = student.response_jacobian(problem.loss, problem.w, problem.theta)
    expect(response, "the response").close_to(lambda: _response(problem), rtol=1e-4, why=SINGLE)


@check("q6", points=2, title="Response of a single weight, or to a single hyperparameter")
def response_of_a_single_weight(student, inputs):
    for examples, features in ((1, 3), (4, 1)):
        problem = inputs.given(
            "weighted_logistic",
            examples=examples,
            features=features,
            seed=inputs.seed(f"{examples} examples of {features}"),
        )
        response = student.response_jacobian(problem.loss, problem.w, problem.theta)
        expect(response, f"the response, n = {features}, p = {examples}").close_to(
            lambda problem=problem: _response(problem), rtol=1e-4, why=SINGLE
        )


@check("q6", points=2, title="Response in other coordinates")
def response_in_other_coordinates(student, inputs):
    plain, mixed = (
        inputs.given(
            "penalised_regression", examples=9, features=4, seed=inputs.seed("problem"), mix=mix
        )
        for mix in (False, True)
    )
    response = student.response_jacobian(mixed.loss, mixed.w, mixed.theta)
    # S w = r(T theta), so the Jacobian is S^-1 (dr/dtheta) T.
    expect(response, "the response").close_to(
        lambda: np.linalg.solve(mixed.weights_of, _response(plain) @ mixed.settings_of),
        rtol=1e-4,
        why=SINGLE,
    )


@check("q6", points=1, title="Response Jacobian in float32", x64=False)
def response_in_float32(student, inputs):
    problem = inputs.given(
        "weighted_logistic", examples=7, features=3, seed=inputs.seed("problem"), penalty=0.5
    )
    response = student.response_jacobian(problem.loss, problem.w, problem.theta)
    expect(response, "the response").close_to(
        lambda: _response(problem), rtol=1e-3, why="float32, condition below 10: about 1e-6"
    )


@check("q6", points=1, title="Response Jacobian to ten digits")
def response_to_ten_digits(student, inputs):
    problem = inputs.given(
        "penalised_regression", examples=9, features=4, seed=inputs.seed("problem")
    )
    response = student.response_jacobian(problem.loss, problem.w, problem.theta)
    expect(response, "the response").close_to(
        lambda: _response(problem),
        rtol=1e-11,
        why="float64 gives about 1e-15, finite differences 1e-9",
    )


# --- q7: Fisher information and natural gradient --------------------------------------------------


def _fisher(problem: Any) -> jax.Array:
    return jax.jit(partial(metrics.fisher_matrix, problem.logits))(problem.w, problem.X)


@check("q7", points=4, title="Fisher information of a linear classifier and of a network")
def fisher_of_classifiers(student, inputs):
    for widths, kind in (((4, 2), "a linear classifier"), ((3, 4, 2), "a network")):
        problem = inputs.given(
            "softmax_classifier", widths=widths, examples=8, seed=inputs.seed(kind)
        )
        F = student.fisher(problem.logits, problem.w, problem.X)
        expect(F, f"the Fisher information of {kind}").close_to(
            lambda problem=problem: _fisher(problem), rtol=1e-4, why=SINGLE, points=2
        )


@check("q7", points=1, title="Fisher information of a single example, two classes")
def fisher_of_one_example(student, inputs):
    problem = inputs.given(
        "softmax_classifier", widths=(1, 1), examples=1, seed=inputs.seed("problem")
    )
    expect(student.fisher(problem.logits, problem.w, problem.X), "the Fisher information").close_to(
        lambda: _fisher(problem), rtol=1e-4, why=SINGLE
    )


@check("q7", points=2, title="Fisher information when all logits are large")
def fisher_of_large_logits(student, inputs):
    options = {"widths": (4, 2), "examples": 8, "seed": inputs.seed("problem")}
    plain = inputs.given("softmax_classifier", **options)
    shifted = inputs.given("softmax_classifier", **options, shift=2000.0)
    F = student.fisher(shifted.logits, shifted.w, shifted.X)
    expect(F, "the Fisher information").close_to(
        lambda: _fisher(plain), rtol=1e-4, why="a common shift of the logits changes nothing"
    )


@check("q7", points=4, title="Natural gradient with damping")
def natural_gradient_with_damping(student, inputs):
    for damping in (0.1, 0.5):
        problem = inputs.given(
            "softmax_classifier", widths=(3, 4, 2), examples=8, seed=inputs.seed(f"{damping}")
        )
        step = student.natural_gradient(problem.logits, problem.w, problem.X, problem.y, damping)
        expect(step, "the natural gradient").close_to(
            lambda problem=problem, damping=damping: _natural_gradient(problem, damping),
            rtol=1e-4,
            why=SINGLE,
            points=2,
        )


@check("q7", points=2, title="Natural gradient in other coordinates")
def natural_gradient_in_other_coordinates(student, inputs):
    options = {"widths": (4, 2), "examples": 8, "seed": inputs.seed("problem")}
    plain = inputs.given("softmax_classifier", **options)
    mixed = inputs.given("softmax_classifier", **options, mix=True)
    step = student.natural_gradient(mixed.logits, mixed.w, mixed.X, mixed.y, 0.0)
    expect(step, "the natural gradient").close_to(
        lambda: np.linalg.solve(mixed.transform, _natural_gradient(plain, 0.0)),
        rtol=1e-4,
        why="F is regular with condition below 1e4: float64 gives 1e-12",
    )


def _natural_gradient(problem: Any, damping: float) -> jax.Array:
    gradient = partial(metrics.natural_gradient, problem.logits, damping=damping)
    return jax.jit(gradient)(problem.w, problem.X, problem.y)


@check("q7", points=1, title="Natural gradient in float32", x64=False)
def natural_gradient_in_float32(student, inputs):
    problem = inputs.given(
        "softmax_classifier", widths=(4, 2), examples=8, seed=inputs.seed("problem")
    )
    step = student.natural_gradient(problem.logits, problem.w, problem.X, problem.y, 0.2)
    expect(step, "the natural gradient").close_to(
        lambda: _natural_gradient(problem, 0.2),
        rtol=1e-3,
        why="float32, condition of the damped matrix below 100",
    )
