"""A backup of a course: a gzipped tar.

The first byte says whether the rest is the tar, or already gzipped.
"""

import gzip
import hashlib
import json
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from grader.store.archive import FORM, MANIFEST, SUMS, BackupRefused, Manifest, unpack
from tests.fuzz.bounds import in_time
from tests.fuzz.targets import scratch
from tests.store.archives import member

GZIPPED, PLAIN = b"\0", b"\1"
MOST_BYTES = 20_000
WORDS = (
    *("manifest.json", "SHA256SUMS", "secret", "tables/submission.jsonl", "blobs/", "../", "ustar"),
    *('"form"', '"course backup 1"', '"members"', '"size_bytes"', '"sums_sha256"', '"rows"'),
    *("\x1f", "-1", "1e9", "00000000000"),
)


def home() -> Path:
    return scratch("backup")


def check(data: bytes) -> None:
    """Its members where they belong, within what it says of itself, or `BackupRefused`."""
    path, folder = home() / "b.tar.gz", home() / "new"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    path.write_bytes(data[1:] if data[:1] != PLAIN else gzip.compress(data[1:], 1))
    told: list[Manifest] = []
    with in_time():
        try:
            unpack(path, folder, lambda manifest: allow(manifest, told))
        except BackupRefused as refused:
            why = str(refused)
        else:
            why = "none"
    assert why
    files = [file for file in folder.rglob("*") if file.is_file() and not file.is_symlink()]
    assert sorted(file.name for file in home().iterdir()) == ["b.tar.gz", "new"]
    most = max(0, told[0].most_bytes) if told else 0
    assert sum(file.stat().st_size for file in files) <= most
    for file in files:
        kind = file.relative_to(folder).parts[0]
        assert kind in (SUMS, "secret", "tables", "blobs"), kind


def allow(manifest: Manifest, told: list[Manifest]) -> None:
    if manifest.most_bytes > MOST_BYTES:
        raise BackupRefused("too large for this disk")
    told.append(manifest)


def backup(contents: dict[str, bytes], *, members: int | None = None, extra: bytes = b"") -> bytes:
    """An input that is a backup of these members, or says that there are as many as told."""
    lines = [f"{hashlib.sha256(contents[name]).hexdigest()}  {name}\n" for name in sorted(contents)]
    sums = "".join(lines).encode()
    size = sum(map(len, contents.values()))
    count = len(lines) if members is None else members
    digest = hashlib.sha256(sums).hexdigest()
    manifest = Manifest(FORM, "2027-01-14", ("0001",), {"student": 1}, 0, count, size, digest)
    packed = b""
    parts = {MANIFEST: json.dumps(asdict(manifest)).encode(), SUMS: sums}
    for name, data in [*parts.items(), *sorted(contents.items())]:
        info, _ = member(name, data)
        packed += info.tobuf(tarfile.GNU_FORMAT) + data + bytes(-len(data) % tarfile.BLOCKSIZE)
    return PLAIN + packed + extra + bytes(2 * tarfile.BLOCKSIZE)


def seeds() -> Iterator[bytes]:
    """Backups, whole and broken."""
    blob = b"{}"
    digest = hashlib.sha256(blob).hexdigest()
    contents = {"secret": b"s" * 32, f"blobs/{digest[:2]}/{digest}": blob, "tables/a.jsonl": b""}
    yield backup({})
    yield backup(contents)
    yield backup({"secret": b""}, members=3)
    yield backup({"../secret": b"s"})
    yield backup({}, extra=b"more")
    yield GZIPPED + gzip.compress(backup({})[1:])[:-5]
    yield from (GZIPPED, PLAIN, GZIPPED + b"\x1f\x8b\x08", PLAIN + bytes(1024))
