"""An assignment of otter's: a master notebook with its tests inside, or an `autograder.zip`.

otter-assign makes everything of a master: the students' notebook, the solution and the
autograder.zip that holds all tests. Beside a bare autograder.zip may lie `solution.ipynb` and
`starter.ipynb`; students then have their notebook already, and nothing is released.
"""

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import nbformat
import yaml

from grader.release.assign import AssignFailed, run_assign, with_stable_ids
from grader.release.cells import MasterComplaint, MasterError
from grader.release.master import notebook_bytes

AUTOGRADER = "autograder.zip"
SOLUTION, STARTER = "solution.ipynb", "starter.ipynb"
_LEFT_BEHIND = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", ".DS_Store")
# What otter would use to log in to Gradescope.
_ACCOUNT = ("course_id", "assignment_id", "token")


@dataclass(frozen=True)
class OtterAssignment:
    """What there is of an otter assignment, as files' bytes.

    `bundle` is what students get, by path, and None where students have their notebook already.
    `origin` names where the tests come from.
    """

    origin: str
    autograder: bytes
    bundle: dict[str, bytes] | None
    solution: bytes | None
    starter: bytes | None


def read_otter_assignment(folder: Path) -> OtterAssignment:
    """The otter assignment in a folder. Raises `MasterError`."""
    if (folder / AUTOGRADER).is_file():
        return OtterAssignment(
            origin=AUTOGRADER,
            autograder=(folder / AUTOGRADER).read_bytes(),
            bundle=None,
            solution=_bytes_of(folder / SOLUTION),
            starter=_bytes_of(folder / STARTER),
        )
    master = otter_master_path(folder)
    made = _assigned(master, _digest(folder))
    notebook = made.bundle[master.name]
    return OtterAssignment(master.name, made.autograder, made.bundle, made.solution, notebook)


def otter_master_path(folder: Path) -> Path:
    """The folder's otter master. Raises `MasterError` where there isn't just one notebook."""
    found = sorted(folder.glob("*.ipynb"))
    if len(found) != 1:
        what = f"{len(found)} notebooks here: expected one otter master, or {AUTOGRADER}"
        raise MasterError([MasterComplaint(folder, 1, what)])
    return found[0]


def read_otter_master(path: Path) -> nbformat.NotebookNode:
    """The master as a notebook of format 4.5. Raises `MasterError`."""
    try:
        return _with_ids(nbformat.reads(path.read_text(encoding="utf-8"), as_version=4))
    except (OSError, ValueError, nbformat.ValidationError) as error:
        raise MasterError([MasterComplaint(path, 1, f"cannot be read: {error}")]) from error


def made_of_nothing(folder: Path) -> dict[str, bytes]:
    """The bundle of the same master without its contents: what otter itself adds to it."""
    master = otter_master_path(folder)
    return _assigned(master, _digest(folder), empty=True).bundle


@dataclass(frozen=True)
class _Made:
    bundle: dict[str, bytes]
    solution: bytes
    autograder: bytes


@lru_cache(maxsize=8)
def _assigned(master: Path, digest: str, *, empty: bool = False) -> _Made:
    """What otter-assign makes of a master; `digest` changes with the folder. Run once for each."""
    notebook = read_otter_master(master)
    notebook.cells = [
        _config_cell(notebook, master),
        *(_question_about_nothing() if empty else notebook.cells),
    ]
    with tempfile.TemporaryDirectory(prefix="release-") as scratch:
        copy = Path(scratch) / "copy"
        shutil.copytree(master.parent, copy, ignore=_LEFT_BEHIND)
        (copy / master.name).write_text(nbformat.writes(notebook), encoding="utf-8")
        try:
            made = run_assign(copy, master.name)
        except AssignFailed as error:
            complaint = MasterComplaint(master, 1, f"otter-assign: {error}")
            raise MasterError([complaint]) from error
        (archive,) = (made / "autograder").glob("*.zip")
        student = made / "student"
        bundle = {
            path.relative_to(student).as_posix(): path.read_bytes()
            for path in sorted(student.rglob("*"))
            if path.is_file()
        }
        bundle[master.name] = _without_outputs(bundle[master.name])
        solution = (made / "autograder" / master.name).read_bytes()
        return _Made(bundle, _without_outputs(solution), archive.read_bytes())


def _config_cell(notebook: nbformat.NotebookNode, master: Path) -> nbformat.NotebookNode:
    """The master's settings, taken out of it, with those that we need."""
    cells = [cell for cell in notebook.cells if _is_config(cell)]
    notebook.cells = [cell for cell in notebook.cells if not _is_config(cell)]
    try:
        settings = [yaml.safe_load(mark_source(cell) or "") or {} for cell in cells]
        settings += [
            yaml.safe_load((master.parent / named).read_text(encoding="utf-8"))
            for one in settings
            if (named := one.pop("config_file", None))
        ]
        merged: dict[str, Any] = {key: one[key] for one in settings for key in one}
    except (yaml.YAMLError, OSError, TypeError, AttributeError) as error:
        raise MasterError([MasterComplaint(master, 1, f"its settings: {error}")]) from error
    generate = merged.get("generate")
    kept = generate.items() if isinstance(generate, dict) else ()
    merged["generate"] = {key: value for key, value in kept if key not in _ACCOUNT} or True
    text = yaml.safe_dump(merged, sort_keys=True)
    return nbformat.v4.new_raw_cell(f"# ASSIGNMENT CONFIG\n{text}", id="assignment-config")


def _is_config(cell: nbformat.NotebookNode) -> bool:
    return (mark_source(cell) or "").lower().startswith("# assignment config")


def mark_source(cell: nbformat.NotebookNode) -> str | None:
    """The text of a raw cell, or of a Markdown cell that is one block for otter; else None."""
    if cell.cell_type == "raw":
        return cell.source
    lines = cell.source.strip().split("\n")
    fenced = cell.cell_type == "markdown" and lines[0].strip() == "```otter" and len(lines) > 2
    return "\n".join(lines[1:-1]) if fenced and lines[-1].strip() == "```" else None


def _question_about_nothing() -> list[nbformat.NotebookNode]:
    raw, code = nbformat.v4.new_raw_cell, nbformat.v4.new_code_cell
    return [
        raw("# BEGIN QUESTION\nname: q0"),
        raw("# BEGIN SOLUTION"),
        code("x = 1 # SOLUTION"),
        raw("# END SOLUTION"),
        raw("# BEGIN TESTS"),
        code("def test_x(x):\n    pass"),
        raw("# END TESTS"),
        raw("# END QUESTION"),
        raw("# BEGIN QUESTION\nname: q00\nmanual: true"),
        raw("# BEGIN SOLUTION"),
        nbformat.v4.new_markdown_cell("x"),
        raw("# END SOLUTION"),
        raw("# END QUESTION"),
    ]


def _without_outputs(data: bytes) -> bytes:
    """A notebook's bytes without outputs, and the same at each run."""
    notebook = _with_ids(nbformat.reads(data.decode(), as_version=4))
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook_bytes(notebook)


def _with_ids(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    notebook.nbformat_minor = max(notebook.nbformat_minor, 5)  # older ones have no ids
    return with_stable_ids(notebook)


def _bytes_of(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            data = path.read_bytes()
            digest.update(f"{path.relative_to(folder)}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()
