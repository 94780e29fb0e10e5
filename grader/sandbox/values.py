"""Values on the wire: what may be sent into a container, and what is believed coming out.

Coming out there are only None, bool, int, float, complex, str, bytes, arrays of listed dtypes,
lists, tuples, dicts with str or int keys, and handles. Everything is checked against the
body's size before an array is made, and arrays are read-only views of received bytes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import ml_dtypes
import numpy as np

from grader.sandbox.frames import Garbled

DTYPES = {
    name: np.dtype(name)
    for name in (
        "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 "
        "float16 float32 float64 complex64 complex128"
    ).split()
} | {"bfloat16": np.dtype(ml_dtypes.bfloat16)}

DEPTH = 60
MOST_LEAVES = 100_000
# Of one dict. Numbers, other than texts, can be chosen so that looking one up passes all others:
# 100,000 such keys took some ten seconds.
MOST_NUMBERS = 10_000
# The largest product of an empty array's other lengths.
MOST_EMPTY = 1 << 40


@dataclass(frozen=True)
class Handle:
    """A function or object that stayed in the container, and the name of its type there."""

    number: int
    kind: str


@dataclass(frozen=True)
class Form:
    """A value that the container builds itself, already in wire form (see `encode`)."""

    parts: tuple[Any, ...]


def student_name(name: str) -> Form:
    """The notebook's global `name`."""
    return Form(("n", name))


def given(module: str, name: str, kwargs: dict[str, Any]) -> Form:
    """What the function `name` of a given module makes of `kwargs`."""
    return Form(("g", module, name, kwargs))


def source(text: str, names: dict[str, Any]) -> Form:
    """The value of a line of Python in which `jax`, `jnp` and `names` are known."""
    return Form(("s", text, names))


def attribute(owner: Any, name: str) -> Form:
    """The attribute `name` of a handle or form."""
    return Form((".", owner, name))


def shape_only(dtype: str, shape: tuple[int, ...]) -> Form:
    """The shape and dtype of an array whose numbers are not sent."""
    return Form(("z", dtype, list(shape)))


