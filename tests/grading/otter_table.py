"""Small otter assignments: test files, answers, and what `otter run` and we should give.

All rows go into one autograder.zip and one notebook, so that otter runs once for all of them.
"""

import io
import json
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from textwrap import dedent
from typing import Any

SEED = 42


@dataclass(frozen=True)
class Row:
    """A question's test file, a student's cell and the points that it is worth.

    `otter` is what `otter run` gives where that is not right; `why` says why it isn't. `cells`
    come in the place of the answer's cell and the check after it, where they differ from that.
    """

    name: str
    test: str
    answer: str
    points: float
    otter: float | None = None
    why: str = ""
    cells: tuple[dict[str, Any], ...] | None = None


def ok(*cases: str | dict[str, Any], points: Any = None, **more: Any) -> str:
    """A test file in OK format; a case is its code, or a dict with more than that."""
    listed = [
        {"hidden": False, "locked": False} | ({"code": case} if isinstance(case, str) else case)
        for case in cases
    ]
    suite = {"cases": listed, "scored": True, "setup": "", "teardown": "", "type": "doctest"}
    test = {"name": "NAME", "points": points, "suites": [suite], **more}
    return f"OK_FORMAT = True\n\ntest = {test!r}\n"


def exceptions(*functions: str, points: Any = None, more: str = "") -> str:
    """A test file in exception format, from functions with their decorators."""
    head = 'from otter.test_files import test_case\n\nOK_FORMAT = False\n\nname = "NAME"\n'
    body = "\n\n".join(dedent(function).strip() for function in functions)
    return f"{head}points = {points!r}\n{dedent(more)}\n\n{body}\n"


def code(source: str, **metadata: Any) -> dict[str, Any]:
    """A code cell."""
    return {
        "cell_type": "code",
        "metadata": metadata,
        "source": dedent(source).strip(),
        "outputs": [],
        "execution_count": None,
    }


def check(name: str) -> dict[str, Any]:
    """The cell that otter writes after a question."""
    return code(f'grader.check("{name}")')


