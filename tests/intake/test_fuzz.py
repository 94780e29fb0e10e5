"""Whatever the bytes: a `Notebook` or a `Refused`, never another exception."""

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.intake import Notebook, Refused, read_notebook

EXAMPLES = settings(max_examples=150, deadline=None)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=8)
    | st.sampled_from([3, 4, "code", "markdown", "raw", "heading", "python", "\ud800", "\0"])
)
KEYS = st.text(max_size=5) | st.sampled_from(
    ["nbformat", "cells", "worksheets", "cell_type", "source", "input", "id", "metadata", "level"]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)


def nearly(**good: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Dictionaries whose fields are mostly as they should be."""
    fields = {key: strategy | VALUES for key, strategy in good.items()}
    return st.fixed_dictionaries({}, optional=fields)


CELLS = nearly(
    cell_type=st.sampled_from(["code", "markdown", "raw", "heading", "html"]),
    source=st.text(max_size=20) | st.lists(st.text(max_size=5), max_size=3),
    input=st.text(max_size=20),
    id=st.text(max_size=70),
    level=st.integers(),
)
KERNEL = nearly(name=st.text(max_size=9), language=st.sampled_from(["python", "R"]))
NOTEBOOKS = nearly(
    nbformat=st.sampled_from([3, 4]),
    nbformat_minor=st.integers(),
    metadata=nearly(kernelspec=KERNEL, language_info=KERNEL),
    cells=st.lists(CELLS | VALUES, max_size=4),
    worksheets=st.lists(nearly(cells=st.lists(CELLS | VALUES, max_size=3)), max_size=2),
)


def attempt(data: bytes) -> Notebook | Refused:
    try:
        return read_notebook(data)
    except Refused as refused:
        return refused


def read(data: bytes) -> Notebook | None:
    answer = attempt(data)
    if isinstance(answer, Refused):
        assert answer.reason
        assert len(str(answer).encode()) < 1000
        return None
    for cell in answer.cells:
        assert "\0" not in cell.source
        assert "\r" not in cell.source
        cell.source.encode()
    "".join(answer.problems).encode()
    return answer


@EXAMPLES
@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf")
@example(b"\xff\xfe")
@example(b'{"\\')
@example(b'{"a": 1e999999999}')
@example(b'{"a": -}')
@example(b'{"\\ud800": 1, "\\ud800": 2}')
@example(b'{"nbformat": 4, "cells": [[[')
def test_any_bytes(data: bytes) -> None:
    read(data)
    read(b'{"nbformat": 4, "cells": [' + data + b"]}")


@EXAMPLES
@given(NOTEBOOKS | VALUES)
def test_any_structure(top: Any) -> None:
    read(json.dumps(top).encode())


@EXAMPLES
@given(NOTEBOOKS, st.data())
def test_any_damage_to_a_likely_notebook(top: Any, data: st.DataObject) -> None:
    text = bytearray(json.dumps(top).encode())
    at = data.draw(st.integers(0, len(text)))
    text[at : at + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=5))
    read(bytes(text))


@EXAMPLES
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["code", "markdown", "raw"]),
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r")),
        ),
        max_size=6,
    )
)
def test_every_good_notebook_comes_back_as_written(cells: list[tuple[str, str]]) -> None:
    top = {"nbformat": 4, "cells": [{"cell_type": k, "source": s} for k, s in cells]}
    notebook = read(json.dumps(top).encode())
    assert notebook is not None
    assert [(str(cell.kind), cell.source) for cell in notebook.cells] == cells
