"""Answers calls: finds the target, builds the arguments, calls, and turns the result to data."""

import importlib
import os
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from runner.cases import run_examples, run_test_function
from runner.notebook import describe_error
from runner.program import describe_program, export_program
from runner.wire import Handles, Unsendable, Writer, array_from


class Missing(Exception):
    """The notebook defines no such name."""


class Calls:
    """Calls into one student namespace. Each answer echoes the message's id."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self.namespace = namespace
        self.handles = Handles()

    def answer(
        self, message: dict[str, Any], body: memoryview, interrupts: Any
    ) -> tuple[dict[str, Any], list[bytes]]:
        """The reply to one message, and the array bytes that go with it."""
        writer = Writer(self.handles, most_bytes=message["most_bytes"])
        try:
            with interrupts, settings(message["x64"]):
                result = self.perform(message, body)
                value = writer.whole_value(result)
            return {"type": "answer", "id": message["id"], "value": value}, writer.chunks
        except BaseException as error:
            kind, text = classify(error)
            return {"type": "failure", "id": message["id"], "kind": kind, "text": text}, []

    def perform(self, message: dict[str, Any], body: memoryview) -> Any:
        """What one message asks for."""
        if message["type"] == "compiled":
            return compiled_modules()
        if message["type"] == "examples":
            return run_examples(message["sources"], self.namespace)
        if message["type"] == "test_function":
            return run_test_function(message["source"], message["name"], self.namespace)
        builder = Builder(self, body)
        if message["type"] == "program":
            program = builder.build(message["program"])
            return describe_program(program, self.handles)
        target = builder.build(message["target"])
        if message["type"] == "value":
            return target
        args = [builder.build(arg) for arg in message["args"]]
        kwargs = {name: builder.build(arg) for name, arg in message["kwargs"].items()}
        if message["type"] == "export":
            return export_program(target, args, kwargs)
        result = target(*args, **kwargs)
        return jax.block_until_ready(result)


class Builder:
    """Turns header forms into live values: arrays, given objects, functions, handles."""

    def __init__(self, calls: Calls, body: memoryview) -> None:
        self.calls = calls
        self.body = body

    def build(self, form: Any) -> Any:
        if not isinstance(form, list):
            return form
        tag, *rest = form
        return getattr(self, f"_{BUILDERS[tag]}")(*rest)

    def _array(self, dtype: str, shape: list[int], offset: int) -> jax.Array:
        return array_from(self.body, dtype, shape, offset)

    def _shape(self, dtype: str, shape: list[int]) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct(tuple(shape), jax.dtypes.canonicalize_dtype(dtype))

    def _bytes(self, offset: int, size: int) -> bytes:
        return bytes(self.body[offset : offset + size])

    def _complex(self, real: float, imaginary: float) -> complex:
        return complex(real, imaginary)

    def _list(self, items: list[Any]) -> list[Any]:
        return [self.build(item) for item in items]

    def _tuple(self, items: list[Any]) -> tuple[Any, ...]:
        return tuple(self.build(item) for item in items)

    def _dict(self, pairs: list[Any]) -> dict[Any, Any]:
        return {key: self.build(value) for key, value in pairs}

    def _handle(self, number: int) -> Any:
        return self.calls.handles.get(number)

    def _name(self, name: str) -> Any:
        if name not in self.calls.namespace:
            raise Missing(name)
        return self.calls.namespace[name]

    def _attribute(self, owner: Any, name: str) -> Any:
        return getattr(self.build(owner), name)

    def _given(self, module: str, name: str, kwargs: dict[str, Any]) -> Any:
        make = getattr(importlib.import_module(module), name)
        return make(**self._named(kwargs))

    def _source(self, source: str, names: dict[str, Any]) -> Any:
        return eval(source, {"jax": jax, "jnp": jnp, **self._named(names)})

    def _named(self, forms: dict[str, Any]) -> dict[str, Any]:
        return {name: self.build(form) for name, form in forms.items()}


BUILDERS = {
    "a": "array",
    "z": "shape",
    "b": "bytes",
    "c": "complex",
    "l": "list",
    "t": "tuple",
    "d": "dict",
    "h": "handle",
    "n": "name",
    ".": "attribute",
    "g": "given",
    "s": "source",
}


def compiled_modules() -> dict[str, bytes]:
    """JAX's compilation cache; asked for only where our own code filled it."""
    folder = Path(os.environ["JAX_COMPILATION_CACHE_DIR"])
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def settings(x64: bool | None) -> Any:
    """The numerical settings that a call fixes, whatever the notebook left behind.

    None leaves them as they are.
    """
    if x64 is None:
        return nullcontext()
    jax.config.update("jax_disable_jit", False)
    jax.config.update("jax_default_matmul_precision", "highest")
    jax.config.update("jax_numpy_rank_promotion", "allow")
    return jax.enable_x64(x64)


def classify(error: BaseException) -> tuple[str, str]:
    """The failure's kind and text, for the student to read."""
    if isinstance(error, Missing):
        return "missing", str(error)[:200]
    if isinstance(error, Unsendable):
        return "unsendable", str(error)[:400]
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", ""
    return "raised", describe_error(error)
