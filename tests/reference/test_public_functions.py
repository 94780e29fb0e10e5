"""What every public function of `reference` promises: its dtype, its shapes, and to export."""

import inspect
from typing import Any

import beartype
import jax
import jax.export
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import jaxtyped

from tests.reference.calls import Call
from tests.reference.tree import module_names, public_functions, table

TABLES = {name: table("calls", name) for name in module_names()}
CALLS: list[Any] = [
    pytest.param(call, id=f"{name}.{call.function.__name__}")
    for name, calls in TABLES.items()
    for call in calls.CALLS
]
every_call = pytest.mark.parametrize("call", CALLS)


@pytest.mark.parametrize("name", TABLES)
def test_every_public_function_is_in_the_table_and_documented(name):
    functions = public_functions(name)
    calls = [*TABLES[name].CALLS]
    called = {f for call in calls for f in (call.function, *call.covered)}
    # Some make a function, or parameters from a shape: no program of arrays.
    called |= set(getattr(TABLES[name], "NOT_PROGRAMS", ()))
    assert [name for name, function in functions.items() if function not in called] == []
    assert [name for name, function in functions.items() if not inspect.getdoc(function)] == []


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@every_call
def test_shapes_are_those_annotated_and_the_dtype_is_kept(call, dtype):
    function, arrays = program(call, dtype)
    results = jax.tree.leaves(jax.eval_shape(function, *arrays))
    assert results
    assert {r.dtype.name for r in results if r.dtype.kind == "f"} <= {dtype}
    assert {r.dtype.name for r in results if r.dtype.kind == "c"} <= {COMPLEX[dtype]}


@every_call
def test_program_exports_for_cpu_and_cuda(call):
    function, arrays = program(call, "float32")
    exported = jax.export.export(jax.jit(function), platforms=["cpu", "cuda"])(*arrays)
    assert exported.platforms == ("cpu", "cuda")
    assert "callback" not in exported.mlir_module()


@every_call
def test_program_runs_over_a_batch_of_its_arguments(call):
    function, arrays = program(call, "float32")
    if call.not_batched:
        return
    batches = jax.tree.map(lambda array: jnp.stack([array, array]), arrays)
    one, many = jax.eval_shape(function, *arrays), jax.eval_shape(jax.vmap(function), *batches)
    assert [leaf.shape for leaf in jax.tree.leaves(many)] == [
        (2, *leaf.shape) for leaf in jax.tree.leaves(one)
    ]


COMPLEX = {"float32": "complex64", "float64": "complex128"}


def program(call: Call, dtype: str):
    """The call as a function of its arrays alone, with shapes and types checked, and those."""
    function = jaxtyped(typechecker=beartype.beartype)(call.function)
    arguments = [with_dtype(argument, dtype) for argument in call.arguments]
    options = {name: with_dtype(option, dtype) for name, option in call.options.items()}
    places = [i for i, argument in enumerate(arguments) if holds_arrays(argument)]

    def of_arrays(*arrays):
        given = dict(zip(places, arrays, strict=True))
        return function(*[given.get(i, a) for i, a in enumerate(arguments)], **options)

    return of_arrays, [arguments[i] for i in places]


def with_dtype(argument, dtype):
    """`argument` with its inexact NumPy leaves as JAX arrays of `dtype`; a key where one goes."""
    if argument is jax.random.key:
        return jax.random.key(0)

    def converted(leaf):
        if not isinstance(leaf, np.ndarray):
            return leaf
        return jnp.asarray(leaf, {"f": dtype, "c": COMPLEX[dtype]}.get(leaf.dtype.kind))

    return jax.tree.map(converted, argument)


def holds_arrays(argument):
    leaves = jax.tree.leaves(argument)
    return bool(leaves) and all(isinstance(leaf, jax.Array) for leaf in leaves)
