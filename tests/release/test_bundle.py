"""The bundle that students get: complete, the same every time, and it runs."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import nbformat
import pytest

from grader.release import assign
from grader.release.bundle import release
from grader.release.cells import CellKind, MasterError, read_cells
from grader.release.marks import Part, parse_marks, strip_solution
from grader.release.master import (
    read_master,
    solution_notebook,
    solution_source,
    starter_notebook,
)
from grader.release.readable import unreadable, without_magics

# Runs a notebook's code cells as a kernel would, and prints for each what it showed and raised.
RUNNER = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
shell, found = InteractiveShell.instance(), []
for cell in json.load(open(sys.argv[1]))["cells"]:
    if cell["cell_type"] == "code":
        with capture_output() as shown:
            result = shell.run_cell("".join(cell["source"]))
        error = result.error_before_exec or result.error_in_exec
        found.append([repr(error) if error else "", shown.stdout + repr(result.result)])
print(json.dumps(found))
"""


def run_notebook(folder: Path, name: str) -> list[tuple[str, str]]:
    """(error, output) of every code cell of a notebook, run in its own process."""
    done = subprocess.run(
        [sys.executable, "-c", RUNNER, name], cwd=folder, capture_output=True, text=True, check=True
    )
    return [(error, shown) for error, shown in json.loads(done.stdout.splitlines()[-1])]


@pytest.fixture(scope="module")
def starter(shared_mini: Path) -> nbformat.NotebookNode:
    return nbformat.reads(starter_notebook(shared_mini).decode(), as_version=4)


def test_the_bundle_holds_notebook_given_tests_and_requirements(mini: Path) -> None:
    bundle = release(mini, mini.parent / "out")
    expected = ("mini.ipynb", "mini_given.py", "requirements.txt", "tests/q1.py", "tests/q3.py")
    assert bundle.files == expected
    on_disk = {p.relative_to(bundle.folder).as_posix() for p in bundle.folder.rglob("*.*")}
    assert on_disk == set(expected)
    with zipfile.ZipFile(bundle.archive) as archive:
        assert tuple(archive.namelist()) == expected
        for path in expected:
            assert archive.read(path) == (bundle.folder / path).read_bytes()
    assert sorted(p.name for p in (mini.parent / "out").iterdir()) == ["mini", "mini.zip"]


def test_a_second_release_gives_equal_bytes_and_replaces_what_was_there(mini: Path) -> None:
    out = mini.parent / "out"
    first = release(mini, out).archive.read_bytes()
    (out / "mini" / "stale.txt").write_text("left from before")
    (out / ".mini-new-killed").mkdir()
    assign._run_otter.cache_clear()
    bundle = release(mini, out)
    assert bundle.archive.read_bytes() == first
    assert not (out / "mini" / "stale.txt").exists()
    assert sorted(p.name for p in out.iterdir()) == ["mini", "mini.zip"]


def test_the_requirements_are_the_environments_direct_pins_without_hashes(mini: Path) -> None:
    lock = mini / "requirements.txt"
    lock.write_text(
        "numpy==2.1 ; python_version > '3' \\\n    --hash=sha256:ab\nsix==1.0 \\\n  --h\n"
    )
    lock.with_suffix(".in").write_text("# why\nnumpy  # arrays\n")
    bundle = release(mini, mini.parent / "out", requirements=lock)
    assert (bundle.folder / "requirements.txt").read_text() == "numpy==2.1\n"


def test_the_starter_runs_up_to_the_questions_and_its_checks_say_what_is_missing(
    mini: Path,
) -> None:
    bundle = release(mini, mini.parent / "out")
    ran = run_notebook(bundle.folder, "mini.ipynb")
    assert [error for error, _ in ran] == [""] * len(ran)
    checks = [shown for _, shown in ran if "results:" in shown]
    assert "q1: iterate returns nothing yet" in checks[0]
    assert "q3: loss returns nothing yet" in checks[1]


def test_the_solution_notebook_passes_every_public_test(mini: Path) -> None:
    bundle = release(mini, mini.parent / "out")
    (bundle.folder / "mini.ipynb").write_bytes(solution_notebook(mini))
    ran = run_notebook(bundle.folder, "mini.ipynb")
    assert [error for error, _ in ran] == [""] * len(ran)
    checks = [shown for _, shown in ran if "results:" in shown]
    assert len(checks) == 2
    assert all("passed" in shown and "failed" not in shown for shown in checks)


def test_the_starter_validates_and_carries_nothing_but_what_students_need(
    starter: nbformat.NotebookNode,
) -> None:
    nbformat.validate(starter)
    assert set(starter.metadata) == {"kernelspec", "language_info"}
    ids = [cell.id for cell in starter.cells]
    assert len(set(ids)) == len(ids)
    for cell in starter.cells:
        assert cell.cell_type in ("code", "markdown")
        assert set(cell.metadata) <= {"deletable", "editable", "tags"}
        assert not cell.get("outputs")


def test_what_we_say_otter_will_leave_is_what_it_leaves(
    shared_mini: Path, starter: nbformat.NotebookNode
) -> None:
    expected = [
        "\n".join(line for _, line in strip_solution(marked.cell.lines))
        for marked in parse_marks(read_cells(shared_mini)).cells
        if marked.part is Part.SOLUTION and marked.cell.kind is CellKind.CODE
    ]
    answers = [
        cell for cell in starter.cells if "otter_answer_cell" in cell.metadata.get("tags", [])
    ]
    assert len(expected) == 2
    assert [cell.source for cell in answers if cell.cell_type == "code"] == expected


