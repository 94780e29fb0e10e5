"""Whatever a student's function returns or raises: plain data, or a reason why it is none."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from grader.sandbox.box import Sandbox
from grader.sandbox.conversation import CallFailed, Conversation
from grader.sandbox.values import Handle, student_name
from tests.sandbox.boxes import opened, run_cells

CELL = '''
import os, time
import jax
import jax.numpy as jnp
import numpy as np

class Agreeable:
    """Equal to everything, an array to whoever asks, and not to be printed or copied."""

    def __eq__(self, other): return True
    __hash__ = None
    def __array__(self, *_, **__): return np.zeros(3)
    def __jax_array__(self): return jnp.zeros(3)
    def __float__(self): return 0.0
    def __iter__(self): return iter([0.0] * 3)
    def __len__(self): return 3
    def __repr__(self): raise SystemExit
    def __reduce__(self): return os.system, ("true",)

class Disguised(Agreeable):
    @property
    def __class__(self): return np.ndarray

class AgreeableArray(np.ndarray):
    def __eq__(self, other): return True
    def __array_ufunc__(self, *_, **__): return True
    def __repr__(self): raise SystemExit
    def tobytes(self, *_, **__): return b"forged!!"

class OddFloat(float):
    def __eq__(self, other): return True
    __hash__ = None

class OddDict(dict):
    def items(self):
        while True: yield "key", 0

class Endless(list):
    def __iter__(self):
        while True: yield 0

class Unspeakable(Exception):
    def __str__(self): raise KeyboardInterrupt

def object_that_agrees(): return Agreeable()
def object_in_disguise(): return Disguised()
def several_that_agree(): return [Agreeable(), 1.0]
def array_that_agrees(): return np.arange(3.0).view(AgreeableArray)
def float_that_agrees(): return OddFloat(1.0)
def array_of_objects(): return np.array([Agreeable(), None], dtype=object)
def array_of_texts(): return np.array(["1.0"])
def array_of_records(): return np.zeros(2, "f8,i4")
def masked_array(): return np.ma.masked_array(np.zeros(3), mask=True)
def matrix(): return np.asmatrix(np.eye(2))
def file_of_the_container(): return np.memmap("/etc/passwd", "uint8", "r")[:4]
def endless_dict(): return OddDict()
def endless_list(): return Endless()
def generator(): return (n for n in range(3))
def huge_number(): return 10**1000
def not_there_any_more():
    made = jnp.arange(3.0)
    made.delete()
    return made
def given_away():
    made = jnp.arange(3.0)
    jax.jit(lambda x: x + 1, donate_argnums=0)(made)
    return made
kept = []
def kept_from_a_trace():
    jax.jit(lambda x: kept.append(x) or x)(1.0)
    return kept[-1]
def committed(): return jax.device_put(jnp.arange(3.0), jax.devices()[-1])
def leaves(): raise SystemExit(0)
def quits(): quit()
def interrupts(): raise KeyboardInterrupt
def base(): raise BaseException("of all")
def unspeakable(): raise Unspeakable
def swallows():
    try:
        while True: time.sleep(0.01)
    finally:
        return 5
'''

DATA: dict[str, Any] = {
    "array_that_agrees": np.arange(3.0),
    "object_in_disguise": np.zeros(3),
    "matrix": np.eye(2),
    "committed": np.arange(3.0),
    "file_of_the_container": np.frombuffer(b"root", np.uint8),
}
BEHIND = {
    "object_that_agrees": Handle(0, "Agreeable"),
    "float_that_agrees": Handle(0, "OddFloat"),
    "generator": Handle(0, "generator"),
}
NO_DATA = {
    "array_of_objects": ("unsendable", "dtype object"),
    "array_of_texts": ("unsendable", "dtype str"),
    "array_of_records": ("unsendable", "dtype void"),
    "masked_array": ("unsendable", "a masked array"),
    "endless_dict": ("unsendable", "100000 parts"),
    "endless_list": ("unsendable", "100000 parts"),
    "huge_number": ("unsendable", "64 bits"),
    "not_there_any_more": ("raised", "deleted"),
    "given_away": ("raised", "deleted"),
    "kept_from_a_trace": ("unsendable", "a leaked JAX tracer"),
    "leaves": ("raised", "SystemExit"),
    "quits": ("raised", "quit"),
    "interrupts": ("interrupted", ""),
    "base": ("raised", "of all"),
    "unspeakable": ("raised", ""),
    "no_such_function": ("missing", "no_such_function"),
}


@pytest.fixture(scope="module")
def talk(sandbox: Sandbox) -> Iterator[Conversation]:
    with opened(sandbox) as opened_talk:
        (record,) = run_cells(opened_talk, CELL)
        assert record.error == ""
        yield opened_talk


def ask(talk: Conversation, name: str, seconds: float = 20.0) -> Any:
    return talk.call("call", seconds=seconds, target=student_name(name), args=[], kwargs={})


@pytest.mark.parametrize("name", DATA)
def test_an_odd_array_arrives_as_the_plain_one_that_it_is(talk: Conversation, name: str) -> None:
    got = ask(talk, name)
    assert type(got) is np.ndarray
    assert (got.dtype, got.shape) == (DATA[name].dtype, DATA[name].shape)
    assert got.tobytes() == DATA[name].tobytes()


@pytest.mark.parametrize("name", BEHIND)
def test_an_object_stays_behind_and_is_asked_for_nothing(talk: Conversation, name: str) -> None:
    got = ask(talk, name)
    assert isinstance(got, Handle)
    assert got.kind == BEHIND[name].kind


def test_among_numbers_an_object_stays_one(talk: Conversation) -> None:
    first, second = ask(talk, "several_that_agree")
    assert (type(first), second) == (Handle, 1.0)


@pytest.mark.parametrize("name", NO_DATA)
def test_what_is_no_data_has_a_reason_and_the_next_call_is_answered(
    talk: Conversation, name: str
) -> None:
    kind, words = NO_DATA[name]
    with pytest.raises(CallFailed) as failed:
        ask(talk, name)
    assert failed.value.kind == kind
    assert words in failed.value.text
    assert ask(talk, "matrix").tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_an_interrupt_that_is_swallowed_is_an_answer_and_no_more(talk: Conversation) -> None:
    assert ask(talk, "swallows", seconds=0.5) == 5
