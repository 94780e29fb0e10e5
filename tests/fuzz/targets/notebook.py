"""A student's notebook, by the limits of every course and by tight ones."""

import json
from collections.abc import Iterator
from typing import Any

from grader.intake import Limits, Notebook, Refused, read_notebook
from tests.fuzz.bounds import in_time

TIGHT = Limits(file_bytes=2_000, cells=3, source_bytes=60, depth=5, values=60, digits=9)
# Of the whole file, which has no place in itself.
OF_THE_FILE = (
    *("the file is empty", "the file has", "it is JSON, but no notebook"),
    "it cannot be read as JSON",
)
WORDS = (
    *('"nbformat"', '"nbformat_minor"', '"cells"', '"worksheets"', '"cell_type"', '"source"'),
    *('"input"', '"id"', '"metadata"', '"kernelspec"', '"language_info"', '"name"', '"level"'),
    *('"language"', '"code"', '"markdown"', '"raw"', '"heading"', '"python"', '"outputs"'),
    *("\\ud800", "\\u0000", "NaN", "-Infinity", "1e999", "null", "true", "[[[[", "{}"),
)


def check(data: bytes) -> None:
    """A notebook, which written anew is the same, or a refusal with a reason and a place."""
    with in_time():
        for limits in (Limits(), TIGHT):
            found = read(data, limits)
            if found is None:
                continue
            assert len(found.cells) <= limits.cells
            assert sum(len(cell.source.encode()) for cell in found.cells) <= limits.source_bytes
            again = read_notebook(written(found))
            assert again.cells == found.cells
            assert written(again) == written(found)


def read(data: bytes, limits: Limits) -> Notebook | None:
    """The notebook, or None for one that is refused as it should be."""
    try:
        return read_notebook(data, limits)
    except Refused as why:
        assert why.reason
        assert why.hint
        assert why.place or why.reason.startswith(OF_THE_FILE), why.reason
        assert len(str(why).encode()) < 1_000
        return None


def written(notebook: Notebook) -> bytes:
    """The notebook as its cells alone."""
    cells = [{"cell_type": str(cell.kind), "source": cell.source} for cell in notebook.cells]
    return json.dumps({"nbformat": 4, "cells": cells}).encode()


def seeds() -> Iterator[bytes]:
    """Notebooks of both forms, and some that are none."""
    python = {"kernelspec": {"name": "python3", "language": "python"}}
    code = {"cell_type": "code", "id": "a", "source": ["x = 1\r\n", "y"], "outputs": []}
    text = {"cell_type": "markdown", "id": "a", "source": "# A\r"}
    old = [{"cell_type": "heading", "level": 2, "source": "B\nC"}, {"cell_type": "html"}]
    tops: list[Any] = [
        {"nbformat": 4, "nbformat_minor": 5, "metadata": python, "cells": [code, text]},
        {"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": "1"}, *old]}]},
        {"nbformat": 4, "metadata": {"language_info": {"name": "R"}}, "cells": [code]},
        {"nbformat": 4, "cells": [{"cell_type": "raw", "source": "\ud800\0"}]},
        {"cells": [1] * 5},
        {"nbformat": 4, "cells": None},
        [],
    ]
    yield from (json.dumps(top).encode() for top in tops)
    yield from (b"", b"\xef\xbb\xbf{}", b"\xff\xfe{", b"%PDF-1.7", b"<html>", b'{"a": 1, "a": 2}')
    yield from (b'{"nbformat": 4, "cells": [[[', b'{"a": 12345678901, "b": -Infinity}', b'{"\\')
