"""A backup: one file with all that a course can't make again, taken while the course runs.

    secret                the course's 32 bytes
    tables/<model>.jsonl  every row of the database as it was at one moment, as JSON, by field
    blobs/ab/<sha256>     the bytes of every submission in those rows

Rows are plain JSON, so that what SQLite held can go to PostgreSQL and back. Bytes are never changed
or deleted, so those of the rows are there however long it takes to copy them.
"""

import hashlib
import io
import json
import os
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile, mkstemp
from typing import IO, TYPE_CHECKING

from grader.outcomes import GraderError
from grader.store.archive import FORM, BackupRefused, Listing, Manifest, write_archive
from grader.store.blobs import Blobs, sync_folder
from grader.store.snapshots import snapshot
from grader.store.store import Store

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

    from grader.store.tables import Tables

_ROWS_AT_ONCE = 200


def back_up(store: Store, destination: Path, *, without_damaged: bool = False) -> Manifest:
    """Write a backup, whole or not at all, mode 0600; on the disk for good when this returns.

    Raises `BackupRefused` for a destination that can't be, and `GraderError` where bytes of a
    submission are missing or damaged, unless they are to be left out.
    """
    if destination.exists() or not destination.parent.is_dir():
        why = "exists already" if destination.exists() else "has no folder to be in"
        raise BackupRefused(f"{destination}: {why}. Name a new file in a folder that is there.")
    aside = ""
    try:
        # Hidden, beside its final place: a rename doesn't cross disks.
        descriptor, aside = mkstemp(
            dir=destination.parent, prefix=f".{destination.name}.", suffix=".part"
        )
        with os.fdopen(descriptor, "wb") as file:
            manifest = _write(store, file, destination.parent, without_damaged)
            file.flush()
            os.fsync(file.fileno())
        Path(aside).replace(destination)
        sync_folder(destination.parent)
    except OSError as error:
        raise GraderError(f"{destination}: the backup could not be written: {error}") from error
    finally:
        Path(aside).unlink(missing_ok=True) if aside else None
    return manifest


def _write(store: Store, file: IO[bytes], spools: Path, without_damaged: bool) -> Manifest:
    secret = store.secret()
    made_at = datetime.now(UTC)
    with ExitStack() as closing:
        # Rows lie aside until their number of bytes is known, in files that vanish by themselves.
        tables: dict[str, IO[bytes]] = {}
        rows: dict[str, int] = {}
        listing = Listing(closing.enter_context(TemporaryFile(dir=spools)))
        with snapshot(store._tables) as frozen:
            for model in _models():
                spool = closing.enter_context(TemporaryFile(dir=spools))
                name = str(model._meta.model_name)
                tables[f"tables/{name}.jsonl"] = spool
                rows[name] = _write_rows(model._default_manager.using(frozen.alias), spool)
            left_out = _list_blobs(frozen, store.blobs, listing, without_damaged)
            migrations = _applied(frozen.alias)
        listing.add("secret", hashlib.sha256(secret).hexdigest(), len(secret))
        for name, spool in sorted(tables.items()):
            spool.seek(0)
            listing.add(name, hashlib.file_digest(spool, "sha256").hexdigest(), spool.tell())
        listing.file.seek(0)
        manifest = Manifest(
            form=FORM,
            made_at=made_at.isoformat(timespec="seconds"),
            migrations=migrations,
            rows=rows,
            left_out=left_out,
            members=listing.members,
            size_bytes=listing.size_bytes,
            sums_sha256=hashlib.file_digest(listing.file, "sha256").hexdigest(),
        )
        write_archive(file, manifest, listing, _opener(store.blobs, tables, secret))
    return manifest


def _opener(
    blobs: Blobs, tables: dict[str, IO[bytes]], secret: bytes
) -> Callable[[str], IO[bytes]]:
    def opened(name: str) -> IO[bytes]:
        if name == "secret":
            return io.BytesIO(secret)
        if name in tables:
            return tables[name]
        return blobs.path(name.rpartition("/")[2]).open("rb")

    return opened


def _models() -> "list[type[Model]]":
    from django.apps import apps

    return list(apps.get_app_config("store").get_models())


def _applied(alias: str) -> tuple[str, ...]:
    from django.db import connections
    from django.db.migrations.recorder import MigrationRecorder

    recorded = MigrationRecorder(connections[alias]).applied_migrations()
    return tuple(sorted(name for app, name in recorded if app == "store"))


def _write_rows(rows: "QuerySet[Model]", spool: IO[bytes]) -> int:
    """Write a line a row; how many. Not Django's own form, which cuts times to milliseconds."""
    columns = [field.attname for field in rows.model._meta.concrete_fields]
    count = 0
    for row in rows.order_by("pk").values(*columns).iterator(_ROWS_AT_ONCE):
        spool.write(json.dumps(row, default=_time_text).encode() + b"\n")
        count += 1
    return count


def _time_text(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"a field of a kind that backups don't know: {type(value)}")
    return value.astimezone(UTC).isoformat()


def _list_blobs(frozen: "Tables", blobs: Blobs, listing: Listing, without_damaged: bool) -> int:
    """List the bytes of the submissions; how many are left out because they are damaged."""
    left_out = 0
    rows = frozen.submissions().order_by("sha256").values_list("sha256", flat=True).distinct()
    for sha256 in rows.iterator(_ROWS_AT_ONCE):
        try:
            if without_damaged:
                blobs.read(sha256)
            size = blobs.path(sha256).stat().st_size
        except (GraderError, OSError, ValueError) as error:
            if not without_damaged:
                raise GraderError(f"the bytes of a submission are lost: {error}. {DAMAGED}") from error
            left_out += 1
            continue
        listing.add(f"blobs/{sha256[:2]}/{sha256}", sha256, size)
    return left_out
