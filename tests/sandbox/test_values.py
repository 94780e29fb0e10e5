import sys
from collections import namedtuple
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from grader.sandbox import values
from grader.sandbox.frames import Garbled
from grader.sandbox.values import DTYPES, MOST_LEAVES, MOST_NUMBERS, Decoder, Encoder, Form, Handle

ENVIRONMENTS = Path(__file__).parent.parent.parent / "environments"
MOST_BYTES = 1 << 20


@pytest.fixture(scope="module", autouse=True)
def wire() -> Any:
    """The runner's own codec, imported as it is in a container."""
    sys.path.insert(0, str(ENVIRONMENTS))
    from runner import wire as module

    sys.path.remove(str(ENVIRONMENTS))
    return module


def nested(depth: int) -> Any:
    form: Any = 1
    for _ in range(depth):
        form = ["l", [form]]
    return form


def plainly_nested(depth: int) -> Any:
    part: Any = 1
    for _ in range(depth):
        part = [part]
    return part


BAD_FORMS = {
    "bytes": b"raw",
    "a map": {"a": 1},
    "an empty list": [],
    "a list without a tag": [1, 2],
    "an unknown tag": ["x", 1],
    "pickle": ["p", b"cos\nsystem\n"],
    "a tag of the other direction": ["n", "name"],
    "source": ["s", "1", {}],
    "too few parts": ["a", "float64", [1]],
    "too many parts": ["c", 1.0, 2.0, 3.0],
    "object dtype": ["a", "object", [1], 0],
    "structured dtype": ["a", "f8,f8", [1], 0],
    "dates": ["a", "datetime64", [1], 0],
    "text dtype": ["a", "U8", [1], 0],
    "a dtype that is no text": ["a", ["float64"], [1], 0],
    "a dtype that is no text and has no repr": ["a", plainly_nested(2_000), [1], 0],
    "a shape that is no list": ["a", "float64", 1, 0],
    "a negative length": ["a", "float64", [-1], 0],
    "two negative lengths": ["a", "float64", [-1, -1], 0],
    "a length that is a float": ["a", "float64", [1.0], 0],
    "a length that is a truth value": ["a", "float64", [True], 0],
    "33 axes": ["a", "float64", [1] * 33, 0],
    "a huge length": ["a", "float64", [2**62], 0],
    "lengths whose product wraps to zero": ["a", "uint8", [2**32, 2**32], 0],
    "an empty array of endless lengths": ["a", "float64", [0, *[2**63] * 8], 0],
    "an array beyond the end": ["a", "float64", [9], 0],
    "an array that begins too late": ["a", "float64", [1], 57],
    "a negative offset": ["a", "float64", [1], -8],
    "an offset that is a float": ["a", "float64", [1], 0.0],
    "no offset": ["a", "float64", [1], None],
    "bytes beyond the end": ["b", 60, 5],
    "bytes of negative size": ["b", 0, -1],
    "bytes of float size": ["b", 0, 1.0],
    "a complex of integers": ["c", 1, 2],
    "a complex of texts": ["c", "1", "2"],
    "a list that is none": ["l", 3],
    "a list that is a map": ["l", {}],
    "a dict that is none": ["d", 3],
    "a dict that is a map": ["d", {"a": 1}],
    "a dict with half a pair": ["d", [["a"]]],
    "a dict with a float key": ["d", [[1.5, 1]]],
    "a dict with a list as key": ["d", [[["a"], 1]]],
    "a dict with a truth value as key": ["d", [[True, 1]]],
    "a dict with one key twice": ["d", [["a", 1], ["a", 2]]],
    "a negative handle": ["h", -1, "function"],
    "a handle that is a truth value": ["h", True, "function"],
    "a handle without a kind": ["h", 1, None],
    "nested 62 deep": nested(62),
    "nested 2,000 deep": nested(2_000),
    "too many leaves": ["l", [0] * (MOST_LEAVES + 1)],
    "a dict with too many numbers as keys": ["d", [[n, 1] for n in range(MOST_NUMBERS + 1)]],
    "a bad leaf far inside": ["d", [["a", ["t", [1, ["l", [b"raw"]]]]]]],
}


@pytest.mark.parametrize("form", BAD_FORMS.values(), ids=BAD_FORMS)
def test_a_bad_form_is_garbled(form: Any) -> None:
    with pytest.raises(Garbled):
        Decoder(bytes(64)).decode(form)


@pytest.mark.parametrize(
    "form",
    [
        nested(50),
        ["l", [0] * 50_000],
        ["d", [[str(n), 1] for n in range(50_000)]],
        ["d", [[n, 1] for n in range(MOST_NUMBERS)]],
    ],
    ids=["deep", "wide", "many names", "many numbers"],
)
def test_what_is_within_the_limits_is_read(form: Any) -> None:
    assert Decoder(b"").decode(form) is not None


def through_runner(wire: Any, value: Any) -> Any:
    """`value` as the runner writes it and we read it."""
    writer = wire.Writer(wire.Handles(), MOST_BYTES)
    form = writer.whole_value(value)
    return Decoder(b"".join(writer.chunks)).decode(form)


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


