"""The students' bundle of an otter master, and the proof that nothing hidden is in it.

Hidden are solutions and hidden test cases. Both are found in the master by our own reading of its
marks, so what otter failed to strip is found; what otter itself adds to a bundle is no secret.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import nbformat

from grader.checks.declare import AuthoringError
from grader.checks.otter_files import read_test_file
from grader.release.bundle import Bundle, student_requirements, write_bundle, zip_files
from grader.release.cells import Cell, CellKind, MasterComplaint, MasterError
from grader.release.hidden_values import NOTHING_HIDDEN, HiddenValues, find_values
from grader.release.leaks import Leak, LeakFound, Secrets, as_otter_writes, find_leaks, secrets_of
from grader.release.marks import MarkedCell, Part, parse_marks, split_secret_lines
from grader.release.otter_master import (
    AUTOGRADER,
    made_of_nothing,
    mark_source,
    otter_master_path,
    read_otter_assignment,
    read_otter_master,
)
from grader.release.readable import code_cells, unreadable, without_magics
from grader.release.texts import read_texts

_CONFIG_BEGIN = re.compile(r"""^(?:\w+\s*=\s*)?["']+\s*#\s*begin\s+test\s+config""", re.IGNORECASE)
_CONFIG_END = re.compile(r"""["']+\s*#\s*end\s+test\s+config""", re.IGNORECASE)
_SAYS_HIDDEN = re.compile(r"^\s*hidden\s*:\s*(?:true|yes|on)\b", re.IGNORECASE)
# Settings of a test that say nothing of what it tests.
_SETTING = re.compile(r"^\s*(?:hidden|points)\s*:", re.IGNORECASE)


def release_otter(
    folder: Path,
    destination: Path,
    *,
    name: str | None = None,
    requirements: Path | None = None,
    hidden: HiddenValues = NOTHING_HIDDEN,
) -> Bundle:
    """Write the students' folder and zip of the otter master in `folder`, as `release` does.

    Raises `MasterError` and `LeakFound`; then nothing is written.
    """
    made = read_otter_assignment(folder)
    if made.bundle is None:
        what = f"made from {AUTOGRADER}: students have its notebook already, nothing to release"
        raise MasterError([MasterComplaint(folder / AUTOGRADER, 1, what)])
    if complaints := _unreadable_cells(otter_master_path(folder), made.bundle[made.origin]):
        raise MasterError(complaints)
    name = name or folder.resolve().name
    files = {"requirements.txt": student_requirements(requirements).encode()} | made.bundle
    archive = zip_files(files)
    searched = {**files, f"{name}.zip": archive}
    refuse_otter_leaks(folder, searched)
    if leaks := find_values(hidden, searched):
        raise LeakFound(leaks)
    return write_bundle(name, files, archive, destination)


def _unreadable_cells(master: Path, starter: bytes) -> list[MasterComplaint]:
    """A complaint for each of the students' code cells that IPython can't read, magics and all."""
    return [
        MasterComplaint(
            master,
            1,
            f"code cell {number} of the notebook that students get is not Python: {why.what}, "
            f"in line {why.line} of {source.strip().splitlines()[0]!r}; {why.advice}",
        )
        for number, source in code_cells(starter)
        if (why := unreadable(without_magics(source)))
    ]


def refuse_otter_leaks(folder: Path, files: Mapping[str, bytes]) -> None:
    """Raise `LeakFound` if a file of the bundle shows a solution or a hidden test case."""
    leaks = [*find_leaks(read_otter_secrets(folder), files), *_hidden_cases(files)]
    if leaks:
        raise LeakFound(tuple(leaks))


def read_otter_secrets(folder: Path) -> Secrets:
    """What an otter master hides, less what its public part says too. Raises `MasterError`."""
    path = otter_master_path(folder)
    notebook = read_otter_master(path)
    cells = tuple(_cells(notebook))
    master = parse_marks(cells, strict=False)
    if master.faults:
        raise MasterError(
            [MasterComplaint(path, 1, f"cell {cell}: {what}") for cell, what in master.faults]
        )
    public = [
        line
        for name, data in made_of_nothing(folder).items()
        for text in read_texts(name, data)
        for line in text.content.splitlines()
    ]
    hidden: list[tuple[str, str]] = []
    for marked in master.cells:
        number = marked.cell.line
        origin = f"{path.name}, cell {number}"
        outputs = list(_outputs(notebook.cells[number - 1]))
        if marked.part is Part.TESTS and marked.cell.kind is CellKind.CODE:
            lines = [*_test_lines(marked), *outputs]
            if is_hidden_test(marked.cell.source):
                hidden += [(origin, line) for line in lines]
            else:
                public += lines
        else:
            secret, shown = split_secret_lines(marked)
            hidden += [(origin, line) for _, line in secret]
            public += shown
    return secrets_of(hidden, public)


def is_hidden_test(source: str) -> bool:
    """Whether a test cell is a hidden test, by its first line or its settings."""
    lines = source.splitlines()
    first = lines[0].lstrip() if lines else ""
    if first.startswith("#"):
        return bool(re.search(r"\bhidden\b", first, re.IGNORECASE))
    return any(_SAYS_HIDDEN.match(line) for line in _config_lines(lines))


def _config_lines(lines: list[str]) -> list[str]:
    if not lines or not _CONFIG_BEGIN.match(lines[0]):
        return []
    ends = [number for number, line in enumerate(lines) if _CONFIG_END.match(line)]
    return lines[1 : ends[0]] if ends else []


def _test_lines(marked: MarkedCell) -> list[str]:
    """A test's settings and code, as written and as otter writes it."""
    lines = marked.cell.source.splitlines()
    config = _config_lines(lines)
    code = lines[len(config) + 2 :] if config else lines
    if code and code[0].lstrip().startswith("#"):
        code = code[1:]
    said = [line for line in config if not _SETTING.match(line)]
    return [*said, *code, *as_otter_writes("\n".join(code))]


def _cells(notebook: nbformat.NotebookNode) -> Iterator[Cell]:
    """The master's cells; `line` is the cell's number, from 1."""
    for number, cell in enumerate(notebook.cells, 1):
        mark = mark_source(cell)
        if mark is not None:
            yield Cell(CellKind.RAW, mark, number)
        else:
            yield Cell(CellKind(cell.cell_type), cell.source, number)


def _outputs(cell: nbformat.NotebookNode) -> Iterator[str]:
    for output in cell.get("outputs", []):
        text = output.get("text", "") or output.get("data", {}).get("text/plain", "")
        yield from str(text).splitlines()


def _hidden_cases(files: Mapping[str, bytes]) -> Iterator[Leak]:
    """Test cases in the bundle that otter itself calls hidden."""
    for name, data in files.items():
        if name.endswith(".ipynb"):
            inside = json.loads(data)["metadata"].get("otter", {}).get("tests", {})
            sources = [
                text if isinstance(text, str) else f"OK_FORMAT = True\ntest = {text!r}"
                for text in inside.values()
            ]
        else:
            sources = [data.decode()] if re.fullmatch(r"tests/[^/]+\.py", name) else []
        for source in sources:
            try:
                cases = read_test_file(source, name).cases
            except AuthoringError as error:
                yield Leak(name, 1, str(error), "a test that can't be read")
                continue
            for case in cases:
                if case.hidden:
                    yield Leak(name, 1, case.title, "the hidden test cases")
