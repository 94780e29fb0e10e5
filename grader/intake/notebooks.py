"""A notebook file -> its cells, or a `Refused` that says what, where, and what to do.

Taken: nbformat 3 and 4, any minor number. Outputs, metadata, attachments and cell ids are
dropped: nothing in them reaches the container. Ids and minor flaws end up in `problems`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from grader.intake.json_text import decode_text, parse_object
from grader.intake.refusals import SAVE_AGAIN, Limits, Refused, show


class CellKind(StrEnum):
    """The kinds of cells of nbformat 4."""

    CODE = "code"
    MARKDOWN = "markdown"
    RAW = "raw"


@dataclass(frozen=True)
class Cell:
    """One cell. Lines of `source` end in a plain newline."""

    kind: CellKind
    source: str


@dataclass(frozen=True)
class Notebook:
    """A notebook's cells, in order; `problems` are sentences for whoever submitted it."""

    cells: tuple[Cell, ...]
    problems: tuple[str, ...] = ()


# Cell types of nbformat 3 that 4 no longer has.
_OLD_KINDS = {"html": "markdown", "heading": "markdown"}
_LONGEST_ID = 64
_NOT_PYTHON_KERNELS = ("julia", "ir", "irkernel", "octave", "sage", "bash", "xeus-r", "deno")


def read_notebook(data: bytes, limits: Limits = Limits()) -> Notebook:  # noqa: B008  (frozen)
    """Read a notebook file as data. Raises `Refused`, and nothing else, for any bytes."""
    top = parse_object(decode_text(data, limits), limits)
    major = _major_version(top)
    problems = [*_kernel_problems(top)]
    raw_cells = _cells_of_4(top) if major == 4 else _cells_of_3(top)
    if len(raw_cells) > limits.cells:
        raise Refused(
            f"the notebook has {len(raw_cells):,} cells; {limits.cells:,} is the limit.",
            place=f"cell {limits.cells + 1}",
            hint="Delete the cells that do not belong to your answers.",
        )
    cells = tuple(_cell(raw, number) for number, raw in enumerate(raw_cells, 1))
    size = sum(len(cell.source.encode()) for cell in cells)
    if size > limits.source_bytes:
        raise Refused(
            f"the cells hold {size:,} bytes of text; {limits.source_bytes:,} is the limit.",
            place=f"cell {_longest(cells)} (the longest)",
            hint="Do not paste data into cells.",
        )
    problems += _id_problems(raw_cells)
    if not any(cell.kind is CellKind.CODE for cell in cells):
        problems.append("The notebook has no code cell.")
    return Notebook(cells, tuple(problems))


def _major_version(top: dict[str, Any]) -> int:
    version = top.get("nbformat")
    if version is None and "cells" not in top and "worksheets" not in top:
        raise Refused(
            "it is JSON, but no notebook: it has neither 'nbformat' nor 'cells'.",
            hint="Submit the .ipynb file that Jupyter saved.",
        )
    if type(version) is not int or version not in {3, 4}:
        raise Refused(
            f"'nbformat' is {_describe(version)}; 4 was expected (or 3).",
            place="nbformat",
            hint=SAVE_AGAIN,
        )
    return version


def _cells_of_4(top: dict[str, Any]) -> list[Any]:
    cells = top.get("cells")
    if not isinstance(cells, list):
        seen = f"'cells' is {_describe(cells)}; a list was expected."
        raise Refused(seen, place="cells", hint=SAVE_AGAIN)
    return cells


def _cells_of_3(top: dict[str, Any]) -> list[Any]:
    """The cells of all worksheets, in the words of nbformat 4."""
    sheets = top.get("worksheets")
    if not isinstance(sheets, list):
        seen = f"'worksheets' is {_describe(sheets)}; a list was expected."
        raise Refused(seen, place="worksheets", hint=SAVE_AGAIN)
    cells: list[Any] = []
    for number, sheet in enumerate(sheets, 1):
        theirs = sheet.get("cells") if isinstance(sheet, dict) else None
        if not isinstance(theirs, list):
            seen = f"'cells' is {_describe(theirs)}; a list was expected."
            raise Refused(seen, place=f"worksheet {number}", hint=SAVE_AGAIN)
        cells += [_as_in_4(cell) if isinstance(cell, dict) else cell for cell in theirs]
    return cells


