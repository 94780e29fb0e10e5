"""Bytes by their SHA-256: written once, verified at every reading."""

import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkstemp

from grader.outcomes import GraderError

ABANDONED_SECONDS = 3600.0


@dataclass(frozen=True)
class Blobs:
    """A folder of `ab/<sha256>` files."""

    folder: Path

    def path(self, sha256: str) -> Path:
        """Where the bytes of that hash lie. Raises `ValueError` for what is no hash."""
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise ValueError(f"not a SHA-256 in lower-case hexadecimal: {sha256!r}")
        return self.folder / sha256[:2] / sha256

    def write(self, data: bytes) -> str:
        """Keep `data`; its hash. On the disk for good when this returns.

        A file of that name that is damaged is replaced by the good bytes.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.path(sha256)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _holds(path, data):
            write_durably(path, data)
        # Also what was there already: whoever made it may have been killed just before this.
        for folder in (path.parent, self.folder, self.folder.parent):
            sync_folder(folder)
        return sha256

    def read(self, sha256: str) -> bytes:
        """The bytes of that hash. Raises `GraderError` when they are missing or damaged."""
        path = self.path(sha256)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise GraderError(f"{path}: a stored notebook cannot be read: {error}") from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise GraderError(
                f"{path}: a stored notebook is damaged: its bytes no longer have its hash. "
                "Restore the file from a backup, or submit the same notebook again."
            )
        return data

    def sweep(self) -> int:
        """Delete what writers that died left aside over an hour ago; how many files."""
        oldest = time.time() - ABANDONED_SECONDS
        stale = [part for part in self.folder.glob("*/*.part") if part.stat().st_mtime < oldest]
        for part in stale:
            part.unlink(missing_ok=True)
        return len(stale)


def write_durably(path: Path, data: bytes, *, replace: bool = True) -> None:
    """Write `path` whole or not at all, mode 0600, and wait until it is on the disk.

    With `replace=False` an existing file stays, and `FileExistsError` is raised.
    """
    descriptor, aside = mkstemp(dir=path.parent, prefix=f"{path.name}.", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            Path(aside).replace(path)
        else:
            os.link(aside, path)
            Path(aside).unlink()
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() == data
    except FileNotFoundError:
        return False


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk: a rename isn't before that."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
