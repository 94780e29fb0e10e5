"""Hidden checks of question 4: JVP, VJP, Hessian- and Gauss-Newton-vector products."""

from functools import partial
from typing import Any

import jax

from grader.checks import check, expect
from reference import taylor

SINGLE = "well-conditioned: float32 inside gives about 1e-6, every known mistake more than 1e-3"
EXACT = "float64 gives about 1e-15; finite differences 1e-10, of fourth order some 1e-12"


@check("q4", points=1, title="JVP, outputs in an array and in a dict")
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


@check("q4", points=1, title="VJP, outputs in an array and in a dict")
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


@check("q4", points=2, title="Cost of the Hessian-vector product")
def hvp_costs_few_gradients(student, inputs):
    problem = inputs.given("mlp_regression", widths=(8, 24, 24, 4), examples=16, seed=1)
    v = inputs.direction(problem.params)
    program = student.program("hvp", problem.loss, problem.params, v)
    gradient = inputs.program(jax.grad(problem.loss), problem.params)
    w = inputs.direction(problem.params)
    expect(program(w, v), "The exported product H v").close_to(
        lambda: jax.jit(partial(taylor.hessian_vector_product, problem.loss))(w, v),
        rtol=1e-4,
        why=SINGLE,
    )
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


@check("q4", points=2, title="Cost of the Gauss-Newton product")
def gnvp_costs_few_gradients(student, inputs):
    problem = inputs.given("mlp_classification", widths=(8, 24, 24, 4), examples=16, seed=1)
    v = inputs.direction(problem.params)
    program = student.program("gnvp", problem.network, problem.output_loss, problem.params, v)
    gradient = inputs.program(jax.grad(problem.loss), problem.params)
    w = inputs.direction(problem.params)
    expect(program(w, v), "The exported product G v").close_to(
        lambda: jax.jit(
            partial(taylor.gauss_newton_vector_product, problem.network, problem.output_loss)
        )(w, v),
        rtol=1e-4,
        why=SINGLE,
    )
    expect(program, "G v").costs_at_most(5, gradient, unit="gradients")
    expect(program, "G v").uses_at_most(_MATRIX_FREE_BYTES)
