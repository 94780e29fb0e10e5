"""The count of FLOPs against counts by hand."""

import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export as jax_export
from jax import lax
from jax.experimental import io_callback
from jax.flatten_util import ravel_pytree

ENVIRONMENTS = Path(__file__).parent.parent.parent / "environments"


@pytest.fixture(scope="module")
def runner() -> Any:
    """The runner's module that exports and reads programs, as in a container."""
    sys.path.insert(0, str(ENVIRONMENTS))
    from runner import program

    sys.path.remove(str(ENVIRONMENTS))
    return program


def cost(runner: Any, function: Callable[..., Any], *shapes: tuple[int, ...]) -> Any:
    """The cost of a function at arrays of these shapes, in float32."""
    args = [jax.ShapeDtypeStruct(shape, jnp.float32) for shape in shapes]
    serialised = runner.export_program(function, args, {})
    return runner.count(jax_export.deserialize(bytearray(serialised)))


def flops(runner: Any, function: Callable[..., Any], *shapes: tuple[int, ...]) -> float:
    found = cost(runner, function, *shapes)
    assert (found.unbounded_loops, found.refused_calls) == (0, set())
    return found.flops


N, M, K = 8, 5, 3


@pytest.mark.parametrize(
    ("function", "shapes", "by_hand"),
    [
        (lambda A, x: A @ x, [(N, M), (M,)], 2 * N * M),
        (lambda A, B: A @ B, [(N, M), (M, K)], 2 * N * M * K),
        (lambda A, B: jnp.einsum("bij,bjk->bik", A, B), [(4, N, M), (4, M, K)], 8 * N * M * K),
        (lambda x, y: jnp.vdot(x, y), [(N,), (N,)], 2 * N),
        (lambda x: x + x, [(N, M)], N * M),
        (lambda x: jnp.sin(x) * x, [(N,)], 2 * N),
        (lambda x: jnp.sum(x), [(N, M)], N * M),
        (lambda x: x.T.reshape(-1)[:3], [(N, M)], 0),
        (lambda x: jnp.concatenate([x, x]), [(N,)], 0),
    ],
    ids=["matvec", "matmul", "batched", "dot", "add", "elementwise", "sum", "moved", "joined"],
)  # fmt: skip
def test_a_count_is_the_one_by_hand(
    runner: Any, function: Callable[..., Any], shapes: list[tuple[int, ...]], by_hand: float
) -> None:
    assert flops(runner, function, *shapes) == by_hand


def step(A: Any, x: Any) -> Any:
    return A @ x


PRODUCT = 2 * N * N


@pytest.mark.parametrize("trips", [0, 1, 2, 7, 100])
@pytest.mark.parametrize(
    "loop",
    [
        lambda A, x, n: lax.fori_loop(0, n, lambda _, y: step(A, y), x),
        lambda A, x, n: lax.fori_loop(3, n + 3, lambda _, y: step(A, y), x),
        lambda A, x, n: lax.scan(lambda y, _: (step(A, y), None), x, length=n)[0],
        lambda A, x, n: lax.scan(lambda y, _: (step(A, y), y), x, jnp.zeros((n, 2)))[0],
        lambda A, x, n: lax.map(lambda y: step(A, y), jnp.zeros((n, N)) + x),
        lambda A, x, n: lax.while_loop(
            lambda c: c[0] < 2 * n, lambda c: (c[0] + 2, step(A, c[1])), (0, x)
        )[1],
    ],
    ids=["fori_loop", "fori_loop from 3", "scan", "scan with outputs", "map", "while in twos"],
)
def test_a_loop_costs_its_trips_times_its_body(
    runner: Any, loop: Callable[..., Any], trips: int
) -> None:
    found = flops(runner, lambda A, x: loop(A, x, trips), (N, N), (N,))
    # Beside the products, a trip only counts and fills a row.
    assert trips * PRODUCT <= found <= trips * (PRODUCT + 4 * N) + N * (trips + 1) + 8


def test_nested_loops_multiply(runner: Any) -> None:
    def nested(A: Any, x: Any) -> Any:
        def inner(_: Any, y: Any) -> Any:
            return lax.fori_loop(0, 5, lambda _, z: step(A, z), y)

        return lax.scan(lambda y, i: (inner(i, y), None), x, length=11)[0]

    assert flops(runner, nested, (N, N), (N,)) == pytest.approx(55 * PRODUCT, rel=0.05)


def test_a_function_that_is_called_twice_counts_twice(runner: Any) -> None:
    twice = jax.jit(step)
    assert flops(runner, lambda A, x: twice(A, twice(A, x)), (N, N), (N,)) == 2 * PRODUCT


