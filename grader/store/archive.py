"""One file of many named members: a gzipped tar that is written and read as a stream.

    manifest.json   what it is, how many members and bytes follow, the hash of the list of them
    SHA256SUMS      that list, in order of names, as `sha256sum --check` reads it
    ...             the members

It is read as a stranger's file. Only headers are left to `tarfile`: its own reader follows links
and takes names and lengths from further headers, which may be as large as they like.
"""

import gzip
import hashlib
import io
import json
import re
import tarfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from pydantic import TypeAdapter, ValidationError

from grader.outcomes import GraderError

FORM = "course backup 1"
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
DAMAGED = (
    "`course fsck` says whose submission it is and what to do; "
    "`course backup --without-damaged` leaves it out."
)
_MANIFEST_BYTES = 1 << 20
_CHUNK_BYTES = 1 << 20
_LINE = re.compile(
    rb"([0-9a-f]{64})  "
    rb"(secret|tables/[a-z0-9_]{1,64}\.jsonl|blobs/([0-9a-f]{2})/(\3[0-9a-f]{62}))\n"
)
_LONGEST_LINE = 256


class BackupRefused(Exception):
    """A backup can't be made or restored that way; the message says why and what to do."""


@dataclass(frozen=True)
class Manifest:
    """What an archive is a copy of. `rows` counts them by table; `left_out` counts lost files.

    `migrations` are those of the store's tables, `further` those of other apps, by app. `members`,
    `size_bytes` and `sums_sha256` are of all that follows the list, and of the list.
    """

    form: str
    made_at: str
    migrations: tuple[str, ...]
    rows: dict[str, int]
    left_out: int
    members: int
    size_bytes: int
    sums_sha256: str
    further: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def most_bytes(self) -> int:
        """What it may take on the disk."""
        return self.size_bytes + self.members * _LONGEST_LINE


@dataclass
class Listing:
    """The members that an archive will have, told in order of names; kept in a file."""

    file: IO[bytes]
    members: int = 0
    size_bytes: int = 0
    sha256: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def add(self, name: str, sha256: str, size_bytes: int) -> None:
        """Tell the next one."""
        line = f"{sha256}  {name}\n".encode()
        self.file.write(line)
        self.sha256.update(line)
        self.members += 1
        self.size_bytes += size_bytes