def _as_in_4(cell: dict[str, Any]) -> dict[str, Any]:
    kind = cell.get("cell_type")
    source = cell.get("input") if kind == "code" else cell.get("source")
    if kind == "heading":
        level = cell.get("level")
        marks = "#" * (level if type(level) is int and 1 <= level <= 6 else 1)
        text = _join(source)
        source = source if text is None else f"{marks} {' '.join(text.splitlines())}"
    kind = _OLD_KINDS.get(kind, kind) if isinstance(kind, str) else kind
    return {"cell_type": kind, "source": source}


def _cell(raw: Any, number: int) -> Cell:
    place = f"cell {number}"
    if not isinstance(raw, dict):
        seen = f"the cell is {_describe(raw)}; an object was expected."
        raise Refused(seen, place=place, hint=SAVE_AGAIN)
    kind = raw.get("cell_type")
    if not isinstance(kind, str) or kind not in set(CellKind):
        seen = f"'cell_type' is {_describe(kind)}; code, markdown or raw was expected."
        raise Refused(seen, place=place, hint=SAVE_AGAIN)
    text = _join(raw.get("source"))
    if text is None:
        seen = f"'source' is {_describe(raw.get('source'))}; text or a list of lines was expected."
        raise Refused(seen, place=place, hint=SAVE_AGAIN)
    source = text.replace("\r\n", "\n").replace("\r", "\n")
    _refuse_odd_characters(source, place)
    return Cell(CellKind(kind), source)


def _join(source: Any) -> str | None:
    """The text of a `source`, or None for what is neither a text nor a list of texts."""
    if isinstance(source, str):
        return source
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        return "".join(source)
    return None


def _refuse_odd_characters(source: str, place: str) -> None:
    at = source.find("\0")
    try:
        source.encode()
    except UnicodeEncodeError as error:
        at = error.start if at < 0 else min(at, error.start)
    if at >= 0:
        raise Refused(
            f"there is the character U+{ord(source[at]):04X}, which no Python source can have.",
            place=f"{place}, line {source.count(chr(10), 0, at) + 1}",
            hint="Delete it; it often comes from text pasted from elsewhere.",
        )


def _kernel_problems(top: dict[str, Any]) -> Iterator[str]:
    """Sentences about the kernel. Raises `Refused` for a language other than Python."""
    metadata = top.get("metadata", {})
    if not isinstance(metadata, dict):
        seen = f"'metadata' is {_describe(metadata)}; an object was expected."
        raise Refused(seen, place="metadata", hint=SAVE_AGAIN)
    kernel = _object(metadata, "kernelspec")
    language_info = _object(metadata, "language_info")
    languages = [kernel.get("language"), language_info.get("name")]
    named = [language for language in languages if isinstance(language, str) and language]
    name = kernel.get("name")
    if not named and isinstance(name, str):
        named = [name] if name.lower().startswith(_NOT_PYTHON_KERNELS) else []
    for language in named:
        if not language.lower().startswith(("python", "ipython")):
            raise Refused(
                f"the notebook's language is {show(language)}; Python was expected.",
                place="metadata",
                hint="Choose a Python kernel (Kernel > Change kernel), run, save, submit again.",
            )
    if not named:
        yield "The notebook names no language; it is taken for Python."


def _object(of: dict[str, Any], key: str) -> dict[str, Any]:
    value = of.get(key)
    return value if isinstance(value, dict) else {}


def _id_problems(raw_cells: list[Any]) -> Iterator[str]:
    """Sentences about cell ids. They are never used, so none is a reason to refuse."""
    first: dict[str, int] = {}
    for number, raw in enumerate(raw_cells, 1):
        identifier = raw.get("id")
        if identifier is None:
            continue
        if not isinstance(identifier, str) or not 1 <= len(identifier) <= _LONGEST_ID:
            yield f"Cell {number} has an odd id, which was ignored."
        elif identifier in first:
            yield f"Cell {number} has the id of cell {first[identifier]}; ids were ignored."
        else:
            first[identifier] = number


def _describe(value: Any) -> str:
    if value is None:
        return "missing"
    if isinstance(value, (dict, list)):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    return show(value)


def _longest(cells: tuple[Cell, ...]) -> int:
    return max(range(len(cells)), key=lambda index: len(cells[index].source)) + 1
