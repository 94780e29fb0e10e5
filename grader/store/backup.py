"""A backup: one file with all that a course can't make again, taken while the course runs.

    secret                the course's 32 bytes
    tables/<model>.jsonl  every row of the database as it was at one moment, as JSON, by field;
                          also of accounts and whatever else the course's page keeps
    blobs/ab/<sha256>     the bytes of every submission in those rows

Rows are plain JSON, so that what SQLite held can go to PostgreSQL and back. Bytes are never changed
or deleted, so those of the rows are there however long it takes to copy them.
"""

import hashlib
import io
import json
import os
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile, mkstemp
from typing import IO, TYPE_CHECKING

from grader.outcomes import GraderError
from grader.store.archive import DAMAGED, FORM, BackupRefused, Listing, Manifest, write_archive
from grader.store.blobs import Blobs, sync_folder
from grader.store.kept_apps import (
    Migrations,
    UnknownMigrations,
    applied_further,
    models_then,
    table_name,
)
from grader.store.snapshots import snapshot
from grader.store.store import Store

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

    from grader.store.tables import Tables

_ROWS_AT_ONCE = 200


@dataclass(frozen=True)
class _Table:
    """The rows of a model, written down."""

    file: IO[bytes]
    rows: int
    sha256: str


def back_up(store: Store, destination: Path, *, without_damaged: bool = False) -> Manifest:
    """Write a backup, whole or not at all, mode 0600; on the disk for good when this returns.

    Raises `BackupRefused` for a destination that can't be, and `GraderError` where bytes of a
    submission are missing or damaged, unless they are to be left out.
    """
    if destination.exists() or not destination.parent.is_dir():
        why = "exists already" if destination.exists() else "has no folder to be in"
        raise BackupRefused(f"{destination}: {why}. Name a new file in a folder that is there.")
    try:
        # Hidden, beside its final place: a rename doesn't cross disks.
        descriptor, name = mkstemp(
            dir=destination.parent, prefix=f".{destination.name}.", suffix=".part"
        )
        aside = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                manifest = _write(store, file, destination.parent, without_damaged)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(destination)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
        sync_folder(destination.parent)
    except OSError as error:
        raise GraderError(f"{destination}: the backup could not be written: {error}") from error
    return manifest


def _write(store: Store, file: IO[bytes], spools: Path, without_damaged: bool) -> Manifest:
    made_at = datetime.now(UTC)
    with ExitStack() as closing:
        # Rows lie aside until their number of bytes is known, in files that vanish by themselves.
        listing = Listing(closing.enter_context(TemporaryFile(dir=spools)))
        tables: dict[str, _Table] = {}
        with snapshot(store._tables) as frozen:
            further = applied_further(frozen.alias)
            for model in (*_models(), *_further_models(frozen.alias, further)):
                spool = closing.enter_context(TemporaryFile(dir=spools))
                rows = model._default_manager.using(frozen.alias)
                tables[table_name(model)] = _write_rows(rows, spool)
            left_out = _list_blobs(frozen, store.blobs, listing, without_damaged)
            migrations = _applied(frozen.alias)
            secret = _secret(store, has_submissions=frozen.submissions().exists())
        listing.add("secret", hashlib.sha256(secret).hexdigest(), len(secret))
        for name, table in sorted(tables.items()):
            listing.add(f"tables/{name}.jsonl", table.sha256, table.file.tell())
        manifest = Manifest(
            form=FORM,
            made_at=made_at.isoformat(timespec="seconds"),
            migrations=migrations,
            rows={name: table.rows for name, table in tables.items()},
            left_out=left_out,
            members=listing.members,
            size_bytes=listing.size_bytes,
            sums_sha256=listing.sha256.hexdigest(),
            further=further,
        )

        def opened(name: str) -> IO[bytes]:
            part, _, rest = name.partition("/")
            if part == "secret":
                return io.BytesIO(secret)
            if part == "tables":
                return tables[rest.removesuffix(".jsonl")].file
            return store.blobs.path(rest.rpartition("/")[2]).open("rb")

        write_archive(file, manifest, listing, opened)
    return manifest


def _secret(store: Store, *, has_submissions: bool) -> bytes:
    path = store.folder / "secret"
    if has_submissions and not path.exists():
        raise GraderError(
            f"{path}: the course's secret is missing, and receipts were sealed with it. Restore it "
            "from an older backup; a new one is no substitute."
        )
    return store.secret()


def _models() -> "list[type[Model]]":
    from django.apps import apps

    return list(apps.get_app_config("store").get_models())


def _further_models(alias: str, migrations: Migrations) -> "list[type[Model]]":
    """The models of further apps as their tables are now, whatever version made those."""
    from django.db import connections
    from django.db.migrations.loader import MigrationLoader

    if not migrations:
        return []
    try:
        return models_then(MigrationLoader(connections[alias]), migrations)
    except UnknownMigrations as newer:
        raise GraderError(
            f"the database was made by a newer version of the grader (it has {newer}). Update "
            "the grader."
        ) from newer


def _applied(alias: str) -> tuple[str, ...]:
    from django.db import connections
    from django.db.migrations.recorder import MigrationRecorder

    recorded = MigrationRecorder(connections[alias]).applied_migrations()
    return tuple(sorted(name for app, name in recorded if app == "store"))


def _write_rows(rows: "QuerySet[Model]", spool: IO[bytes]) -> _Table:
    """Write a line a row. Not Django's own form, which cuts times to milliseconds."""
    columns = [field.attname for field in rows.model._meta.concrete_fields]
    sha256 = hashlib.sha256()
    count = 0
    for row in rows.order_by("pk").values(*columns).iterator(_ROWS_AT_ONCE):
        line = json.dumps(row, default=_time_text).encode() + b"\n"
        spool.write(line)
        sha256.update(line)
        count += 1
    return _Table(spool, count, sha256.hexdigest())


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
                raise GraderError(
                    f"the bytes of a submission are lost: {error}. {DAMAGED}"
                ) from error
            left_out += 1
            continue
        listing.add(f"blobs/{sha256[:2]}/{sha256}", sha256, size)
    return left_out