class _Hashing(io.RawIOBase):
    """Reads another file and hashes what it gives."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.sha256 = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        data = self._file.read(size)
        self.sha256.update(data)
        return data


def write_archive(
    file: IO[bytes], manifest: Manifest, listing: Listing, opened: Callable[[str], IO[bytes]]
) -> None:
    """Write the members of the list, each as `opened` gives it by its name.

    Raises `GraderError` for one that is not what the list says.
    """
    text = (json.dumps(asdict(manifest), indent=2) + "\n").encode()
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=6) as packed,
        # Of the forms, the one that needs no further header for whatever size.
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.GNU_FORMAT) as tar,
    ):
        _add(tar, MANIFEST, io.BytesIO(text))
        _add(tar, SUMS, listing.file)
        listing.file.seek(0)
        for line in listing.file:
            sha256, name = line.decode().rstrip("\n").split("  ", 1)
            with opened(name) as data:
                found = _add(tar, name, data)
            if found != sha256:
                raise GraderError(f"{name} is damaged: its SHA-256 is {found}. {DAMAGED}")


def _add(tar: tarfile.TarFile, name: str, data: IO[bytes]) -> str:
    """Add a member; the hash of what was added."""
    info = tarfile.TarInfo(name)
    info.mode = 0o600
    info.mtime = int(time.time())
    info.size = data.seek(0, io.SEEK_END)
    data.seek(0)
    reader = _Hashing(data)
    tar.addfile(info, reader)
    return reader.sha256.hexdigest()


def unpack(path: Path, folder: Path, allow: Callable[[Manifest], None]) -> Manifest:
    """Put the members of an archive into a folder, each by its name, every hash verified.

    `allow` may refuse it by raising, before anything is written. Raises `BackupRefused` for
    whatever is no backup of ours, whole and unchanged; what was unpacked by then stays.
    """
    with path.open("rb") as file, _reasons(), gzip.GzipFile(fileobj=file) as packed:
        manifest = _read_manifest(packed)
        allow(manifest)
        size = _next(packed, SUMS, manifest.members * _LONGEST_LINE)
        _unpack_one(packed, folder / SUMS, size, manifest.sums_sha256)
        left = manifest.size_bytes
        for name, sha256 in _listed(folder / SUMS, manifest.members):
            size = _next(packed, name, left)
            left -= size
            _unpack_one(packed, folder / name, size, sha256)
        if packed.read(2 * tarfile.RECORDSIZE).strip(b"\0") or packed.read(1):
            raise BackupRefused("something follows its last member")
        (folder / SUMS).unlink()
        return manifest


@contextmanager
def _reasons() -> Iterator[None]:
    """Say it in our words where gzip gives up."""
    try:
        yield
    except EOFError:
        raise BackupRefused("it ends too early: it was not written or copied whole") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise BackupRefused(f"this is no backup, or it was changed ({error})") from None


def _read_manifest(packed: gzip.GzipFile) -> Manifest:
    data = _read(packed, _next(packed, MANIFEST, _MANIFEST_BYTES), padded=True)
    try:
        told: Any = json.loads(data)
        form = told["form"]
    except (ValueError, RecursionError, TypeError, KeyError):
        raise BackupRefused(f'its {MANIFEST} does not say "form": "{FORM}"') from None
    if form != FORM:
        raise BackupRefused(
            f"it is of the form {str(form)[:40]!r}, and this version of the grader reads {FORM!r}. "
            "Use the version that made it"
        )
    try:
        return TypeAdapter(Manifest).validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise BackupRefused(f"its {MANIFEST} is not ours: {place}: {first['msg']}") from None


def _listed(path: Path, members: int) -> Iterator[tuple[str, str]]:
    """Names and hashes of the list, which names each member once and only what we know."""
    before = b""
    count = 0
    with path.open("rb") as lines:
        while line := lines.readline(_LONGEST_LINE):
            count += 1
            match = _LINE.fullmatch(line)
            if match is None:
                raise BackupRefused(f"{SUMS}, line {count} is not ours: {line[:100]!r}")
            sha256, name, _, named = match.groups()
            if name <= before:
                raise BackupRefused(f"{SUMS}, line {count}: {name.decode()} is out of order")
            if named not in (None, sha256):
                raise BackupRefused(f"{SUMS}, line {count}: {name.decode()} has another hash")
            before = name
            yield name.decode(), sha256.decode()
    if count != members:
        raise BackupRefused(f"{SUMS} names {count} members, and {MANIFEST} says {members}")


def _next(packed: gzip.GzipFile, name: str, most_bytes: int) -> int:
    """The size of the next member, which must be that one: a plain file, and not too large."""
    header = _read(packed, tarfile.BLOCKSIZE)
    if not header.strip(b"\0"):
        raise BackupRefused(f"{name} is missing in it")
    try:
        info = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        raise BackupRefused(f"this is no backup, or it was changed ({error})") from None
    if info.type != tarfile.REGTYPE or info.name != name:
        kind = "" if info.type == tarfile.REGTYPE else ", and no plain file"
        raise BackupRefused(
            f"it has {info.name[:100]!r}{kind} where {name!r} is expected: this is no backup of "
            "a course, or it was changed"
        )
    if not 0 <= info.size <= most_bytes:
        raise BackupRefused(f"{name} says that it has {info.size} bytes, more than it may")
    return info.size


def _unpack_one(packed: gzip.GzipFile, path: Path, size: int, sha256: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = hashlib.sha256()
    with path.open("xb") as file:
        path.chmod(0o600)
        for start in range(0, size, _CHUNK_BYTES):
            data = _read(packed, min(_CHUNK_BYTES, size - start))
            found.update(data)
            file.write(data)
    _read(packed, -size % tarfile.BLOCKSIZE)
    if found.hexdigest() != sha256:
        raise BackupRefused(
            f"{path.name} is not what was written: its SHA-256 is {found.hexdigest()}, and "
            f"{sha256} is listed"
        )


def _read(packed: gzip.GzipFile, size: int, *, padded: bool = False) -> bytes:
    """Exactly that many bytes; with `padded`, what fills their last block is passed over."""
    data = packed.read(size)
    if len(data) < size:
        raise EOFError
    if padded:
        _read(packed, -size % tarfile.BLOCKSIZE)
    return data