@pytest.mark.parametrize(
    "loop",
    [
        lambda A, x: lax.while_loop(lambda y: jnp.sum(y) > 0, lambda y: step(A, y), x),
        lambda A, x: lax.fori_loop(0, x[0].astype(int), lambda _, y: step(A, y), x),
        lambda A, x: lax.while_loop(
            lambda c: (c[0] < 9) & (c[1][0] > 0), lambda c: (c[0] + 1, step(A, c[1])), (0, x)
        ),
        lambda A, x: lax.while_loop(
            lambda c: c[0] < 9, lambda c: (c[0] * 2, step(A, c[1])), (1, x)
        ),
        lambda A, x: lax.while_loop(
            lambda c: c[0] < 9, lambda c: (c[0] - 1, step(A, c[1])), (0, x)
        ),
        lambda A, x: lax.while_loop(
            lambda c: c[0] < c[2], lambda c: (c[0] + 1, step(A, c[1]), c[2] + 1), (0, x, 5)
        ),
    ],
    ids=["data", "data as limit", "two conditions", "doubling", "backwards", "a moving limit"],
)
def test_a_loop_without_a_constant_number_of_trips_has_no_total(
    runner: Any, loop: Callable[..., Any]
) -> None:
    found = cost(runner, loop, (N, N), (N,))
    assert found.unbounded_loops == 1
    assert found.flops >= PRODUCT


def test_a_counter_too_narrow_for_its_steps_has_no_total(runner: Any) -> None:
    # 0, 50, 100, then -106 and on: int8 wraps around, and the loop turns more than three times.
    fifty, limit = jnp.int8(50), jnp.int8(120)

    def wraps(A: Any, x: Any) -> Any:
        return lax.while_loop(
            lambda c: c[0] < limit, lambda c: (c[0] + fifty, step(A, c[1])), (jnp.int8(0), x)
        )[1]

    assert cost(runner, wraps, (N, N), (N,)).unbounded_loops == 1


def test_a_branch_costs_its_dearest_side(runner: Any) -> None:
    def branch(A: Any, x: Any) -> Any:
        return lax.cond(x[0] > 0, lambda: step(A, step(A, x)), lambda: step(A, x))

    def switch(A: Any, x: Any) -> Any:
        return lax.switch(x[0].astype(int), [lambda: x, lambda: step(A, x), lambda: 2 * x])

    assert flops(runner, branch, (N, N), (N,)) == pytest.approx(2 * PRODUCT, abs=8)
    assert flops(runner, switch, (N, N), (N,)) == pytest.approx(PRODUCT, abs=8)


@pytest.mark.parametrize(
    ("function", "leading"),
    [
        (jnp.linalg.cholesky, 1 / 3),
        (jnp.linalg.inv, 2 / 3 + 2),
        (lambda A: jnp.linalg.solve(A, A[0]), 2 / 3),
        (lambda A: jnp.linalg.solve(A, A), 2 / 3 + 2),
        (jnp.linalg.eigh, 9),
        (jnp.linalg.svd, 22),
        (jnp.linalg.qr, 4),
        (jnp.linalg.slogdet, 2 / 3),
    ],
    ids=["cholesky", "inv", "solve a vector", "solve a matrix", "eigh", "svd", "qr", "slogdet"],
)
def test_linear_algebra_is_allowed_and_charged_its_textbook_order(
    runner: Any, function: Callable[..., Any], leading: float
) -> None:
    n = 96
    # Copies, masks and pivots cost n^2: a third more at most, at this size, than the leading term
    # and two triangular solves.
    assert 0.9 * leading <= flops(runner, function, (n, n)) / n**3 <= 1.35 * leading + 2.5


@pytest.mark.parametrize(
    "operation", [jnp.sort, jnp.argmax, jnp.cumsum, jnp.linalg.norm, jax.nn.softmax]
)
def test_reductions_cost_at_least_one_operation_an_element(
    runner: Any, operation: Callable[..., Any]
) -> None:
    size = 1_000
    assert size <= flops(runner, operation, (size,)) <= 60 * size


def test_a_fourier_transform_is_not_one_operation_an_element(runner: Any) -> None:
    size = 1 << 10
    found = flops(runner, lambda x: jnp.abs(jnp.fft.fft(x)), (size,))
    assert 10 * size < found < 100 * size


@pytest.mark.parametrize(
    "function",
    [
        lambda x: jax.pure_callback(np.sin, x, x),
        lambda x: [jax.debug.print("{}", x), x][1],
        lambda x: io_callback(np.sin, x, x),
    ],
    ids=["pure_callback", "debug.print", "io_callback"],
)
def test_a_program_with_a_callback_does_not_export(
    runner: Any, function: Callable[..., Any]
) -> None:
    with pytest.raises((ValueError, NotImplementedError)):
        cost(runner, function, (N,))


