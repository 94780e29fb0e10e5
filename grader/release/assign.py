"""otter-assign, run in a child process: a marked notebook in, the two plain ones out.

A child, because otter reads and writes the working directory, leaves temporary folders behind and
imports pandas; none of that should happen inside a server or a test run.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import nbformat
import yaml

_ASSIGN_SECONDS = 300.0
_KEPT_CELL_METADATA = ("deletable", "editable", "otter", "tags")

# Public tests are files beside the notebook, not notebook metadata. On Colab the notebook that is
# open is not on the machine's disk and otter refuses tests in metadata outright ("Tests directory
# ./tests does not exist"), so metadata tests work in Jupyter only. Files work in both, and cost
# nothing extra: students have to bring the given modules along anyway, in the same zip, which holds
# the notebook too, so that `otter.Notebook("ps1.ipynb")` finds it.
_FORCED_SETTINGS: dict[str, Any] = {
    "init_cell": True,
    "export_cell": False,
    "generate": False,
    "run_tests": False,
    "solutions_pdf": False,
    "template_pdf": False,
    "runs_on": "default",
    "tests": {"files": True, "ok_format": False},
}


@dataclass(frozen=True)
class Assigned:
    """What otter made of a master: `tests` maps a file name to the text of a public test file."""

    starter: nbformat.NotebookNode
    solution: nbformat.NotebookNode
    tests: dict[str, bytes]


class AssignFailed(Exception):
    """otter-assign refused the notebook; the text is the last line that it wrote."""


def assign(notebook: nbformat.NotebookNode, name: str, settings: dict[str, Any]) -> Assigned:
    """Run otter-assign on a marked notebook, without running tests and without PDFs.

    `settings` are the author's; what the release depends on is forced. Raises `AssignFailed`.
    """
    config = nbformat.v4.new_raw_cell(
        "# ASSIGNMENT CONFIG\n"
        + yaml.safe_dump({**settings, **_FORCED_SETTINGS, "name": name}, sort_keys=True),
        id="assignment-config",
    )
    cells = [cell for cell in notebook.cells if not _is_config(cell)]
    marked = nbformat.from_dict({**notebook, "cells": [config, *cells]})
    made = _run_otter(nbformat.writes(marked), name)
    starter, solution, tests = made
    return Assigned(_normalise(starter), _normalise(solution), dict(tests))


def _is_config(cell: nbformat.NotebookNode) -> bool:
    return cell.cell_type == "raw" and cell.source.lower().startswith("# assignment config")


@lru_cache(maxsize=8)
def _run_otter(marked: str, name: str) -> tuple[str, str, tuple[tuple[str, bytes], ...]]:
    with tempfile.TemporaryDirectory(prefix="release-") as scratch:
        folder = Path(scratch)
        (folder / f"{name}.ipynb").write_text(marked, encoding="utf-8")
        made = run_assign(folder, f"{name}.ipynb")
        tests = sorted((made / "student" / "tests").glob("*.py"))
        return (
            (made / "student" / f"{name}.ipynb").read_text(encoding="utf-8"),
            (made / "autograder" / f"{name}.ipynb").read_text(encoding="utf-8"),
            tuple((path.name, path.read_bytes()) for path in tests),
        )


def run_assign(folder: Path, file_name: str) -> Path:
    """Run otter-assign on a notebook in a scratch folder; the folder of what it made.

    No tests are run and no PDFs made. Raises `AssignFailed`.
    """
    # -I: no PYTHON* variables and no working directory on the path, so nothing beside the
    # notebook can be imported by accident. otter forgets one temporary folder: keep it in ours.
    done = subprocess.run(
        [
            *(sys.executable, "-I", "-m", "otter", "assign", file_name, "made"),
            *("--no-run-tests", "--no-pdfs"),
        ],
        cwd=folder,
        env={**os.environ, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=_ASSIGN_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise AssignFailed(lines[-1] if lines else f"exit code {done.returncode}")
    return folder / "made"


def _normalise(text: str) -> nbformat.NotebookNode:
    """The notebook with stable ids, no outputs and only the metadata that students need."""
    notebook = nbformat.reads(text, as_version=4)
    notebook.metadata = plain_metadata()
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict(
            {key: cell.metadata[key] for key in _KEPT_CELL_METADATA if key in cell.metadata}
        )
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return with_stable_ids(notebook)


def plain_metadata() -> nbformat.NotebookNode:
    """The least notebook metadata that Jupyter, Colab and otter accept."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return nbformat.NotebookNode(
        kernelspec=nbformat.NotebookNode(kernel),
        language_info=nbformat.NotebookNode(name="python"),
    )


def with_stable_ids(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook with ids that depend only on what it shows.

    Never on the master: a hash of a stripped solution would let students test guesses against it.
    """
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
        cell.id = f"{digest}-{seen[digest]}"
        seen[digest] += 1
    return notebook
