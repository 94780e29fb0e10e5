"""Restoring a backup: into an empty place, verified, all of it or nothing.

Everything is put together in a folder beside the data folder, which takes its name at the end. Rows
go in at the version of the tables that the backup has, and are then brought up to date as any
older database is.
"""

import json
import os
import shutil
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from grader.outcomes import GraderError
from grader.store.archive import BackupRefused, Manifest, unpack
from grader.store.opening import open_store

if TYPE_CHECKING:
    from django.apps.registry import Apps
    from django.db.models import Model

# What an empty data folder may have in it.
_NOTHING = {".gitignore", "setup.lock"}
_ROWS_AT_ONCE = 200


def restore(archive: Path, data_folder: Path) -> Manifest:
    """Make the course of a backup in `data_folder`, and in `COURSE_DATABASE` where that is set.

    Raises `BackupRefused` with what to do about it, and `GraderError` when the disk or the
    database fails; then nothing is left.
    """
    folder = data_folder.resolve()
    refuse_unless_empty(folder)
    home = folder
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        home = Path(mkdtemp(dir=folder.parent, prefix=f".{folder.name}.", suffix=".restoring"))
        manifest = unpack(archive, home, partial(_allow, home))
        with open_store(home) as store:
            tables = store._tables
            if _is_sqlite(tables.alias):
                _load(tables.alias, manifest, home / "tables")
                tables.close()
                _put_in_place(home, folder)
            else:
                # Rows become visible after the files, and neither without the other.
                with tables.transaction():
                    _load(tables.alias, manifest, home / "tables")
                    _put_in_place(home, folder)
                    home = folder
    except BaseException as error:
        if home != folder or not isinstance(error, OSError):
            shutil.rmtree(home, ignore_errors=True)
        if isinstance(error, OSError):
            raise GraderError(f"{archive}: could not be restored: {error}") from error
        raise
    return manifest
