"""The zip that Canvas or Quercus gives -> what was found and what was refused.

Nothing is unpacked to the disk. All numbers in the archive are claims: what is read is counted.
"""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import IO

from grader.intake.collecting import Candidate, Collected, CollectingLimits, collect
from grader.intake.kinds import NOTEBOOK, Kind
from grader.intake.names import Names
from grader.intake.refusals import MIB, Refused
from grader.store.records import StudentRow

# The list of entries is read in one piece: 46 bytes an entry and its name.
_LARGEST_READ = 4 * MIB
_HEADER_BYTES = 30
_ENCRYPTED = 0x1
# Others can ask for gigabytes of dictionary.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What zipfile raises for archives that are none: it trusts some of their numbers.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ArithmeticError,
    EOFError,
    NotImplementedError,
    OSError,
    ValueError,
)


def read_archive(
    path: Path,
    roster: Iterable[StudentRow] = (),
    limits: CollectingLimits = CollectingLimits(),  # noqa: B008  (frozen)
    *,
    kind: Kind = NOTEBOOK,
) -> Collected:
    """Read the files of a kind in a zip, by the names that Canvas gives or `<student>.ipynb`.

    Students are matched by Canvas id, else by name. Raises `Refused` for an archive that as a
    whole is damaged, hostile or too large.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(_Bounded(file)) as archive:
            # Not `is_dir`, which fails on an entry without a name.
            entries = [one for one in archive.infolist() if not one.filename.endswith("/")]
            _check_entries(entries, limits)
            candidates = [Candidate(_name(e), partial(_read_entry, archive, e)) for e in entries]
            return collect(candidates, Names(tuple(roster), kind), limits)
    except Refused as why:
        raise Refused(why.reason, place=str(path), hint=why.hint) from None
    except FileNotFoundError:
        raise Refused("there is no such file.", place=str(path)) from None
    except _DAMAGE as error:
        raise Refused(
            f"it is not a zip archive that can be read ({error}).",
            place=str(path),
            hint="Download it again from the LMS.",
        ) from None


class _Bounded(io.RawIOBase):
    """A file of which no single piece is larger than it may be."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(_LARGEST_READ + 1 if size < 0 else min(size, _LARGEST_READ + 1))
        if len(data) > _LARGEST_READ:
            raise _too_many()
        return data


def _check_entries(entries: list[zipfile.ZipInfo], limits: CollectingLimits) -> None:
    if len(entries) > limits.files:
        raise _too_many()
    in_order = sorted(entries, key=lambda entry: entry.header_offset)
    for one, following in pairwise(in_order):
        if one.header_offset + _HEADER_BYTES + one.compress_size > following.header_offset:
            raise Refused(
                "its entries overlap, as in an archive made to fill disks.",
                hint="Download it again from the LMS.",
            )


def _too_many() -> Refused:
    return Refused("it has too many entries.", hint="Import the files in several parts.")


def _name(entry: zipfile.ZipInfo) -> str:
    # zipfile cuts names at a NUL; the whole name is what has to be judged.
    return entry.orig_filename if "\0" in entry.orig_filename else entry.filename


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> bytes:
    """At most `limit` bytes of an entry, whatever size it claims."""
    mode = entry.external_attr >> 16
    if stat.S_IFMT(mode) and not stat.S_ISREG(mode):
        raise Refused("it is a link or a device, not a regular file.")
    if entry.flag_bits & _ENCRYPTED:
        raise Refused("it is encrypted.", hint="Ask for it without a password.")
    if entry.compress_type not in _METHODS:
        raise Refused("it is compressed in an uncommon way.", hint="Pack it again as plain zip.")
    try:
        with archive.open(entry) as file:
            return file.read(limit)
    except _DAMAGE as error:
        hint = "Download the archive again, or ask the student for the file."
        raise Refused(f"it is damaged in the archive ({error}).", hint=hint) from None
