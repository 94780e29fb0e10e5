"""Exported programs: making one from a student's function, and reading one as data."""

from typing import Any

import jax
from jax import export as jax_export
from jax.extend.mlir import ir

from runner.cost import Cost, cost_of
from runner.wire import Handles

PLATFORMS = ("cpu", "cuda")


def export_program(function: Any, args: list[Any], kwargs: dict[str, Any]) -> bytes:
    """The StableHLO of `function` at the arguments' shapes, serialised.

    Arguments that hold shapes become the program's inputs, in order; every other argument
    (functions, scalars) is fixed.
    """
    traced = [index for index, arg in enumerate(args) if has_shape(arg)]

    def program(*inputs: Any) -> Any:
        filled = list(args)
        for index, value in zip(traced, inputs, strict=True):
            filled[index] = value
        return without_names(function(*filled, **kwargs))

    exported = jax_export.export(jax.jit(program), platforms=["cpu"])(*(args[i] for i in traced))
    return bytes(exported.serialize())


def without_names(value: Any) -> Any:
    """Named tuples (`jnp.linalg.eigh` gives one) as tuples: an exported program has none."""
    if isinstance(value, tuple):
        return tuple(map(without_names, value))
    if isinstance(value, list):
        return [without_names(item) for item in value]
    if isinstance(value, dict):
        return {key: without_names(item) for key, item in value.items()}
    return value


def has_shape(value: Any) -> bool:
    leaves = jax.tree.leaves(value)
    return bool(leaves) and all(isinstance(leaf, jax.ShapeDtypeStruct) for leaf in leaves)


def describe_program(serialised: bytes, handles: Handles) -> dict[str, Any]:
    """What a program would do, without doing it: its cost, its custom calls, its memory.

    `function` is a handle that runs it. XLA's own count is there for comparison: it counts a
    loop's body once. A program with a call that is not on the list is not compiled.
    """
    exported = jax_export.deserialize(bytearray(serialised))
    cost = count(exported)
    description: dict[str, Any] = {
        "flops": float(cost.flops),
        "unbounded_loops": cost.unbounded_loops,
        "refused_calls": sorted(cost.refused_calls)[:20],
        "temporary_bytes": 0,
        "xla_flops": 0.0,
        "function": None,
    }
    if not cost.refused_calls:
        call = jax.jit(exported.call)
        compiled = call.lower(*input_shapes(exported)[0], **input_shapes(exported)[1]).compile()
        analysis: Any = compiled.cost_analysis()
        memory: Any = compiled.memory_analysis()
        description["xla_flops"] = float(analysis.get("flops", 0.0))
        description["temporary_bytes"] = int(memory.temp_size_in_bytes)
        description["function"] = compiled
    return description


def count(exported: Any) -> Cost:
    with jax_export_context() as context:
        module = ir.Module.parse(exported.mlir_module(), context)
        return cost_of(module)


def jax_export_context() -> Any:
    from jax._src.interpreters import mlir  # the dialects' registration has no public name

    return mlir.make_ir_context()


def input_shapes(exported: Any) -> tuple[Any, Any]:
    shapes = [jax.ShapeDtypeStruct(aval.shape, aval.dtype) for aval in exported.in_avals]
    return jax.tree.unflatten(exported.in_tree, shapes)
