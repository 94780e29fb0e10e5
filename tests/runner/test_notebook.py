"""A notebook's cells behave as Jupyter's "restart and run all" would have them."""

from collections.abc import Iterator
from typing import Any

import pytest

from grader.outcomes import CellRecord, CellStatus
from grader.sandbox import conversation
from grader.sandbox.box import Sandbox
from grader.sandbox.conversation import CallFailed, Conversation
from grader.sandbox.process import ProcessSandbox
from grader.sandbox.values import student_name
from tests.sandbox.boxes import opened, run_cells

OK, RAISED, INTERRUPTED = CellStatus.OK, CellStatus.RAISED, CellStatus.INTERRUPTED


@pytest.fixture(autouse=True)
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "GRACE_SECONDS", 2.0)


@pytest.fixture(scope="module")
def talk(sandbox: Sandbox) -> Iterator[Conversation]:
    """One box; its notebook goes on with each test's cells."""
    with opened(sandbox) as opened_talk:
        yield opened_talk


def run(talk: Conversation, *sources: str) -> list[CellRecord]:
    return run_cells(talk, *sources, files={"data.txt": b"given"}, cell_seconds=10.0)


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("print('a', end='')", "a"),
        ("1 + 1", "2\n"),
        ("1 + 1;", ""),
        ("x = 5", ""),
        ("None", ""),
        ("'text'", "'text'\n"),
        ("1\n2", "2\n"),
        ("print(1)\n2", "1\n2\n"),
        ("!echo from the shell", "from the shell\n"),
        ("name = 'world'\n!echo {name}", "world\n"),
        ("lines = !echo a; echo b\nlines[1]", "'b'\n"),
        ("%%bash\necho one\necho two", "one\ntwo\n"),
        ("%%capture kept\nprint('hidden')", ""),
        ("%env NEW_NAME=5\nimport os\nos.environ['NEW_NAME']", "env: NEW_NAME=5\n'5'\n"),
        ("display('shown')", "'shown'\n"),
        (
            "from IPython.display import HTML, display\ndisplay(HTML('<b>x</b>'))",
            "<IPython.core.display.HTML object>\n",
        ),
        ("from IPython.display import clear_output\nclear_output()", ""),
        ("open('s.py', 'w').write('print(5)')\n%run s.py", "5\n"),
        ("%load_ext autoreload\n%autoreload 2\nprint('goes on')", "goes on\n"),
        ("%%writefile conftest.py\nraise SystemExit", "Writing conftest.py\n"),
        ("import asyncio\nawait asyncio.sleep(0.01, 'awaited')", "'awaited'\n"),
        (
            "import asyncio\nasleep = asyncio.ensure_future(asyncio.sleep(60))\n"
            "await asyncio.sleep(0)\nprint('goes on')",
            "goes on\n",
        ),
        ("import asyncio\nasync def two(): return 2\nasyncio.run(two())", "2\n"),
        ("async def one(): return 1\nsum(await asyncio.gather(one(), one()))", "2\n"),
        ("import sys; print('to stderr', file=sys.stderr)", "to stderr\n"),
        ("import sys; sys.__stdout__.write('past'); None", "past"),
        ("print(open('data.txt').read())", "given\n"),
        ("print(__name__)", "__main__\n"),
        ("print('\\ud800')", "?\n"),
        (
            "import warnings; warnings.simplefilter('ignore')\n"
            "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nprint('goes on')",
            "goes on\n",
        ),
        ("%matplotlib inline\nprint('goes on')", "goes on\n"),
        ("import ipywidgets\nipywidgets.IntSlider()", "IntSlider(value=0)\n"),
        # Python reads compatible letters as one name.
        ("ℎ𝑣𝑝 = 5\nhvp", "5\n"),
        ("if True:\n\tif True:\n\t    print('tabs')", "tabs\n"),
        (
            "import threading\nt = threading.Thread(target=print, args=('thread',))\n"
            "t.start()\nt.join()",
            "thread\n",
        ),
        ("get_ipython().__class__.__mro__[1].__name__", "'InteractiveShell'\n"),
        ("quit_ = exit\nprint(callable(exit))", "True\n"),
    ],
)
def test_a_cell_prints_what_jupyter_would(talk: Conversation, source: str, output: str) -> None:
    (record,) = run(talk, source)
    assert (record.status, record.error) == (OK, "")
    assert record.output == output


