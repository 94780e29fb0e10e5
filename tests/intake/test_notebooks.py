"""Bad notebooks as a table, and what is taken."""

import json
import time
from typing import Any

import nbformat
import pytest

from grader.intake import Cell, CellKind, Limits, Refused, read_notebook

PYTHON = {"kernelspec": {"name": "python3", "language": "python"}}


def code(source: Any = "x = 1", **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], **more}


def notebook(*cells: Any, **more: Any) -> dict[str, Any]:
    top = {"nbformat": 4, "nbformat_minor": 5, "metadata": PYTHON, "cells": list(cells)}
    return {key: value for key, value in (top | more).items() if value is not ...}


def as_bytes(top: Any) -> bytes:
    return json.dumps(top).encode()


GOOD = as_bytes(notebook(code()))

NOT_JSON = [
    pytest.param(b"", "the file is empty.", id="empty"),
    pytest.param(b" \n\t ", "the file is empty.", id="blank"),
    pytest.param(GOOD[:-30], "ends in the middle of the notebook", id="truncated"),
    pytest.param(GOOD[:20], "line 1, column", id="truncated in the beginning"),
    pytest.param(b"\xef\xbb\xbf" + GOOD, "UTF-8 with a byte order mark", id="BOM"),
    pytest.param(GOOD.decode().encode("utf-16"), "saved as UTF-16", id="UTF-16"),
    pytest.param(GOOD.decode().encode("utf-16-le"), "NUL", id="UTF-16 without mark"),
    pytest.param(GOOD.decode().encode("utf-32"), "saved as UTF-32", id="UTF-32"),
    pytest.param(b'{\n "a": "\xff"', "line 2, column 8: byte 0xff is not UTF-8", id="not UTF-8"),
    pytest.param(b'{"a": "\xed\xa0\x80"}', "byte 0xed is not UTF-8", id="surrogate as bytes"),
    pytest.param(b'{\n"\0": 1}', "line 2, column 2: there is a NUL", id="NUL"),
    pytest.param(b"import jax\n", "this is no notebook", id="Python source"),
    pytest.param(b"PK\x03\x04....", "a zip archive", id="zip"),
    pytest.param(b"%PDF-1.7", "a PDF", id="PDF"),
    pytest.param(b"<!DOCTYPE html>", "HTML", id="login page"),
    pytest.param(b"[1, 2]", "a list, and a notebook is an object", id="a list"),
    pytest.param(b'{"a": 1,\n "b": oops}', "line 2, column 7: the file is not JSON", id="word"),
    pytest.param(b"{} {}", "not JSON from here on", id="two values"),
    pytest.param(b"{'a': 1}", "not JSON", id="single quotes"),
    pytest.param(b'{"a":\n NaN}', "line 2, column 2: there is NaN", id="NaN"),
    pytest.param(b'{"a": -Infinity}', "there is Infinity", id="Infinity"),
    pytest.param(b'{"a": ' + b"[" * 100_000, "nested more than 200 deep", id="lists, deep"),
    pytest.param(b'{"a":' * 100_000, "nested more than 200 deep", id="objects, deep"),
    pytest.param(b'{"a": ' + b"1" * 10_000_000 + b"}", "10,000,000 digits", id="huge number"),
    pytest.param(b'{"a": [' + b"[]," * 1_000_000, "over 1,000,000 JSON values", id="many values"),
    pytest.param(b'{"a": 1,\n "a": 2}', "line 2, column 2: the key 'a' is twice", id="key twice"),
    pytest.param(b'{"a": 1, "\\u0061": 2}', "the key 'a' is twice", id="key twice, escaped"),
    pytest.param(b"{" + b'"\\"' * 2_000_000, "JSON", id="quotes without end"),
    pytest.param(b"{}}}}", "not JSON", id="closed too often"),
    pytest.param(b" " * (20 * 1024 * 1024 + 1), "20,971,520 is the limit", id="too large"),
]

