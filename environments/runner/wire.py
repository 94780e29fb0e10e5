"""Frames and values, as the container writes and reads them.

A frame is two big-endian lengths (uint32 header, uint64 body), a msgpack header, and a body
of raw array bytes that the header points into. Composite values are tagged lists:
`["a", dtype, shape, offset]` array, `["b", offset, size]` bytes, `["c", re, im]` complex,
`["l", items]` list, `["t", items]` tuple, `["d", pairs]` dict, `["h", number, kind]` handle.
The trusted side has a reader of its own, which believes none of this.
"""

import struct
from typing import Any, BinaryIO

import jax
import jax.numpy as jnp
import msgpack
import numpy as np
from jax.core import Tracer

LENGTHS = struct.Struct(">IQ")
DTYPES = frozenset(
    "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 "
    "float16 bfloat16 float32 float64 complex64 complex128".split()
)


# What the other side takes of one message's header and of a value's parts.
HEADER_BYTES = 1 << 20
MOST_PARTS = 100_000
MOST_NUMBERS = 10_000


class Unsendable(Exception):
    """A value that is not data: the message says what it was."""


class Writer:
    """Collects array bytes while a value is turned into its header form."""

    def __init__(self, handles: "Handles", most_bytes: int) -> None:
        self.handles = handles
        self.most_bytes = most_bytes
        self.chunks: list[bytes] = []
        self.size = 0
        self.parts = 0

    def whole_value(self, value: Any) -> Any:
        """The header form of an answer, known to fit into one message."""
        form = self.value(value)
        packed: Any = msgpack.packb(form)
        if len(packed) > HEADER_BYTES - 1_000:
            raise Unsendable("text or a structure too large to send")
        return form

    def _body(self, data: bytes) -> int:
        if self.size + len(data) > self.most_bytes:
            raise Unsendable(f"more than {self.most_bytes >> 20} MiB of numbers")
        offset = self.size
        self.chunks.append(data)
        self.size += len(data)
        return offset

    def array(self, value: Any) -> list[Any]:
        if isinstance(value, np.ma.MaskedArray):
            raise Unsendable("a masked array")
        array = np.asarray(value)
        if array.dtype.name not in DTYPES:
            raise Unsendable(f"an array of dtype {array.dtype.name[:40]}")
        data = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
        return ["a", array.dtype.name, list(array.shape), self._body(data.tobytes())]

    def value(self, value: Any, depth: int = 0) -> Any:
        if depth > 50:
            raise Unsendable("a structure nested more than 50 deep")
        self.parts += 1
        if self.parts > MOST_PARTS:
            raise Unsendable(f"a structure of more than {MOST_PARTS} parts")
        if value is None or type(value) in (bool, float):
            return value
        if type(value) is str:
            return encodable(value)
        if type(value) is int:
            if not -(2**63) <= value < 2**63:
                raise Unsendable("an integer of more than 64 bits")
            return value
        if type(value) is complex:
            return ["c", value.real, value.imag]
        if type(value) is bytes:
            return ["b", self._body(value), len(value)]
        if isinstance(value, Tracer):
            raise Unsendable("a leaked JAX tracer (a value kept from inside a traced function)")
        if isinstance(value, jax.Array | np.ndarray | np.generic):
            return self.array(value)
        if isinstance(value, tuple | list):
            tag = "t" if isinstance(value, tuple) else "l"
            return [tag, [self.value(item, depth + 1) for item in value]]
        if isinstance(value, dict):
            if sum(type(key) is int for key in value) > MOST_NUMBERS:
                raise Unsendable(f"a dict with more than {MOST_NUMBERS} numbers as keys")
            return ["d", [[self._key(k), self.value(v, depth + 1)] for k, v in value.items()]]
        return ["h", self.handles.add(value), type(value).__name__[:80]]

    @staticmethod
    def _key(key: Any) -> str | int:
        if type(key) is str:
            return encodable(key)
        if type(key) is int and -(2**63) <= key < 2**63:
            return key
        raise Unsendable(f"a dict with a key of type {type(key).__name__[:40]}")


def encodable(text: str) -> str:
    """The text with what UTF-8 can't say (lone surrogates) replaced."""
    return text.encode(errors="replace").decode()


class Handles:
    """Functions and opaque objects that stay here and are named by number."""

    def __init__(self) -> None:
        self._objects: list[Any] = []

    def add(self, value: Any) -> int:
        self._objects.append(value)
        return len(self._objects) - 1

    def get(self, number: int) -> Any:
        return self._objects[number]


def array_from(body: memoryview, dtype: str, shape: list[int], offset: int) -> jax.Array:
    """The array at `offset`, as JAX holds it now (float32 where x64 is off)."""
    count = int(np.prod(shape, dtype=np.int64))
    flat = np.frombuffer(body, jnp.dtype(dtype), count, offset)
    return jnp.asarray(flat.reshape(shape))


def read_exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if data is None or len(data) != size:
        raise EOFError("the other side has gone")
    return data


def read_frame(stream: BinaryIO) -> tuple[dict[str, Any], memoryview]:
    """The next message and its body. Raises EOFError when the other side is gone."""
    header_size, body_size = LENGTHS.unpack(read_exactly(stream, LENGTHS.size))
    header = read_exactly(stream, header_size)
    body = memoryview(read_exactly(stream, body_size))
    return msgpack.unpackb(header, raw=False, strict_map_key=False), body


def write_frame(stream: BinaryIO, message: dict[str, Any], chunks: list[bytes]) -> None:
    header: Any = msgpack.packb(message)
    stream.write(LENGTHS.pack(len(header), sum(map(len, chunks))))
    stream.write(header)
    for chunk in chunks:
        stream.write(chunk)
    stream.flush()
