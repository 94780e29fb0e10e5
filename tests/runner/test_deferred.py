"""Packages that a notebook hardly uses are loaded when it does, and then as ever."""

import subprocess
import sys
from pathlib import Path

import pytest

from grader.sandbox.box import Sandbox
from tests.sandbox.boxes import opened, run_cells

ENVIRONMENTS = Path(__file__).parents[2] / "environments"

PREPARED = """
import sys
sys.path[:0] = sys.argv[1:]
from runner import deferred
deferred.PACKAGES = {"slow", "missing"}
deferred.defer_packages()
loaded = sys.loaded = []
import slow
assert loaded == [], "importing it loads nothing"
"""
FILES = {
    "slow/__init__.py": "import sys\nsys.loaded.append('begins')\nfrom slow.part import one\n"
    "from slow import part\ntwo = 2\nsys.loaded.append('ends')\n",
    "slow/part.py": "import sys, time\ntime.sleep(0.2)\nimport slow\none = 1\n",
}
PROGRAMS = {
    "a look at where it lies, or a second import, is no use of it": """
import inspect, slow
assert slow.__file__.endswith("__init__.py") and slow.__name__ == "slow"
inspect.getmodule(inspect)
assert loaded == []
""",
    "a name of it loads all of it, once": """
assert slow.two == 2 and slow.one == 1 and slow.two == 2
assert loaded == ["begins", "ends"]
assert type(slow) is type(sys)
assert slow.__loader__ is slow.__spec__.loader
assert "deferred" not in type(slow.__loader__).__module__
""",
    "from it, names come as ever": """
from slow import two
assert two == 2
""",
    "a part of it loads it first": """
import slow.part
assert loaded == ["begins", "ends"] and slow.part.one == 1
""",
    "a name that it hasn't is missing as ever": """
assert not hasattr(slow, "three")
try:
    from slow import three
except ImportError as error:
    assert "cannot import name 'three'" in str(error)
else:
    raise AssertionError
""",
    "threads that use it at once all see the whole": """
import threading
seen = []
threads = [threading.Thread(target=lambda: seen.append(slow.two)) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert seen == [2] * 8 and loaded == ["begins", "ends"]
""",
    "what isn't there can't be imported": """
try:
    import missing
except ModuleNotFoundError as error:
    assert error.name == "missing"
else:
    raise AssertionError
""",
}
BROKEN = """
for _ in range(2):
    try:
        slow.two
    except RuntimeError as error:
        assert str(error) == "it is broken"
    else:
        raise AssertionError
"""


def run(folder: Path, files: dict[str, str], program: str) -> None:
    """Run a program in a process of its own, where the files can be imported."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    ended = subprocess.run(
        [sys.executable, "-I", "-c", PREPARED + program, str(ENVIRONMENTS), str(folder)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_a_deferred_package_is_like_any_other(tmp_path: Path, program: str) -> None:
    run(tmp_path, FILES, program)


def test_a_package_that_is_broken_says_so_at_each_use(tmp_path: Path) -> None:
    run(tmp_path, {"slow.py": "raise RuntimeError('it is broken')"}, BROKEN)


def test_a_notebook_that_imports_otter_loads_neither_and_may_use_both(sandbox: Sandbox) -> None:
    with opened(sandbox) as talk:
        records = run_cells(
            talk,
            "import otter, sys",
            "print('pandas.core' in sys.modules, 'nbconvert.filters' in sys.modules)",
            "import pandas as pd\nprint(pd.DataFrame({'a': [1, 2]}).a.sum())",
            "from nbconvert import HTMLExporter\nprint(HTMLExporter.__name__)",
        )
    assert [record.output for record in records] == ["", "False False\n", "3\n", "HTMLExporter\n"]


def test_garbage_of_a_notebook_is_collected(sandbox: Sandbox) -> None:
    with opened(sandbox) as talk:
        records = run_cells(
            talk,
            "import gc, weakref\nclass Node: pass\nnode = Node()\nnode.me = node\n"
            "alive = weakref.ref(node)\ndel node",
            "print(gc.isenabled(), gc.get_freeze_count() > 10_000, gc.collect() > 0, alive())",
        )
    assert records[1].output == "True True True None\n"