CUSTOM = """
module {
  func.func public @main(%arg0: tensor<8xf32>) -> tensor<8xf32> {
    %0 = stablehlo.custom_call @TARGET(%arg0) : (tensor<8xf32>) -> tensor<8xf32>
    return %0 : tensor<8xf32>
  }
}
"""
DOT = """
module {
  func.func public @main(%arg0: tensor<8x8xf32>, %arg1: tensor<8xf32>) -> tensor<8xf32> {
    %0 = stablehlo.dot %arg0, %arg1 : (tensor<8x8xf32>, tensor<8xf32>) -> tensor<8xf32>
    return %0 : tensor<8xf32>
  }
}
"""
DYNAMIC = """
module {
  func.func public @main(%arg0: tensor<?xf32>) -> tensor<?xf32> {
    %0 = stablehlo.add %arg0, %arg0 : tensor<?xf32>
    return %0 : tensor<?xf32>
  }
}
"""
RECURSIVE = """
module {
  func.func public @main(%arg0: tensor<8xf32>) -> tensor<8xf32> {
    %0 = func.call @main(%arg0) : (tensor<8xf32>) -> tensor<8xf32>
    %1 = func.call @main(%0) : (tensor<8xf32>) -> tensor<8xf32>
    return %1 : tensor<8xf32>
  }
}
"""


def cost_of_text(runner: Any, text: str) -> Any:
    from jax.extend.mlir import ir
    from runner.cost import cost_of  # type: ignore[import-not-found]

    with runner.jax_export_context() as context:
        return cost_of(ir.Module.parse(text, context))


@pytest.mark.parametrize(
    ("target", "refused"),
    [
        ("xla_python_cpu_callback", True),
        ("xla_ffi_python_cpu_callback", True),
        ("my_kernel", True),
        ("lapack_spotrf_ffi_and_more", True),
        ("Sharding", False),
        ("lapack_spotrf_ffi", False),
    ],
)
def test_only_custom_calls_on_the_list_are_let_through(
    runner: Any, target: str, refused: bool
) -> None:
    found = cost_of_text(runner, CUSTOM.replace("TARGET", target))
    assert found.refused_calls == ({target} if refused else set())


def test_a_product_in_other_words_than_jaxs_is_counted_too(runner: Any) -> None:
    assert cost_of_text(runner, DOT).flops == PRODUCT


@pytest.mark.parametrize("text", [DYNAMIC, RECURSIVE], ids=["unknown sizes", "endless calls"])
def test_a_program_without_a_finite_count_is_refused(runner: Any, text: str) -> None:
    with pytest.raises(Exception, match=r"tensor|recursion|operations"):
        cost_of_text(runner, text)


WIDTHS = (20, 30, 30, 5)
PARAMETERS = list(pairwise(WIDTHS))


def loss(params: Any) -> Any:
    x = jnp.linspace(0, 1, 40 * WIDTHS[0]).reshape(40, WIDTHS[0])
    for W in params:
        x = jnp.tanh(x @ W)
    return jnp.mean(x**2)


def forward_over_reverse(params: Any, v: Any) -> Any:
    return jax.jvp(jax.grad(loss), (params,), (v,))[1]


def by_basis_vectors(params: Any, v: Any) -> Any:
    """All columns of H, one after the other: what XLA's own count takes for one product."""
    flat, unravel = ravel_pytree(params)
    columns = lax.map(
        lambda e: ravel_pytree(forward_over_reverse(params, unravel(e)))[0],
        jnp.eye(flat.size),
    )
    return columns @ ravel_pytree(v)[0]


def tree_flops(runner: Any, function: Callable[..., Any], count: int) -> float:
    shapes = [jax.ShapeDtypeStruct(shape, jnp.float32) for shape in PARAMETERS]
    serialised = runner.export_program(function, [shapes] * count, {})
    found = runner.count(jax_export.deserialize(bytearray(serialised)))
    assert found.unbounded_loops == 0
    return found.flops


def test_a_hessian_vector_product_costs_two_to_three_gradients(runner: Any) -> None:
    gradient = tree_flops(runner, jax.grad(loss), 1)
    assert 1.8 < tree_flops(runner, forward_over_reverse, 2) / gradient < 3.2


def test_a_loop_over_basis_vectors_costs_all_of_them(runner: Any) -> None:
    gradient = tree_flops(runner, jax.grad(loss), 1)
    size = sum(n * m for n, m in PARAMETERS)
    assert tree_flops(runner, by_basis_vectors, 2) / gradient > 1.8 * size


@pytest.mark.parametrize("function", [jax.grad(loss), lambda p: jax.tree.map(jnp.sin, p)])
def test_a_count_is_the_same_every_time(runner: Any, function: Callable[..., Any]) -> None:
    assert tree_flops(runner, function, 1) == tree_flops(runner, function, 1)
