"""Hidden checks of question 5: conjugate gradient."""

import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference import taylor

SINGLE = "well-conditioned: float32 inside gives about 1e-6, every known mistake more than 1e-3"


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


@check("q5", points=2, title="Conjugate gradient in float64 on an ill-conditioned system")
def cg_solves_ill_conditioned_system(student, inputs):
    eigenvalues = (1e-3, 2e-2, 0.1, 0.3, 1.0)
    system = inputs.given("linear_system", eigenvalues=eigenvalues, seed=inputs.seed("system"))
    iterates = student.cg(system.matvec, system.b, 8)
    expect(iterates, "the iterates").close_to(
        lambda: taylor.conjugate_gradient_iterates(system.matvec, jnp.asarray(system.b), 8),
        rtol=1e-8,
        why="condition 1000, 5 dimensions, 8 steps: float64 gives 1e-11, float32 1e-5",
    )
    expect(iterates[-1], "the last iterate").close_to(
        lambda: np.linalg.solve(system.A, system.b), rtol=1e-8, why="solved after 5 steps"
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
    b = inputs.normal(size)
    expect(program(b), "The exported iteration").close_to(
        lambda: _krylov_minima(system.A, b, steps),
        rtol=1e-4,
        why="the condition number is 9: float64 gives about 1e-13",
    )
    # Two more products for a first residual and a last, and the vectors' 10 D beside 2 D^2 a step.
    expect(program, "the iteration").costs_at_most(1.2 * steps + 2, product, unit="products with A")
