"""Otter's test cases in a runner: what comes back of them, and what doesn't stay."""

from collections.abc import Iterator
from typing import Any

import pytest

from grader.sandbox.conversation import CallFailed, Conversation
from grader.sandbox.process import ProcessSandbox
from tests.sandbox.boxes import opened, run_cells

CELL = """
import sys, time
x = 5
def f(y): return x + y
def fails(): raise ValueError("no")
"""


@pytest.fixture(scope="module")
def talk() -> Iterator[Conversation]:
    with opened(ProcessSandbox()) as opened_talk:
        run_cells(opened_talk, CELL)
        yield opened_talk


def examples(talk: Conversation, *sources: str, seconds: float = 20.0) -> Any:
    return talk.call("examples", seconds=seconds, x64=None, sources=list(sources))


def function(talk: Conversation, source: str, name: str = "test_a") -> Any:
    return talk.call("test_function", seconds=20.0, x64=None, source=source, name=name)


@pytest.mark.parametrize(
    ("sources", "shown"),
    [
        ((), []),
        (("f(1)\n",), [("6\n", None)]),
        (("x = 6\n", "x\n"), [("", None), ("6\n", None)]),
        (("None\n",), [("", None)]),
        (("for i in range(2):\n    i\n",), [("0\n1\n", None)]),
        (("print('a', end='')\n", "'b'\n"), [("a", None), ("'b'\n", None)]),
        (("print(1, file=sys.stderr)\n",), [("", None)]),
        (("fails()\n", "1\n"), [("", "ValueError: no\n"), ("1\n", None)]),
        (("print(1); fails()\n",), [("1\n", "ValueError: no\n")]),
        (("sys.exit(3)\n",), [("", "SystemExit: 3\n")]),
        (("1 +\n",), [("", "SyntaxError: invalid syntax\n")]),
    ],
)
def test_what_each_line_printed_and_raised_comes_back(
    talk: Conversation, sources: tuple[str, ...], shown: list[tuple[str, str | None]]
) -> None:
    assert examples(talk, *sources) == shown


def test_a_name_that_a_case_binds_is_gone_after_it(talk: Conversation) -> None:
    examples(talk, "x = 7\n", "new = 1\n")
    assert examples(talk, "x\n", "'new' in globals()\n") == [("5\n", None), ("False\n", None)]


@pytest.mark.parametrize(
    ("source", "line", "error"),
    [
        ("def test_a(f):\n    assert f(1) == 6", None, ""),
        ("def test_a(env):\n    assert env['x'] == 5", None, ""),
        ("def test_a(nothing, x=1):\n    assert nothing is None and x == 5", None, ""),
        ("LIMIT = 6\ndef test_a(f):\n    assert f(1) == LIMIT", None, ""),
        ("def test_a(f):\n    assert f(1) == 7, 'seven'", 2, "AssertionError: seven"),
        ("def test_a(fails):\n\n    fails()", 3, "ValueError: no"),
        ("def test_a():\n    x", 2, "NameError"),
        ("def test_b(): pass", 0, "KeyError"),
        ("import nowhere\ndef test_a(): pass", 1, "ModuleNotFoundError"),
    ],
)
def test_a_function_accepts_or_says_where_it_stopped(
    talk: Conversation, source: str, line: int | None, error: str
) -> None:
    found = function(talk, source)
    if line is None:
        assert found is None
    else:
        assert found[0] == line
        assert error in found[1]


def test_a_case_without_end_is_interrupted_and_the_next_one_runs(talk: Conversation) -> None:
    with pytest.raises(CallFailed) as failed:
        examples(talk, "while True: pass\n", seconds=0.5)
    assert failed.value.kind == "interrupted"
    assert examples(talk, "1\n") == [("1\n", None)]


def test_a_flood_of_output_is_cut(talk: Conversation) -> None:
    ((printed, _),) = examples(talk, "print('x' * 100_000)\n")
    assert printed.startswith("xxx")
    assert printed.endswith("more characters")
    assert len(printed) < 40_000


def test_a_notebook_can_be_run_in_pieces(talk: Conversation) -> None:
    run_cells(talk, "later = x + 1")
    assert examples(talk, "later\n") == [("6\n", None)]