class Encoder:
    """Turns values into header form; `chunks` collects the body."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []
        self._size = 0

    def _append(self, data: bytes) -> int:
        offset = self._size
        self.chunks.append(data)
        self._size += len(data)
        return offset

    def encode(self, value: Any) -> Any:
        """The header form of `value`. Raises TypeError for what has none: our own mistake."""
        if isinstance(value, Form):
            return self._form(value)
        if value is None or isinstance(value, bool | str) or type(value) in (int, float):
            return value
        if isinstance(value, Handle):
            return ["h", value.number]
        if isinstance(value, complex):
            return ["c", value.real, value.imag]
        if isinstance(value, bytes):
            return ["b", self._append(value), len(value)]
        if isinstance(value, tuple | list):
            tag = "t" if isinstance(value, tuple) else "l"
            return [tag, [self.encode(item) for item in value]]
        if isinstance(value, dict):
            return ["d", [[key, self.encode(item)] for key, item in value.items()]]
        if hasattr(value, "wire_form"):
            return self.encode(value.wire_form())
        if hasattr(value, "__array__"):
            return self._array(np.asarray(value))
        raise TypeError(f"a {type(value).__name__} can't be sent to a container: {value!r:.80}")

    def _form(self, form: Form) -> list[Any]:
        tag, *parts = form.parts
        if tag == "g":
            module, name, kwargs = parts
            return ["g", module, name, self._named(kwargs)]
        if tag == "s":
            text, names = parts
            return ["s", text, self._named(names)]
        if tag == ".":
            owner, name = parts
            return [".", self.encode(owner), name]
        return [tag, *parts]

    def _named(self, values: dict[str, Any]) -> dict[str, Any]:
        return {name: self.encode(value) for name, value in values.items()}

    def _array(self, array: np.ndarray) -> list[Any]:
        if array.dtype.name not in DTYPES:
            raise TypeError(f"arrays of dtype {array.dtype} can't be sent to a container")
        return ["a", array.dtype.name, list(array.shape), self._append(array.tobytes())]


class Decoder:
    """Turns one received header form into values over `body`. Raises `Garbled`."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._leaves = 0

    def decode(self, form: Any, depth: int = 0) -> Any:
        """The value; at most 60 deep and 100,000 leaves."""
        self._leaves += 1
        if depth > DEPTH or self._leaves > MOST_LEAVES:
            raise Garbled("a value nested too deep or with too many parts")
        if form is None or type(form) in (bool, int, float, str):
            return form
        if type(form) is not list or not form or type(form[0]) is not str:
            raise Garbled("a value of no known form")
        tag, *parts = form
        decode = self._BY_TAG.get((tag, len(parts)))
        if decode is None:
            raise Garbled(f"a value of unknown kind {tag[:8]!r}")
        return decode(self, *parts, depth=depth)

    def _array(self, dtype: Any, shape: Any, offset: Any, *, depth: int) -> np.ndarray:
        # What is no text is not shown: lists nested deep enough have no `str`.
        if type(dtype) is not str:
            raise Garbled("an array whose dtype is no text")
        if dtype not in DTYPES:
            raise Garbled(f"an array of dtype {dtype[:40]!r}")
        if type(shape) is not list or len(shape) > 32:
            raise Garbled("an array whose shape is no list")
        if any(type(length) is not int or length < 0 for length in shape):
            raise Garbled("an array with an impossible shape")
        count = prod(shape)
        self._check_span(offset, count * DTYPES[dtype].itemsize)
        # One length is zero: the others need no bytes, but numpy multiplies them.
        if count == 0 and prod(max(length, 1) for length in shape) > MOST_EMPTY:
            raise Garbled("an empty array with an impossible shape")
        return np.frombuffer(self._body, DTYPES[dtype], count, offset).reshape(shape)

    def _check_span(self, offset: Any, size: int) -> None:
        if type(offset) is not int or offset < 0 or offset + size > len(self._body):
            raise Garbled("an array beyond the end of its message")

    def _bytes(self, offset: Any, size: Any, *, depth: int) -> bytes:
        if type(size) is not int or size < 0:
            raise Garbled("bytes of impossible size")
        self._check_span(offset, size)
        return self._body[offset : offset + size]

    def _complex(self, real: Any, imaginary: Any, *, depth: int) -> complex:
        if type(real) is not float or type(imaginary) is not float:
            raise Garbled("a complex number without two floats")
        return complex(real, imaginary)

    def _list(self, items: Any, *, depth: int) -> list[Any]:
        if type(items) is not list:
            raise Garbled("a list without items")
        return [self.decode(item, depth + 1) for item in items]

    def _tuple(self, items: Any, *, depth: int) -> tuple[Any, ...]:
        return tuple(self._list(items, depth=depth))

    def _dict(self, pairs: Any, *, depth: int) -> dict[str | int, Any]:
        result: dict[str | int, Any] = {}
        numbers = 0
        for pair in pairs if type(pairs) is list else [None]:
            if type(pair) is not list or len(pair) != 2 or type(pair[0]) not in (str, int):
                raise Garbled("a dict without proper pairs")
            numbers += type(pair[0]) is int
            if numbers > MOST_NUMBERS:
                raise Garbled("a dict with too many numbers as keys")
            if pair[0] in result:
                raise Garbled("a dict with the same key twice")
            result[pair[0]] = self.decode(pair[1], depth + 1)
        return result

    def _handle(self, number: Any, kind: Any, *, depth: int) -> Handle:
        if type(number) is not int or number < 0 or type(kind) is not str:
            raise Garbled("a handle without number and kind")
        return Handle(number, kind[:80])

    _BY_TAG: dict[tuple[str, int], Callable[..., Any]] = {  # noqa: RUF012 -- a constant
        ("a", 3): _array,
        ("b", 2): _bytes,
        ("c", 2): _complex,
        ("l", 1): _list,
        ("t", 1): _tuple,
        ("d", 1): _dict,
        ("h", 2): _handle,
    }
