"""The zip of an LMS, with submissions in it."""

import io
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from grader.intake import CollectingLimits, FileLimits, Limits, Refused, read_archive, read_notebook
from grader.store import StudentRow
from tests.fuzz.bounds import in_time, nothing_written
from tests.fuzz.targets import scratch

LIMITS = CollectingLimits(files=6, total_bytes=900, file=FileLimits(Limits(file_bytes=400)))
ROSTER = (
    StudentRow("ada", "Ada Lovelace", canvas_id="111"),
    StudentRow("jo1", "Jo Smith"),
    StudentRow("jo2", "Smith, Jo"),
)
GOOD = b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "x = 1"}]}'
WORDS = (
    *("PK\3\4", "PK\1\2", "PK\5\6", "PK\6\6", "PK\6\7", "../"),
    *("ada.ipynb", "lovelaceada_111_9_ps1.ipynb", "/etc/passwd", "\1\0\x08\0"),
    *("\1\0\x10\0", "\x0e\0", "C:", "\\", "é"),
)


def folder() -> Path:
    return scratch("archive")


def check(data: bytes) -> None:
    """Files within the limits, each of one student, or refusals; nothing is unpacked anywhere."""
    path = folder() / "z.zip"
    path.write_bytes(data)
    for roster in (ROSTER, ()):
        with in_time(), nothing_written():
            try:
                got = read_archive(path, roster, LIMITS)
            except Refused as why:
                told(why)
                continue
        assert len(got.found) + len(got.refused) <= LIMITS.files
        assert sum(len(one.data) for one in got.found) <= LIMITS.total_bytes
        students = [one.student for one in got.found]
        assert len(set(students)) == len(students)
        assert not roster or set(students) <= {one.identifier for one in roster}
        for one in got.found:
            assert len(one.data) <= LIMITS.file.notebook.file_bytes
            read_notebook(one.data)
            assert not {"", ".", ".."} & set(one.file.split("/"))
        for one in got.refused:
            assert one.why.reason
            assert one.file.isprintable()
    assert [entry.name for entry in folder().iterdir()] == ["z.zip"]


def told(why: Refused) -> None:
    """The whole archive is refused, by its name and with a reason."""
    assert str(why).startswith(f"{folder() / 'z.zip'}: ")
    assert why.reason


def zipped(entries: dict[str, bytes], *, method: int = zipfile.ZIP_STORED, mode: int = 0) -> bytes:
    """A zip of these entries, as small as it gets."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in entries.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, data, method)
    return buffer.getvalue()


def tarred(name: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(name))
    return buffer.getvalue()


def seeds() -> Iterator[bytes]:
    """Archives of every kind of entry, and files that are none."""
    yield zipped({"ada.ipynb": GOOD})
    yield zipped({"jo1/ps1.ipynb": GOOD, "lovelaceada_111_9_ps1.ipynb": GOOD})
    yield zipped({"ada.ipynb": GOOD, "jo2.ipynb": bytes(5_000)}, method=zipfile.ZIP_DEFLATED)
    yield zipped({"ada.ipynb": GOOD}, method=zipfile.ZIP_LZMA)
    yield zipped({"ada.ipynb": b"/etc/passwd"}, mode=stat.S_IFLNK | 0o777)
    yield zipped({"../ada.ipynb": GOOD, "/jo1.ipynb": GOOD, "C:\\jo2.ipynb": GOOD, "é/": b""})
    yield zipped({"": b"", "jo1/p\u00a0s.ipynb": b"{"})
    yield zipped({f"{n}.ipynb": GOOD for n in range(8)})
    yield from (b"", b"PK", b"PK\5\6" + b"\xff" * 18, GOOD, tarred("../ada.ipynb")[:700])