NOT_A_NOTEBOOK = [
    pytest.param({"a": 1}, "it is JSON, but no notebook", id="other JSON"),
    pytest.param(notebook(nbformat=...), "'nbformat' is missing", id="no version"),
    pytest.param(notebook(nbformat=5), "'nbformat' is 5; 4 was expected", id="version 5"),
    pytest.param(notebook(nbformat=2), "'nbformat' is 2", id="version 2"),
    pytest.param(notebook(nbformat="4"), "'nbformat' is '4'", id="version as text"),
    pytest.param(notebook(nbformat=True), "'nbformat' is True", id="version as truth"),
    pytest.param(notebook(cells=...), "'cells' is missing", id="no cells"),
    pytest.param(notebook(cells={}), "'cells' is an object of 0", id="cells an object"),
    pytest.param(notebook(cells="x"), "'cells' is 'x'; a list", id="cells a text"),
    pytest.param(notebook(code(), 7), "cell 2: the cell is 7; an object", id="cell a number"),
    pytest.param(notebook({"source": ""}), "cell 1: 'cell_type' is missing", id="no type"),
    pytest.param(notebook(code(cell_type="sql")), "'cell_type' is 'sql'", id="odd type"),
    pytest.param(notebook(code(cell_type=["code"])), "'cell_type' is a list", id="type a list"),
    pytest.param(notebook({"cell_type": "code"}), "'source' is missing", id="no source"),
    pytest.param(notebook(code(), code(5)), "cell 2: 'source' is 5; text", id="source a number"),
    pytest.param(notebook(code(["a", 1])), "'source' is a list of 2", id="source of numbers"),
    pytest.param(notebook(code("a\nb\ud800")), "cell 1, line 2: .*U\\+D800", id="lone surrogate"),
    pytest.param(notebook(code("a\0")), "cell 1, line 1: .*U\\+0000", id="NUL in source"),
    pytest.param(notebook(metadata=[]), "'metadata' is a list of 0", id="metadata a list"),
    pytest.param(notebook(*[code()] * 5001), "5,001 cells; 5,000 is the limit", id="cells"),
    pytest.param(notebook(code("x" * 5_000_000)), "5,000,000 bytes of text", id="long source"),
    pytest.param({"nbformat": 3, "worksheets": 1}, "'worksheets' is 1", id="3, worksheets"),
    pytest.param({"nbformat": 3, "worksheets": [1]}, "worksheet 1: 'cells'", id="3, worksheet"),
]


@pytest.mark.parametrize(("data", "says"), NOT_JSON)
def test_what_is_no_json_is_refused_in_time_with_reason_and_hint(data: bytes, says: str) -> None:
    begin = time.monotonic()
    with pytest.raises(Refused) as refused:
        read_notebook(data)
    # Generous: the machine may be busy. Quadratic scans of these take minutes.
    assert time.monotonic() - begin < 10
    assert says in str(refused.value)
    assert refused.value.hint
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(("top", "says"), NOT_A_NOTEBOOK)
def test_json_that_is_no_notebook_is_refused_with_its_place(top: Any, says: str) -> None:
    with pytest.raises(Refused, match=says) as refused:
        read_notebook(as_bytes(top))
    assert refused.value.hint
    assert len(str(refused.value)) < 400


LANGUAGES = [
    pytest.param({"kernelspec": {"name": "conda-env-x", "language": "python"}}, None, id="conda"),
    pytest.param({"language_info": {"name": "python"}}, None, id="language_info only"),
    pytest.param({"kernelspec": {"name": "my-env"}}, "names no language", id="kernel name only"),
    pytest.param({}, "names no language", id="nothing"),
    pytest.param(..., "names no language", id="no metadata"),
    pytest.param({"kernelspec": 7, "language_info": []}, "names no language", id="odd types"),
]


@pytest.mark.parametrize(("metadata", "problem"), LANGUAGES)
def test_python_by_any_kernel_is_taken(metadata: Any, problem: str | None) -> None:
    read = read_notebook(as_bytes(notebook(code(), metadata=metadata)))
    assert [p for p in read.problems if problem is None or problem not in p] == []
    assert len(read.problems) == (problem is not None)