@pytest.mark.parametrize(
    "source", ["%time sum(range(9))", "%%time\nsum(range(9))", "%timeit -n1 -r1 1"]
)
def test_a_cell_is_timed(talk: Conversation, source: str) -> None:
    (record,) = run(talk, source)
    assert record.status is OK
    assert "s" in record.output


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("undefined_name", "NameError: name 'undefined_name' is not defined"),
        ("def broken(:\n    pass", "SyntaxError"),
        ("if True:\npass", "IndentationError"),
        ("'unclosed", "SyntaxError"),
        ("😀 = 1", "SyntaxError: invalid character '😀' (U+1F600)"),
        ("if True:\n\tx = 1\n        y = 2", "TabError"),
        ("input('name? ')", "EOFError"),
        ("import getpass\ngetpass.getpass()", "EOFError"),
        ("import sys\nsys.stdin.readline() or 1 / 0", "ZeroDivisionError"),
        ("breakpoint()", "BdbQuit"),
        ("quit()", "quit()"),
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("import sys\nsys.exit('bye')", "SystemExit: bye"),
        ("raise BaseException('base')", "BaseException: base"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("assert False, 'said'", "AssertionError: said"),
        ("%no_such_magic", "UsageError"),
        ("%%no_such_magic\n1", "UsageError"),
        ("%%bash\nexit 3", "CalledProcessError"),
        ("%load_ext nowhere", "ModuleNotFoundError"),
        ("import asyncio\nawait asyncio.sleep(0)\nasyncio.run(None)", "running event loop"),
        ("import a_module_of_ours.runner", "ModuleNotFoundError"),
        ("await __import__('asyncio').sleep(0)\n1 / 0", "ZeroDivisionError"),
        ("class E(Exception):\n  def __str__(self): raise ValueError\nraise E", "E"),
        ("raise ValueError('\\ud800')", "ValueError"),
        ("def f(): return f()\nf()", "RecursionError"),
        ("bytearray(1 << 60)", "MemoryError"),
    ],
)
def test_a_failing_cell_says_why_and_the_next_one_runs(
    talk: Conversation, source: str, error: str
) -> None:
    failed, after = run(talk, source, "print('goes on')")
    assert failed.status is RAISED
    assert error in failed.error
    assert (after.status, after.output) == (OK, "goes on\n")


def test_a_cell_that_interrupts_itself_stops_alone(talk: Conversation) -> None:
    stopped, after = run(talk, "raise KeyboardInterrupt", "print('goes on')")
    assert (stopped.status, after.output) == (INTERRUPTED, "goes on\n")


def test_cells_run_from_top_to_bottom_in_whatever_order_they_were_written(
    talk: Conversation,
) -> None:
    early, _, late = run(talk, "made_below + 1", "made_below = 1", "made_below + 1")
    assert "NameError: name 'made_below' is not defined" in early.error
    assert f'"cell {early.index + 1}"' in early.error
    assert late.output == "2\n"


def test_help_is_printed_and_waits_for_nobody(talk: Conversation) -> None:
    (record,) = run(talk, "print?")
    assert (record.status, "Prints the values" in record.output) == (OK, True)


def test_a_name_of_letters_that_look_alike_is_another_name(talk: Conversation) -> None:
    run(talk, "def s\N{CYRILLIC SMALL LETTER ES}ore(): return 1")
    with pytest.raises(CallFailed) as failed:
        talk.call("call", seconds=5.0, target=student_name("score"), args=[], kwargs={})
    assert failed.value.kind == "missing"