SQUARES = "def {0}(x):\n    return x * x"
ROWS = (
    # -- OK format
    Row("ok_right", ok(">>> ok_right(3)\n9", points=2), SQUARES.format("ok_right"), 2),
    Row("ok_wrong", ok(">>> ok_wrong(3)\n9", points=2), "def ok_wrong(x):\n    return x", 0),
    Row("ok_missing", ok(">>> ok_missing(3)\n9", points=2), "", 0),
    Row(
        "ok_partial",
        ok(">>> ok_partial(3)\n9", ">>> ok_partial(0)\n0", ">>> ok_partial(-2)\n4", points=3),
        "def ok_partial(x):\n    return abs(x) ** x if x < 0 else x * x",
        2,
    ),
    Row(
        "ok_shared_points",
        ok({"code": ">>> 1\n1", "points": 1.5}, ">>> 2\n2", ">>> 3\n4", points=3.5),
        "",
        2.5,
    ),
    Row("ok_listed_points", ok(">>> 1\n1", ">>> 2\n3", ">>> 3\n3", points=[1, 2, 0.5]), "", 1.5),
    Row("ok_no_points", ok(">>> 1\n1", ">>> 2\n3"), "", 0.5),
    Row("ok_worth_nothing", ok(">>> 1\n1", points=0), "", 0),
    Row(
        "ok_hidden",
        ok(
            {"code": ">>> ok_hidden(2)\n4", "success_message": "Good."},
            {"code": ">>> ok_hidden(3)\n9", "hidden": True, "failure_message": "Think of 3."},
            points=2,
        ),
        "def ok_hidden(x):\n    return x + x",
        1,
    ),
    Row("ok_all", ok(">>> 1\n1", ">>> 2\n2", points=2, all_or_nothing=True), "", 2),
    Row("ok_nothing", ok(">>> 1\n1", ">>> 2\n3", points=2, all_or_nothing=True), "", 0),
    Row("ok_numbers_of_numpy_1", ok(">>> n1(2) == 4\nTrue", ">>> n1(1.5)\n2.25", points=2),
        "import numpy as np\ndef n1(x):\n    return np.multiply(x, x)", 2, otter=0,
        why="NumPy 2 shows np.True_ and np.float64(2.25)"),
    Row("ok_a_list_of_numpy_1", ok(">>> [s for s in n1([1, 2.5])]\n[1.0, 6.25]", points=1),
        "", 1, otter=0, why="NumPy 2 shows [np.float64(1.0), ...]"),
    Row("ok_numbers_of_numpy_2", ok(">>> n1(2) == 4\nnp.True_", ">>> n1(1.5)\nnp.float64(2.25)",
                                    points=2), "", 2),
    Row("ok_wrong_numbers_of_numpy", ok(">>> n1(2) == 5\nTrue", ">>> n1(1.5)\n2.26", points=2),
        "", 0),
    Row("ok_array", ok(">>> n1(np.arange(3))\narray([0, 1, 4])", points=1), "", 1),
    Row("ok_raises", ok(">>> ok_raises(1)\n1", points=1),
        "def ok_raises(x):\n    raise ValueError('no')", 0),
    Row(
        "ok_should_raise",
        ok(
            ">>> ok_should_raise(1)\nTraceback (most recent call last):\n    ...\nValueError: no",
            ">>> ok_should_raise(1) #doctest: +IGNORE_EXCEPTION_DETAIL\n"
            "Traceback (most recent call last):\nValueError: another reason",
            ">>> ok_should_raise(1)\nTraceback (most recent call last):\nValueError: yes",
            points=3,
        ),
        "def ok_should_raise(x):\n    raise ValueError('no')",
        2,
    ),
    Row(
        "ok_goes_on",
        ok(
            ">>> 1 / 0\n>>> seen.append(5)",
            ">>> seen\n[5]",
            ">>> kept = 5\n>>> kept\n5",
            ">>> kept\n5",
            points=4,
        ),
        "seen = []",
        2,
    ),
    Row(
        "ok_prints",
        ok(
            ">>> print('a')\n>>> for i in range(2):\n...     print(i)\na\n0\n1",
            ">>> print('a')\na\n>>> for i in range(2):\n...     print(i)\n0\n1\n",
            ">>> import sys\n>>> print('b', file=sys.stderr)\n>>> 7\n7",
            ">>> from IPython.display import display\n>>> display(5)\n>>> 7\n7",
            ">>> print('a\\n\\nb')\na\n<BLANKLINE>\nb",
            points=5,
        ),
        "",
        4,
    ),
    Row(
        "ok_options",
        ok(
            ">>> list(range(20)) #doctest: +ELLIPSIS\n[0, 1, ..., 19]",
            ">>> [1,   2] #doctest: +NORMALIZE_WHITESPACE\n[1,\n 2]",
            ">>> 1 / 0 #doctest: +SKIP\n7",
            ">>> True\n1",
            ">>> 0.1 + 0.2\n0.3",
            points=5,
        ),
        "",
        4,
    ),
    Row("ok_exits", ok(">>> ok_exits()", ">>> 1\n1", points=2),
        "def ok_exits():\n    raise SystemExit", 1),
    # -- exception format
    Row(
        "ex_right",
        exceptions(
            """
            @test_case(points=None, hidden=False)
            def test_a(ex_right):
                assert ex_right(3) == 9
            """,
            points=2,
        ),
        SQUARES.format("ex_right"),
        2,
    ),
    Row(
        "ex_partial",
        exceptions(
            "@test_case(points=1)\ndef test_a(ex_partial):\n    assert ex_partial(3) == 9",
            """
            @test_case(points=2, hidden=True, failure_message="Think of zero.")
            def test_b(ex_partial):
                assert ex_partial(0) == 0, "not of zero"
            """,
            "@test_case()\ndef test_c(env):\n    assert env['ex_partial'](2) == 4",
            points=4,
        ),
        "def ex_partial(x):\n    return x * x or 1",
        2,
    ),
    Row(
        "ex_all_or_nothing",
        exceptions(
            "@test_case()\ndef test_a():\n    pass",
            """
            @test_case()
            def test_b(ex_all_or_nothing):
                assert ex_all_or_nothing is not None
            """,
            points=3,
            more="all_or_nothing = True",
        ),
        "",
        0,
    ),
    Row(
        "ex_arguments",
        exceptions(
            "@test_case()\ndef test_a(nowhere, n1=7):\n    assert nowhere is None and callable(n1)",
            "@test_case()\ndef test_b():\n    n1(2)",
            points=2,
        ),
        "",
        1,
    ),
    Row(
        "ex_shared",
        exceptions(
            "import math\nLIMIT = 4\n\ndef near(a, b):\n    return math.isclose(a, b)",
            """
            @test_case(
                points=1,
            )
            def test_a(ex_right):
                assert near(ex_right(2), LIMIT)
            """,
            points=1,
        ),
        "",
        1,
    ),
    Row(
        "ex_twice_the_name",
        exceptions(
            "@test_case()\ndef test_a():\n    assert False",
            "@test_case()\ndef test_b():\n    assert False",
            "@test_case()\ndef test_a():\n    pass",
            points=2,
        ),
        "",
        1,
    ),
    Row("ex_numpy", exceptions("@test_case()\ndef test_a(n1):\n    assert n1(2) == 4"), "", 1),
    # -- where and when a test is run
    Row("reused", ok(">>> reused\n1", points=1), "reused = 1", 1),
    Row("reused_too", ok(">>> reused\n2", points=1), "reused = 2", 1),
    Row("in_the_end", ok(">>> reused\n2", points=1), "", 1, cells=()),
    Row("checked_twice", ok(">>> twice\n2", points=1), "", 1,
        cells=(check("checked_twice"), code("twice = 2"), check("checked_twice"))),
    Row("within_a_cell", ok(">>> within\n3", points=1), "", 1,
        cells=(code('within = 3\ngrader.check("within_a_cell")'), code("within = 4"))),
    Row("by_metadata", ok(">>> by_metadata\n1", points=1), "", 1,
        cells=(code("by_metadata = 1", otter={"tests": ["by_metadata"]}), code("by_metadata = 2"))),
    Row("ignored_cell", ok(">>> ignored_cell\n1", points=1), "", 1,
        cells=(code("ignored_cell = 1"), code("ignored_cell = 2", tags=["otter_ignore"]))),
    Row("beside", ok(">>> open('data.txt').read()\n'given'", points=1), "", 1),
    Row("seeded", ok(">>> round(draw, 6)\n0.37454", ">>> round(r.random(), 6)\n0.639427", points=2),
        "import random as r\ndraw = float(np.random.rand())", 2),
    Row("Q 1.2", ok(">>> 1\n1", points=1), "", 1),
)  # fmt: skip


