"""What a container writes: frames, messages, values.

The first byte says how the rest is meant: as a stream, or as one frame whose lengths are right,
which a change somewhere in it would seldom leave so.
"""

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from grader.sandbox.frames import LENGTHS, Frame, FrameReader, Garbled, pack_frame
from grader.sandbox.messages import Answer, Message, read_message
from grader.sandbox.values import Encoder, Handle
from tests.fuzz.bounds import in_time

BODY_BYTES = 1 << 16
STREAM, FRAMED = b"\0", b"\1"
WORDS = (
    *("type", "hello", "jax", "cell_started", "index", "cell_finished", "status", "seconds"),
    *("output", "error", "ready", "failure", "id", "kind", "text", "answer", "value"),
    *("raised", "ok", "missing", "float64", "bfloat16", "bool", "complex128"),
)

Read = tuple[list[Frame], str]


def check(data: bytes) -> None:
    """Frames or `Garbled`, the same in any chunks; messages or `Garbled`; values come back."""
    stream = as_stream(data)
    with in_time():
        frames, why = read_frames([stream])
        for sizes in ([1], [7, 1, 64], [len(stream) // 2 + 1]):
            again = read_frames(in_chunks(stream, sizes))
            assert alike(again, (frames, why)), f"chunks of {sizes} are read differently"
        for frame in frames:
            message = read(frame)
            if isinstance(message, Answer):
                comes_back(message.value)


def as_stream(data: bytes) -> bytes:
    """The bytes that a container is said to have written."""
    if data[:1] != FRAMED:
        return data[1:]
    body_size = int.from_bytes(data[1:3], "big")
    body, header = data[3 : 3 + body_size], data[3 + body_size :]
    return LENGTHS.pack(len(header), len(body)) + header + body


def in_chunks(stream: bytes, sizes: Iterable[int]) -> Iterator[bytes]:
    """The stream cut into pieces of these sizes, over and over."""
    start = 0
    for size in itertools.cycle(sizes):
        if start >= len(stream):
            return
        yield stream[start : start + size]
        start += size


def read_frames(chunks: Iterable[bytes]) -> Read:
    """The frames up to the end or to what is none, and then why."""
    reader = FrameReader(BODY_BYTES)
    frames: list[Frame] = []
    try:
        for chunk in chunks:
            reader.feed(chunk)
            while (frame := reader.next_frame()) is not None:
                frames.append(frame)
    except Garbled as why:
        return frames, in_words(why)
    return frames, ""


def in_words(why: Garbled) -> str:
    """Why, which is always some words and never much of what came."""
    assert 0 < len(str(why)) < 200
    return str(why)


def alike(one: Read, other: Read) -> bool:
    """Whether the same was read, NaNs and all."""
    told = [
        ([flat(frame.fields) for frame in frames], [frame.body for frame in frames], why)
        for frames, why in (one, other)
    ]
    return told[0] == told[1]


def flat(value: Any) -> list[str]:
    """All that is in a header, in one list: it may be nested deeper than `repr` goes."""
    found: list[str] = []
    left = [value]
    while left:
        part = left.pop()
        if isinstance(part, list | dict):
            found.append(f"{type(part).__name__} of {len(part)}")
            left += part if isinstance(part, list) else [*part, *part.values()]
        else:
            found.append(repr(part))
    return found


def read(frame: Frame) -> Message | None:
    """The frame's message, or None for a garbled one."""
    try:
        return read_message(frame)
    except Garbled as why:
        in_words(why)
        return None


def comes_back(value: Any) -> None:
    """What was read and is sent on as it is, is read again as the same."""
    if holds_handle(value):  # which goes in without the name of its type
        return
    encoder = Encoder()
    form = encoder.encode(value)
    packed = pack_frame({"type": "answer", "id": "1", "value": form}, encoder.chunks)
    ((frame,), why) = read_frames([packed])
    assert not why
    answer = read(frame)
    assert isinstance(answer, Answer)
    assert same(answer.value, value)


def holds_handle(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(holds_handle, value.values()))
    if isinstance(value, list | tuple):
        return any(map(holds_handle, value))
    return isinstance(value, Handle)


def same(got: Any, sent: Any) -> bool:
    """Equal in type, dtype, shape and bytes, all the way down."""
    if isinstance(sent, np.ndarray):
        alike = got.dtype == sent.dtype and got.shape == sent.shape
        return alike and got.tobytes() == sent.tobytes()
    if isinstance(sent, dict):
        return list(got) == list(sent) and all(same(got[key], sent[key]) for key in sent)
    if isinstance(sent, list | tuple):
        return type(got) is type(sent) and len(got) == len(sent) and all(map(same, got, sent))
    return type(got) is type(sent) and repr(got) == repr(sent)


def framed(fields: dict[str, Any], body: bytes = b"") -> bytes:
    """An input that is one frame."""
    packed = pack_frame(fields, [body])
    header = packed[LENGTHS.size : len(packed) - len(body)]
    return FRAMED + len(body).to_bytes(2, "big") + body + header


FORMS: tuple[Any, ...] = (
    *(None, True, 2**64 - 1, -(2**63), 0.5, "text", ["c", 1.0, -0.0], ["b", 1, 3]),
    *(["a", "float64", [2, 2], 0], ["a", "bool", [5], 27], ["a", "bfloat16", [0, 7], 32]),
    *(["l", [1, ["t", [None, ["l", []]]]]], ["d", [["key", 1], [-5, ["d", []]]]]),
    *(["h", 3, "function"], ["h", -1, "function"], ["a", "object", [1], 0], ["l", 3], ["x", 1]),
    *(["a", "uint8", [2**32, 2**32], 0], ["a", "float64", [0, *[2**63] * 8], 0]),
    *(["d", [["key", 1], ["key", 2]]], ["b", 30, 9], {"a": 1}),
)


ANSWER = b"\x83\xa4type\xa6answer\xa2id\xa11\xa5value"
# As deep as msgpack goes: what Python's own functions recur into, they can't get out of.
DEEP = b"\x91" * 1_010 + b"\xc0"


def seeds() -> Iterator[bytes]:
    """Every message, and answers of every form."""
    for form in (DEEP, b"\x94\xa1a" + DEEP + b"\x91\1\0", b"\x92\xa1d\x91\x92" + DEEP + b"\1"):
        yield FRAMED + b"\0\0" + ANSWER + form
    messages: list[dict[str, Any]] = [
        {"type": "hello", "jax": "0.10.2"},
        {"type": "cell_started", "index": 3},
        {"type": "cell_finished", "index": 3, "status": "ok", "seconds": 0.5}
        | {"output": "text", "error": ""},
        {"type": "ready"},
        {"type": "failure", "id": "abc", "kind": "raised", "text": "ValueError"},
    ]
    yield STREAM + b"".join(pack_frame(fields) for fields in messages)
    yield STREAM + pack_frame({"type": "ready"}, [bytes(9)])[:-1]
    yield from (framed(fields) for fields in messages)
    for form in FORMS:
        yield framed({"type": "answer", "id": "1", "value": form}, bytes(range(32)))
