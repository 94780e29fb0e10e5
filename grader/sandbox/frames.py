"""Frames: the bytes between us and a container, read by someone who believes none of them.

A frame is two big-endian lengths (uint32 header, uint64 body), a msgpack header and a body of
raw array bytes. Both lengths are checked against caps before anything is allocated; the
header's own cap bounds what msgpack can make of it (at worst some 72 bytes a byte: an empty map
for each), and msgpack itself refuses extension types and nesting beyond 1,024. It would make an
array's room as soon as it reads how long the array claims to be, so the header is first walked
through without making anything: one that ends before its arrays do is refused there.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgpack

LENGTHS = struct.Struct(">IQ")
HEADER_BYTES = 1 << 20


class Garbled(Exception):
    """The container sent what no runner sends. Its words end here; the message says which."""


@dataclass(frozen=True)
class Frame:
    """One message: its fields, and the bytes that its arrays lie in."""

    fields: dict[str, Any]
    body: bytes


def pack_frame(fields: dict[str, Any], chunks: Sequence[bytes] = ()) -> bytes:
    """The bytes of one frame whose body is `chunks`, joined."""
    header: Any = msgpack.packb(fields)
    return b"".join([LENGTHS.pack(len(header), sum(map(len, chunks))), header, *chunks])


class FrameReader:
    """Cuts a stream of chunks into frames.

    `body_bytes` caps one frame's body. Raises `Garbled` on anything that isn't a frame.
    """

    def __init__(self, body_bytes: int) -> None:
        self._body_bytes = body_bytes
        self._buffer = bytearray()

    def feed(self, chunk: bytes) -> None:
        """Take more bytes of the stream."""
        self._buffer += chunk

    def next_frame(self) -> Frame | None:
        """The next whole frame, or None until more bytes come."""
        if len(self._buffer) < LENGTHS.size:
            return None
        header_size, body_size = LENGTHS.unpack_from(self._buffer)
        if header_size > HEADER_BYTES:
            raise Garbled(f"a header of {header_size} bytes (at most {HEADER_BYTES})")
        if body_size > self._body_bytes:
            raise Garbled(f"a body of {body_size} bytes (at most {self._body_bytes})")
        end = LENGTHS.size + header_size + body_size
        if len(self._buffer) < end:
            return None
        with memoryview(self._buffer) as received:  # slices of it are no copies
            header = bytes(received[LENGTHS.size : LENGTHS.size + header_size])
            body = bytes(received[LENGTHS.size + header_size : end])
        del self._buffer[:end]
        return Frame(_fields(header), body)


def _fields(header: bytes) -> dict[str, Any]:
    try:
        walk = msgpack.Unpacker(read_size=16_384, max_buffer_size=HEADER_BYTES, max_ext_len=0)
        walk.feed(header)
        walk.skip()
        fields = msgpack.unpackb(
            header,
            raw=False,
            strict_map_key=True,
            max_ext_len=0,
            use_list=True,
            object_pairs_hook=_each_key_once,
        )
    except (ValueError, msgpack.UnpackException, RecursionError, TypeError) as error:
        raise Garbled(f"a header that is not msgpack ({type(error).__name__})") from None
    if not isinstance(fields, dict):
        raise Garbled("a header that is not a map")
    return fields


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a key is there twice")
    return fields
