"""Whatever students hand in: taken within the limits, or refused with the reason."""

import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.intake import Limits
from tests.fuzz.bounds import in_time, peak_bytes
from tests.fuzz.budget import tried
from tests.fuzz.damage import damaged
from tests.fuzz.targets import archive, backup, load_target, notebook, pdf
from tests.intake.test_fuzz import NOTEBOOKS, VALUES

NOTEBOOK_SEEDS = load_target("notebook").seeds
ARCHIVE_SEEDS = load_target("archive").seeds
BACKUP_SEEDS = load_target("backup").seeds
PDF_SEEDS = load_target("pdf").seeds


@tried(200)
@given(damaged(NOTEBOOK_SEEDS))
def test_damaged_notebooks_are_taken_and_written_alike_or_refused(data: bytes) -> None:
    notebook.check(data)


@tried(100)
@given(NOTEBOOKS | VALUES, st.booleans(), st.integers(0, 3))
def test_made_up_notebooks_are_taken_and_written_alike_or_refused(
    top: Any, plain: bool, spaces: int
) -> None:
    text = json.dumps(top, ensure_ascii=plain, indent=spaces or None)
    notebook.check(text.encode("utf-8", "surrogatepass"))


SIZE = 600_000
CODE = b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": ["'
BIG = {
    "numbers": b"{" + b"1 " * (SIZE // 2),
    "texts": b"{" + b'""' * (SIZE // 2),
    "keys": b"{" + b"".join(b'"%x":' % number for number in range(SIZE // 8)),
    "keys with escapes": b"{" + b"".join(b'"\\n%x":' % number for number in range(SIZE // 10)),
    "line breaks": b"{" + b"\n" * SIZE,
    "an open text": b'{"' + b"\\" * SIZE,
    "a wide character": CODE + "\U0001f600".encode() + b"a" * SIZE + b'"]}]}',
    "carriage returns": CODE + b"\\r" * (SIZE // 2) + b'"]}]}',
    "lines": CODE + b'","' * (SIZE // 4) + b'"]}]}',
    "empty lists": b'{"nbformat": 4, "cells": [], "x": [' + b"[]," * (SIZE // 3) + b"0]}",
    "objects": b'{"nbformat": 4, "cells": [], "x": [' + b'{"a":0},' * (SIZE // 8) + b"0]}",
}
# At worst an empty list in two bytes is some 40 of objects.
BYTES_A_BYTE = 30


@pytest.mark.parametrize("data", BIG.values(), ids=BIG)
def test_a_big_notebook_of_anything_takes_bounded_time_and_memory(data: bytes) -> None:
    with in_time():
        _, peak = peak_bytes(lambda: notebook.read(data, Limits()))
    assert peak < BYTES_A_BYTE * len(data)


@tried(100)
@given(damaged(PDF_SEEDS))
def test_damaged_pdfs_are_taken_or_refused(data: bytes) -> None:
    pdf.check(data)


@tried(100)
@given(damaged(ARCHIVE_SEEDS))
def test_damaged_archives_are_read_within_the_limits_or_refused(data: bytes) -> None:
    archive.check(data)


entry_names = st.one_of(
    st.sampled_from(["ada.ipynb", "lovelaceada_111_9_ps1.ipynb", "jo1/a.ipynb", "ADA.IPYNB"]),
    st.sampled_from(["../ada.ipynb", "/ada.ipynb", "a/../../b.ipynb", "C:\\a.ipynb", "ada.ipynb/"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=9).map(
        lambda name: f"{name}.ipynb"
    ),
    st.just("é" * 200 + ".ipynb"),
)
entries = st.dictionaries(
    entry_names, st.sampled_from([archive.GOOD, b"", bytes(3_000), b"{"]), max_size=8
)
methods = st.sampled_from([0, 8, 12, 14])
modes = st.sampled_from([0, 0o100644, 0o120777, 0o060600, 0o040755])
# Where in a central entry's header each claim is, and in how many bytes.
CLAIMS = {"flags": (8, "<H"), "method": (10, "<H"), "crc": (16, "<L"), "packed": (20, "<L")}
CLAIMS |= {"size": (24, "<L"), "name": (28, "<H"), "extra": (30, "<H"), "offset": (42, "<L")}
claims = st.tuples(
    st.sampled_from(sorted(CLAIMS)),
    st.sampled_from([0, 1, 7, 8, 99, 0x800, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF]),
)


@tried(100)
@given(entries, methods, modes, st.lists(claims, max_size=2))
def test_archives_that_lie_are_read_within_the_limits_or_refused(
    held: dict[str, bytes], method: int, mode: int, lies: list[tuple[str, int]]
) -> None:
    data = bytearray(archive.zipped(held, method=method, mode=mode))
    entry = data.find(b"PK\1\2")
    for field, value in lies if entry >= 0 else []:
        at, form = CLAIMS[field]
        struct.pack_into(form, data, entry + at, value & (1 << 8 * struct.calcsize(form)) - 1)
    archive.check(bytes(data))


@tried(100)
@given(damaged(BACKUP_SEEDS))
def test_damaged_backups_are_unpacked_where_they_belong_or_refused(data: bytes) -> None:
    backup.check(data)


member_names = st.sampled_from(
    ["secret", "tables/a.jsonl", "../x", "/x", "blobs/aa/bb", "secret/x", "SHA256SUMS", "tables"]
)


@tried(60)
@given(
    st.dictionaries(member_names, st.binary(max_size=600), max_size=3),
    st.none() | st.integers(-1, 40),
    st.binary(max_size=3),
)
def test_backups_that_lie_are_unpacked_where_they_belong_or_refused(
    contents: dict[str, bytes], members: int | None, extra: bytes
) -> None:
    backup.check(backup.backup(contents, members=members, extra=extra))