@pytest.mark.parametrize(
    "metadata",
    [
        {"kernelspec": {"language": "julia"}},
        {"language_info": {"name": "R"}},
        {"kernelspec": {"name": "julia-1.11"}},
        {"kernelspec": {"language": "python"}, "language_info": {"name": "scala"}},
    ],
)
def test_another_language_is_refused(metadata: Any) -> None:
    with pytest.raises(Refused, match=r"language is .*; Python was expected.*Choose a Python"):
        read_notebook(as_bytes(notebook(code(), metadata=metadata)))


@pytest.mark.parametrize(
    ("source", "read"),
    [
        ("a\nb", "a\nb"),
        (["a\n", "b"], "a\nb"),
        ([], ""),
        ("a\r\n\tb\rc", "a\n\tb\nc"),
        ("é = '😀'", "é = '😀'"),
        ("# \\ud83d\\ude00 stays", "# \\ud83d\\ude00 stays"),
    ],
)
def test_a_source_is_text_with_plain_line_ends(source: Any, read: str) -> None:
    assert read_notebook(as_bytes(notebook(code(source)))).cells == (Cell(CellKind.CODE, read),)


@pytest.mark.parametrize("minor", [0, 1, 2, 3, 4, 5, 9, None, "x"])
def test_every_minor_version_of_4_is_taken_with_kinds_in_order(minor: Any) -> None:
    cells = [{"cell_type": kind, "source": kind} for kind in ("raw", "markdown", "code")]
    read = read_notebook(as_bytes(notebook(*cells, nbformat_minor=minor)))
    assert [cell.kind for cell in read.cells] == [CellKind.RAW, CellKind.MARKDOWN, CellKind.CODE]
    assert read.problems == ()


@pytest.mark.parametrize(
    ("ids", "problems"),
    [
        (["a", "b"], []),
        ([None, None], []),
        (["a", "a"], ["Cell 2 has the id of cell 1; ids were ignored."]),
        (["x" * 1_000_000, 5], [f"Cell {n} has an odd id, which was ignored." for n in (1, 2)]),
    ],
)
def test_cell_ids_are_never_a_reason_to_refuse(ids: list[Any], problems: list[str]) -> None:
    read = read_notebook(as_bytes(notebook(*[code(id=one) for one in ids])))
    assert list(read.problems) == problems


def test_outputs_and_attachments_are_dropped_whatever_they_hold() -> None:
    output = {"data": {"image/png": "A" * 3_000_000}, "metadata": {"\ud800": "../../etc/passwd"}}
    read = read_notebook(as_bytes(notebook(code(outputs=[output], attachments=9))))
    assert read.cells == (Cell(CellKind.CODE, "x = 1"),)


def test_a_notebook_without_code_is_taken_and_told_so() -> None:
    assert read_notebook(as_bytes(notebook())).problems == ("The notebook has no code cell.",)


def test_format_3_is_read_as_nbformat_would_convert_it() -> None:
    v3 = nbformat.v3
    cells = [
        v3.new_code_cell(input="x = 1\ny = 2"),
        v3.new_heading_cell("A title", level=2),
        v3.new_text_cell("markdown", "some *text*"),
        v3.new_text_cell("html", "<b>bold</b>"),
        v3.new_text_cell("raw", "as is"),
    ]
    old = v3.new_notebook(
        metadata=v3.new_metadata(name="n"), worksheets=[v3.new_worksheet(cells=cells)]
    )
    converted = nbformat.convert(nbformat.reads(json.dumps(old), as_version=3), 4)
    read = read_notebook(as_bytes(old))
    expected = [(cell.cell_type, cell.source) for cell in converted.cells]
    assert [(str(cell.kind), cell.source) for cell in read.cells] == expected


def test_limits_are_the_callers() -> None:
    with pytest.raises(Refused, match="2 cells; 1 is the limit"):
        read_notebook(as_bytes(notebook(code(), code())), Limits(cells=1))