def test_cell_ids_do_not_depend_on_the_solution(mini: Path, starter: nbformat.NotebookNode) -> None:
    path = mini / "notebook.py"
    path.write_text(path.read_text().replace("2.718281828459", "3.141592653589"))
    changed = nbformat.reads(starter_notebook(mini).decode(), as_version=4)
    assert changed == starter


def test_reading_the_master_twice_gives_the_same_notebook(shared_mini: Path) -> None:
    assert read_master(shared_mini) == read_master(shared_mini)
    assert read_master(shared_mini).cells[2].source == "# BEGIN QUESTION\nname: q1\npoints: 2"


def test_the_solution_source_runs_and_keeps_the_lines_of_the_master(
    mini: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import numpy as np

    monkeypatch.syspath_prepend(str(mini / "given"))
    names: dict[str, Any] = {}
    exec(compile(solution_source(mini), "notebook.py", "exec"), names)
    iterate = names["iterate"]
    assert np.allclose(iterate(np.diag([1.0, 2.0]), np.ones(2), 0.5, 2), [0.25, 0.0])
    assert not [name for name in names if name.startswith("test_")]
    lines = (mini / "notebook.py").read_text().splitlines()
    assert lines[iterate.__code__.co_firstlineno - 1] == "def iterate(H, w, rate, steps):"


def test_nothing_is_written_when_the_master_is_wrong(mini: Path) -> None:
    path = mini / "notebook.py"
    path.write_text(path.read_text().replace("# # END TESTS", "# # END TEST"))
    with pytest.raises(MasterError, match=r"notebook\.py:\d+: "):
        release(mini, mini.parent / "out")
    assert not (mini.parent / "out").exists()


EMPTY_BODY = (
    "def loss(H, w):\n    return quadratic(H)(w)  # SOLUTION\n",
    "def loss(H, w):\n    return quadratic(H)(w)  # SOLUTION NO PROMPT\n",
)
EMPTY_BLOCK = (
    EMPTY_BODY[0],
    "def loss(H, w):\n    # BEGIN SOLUTION NO PROMPT\n    return quadratic(H)(w)\n"
    "    # END SOLUTION\n",
)
MASTER_WORDS = "q3: the prompt that students get is not Python: expected an indented block"
STARTER_WORDS = "question q3: cell 11 of the notebook that students get is not Python: expected an"


@pytest.mark.parametrize("change", [EMPTY_BODY, EMPTY_BLOCK])
@pytest.mark.parametrize("seen_in_the_master", [True, False])
def test_a_cell_that_stripping_leaves_without_a_body_is_refused(
    mini: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: tuple[str, str],
    seen_in_the_master: bool,
) -> None:
    if not seen_in_the_master:  # what otter leaves is looked at, whatever we think it leaves
        monkeypatch.setattr("grader.release.bundle.check_master", lambda *_: [])
    path = mini / "notebook.py"
    assert path.read_text().count(change[0]) == 1
    changed = path.read_text().replace(*change)
    path.write_text(changed)
    with pytest.raises(MasterError) as refused:
        release(mini, mini.parent / "out")
    [complaint] = refused.value.complaints
    assert (MASTER_WORDS if seen_in_the_master else STARTER_WORDS) in complaint.what
    assert "at 'def loss(H, w):'; leave a docstring, or '...' by" in complaint.what
    assert "def loss" in changed.splitlines()[complaint.line - 1]
    assert not (mini.parent / "out").exists()


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("x = 1\n", None),
        ("", None),
        ("# only a comment", None),
        ("await job()", None),
        ("def f():\n    ...", None),
        ("...()", None),
        ("def f():\n", 1),
        ("x = 1\nif x:\n\ny = 2", 4),
        ("x = 1\n  y = 2", 2),
        ("x = 1\nreturn x", 2),
        ("def f(a, a):\n    ...", 1),
        ("x = 1\0", 1),
    ],
)
def test_a_cell_is_read_as_a_kernel_reads_it(source: str, line: int | None) -> None:
    why = unreadable(source)
    assert (why and why.line) == line


@pytest.mark.parametrize("source", ["%matplotlib inline\nx = 1", "!ls", "%%time\nx = 1", "len?"])
def test_magics_are_no_mistake_of_a_notebook_that_may_have_them(source: str) -> None:
    assert unreadable(source)
    assert unreadable(without_magics(source)) is None


def test_a_given_file_may_not_replace_one_of_the_release(mini: Path) -> None:
    (mini / "given" / "requirements.txt").write_text("evil\n")
    with pytest.raises(MasterError, match=r"given/requirements\.txt"):
        release(mini, mini.parent / "out")


def test_caches_beside_the_given_modules_stay_behind(mini: Path) -> None:
    (mini / "given" / "__pycache__").mkdir()
    (mini / "given" / "__pycache__" / "mini_given.pyc").write_bytes(b"\x00")
    bundle = release(mini, mini.parent / "out")
    assert not any("__pycache__" in path for path in bundle.files)


def test_the_zip_has_no_times_of_its_own(mini: Path) -> None:
    data = release(mini, mini.parent / "out").archive.read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
