"""Hidden checks of question 2: damped, preconditioned conjugate gradients, the Hessian-free step."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from grader.checks import check, expect
from reference import second_order, taylor

KRYLOV = "5 steps, condition of the preconditioned system below 10: float64 gives about 1e-14"
STOPPED = "some 30 steps in float64 give about 1e-9; another number of steps more than 1e-2"
TOLERANCES = (1e-5, 1e-2)
SINGLE = "float32, five steps, condition below 10: about 1e-6, known mistakes more than 1e-2"
SOLVED = "solved to 1e-10 of the residual; every known mistake is more than 1e-2"


@check(
    "q2", points=2, title="A fixed number of steps is optimal in the preconditioned Krylov space"
)
def cg_is_optimal(student, inputs):
    for damping in (0.3, 0.0):
        system = _system(inputs, np.linspace(1.0, 6.0, 12), f"{damping}")
        result = student.damped_cg(system.product, system.b, damping, system.preconditioner, 0.0, 5)
        expect(result, "(x, steps)").close_to(
            lambda system=system, damping=damping: _optimum(system, damping, 5),
            rtol=1e-6,
            why=KRYLOV,
        )


def _system(inputs: Any, eigenvalues: Any, tag: str, spread: float = 10.0) -> Any:
    return inputs.given(
        "linear_system", eigenvalues=list(eigenvalues), seed=inputs.seed(tag), spread=spread
    )


def _optimum(system: Any, damping: float, steps: int, b: Any = None) -> list[Any]:
    """Minimum over span(z, (M^-1 A) z, ..), z = M^-1 b, A = B + lambda I, by dense algebra."""
    b = system.b if b is None else b
    A = system.B + damping * np.eye(len(b))
    inverse = 1 / system.scales
    powers = [inverse * b]
    for _ in range(steps - 1):
        powers.append(inverse * (A @ powers[-1]) / np.linalg.norm(powers[-1]))
    V, _ = np.linalg.qr(np.stack(powers, axis=1))
    return [V @ np.linalg.solve(V.T @ A @ V, V.T @ b), np.asarray(steps)]


@check("q2", points=2, title="Where conjugate gradients stop")
def cg_stops_where_it_should(student, inputs):
    for tag, damping in (("first", 0.1), ("second", 0.02)):
        system = _system(inputs, np.geomspace(0.1, 3.0, 40), tag, 30.0)
        b = 30 * system.b
        results = [
            student.damped_cg(system.product, b, damping, system.preconditioner, tolerance, 200)
            for tolerance in TOLERANCES
        ]
        expect(results, f"(x, steps) at two tolerances for the {tag} system").close_to(
            lambda s=system, b=b, d=damping: [_stopped(s, b, d, t, 200) for t in TOLERANCES],
            rtol=1e-6,
            why=STOPPED,
            points=1,
        )


def _stopped(system: Any, b: Any, damping: float, tolerance: float, max_steps: int) -> list[Any]:
    result = taylor.conjugate_gradient(
        lambda v: system.B @ v + damping * v,
        jnp.asarray(b),
        tolerance=tolerance,
        max_steps=max_steps,
        preconditioner=lambda r: r / system.scales,
    )
    return [result.solution, result.steps]


@check("q2", points=1, title="Nothing to solve, no steps to make, one unknown")
def cg_at_its_edges(student, inputs):
    system = _system(inputs, (1.0, 3.0, 2.0), "system", 3.0)
    arguments = (0.1, system.preconditioner)
    for tolerance in (0.1, 0.0):
        zero = student.damped_cg(system.product, np.zeros(3), *arguments, tolerance, 5)
        expect(zero, "(x, steps) for b = 0").close_to(
            lambda: [np.zeros(3), np.asarray(0)], rtol=0.0, atol=1e-12, why="nothing to solve: 0"
        )
    none = student.damped_cg(system.product, system.b, *arguments, 0.1, 0)
    expect(none, "(x, steps) for no steps").close_to(
        lambda: [np.zeros(3), np.asarray(0)], rtol=0.0, atol=1e-12, why="the start: 0"
    )
    b, factor, inverse = inputs.normal(1), inputs.source("lambda v: 3.0 * v"), "lambda r: r / 2.0"
    one = student.damped_cg(factor, b, 0.5, inputs.source(inverse), 1e-6, 5)
    expect(one, "(x, steps) for one unknown").close_to(
        lambda: [b / 3.5, np.asarray(1)], rtol=1e-6, why="one step, exact but for rounding"
    )


@check("q2", points=1, title="A right-hand side of tiny norm")
def cg_at_a_tiny_scale(student, inputs):
    system = _system(inputs, np.geomspace(0.2, 3.0, 25), "system")
    b = 1e-12 * system.b
    result = student.damped_cg(system.product, b, 0.1, system.preconditioner, 1e-3, 100)
    expect(result, "(x, steps)").close_to(
        lambda: _stopped(system, b, 0.1, 1e-3, 100), rtol=1e-6, why=STOPPED
    )


@check("q2", points=1, title="Conjugate gradients in float32", x64=False)
def cg_in_float32(student, inputs):
    system = _system(inputs, np.linspace(1.0, 5.0, 9), "system", 4.0)
    result = student.damped_cg(system.product, system.b, 0.5, system.preconditioner, 0.0, 5)
    expect(result, "(x, steps)").close_to(lambda: _optimum(system, 0.5, 5), rtol=1e-3, why=SINGLE)


@check("q2", points=1, title="Conjugate gradients take one product a step")
def cg_takes_one_product_a_step(student, inputs):
    system = inputs.given("linear_system", eigenvalues=np.linspace(1.0, 6.0, 96).tolist(), seed=2)
    program = student.program(
        "damped_cg", system.product, system.b, 0.3, system.preconditioner, 0.0, 5
    )
    b = inputs.normal(96)
    expect(program(b), "The exported iteration").close_to(
        lambda: _optimum(system, 0.3, 5, b), rtol=1e-6, why=KRYLOV
    )
    product = inputs.program(system.product, system.b)
    # The vectors of one step are some 14 n operations beside the product's 2 n^2: 1.1 in all.
    expect(program, "The iteration").costs_at_most(
        1.5,
        product,
        unit="products with B",
        per_iteration=True,
        says="(A loop that stops by the rule counts as one step, any other in full.)",
    )


# --- The Hessian-free step ------------------------------------------------------------------------


@check("q2", points=2, title="Hessian-free step against a dense solution")
def hessian_free_step_of_networks(student, inputs):
    settings = (("a network", (4, 5, 3), 9, 0.3), ("one example", (2, 1, 2), 1, 0.2))
    for kind, widths, examples, damping in settings:
        problem = inputs.given(
            "classifier", widths=widths, examples=examples, seed=inputs.seed(kind)
        )
        step = student.hessian_free_step(
            problem.network, problem.output_loss, problem.w, damping, 1e-10, 200
        )
        expect(step, f"the step of {kind}").close_to(
            lambda problem=problem, damping=damping: _dense_step(problem, damping),
            rtol=1e-5,
            why=SOLVED,
            points=1,
        )


def _dense_step(problem: Any, damping: float) -> Any:
    """-(G + lambda I)^-1 g with a dense G from the Jacobian and the softmax Hessian by formula."""
    flat, unravel = ravel_pytree(problem.w)
    J = jax.jit(jax.jacrev(lambda flat: problem.network(unravel(flat))))(flat)
    p = jax.nn.softmax(problem.network(problem.w))
    centred = J - jnp.einsum("nk,nki->ni", p, J)[:, None]
    G = jnp.einsum("nk,nki,nkj->ij", p, centred, centred) / len(p)
    g = ravel_pytree(jax.jit(jax.grad(problem.loss))(problem.w))[0]
    return unravel(-jnp.linalg.solve(G + damping * jnp.eye(len(flat)), g))


@check("q2", points=1, title="Six steps of the Hessian-free step to twelve digits")
def hessian_free_step_to_all_digits(student, inputs):
    problem = inputs.given("classifier", widths=(4, 5, 3), examples=9, seed=inputs.seed("problem"))
    step = student.hessian_free_step(problem.network, problem.output_loss, problem.w, 0.1, 0.0, 6)
    expect(step, "the step").close_to(
        lambda: _reference_step(problem, 0.1, 6),
        rtol=1e-13,
        why="float64 gives about 2e-15 after six steps, finite differences more than 5e-12",
    )


def _reference_step(problem: Any, damping: float, steps: int, w: Any = None) -> Any:
    w = jax.tree.map(jnp.asarray, problem.w if w is None else w)
    product = jax.jit(
        partial(taylor.gauss_newton_vector_product, problem.network, problem.output_loss, w)
    )
    gradient = jax.jit(jax.grad(problem.loss))(w)
    return second_order.hessian_free_step(
        product, gradient, damping=damping, tolerance=0.0, max_steps=steps
    ).solution


@check("q2", points=1, title="Cost of the Hessian-free step")
def hessian_free_step_costs_few_gradients(student, inputs):
    problem = inputs.given("classifier", widths=(8, 24, 24, 4), examples=16, seed=1)
    arguments = (problem.network, problem.output_loss, problem.w, 0.5, 0.0, 4)
    program = student.program("hessian_free_step", *arguments)
    w = jax.tree.map(lambda leaf: 0.2 * inputs.normal(*leaf.shape), problem.w)
    expect(program(w), "The exported step").close_to(
        lambda: _reference_step(problem, 0.5, 4, w), rtol=1e-6, why="four steps in float64"
    )
    gradient = inputs.program(jax.grad(problem.loss.local()), problem.w)
    expect(program, "The step").costs_at_most(8, gradient, unit="gradients", per_iteration=True)
    # 916 parameters: a dense matrix is 6.7 MB; the network's passes on 16 examples 100 kB.
    expect(program, "The step").uses_at_most(1_000_000)
