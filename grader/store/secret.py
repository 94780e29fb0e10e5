"""The course's secret: what all hidden inputs are derived from."""

import os
from contextlib import suppress
from pathlib import Path

from grader.outcomes import GraderError
from grader.store.blobs import write_durably

SECRET_BYTES = 32


def read_or_make_secret(path: Path) -> bytes:
    """The 32 bytes in `path`, made at first use. All processes get the same ones.

    Raises `GraderError` when the file is damaged: a new secret would silently give every
    student other inputs.
    """
    if not path.exists():
        # Where another process was first, its secret counts.
        with suppress(FileExistsError):
            write_durably(path, os.urandom(SECRET_BYTES), replace=False)
    secret = path.read_bytes()
    if len(secret) != SECRET_BYTES:
        raise GraderError(
            f"{path}: the course secret has {len(secret)} bytes, not {SECRET_BYTES}. "
            "Restore it from a backup; a new one changes all hidden inputs."
        )
    return secret
