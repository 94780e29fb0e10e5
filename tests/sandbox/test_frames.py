import struct
import tracemalloc
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.sandbox.frames import HEADER_BYTES, LENGTHS, Frame, FrameReader, Garbled, pack_frame
from grader.sandbox.messages import read_message

BODY_BYTES = 1 << 16


def read_all(data: bytes, body_bytes: int = BODY_BYTES) -> list[Frame]:
    """The whole frames in `data`."""
    reader = FrameReader(body_bytes)
    reader.feed(data)
    frames: list[Frame] = []
    while (frame := reader.next_frame()) is not None:
        frames.append(frame)
    return frames


def packed(value: Any) -> bytes:
    data: Any = msgpack.packb(value)
    return data


def framed(header: bytes, body: bytes = b"") -> bytes:
    return LENGTHS.pack(len(header), len(body)) + header + body


def test_frames_come_out_as_they_went_in_whatever_the_chunks() -> None:
    sent = [pack_frame({"n": n}, [b"a" * n, b"b"]) for n in range(5)]
    reader = FrameReader(BODY_BYTES)
    seen: list[Frame] = []
    for byte in b"".join(sent):
        reader.feed(bytes([byte]))
        while (frame := reader.next_frame()) is not None:
            seen.append(frame)
    assert seen == [Frame({"n": n}, b"a" * n + b"b") for n in range(5)]


@pytest.mark.parametrize("kept", [0, 1, 11, 12, 13, -1])
def test_a_truncated_frame_is_waited_for_and_never_guessed(kept: int) -> None:
    assert read_all(pack_frame({"type": "ready"}, [b"body"])[:kept]) == []


@pytest.mark.parametrize(
    ("header_size", "body_size", "words"),
    [
        (HEADER_BYTES + 1, 0, "a header of 1048577 bytes"),
        (0xFFFFFFFF, 0, "a header of"),
        (1, BODY_BYTES + 1, "a body of 65537 bytes"),
        (1, 2**64 - 1, "a body of"),
    ],
)
def test_an_oversize_frame_is_refused_by_its_first_twelve_bytes(
    header_size: int, body_size: int, words: str
) -> None:
    with pytest.raises(Garbled, match=words):
        read_all(struct.pack(">IQ", header_size, body_size))


def test_the_largest_allowed_frame_is_read() -> None:
    header = packed({"text": "x" * (HEADER_BYTES - 11)})
    assert len(header) == HEADER_BYTES
    (frame,) = read_all(framed(header, b"x" * BODY_BYTES))
    assert len(frame.body) == BODY_BYTES


def test_a_large_body_is_in_memory_as_received_and_once_more() -> None:
    size = 1 << 24
    reader = FrameReader(size)
    reader.feed(framed(packed({"type": "ready"}), bytes(size)))
    tracemalloc.start()
    try:
        frame = reader.next_frame()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert frame is not None
    assert len(frame.body) == size
    assert peak < 1.1 * size


MAP = b"\x81\xa1k"  # a map of one key, whose value follows
BOMBS = {
    "nothing": b"",
    "no map": packed([1, 2]),
    "a number": b"\x01",
    "two values": packed({}) * 2,
    "the unused byte": b"\xc1",
    "truncated": packed({"key": "value"})[:-1],
    "an array of four billion": MAP + b"\xdd\xff\xff\xff\xff",
    "a map of four billion": b"\xdf\xff\xff\xff\xff",
    "a text of four billion bytes": MAP + b"\xdb\xff\xff\xff\xff",
    "arrays within arrays, each of a million": MAP + b"\xdd\x00\x0f\x00\x00" * 200_000,
    "500 arrays, each of a million": MAP + b"\xdd\x00\x0f\x00\x00" * 500 + b"\xc0" * 1_000_000,
    "nested a million deep": MAP + b"\x91" * 1_000_000 + b"\xc0",
    "nested 1,100 deep": MAP + b"\x91" * 1_100 + b"\xc0",
    "maps nested a million deep": b"\x81\xa1k" * 300_000 + b"\xc0",
    "an extension": packed({"k": msgpack.ExtType(5, b"code")}),
    "a time stamp": packed({"k": msgpack.Timestamp(1)}),
    "an empty time stamp": MAP + b"\xc7\x00\xff",
    "text that is not UTF-8": MAP + b"\xa2\xff\xfe",
    "a lone surrogate": MAP + b"\xa3\xed\xa0\x80",
    "a list as key": b"\x81\x91\x01\x01",
    "a number as key": b"\x81\x01\x01",
    "a key twice": b"\x82\xa1k\x01\xa1k\x02",
    "a key twice, far inside": MAP + b"\x91\x82\xa1k\x01\xa1k\x02",
}


@pytest.mark.parametrize("header", BOMBS.values(), ids=BOMBS)
def test_a_bad_header_is_garbled_and_costs_little_memory(header: bytes) -> None:
    data = framed(header)
    tracemalloc.start()
    try:
        with pytest.raises(Garbled):
            read_all(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * len(data) + (1 << 20)


@pytest.mark.parametrize("element", [b"\xc0", b"\x90", b"\x80", b"\xa0"], ids=repr)
def test_a_full_header_of_the_smallest_parts_costs_a_bounded_factor(element: bytes) -> None:
    count = HEADER_BYTES - 20
    header = MAP + b"\xdd" + struct.pack(">I", count) + element * count
    tracemalloc.start()
    try:
        (frame,) = read_all(framed(header))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(frame.fields["k"]) == count
    assert peak < 90 * HEADER_BYTES


@given(st.binary(max_size=200))
@settings(deadline=None, max_examples=150)
def test_random_bytes_give_frames_or_garbled_and_nothing_else(data: bytes) -> None:
    try:
        for frame in read_all(data):
            read_message(frame)
    except Garbled:
        pass


PLAIN: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=9)
    | st.binary(max_size=9)
    | st.sampled_from(["a", "c", "d", "l", "t", "h", "float64", "bool"]),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)
FIELD = st.sampled_from(["type", "id", "value", "index", "status", "seconds", "text", "kind"])
TYPE = st.sampled_from(["hello", "cell_started", "cell_finished", "ready", "failure", "answer"])


@given(st.dictionaries(FIELD, PLAIN), TYPE | PLAIN, st.binary(max_size=40))
@settings(deadline=None, max_examples=250)
def test_random_messages_are_read_or_garbled_and_nothing_else(
    fields: dict[str, Any], kind: Any, body: bytes
) -> None:
    try:
        for frame in read_all(pack_frame(fields | {"type": kind, "id": "1"}, [body])):
            read_message(frame)
    except Garbled:
        pass


@given(st.binary(max_size=60), st.integers(0, 60), st.integers(0, 255))
@settings(deadline=None, max_examples=100)
def test_one_changed_byte_gives_frames_or_garbled(text: bytes, place: int, byte: int) -> None:
    data = bytearray(pack_frame({"type": "answer", "id": "1", "value": ["b", 0, 3]}, [text]))
    data[place % len(data)] = byte
    try:
        for frame in read_all(bytes(data)):
            read_message(frame)
    except Garbled:
        pass
