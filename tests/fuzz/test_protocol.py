"""Whatever a container writes, in whatever pieces: frames, messages and values, or `Garbled`."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from grader.sandbox.frames import HEADER_BYTES, pack_frame
from grader.sandbox.messages import Answer
from grader.sandbox.values import DTYPES, Encoder
from tests.fuzz.bounds import in_time, peak_bytes
from tests.fuzz.budget import tried
from tests.fuzz.damage import damaged
from tests.fuzz.targets import load_target, protocol

SEEDS = load_target("protocol").seeds
# Of each byte of a header msgpack makes at most some 72 of objects, and values double their lists.
# A body is there as received, and once more.
BYTES_A_BYTE = 120
AT_LEAST = 1 << 18

integers = st.integers(-(2**63), 2**64 - 1)
sizes = st.sampled_from([0, 1, 2, 3, 8, 31, 32, 33, 255, 2**31, 2**32, 2**62, 2**63, -1])
plain = st.none() | st.booleans() | integers | st.floats() | st.text(max_size=9)
names = st.sampled_from([*DTYPES, "object", "U8", "f8,f8", "datetime64", ""])
leaves = st.one_of(
    plain,
    st.binary(max_size=5),
    st.tuples(st.just("a"), names, st.lists(sizes, max_size=3), sizes).map(list),
    st.tuples(st.just("a"), names, st.just([1] * 33), sizes).map(list),
    st.tuples(st.just("b"), sizes | plain, sizes | plain).map(list),
    st.tuples(st.just("c"), st.floats() | plain, st.floats()).map(list),
    st.tuples(st.just("h"), integers | plain, st.text(max_size=90)).map(list),
)
keys = st.text(max_size=3) | integers | st.booleans() | st.floats()


def around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Forms that hold others, as they should be or not."""
    many = st.lists(inner, max_size=4)
    pairs = st.lists(st.tuples(keys, inner).map(list) | many, max_size=4)
    return st.one_of(
        many.map(lambda items: ["l", items]),
        many.map(lambda items: ["t", items]),
        pairs.map(lambda items: ["d", items]),
        many,
        st.dictionaries(st.text(max_size=3), inner, max_size=2),
        st.tuples(inner, st.sampled_from([30, 59, 60, 61, 62])).map(nested),
    )


def nested(made: tuple[Any, int]) -> Any:
    """A form in so many lists."""
    form, depth = made
    for _ in range(depth):
        form = ["l", [form]]
    return form


forms = st.recursive(leaves, around, max_leaves=10)
texts = st.text(max_size=20) | st.just(50_001).map("x".__mul__) | plain
fields = st.fixed_dictionaries(
    {"type": st.sampled_from([word for word in protocol.WORDS if len(word) > 4]) | plain},
    optional={
        "id": st.text(max_size=42) | plain,
        "value": forms,
        "index": st.integers(-1, 100_001) | plain,
        "status": st.sampled_from(["ok", "raised", "interrupted", "passed"]),
        "seconds": st.floats() | plain,
        "output": texts,
        "error": texts,
        "kind": st.sampled_from(["missing", "raised", "score"]),
        "text": texts,
        "jax": texts,
        "points": plain,
    },
)
answers = st.builds(lambda form: {"type": "answer", "id": "1", "value": form}, forms)


def pack(made: dict[str, Any], chunks: list[bytes]) -> bytes:
    """One frame; not of what msgpack can't write, which is what is nested more than 510 deep."""
    try:
        return pack_frame(made, chunks)
    except ValueError:
        reject()


messages = st.builds(pack, answers | fields, st.lists(st.binary(max_size=40), max_size=2))


@tried(100)
@given(st.lists(messages, max_size=3).map(b"".join))
def test_messages_made_up_are_read_or_garbled_in_any_chunks(stream: bytes) -> None:
    protocol.check(protocol.STREAM + stream)


@tried(150)
@given(damaged(SEEDS))
def test_damaged_messages_are_read_or_garbled_in_any_chunks(data: bytes) -> None:
    protocol.check(data)


@tried(100)
@given(st.lists(messages, max_size=3).map(b"".join), st.lists(st.integers(1, 99), min_size=1))
def test_a_stream_is_read_alike_in_any_chunks(stream: bytes, sizes: list[int]) -> None:
    in_one = protocol.read_frames([stream])
    assert protocol.alike(protocol.read_frames(protocol.in_chunks(stream, sizes)), in_one)


@tried(40)
@given(messages | damaged(SEEDS).map(protocol.as_stream))
def test_reading_takes_memory_by_what_came_and_not_by_what_it_says(stream: bytes) -> None:
    def read() -> None:
        for frame in protocol.read_frames([stream])[0]:
            protocol.read(frame)

    read()  # what is made once and kept is not the stream's
    _, peak = peak_bytes(read)
    assert peak < BYTES_A_BYTE * len(stream) + AT_LEAST


@pytest.mark.parametrize("count", [40_000, 300_000])
@pytest.mark.parametrize(
    ("tag", "part"),
    [("l", None), ("t", ["l", []]), ("l", ["a", "bool", [0], 0]), ("d", None), ("d", ["d", []])],
)
def test_many_small_parts_take_bounded_memory_and_time(tag: str, part: Any, count: int) -> None:
    parts = [[number, part] for number in range(count)] if tag == "d" else [part] * count
    packed = pack_frame({"type": "answer", "id": "1", "value": [tag, parts]})
    frames, why = protocol.read_frames([packed])
    assert (len(frames), why == "") in ((1, True), (0, False))
    with in_time():
        _, peak = peak_bytes(lambda: [protocol.read(one) for one in frames])
    assert peak < BYTES_A_BYTE * HEADER_BYTES


def arrays() -> st.SearchStrategy[Any]:
    shapes = arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
    dtypes = st.sampled_from([dtype for name, dtype in DTYPES.items() if name != "bfloat16"])
    return arrays_of.arrays(dtypes, shapes)


values = st.recursive(
    plain | st.binary(max_size=9) | st.complex_numbers() | arrays(),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(max_size=3) | integers, inner, max_size=4),
    ),
    max_leaves=12,
)


@tried(100)
@given(values)
def test_a_value_that_is_sent_comes_back_as_it_was(value: Any) -> None:
    encoder = Encoder()
    packed = pack_frame(
        {"type": "answer", "id": "1", "value": encoder.encode(value)}, encoder.chunks
    )
    ((frame,), why) = protocol.read_frames([packed])
    answer = protocol.read(frame)
    assert not why
    assert isinstance(answer, Answer)
    assert protocol.same(answer.value, value)


def test_sameness_is_of_type_and_bytes() -> None:
    zero = np.zeros(2)
    assert protocol.same([zero, 0.0], [np.zeros(2), 0.0])
    assert not protocol.same([-zero], [zero])
    assert not protocol.same((1,), [1])
    assert not protocol.same(1, 1.0)