@pytest.mark.parametrize("shape", [(), (1,), (3,), (0,), (0, 3), (3, 0, 2), (2, 3, 4)], ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_an_array_of_every_dtype_and_shape_comes_back_equal(
    wire: Any, dtype: str, shape: tuple[int, ...]
) -> None:
    sent = np.asarray(np.arange(np.prod(shape, dtype=int)).reshape(shape) % 2, DTYPES[dtype])
    got = through_runner(wire, sent)
    assert same(got, sent)
    assert not got.flags.writeable


@pytest.mark.parametrize(
    ("sent", "got"),
    [
        (None, None),
        (True, True),
        (-(2**63), -(2**63)),
        (float("inf"), float("inf")),
        (float("nan"), float("nan")),
        (-0.0, -0.0),
        (1 + 2j, 1 + 2j),
        ("π", "π"),
        ("half a pair \ud800", "half a pair ?"),
        (b"\0\xff", b"\0\xff"),
        ([1, (2.5, [])], [1, (2.5, [])]),
        ({"w": (1, None), 3: {}}, {"w": (1, None), 3: {}}),
        (namedtuple("Pair", "a b")(1, 2), (1, 2)),
        (np.float32(1.5), np.array(1.5, np.float32)),
        (np.bool_(True), np.array(True)),
        (np.arange(3.0).astype(">f8"), np.arange(3.0)),
        (np.arange(6.0).reshape(2, 3).T, np.array([[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]])),
        (np.arange(9)[::3], np.array([0, 3, 6])),
        (jnp.ones(2, jnp.bfloat16), np.ones(2, jnp.bfloat16)),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_value_arrives_as_plain_data(wire: Any, sent: Any, got: Any) -> None:
    assert same(through_runner(wire, sent), got)


PYTREES: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(max_size=5)
    | st.complex_numbers()
    | st.binary(max_size=5)
    | arrays_of.arrays(st.sampled_from([np.float32, np.int64, np.complex64]), (2, 1)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=3) | st.integers(0, 9), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(sent=PYTREES)
@settings(deadline=None, max_examples=100)
def test_a_random_pytree_arrives_equal(wire: Any, sent: Any) -> None:
    assert same(through_runner(wire, sent), sent)


class Wide:
    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise AssertionError("the runner must not ask a stranger's object for an array")


@pytest.mark.parametrize(
    "thing",
    [Wide(), lambda x: x, {1, 2}, jnp, type],
    ids=["object", "function", "set", "module", "class"],
)
def test_what_is_no_data_stays_behind_as_a_handle(wire: Any, thing: Any) -> None:
    handles = wire.Handles()
    form = wire.Writer(handles, MOST_BYTES).whole_value([thing])
    (handle,) = Decoder(b"").decode(form)
    assert handle == Handle(0, type(thing).__name__)
    assert handles.get(handle.number) is thing


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (2**63, "64 bits"),
        ([10] * 100_001, "100000 parts"),
        ("x" * (1 << 20), "too large"),
        (["x" * 1_000] * 1_100, "too large"),
        (np.zeros(MOST_BYTES // 8 + 1), "MiB of numbers"),
        ([np.zeros(MOST_BYTES // 16)] * 3, "MiB of numbers"),
        (dict.fromkeys(range(MOST_NUMBERS + 1), 1), "more than 10000 numbers as keys"),
        (np.array([None]), "dtype object"),
        (np.array(["text"]), "dtype str"),
        (np.ma.masked_array([1.0], [True]), "masked"),
        (np.zeros(1, "f8,f8"), "dtype void"),
        (np.array("2020", "datetime64[D]"), "dtype datetime64"),
        ({(1, 2): 1}, "key of type tuple"),
        ({2**70: 1}, "key of type int"),
        (nested(60), "50 deep"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_the_runner_says_what_it_can_not_send(wire: Any, value: Any, words: str) -> None:
    with pytest.raises(wire.Unsendable, match=words):
        through_runner(wire, value)


def test_a_structure_that_contains_itself_is_refused_by_the_runner(wire: Any) -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(wire.Unsendable, match="50 deep"):
        through_runner(wire, endless)


@pytest.mark.parametrize(
    ("form", "header"),
    [
        (values.student_name("hvp"), ["n", "hvp"]),
        (values.source("lambda x: a * x", {"a": 2}), ["s", "lambda x: a * x", {"a": 2}]),
        (values.given("g", "mlp", {"n": (1, 2)}), ["g", "g", "mlp", {"n": ["t", [1, 2]]}]),
        (values.attribute(Handle(4, "opt"), "init"), [".", ["h", 4], "init"]),
        (values.shape_only("float32", (2, 3)), ["z", "float32", [2, 3]]),
    ],
)
def test_a_recipe_is_sent_as_its_parts(form: Form, header: Any) -> None:
    assert Encoder().encode(form) == header


@pytest.mark.parametrize(
    "thing",
    [object(), lambda: 0, np.array([None]), {1, 2}],
    ids=["object", "function", "objects", "set"],
)
def test_what_can_not_be_sent_to_a_box_is_our_mistake(thing: Any) -> None:
    with pytest.raises(TypeError, match="can't be sent to a container"):
        Encoder().encode(thing)


def test_arrays_of_one_message_lie_behind_each_other() -> None:
    encoder = Encoder()
    form = encoder.encode([np.ones(2), {"w": np.zeros((2, 2), np.float32)}, b"end"])
    assert Decoder(b"".join(encoder.chunks)).decode(form)[2] == b"end"
    assert form[1][0] == ["a", "float64", [2], 0]
    assert form[1][1][1][0][1] == ["a", "float32", [2, 2], 16]