@pytest.mark.parametrize("index", [0, 2])
def test_an_error_names_the_cell_and_the_line(talk: Conversation, index: int) -> None:
    sources = ["pass"] * index + ["x = 1\ndef helper():\n    return 1 / 0\nhelper()"]
    error = run(talk, *sources)[-1].error
    assert f'File "cell {index + 1}", line 4' in error
    assert f'File "cell {index + 1}", line 3, in helper' in error
    assert "runner" not in error


def test_a_function_that_fails_in_a_later_cell_is_found_where_it_was_written(
    talk: Conversation,
) -> None:
    error = run(talk, "def early():\n    return 1 / 0", "early()")[1].error
    assert error.index('"cell 2"') < error.index('"cell 1"')


def test_a_long_error_keeps_its_end(talk: Conversation) -> None:
    (record,) = run(talk, "raise ValueError('x' * 100_000 + 'end')")
    assert record.error.rstrip().endswith("end")
    assert len(record.error) <= 4_096


@pytest.mark.parametrize(
    "source", ["print('x' * 40_000)", "for _ in range(40): print('x' * 1_000)"]
)
def test_a_cells_output_is_capped_and_says_how_much_is_missing(
    talk: Conversation, source: str
) -> None:
    record, after = run(talk, source, "print('fresh')")
    assert len(record.output) < 33_000
    assert record.output.startswith("xxx")
    assert record.output.splitlines()[-1].endswith("more characters")
    assert after.output == "fresh\n"


@pytest.mark.parametrize(
    "source",
    [
        "import sys, io; sys.stdout = io.StringIO()",
        "import sys; sys.stdout = None",
        "import sys; sys.stdout.close() if hasattr(sys.stdout, 'close') else None",
        "import os; os.close(1)",
        "import builtins; builtins.print = None\ndel builtins.print",
    ],
    ids=["replaced", "None", "closed", "descriptor closed", "no print"],
)
def test_the_next_cells_output_is_kept_whatever_became_of_stdout(source: str) -> None:
    with opened(ProcessSandbox()) as talk:
        run(talk, source)
        (record,) = run(talk, "import sys\nsys.stdout.write('kept')\nNone")
    assert record.output == "kept"


@pytest.mark.parametrize(
    "source",
    [
        "import time\ntime.sleep(30)",
        "while True: pass",
        "!sleep 30",
        "import asyncio\nawait asyncio.sleep(30)",
    ],
)
def test_a_cell_over_its_time_is_interrupted_and_the_next_one_runs(
    talk: Conversation, source: str
) -> None:
    records = run_cells(talk, source, "print('goes on')", cell_seconds=0.5)
    assert [record.status for record in records] == [INTERRUPTED, OK]
    assert records[0].seconds < 5
    assert records[1].output == "goes on\n"


def test_names_stay_from_cell_to_cell_and_calls_find_them(talk: Conversation) -> None:
    run(talk, "offset = 10", "def shifted(x):\n    return x + offset", "offset = 20")
    target = student_name("shifted")
    assert talk.call("call", seconds=5.0, target=target, args=[1], kwargs={}) == 21
    assert talk.call("value", seconds=5.0, target=student_name("offset")) == 20


def test_settings_left_by_the_notebook_do_not_reach_a_call(talk: Conversation) -> None:
    run(
        talk,
        "import jax, jax.numpy as jnp",
        "%env XLA_FLAGS=--xla_cpu_enable_fast_math=true",
        "jax.config.update('jax_enable_x64', False)\njax.config.update('jax_disable_jit', True)",
        "jax.config.update('jax_default_matmul_precision', 'bfloat16')",
        "def kind():\n"
        "  left = jax.config.jax_default_matmul_precision, jax.config.jax_disable_jit\n"
        "  return str(jnp.zeros(1).dtype), *left",
    )
    asked: dict[str, Any] = {"seconds": 5.0, "args": [], "kwargs": {}}
    kinds = [
        talk.call("call", x64=x64, target=student_name("kind"), **asked) for x64 in (True, False)
    ]
    assert kinds == [("float64", "highest", False), ("float32", "highest", False)]