@dataclass(frozen=True)
class Zip:
    """An autograder.zip of some rows, and a notebook that answers them."""

    rows: tuple[Row, ...]
    before: tuple[dict[str, Any], ...] = ()
    settings: dict[str, Any] = field(default_factory=lambda: {"seed": SEED, "lang": "python"})

    def autograder(self) -> bytes:
        entries = {f"tests/{row.name}.py": row.test.replace("NAME", row.name) for row in self.rows}
        entries |= {"otter_config.json": json.dumps(self.settings), "files/data.txt": "given"}
        entries["environment.yml"] = "name: otter-env\n"
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for path, text in entries.items():
                archive.writestr(path, text)
        return buffer.getvalue()

    def notebook(self) -> bytes:
        init = '# Initialize Otter\nimport otter\ngrader = otter.Notebook("homework.ipynb")'
        cells = [code(init), *self.before]
        for row in self.rows:
            cells += row.cells if row.cells is not None else (code(row.answer), check(row.name))
        cells.append(code("grader.check_all()"))
        return notebook_of(cells)


def notebook_of(cells: Iterable[dict[str, Any]]) -> bytes:
    """A notebook file of these cells."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    document = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "cells": [{"id": f"cell-{n}", **cell} for n, cell in enumerate(cells)],
    }
    return json.dumps(document).encode()


# A student's code that makes doctests pass, by patching what compares them, and otter itself.
TAMPERING = (
    code(
        """
        import builtins, doctest, otter.test_files
        doctest.OutputChecker.check_output = lambda *_: True
        class Everything:
            def __eq__(self, other): return True
            def __repr__(self): return "9"
        def tampered(x): return Everything()
        """
    ),
)
TAMPERED = Zip(
    (
        Row("tampered", ok(">>> tampered(3)\n10", points=1), "", 0, otter=1,
            why="the comparison was patched"),
        Row("fooled", exceptions("@test_case()\ndef test_a(tampered):\n    assert tampered(3) == 9",
                                 points=1), "", 1),
    ),
    before=TAMPERING,
)  # fmt: skip
EVERYTHING = Zip(ROWS)
