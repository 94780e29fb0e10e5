"""Restoring a backup: into an empty place, verified, all of it or nothing.

Everything is put together in a folder beside the data folder, which gets that one's name at the
end. Rows go in at the version of the tables that the backup has; then the tables are brought up to
date, as those of any older course.
"""

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from grader.outcomes import GraderError
from grader.store.archive import BackupRefused, Manifest, unpack
from grader.store.blobs import sync_folder
from grader.store.kept_apps import (
    STORE,
    UnknownMigrations,
    further_apps,
    models_then,
    table_name,
    targets_of,
)
from grader.store.opening import open_store
from grader.store.secret import SECRET_BYTES

if TYPE_CHECKING:
    from django.db.models import Model

# What an empty data folder may have in it.
_NOTHING = {".gitignore", "setup.lock"}
_ROWS_AT_ONCE = 200


def restore(archive: Path, data_folder: Path) -> Manifest:
    """Make the course of a backup in `data_folder`, and in `COURSE_DATABASE` where that is set.

    Raises `BackupRefused` with what to do about it, and `GraderError` when the disk or the
    database fails; then no file and no row is left.
    """
    folder = data_folder.resolve()
    if not archive.is_file():
        raise BackupRefused(f"{archive}: there is no such file.")
    _refuse_unless_empty(folder)
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = mkdtemp(dir=folder.parent, prefix=f".{folder.name}.", suffix=".restoring")
        home = _Home(Path(made))
        try:
            return _restore(archive, home, folder)
        except BaseException:
            shutil.rmtree(home.path, ignore_errors=True)
            raise
    except BackupRefused as refused:
        raise BackupRefused(f"{archive}: {refused}. Nothing was restored.") from refused
    except OSError as error:
        raise GraderError(f"{archive}: it could not be restored: {error}") from error


class _Home:
    """The folder that the course is put together in, wherever it is now."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def become(self, folder: Path) -> None:
        """Take the place of the data folder, which is absent or empty."""
        for name in _NOTHING:
            (folder / name).unlink(missing_ok=True)
        os.sync()  # thousands of files, cheaper at once
        self.path = self.path.rename(folder)
        sync_folder(folder.parent)


def _restore(archive: Path, home: _Home, folder: Path) -> Manifest:
    from django.db import connections, transaction

    manifest = unpack(archive, home.path, lambda told: _allow(told, home.path))
    _refuse_if_incomplete(manifest, home.path)
    with open_store(home.path, becomes=folder) as store, ExitStack() as together:
        tables = store._tables
        is_sqlite = connections[tables.alias].vendor == "sqlite"
        together.enter_context(tables.reading() if is_sqlite else tables.transaction())
        _refuse_unless_no_rows(tables.alias)
        models = _tables_of_then(manifest, tables.alias)
        with transaction.atomic(using=tables.alias):
            for model in models:
                _load(model, tables.alias, home.path / "tables", manifest.rows)
            _check_keys(tables.alias)
        _bring_up_to_date(tables.alias, (STORE, *manifest.further))
        shutil.rmtree(home.path / "tables")
        if not is_sqlite:
            # Rows are seen only after this, once the transaction ends; if it fails, so does all.
            home.become(folder)
    if is_sqlite:
        home.become(folder)
    return manifest


def _refuse_unless_empty(folder: Path) -> None:
    if folder.is_dir():
        held = sorted(path.name for path in folder.iterdir() if path.name not in _NOTHING)
        if held:
            raise BackupRefused(
                f"{folder} is not empty: it has {', '.join(held[:5])}. A backup is restored into "
                "an empty place only: move that folder away, or name another with --data."
            )
        if os.path.ismount(folder):
            raise BackupRefused(
                f"{folder} is a disk's own folder, which can't be replaced. Name a folder in it "
                "with --data."
            )
    elif folder.exists():
        raise BackupRefused(f"{folder} is no folder. Name another with --data.")


def _allow(manifest: Manifest, home: Path) -> None:
    """Refuse what can't be restored here, before it is unpacked."""
    shipped = {path.stem for path in Path(__file__).with_name("migrations").glob("[0-9]*.py")}
    newer = sorted(set(manifest.migrations) - shipped)
    if newer:
        raise BackupRefused(
            f"it was made by a newer version of the grader (it has {', '.join(newer)}). Update "
            "the grader"
        )
    if unknown := manifest.further.keys() - set(further_apps()):
        raise BackupRefused(
            f"it has tables of {', '.join(sorted(unknown))}, such as accounts of the course's "
            "page, and this program doesn't know them. Use `course restore`"
        )
    if (free := shutil.disk_usage(home).free) < manifest.most_bytes:
        raise BackupRefused(f"it needs {manifest.most_bytes} bytes, and {free} are free at {home}")


def _refuse_if_incomplete(manifest: Manifest, home: Path) -> None:
    needed = ("secret", *(f"tables/{name}.jsonl" for name in manifest.rows))
    missing = [name for name in needed if not (home / name).is_file()]
    if missing:
        raise BackupRefused(f"{', '.join(missing)} is missing in it")
    if (size := (home / "secret").stat().st_size) != SECRET_BYTES:
        raise BackupRefused(f"its secret has {size} bytes, not {SECRET_BYTES}")


def _models_now(alias: str) -> "list[type[Model]]":
    """The models of all apps whose rows are the course's, as far as there are tables for them."""
    from django.apps import apps
    from django.db import connections

    there = set(connections[alias].introspection.table_names())
    models = [
        m for label in (STORE, *further_apps()) for m in apps.get_app_config(label).get_models()
    ]
    return [model for model in models if model._meta.db_table in there]


def _refuse_unless_no_rows(alias: str) -> None:
    full = [m for m in _models_now(alias) if m._default_manager.using(alias).exists()]
    if full:
        names = ", ".join(map(table_name, full))
        raise BackupRefused(
            f"the database that COURSE_DATABASE names is not empty: it has rows of {names}. Make "
            "an empty one and name that"
        )


def _tables_of_then(manifest: Manifest, alias: str) -> "list[type[Model]]":
    """The models at the versions of the backup, with the (empty) tables as they were then."""
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connections[alias])
    wanted = {STORE: manifest.migrations, **manifest.further}
    try:
        targets = targets_of(executor.loader, wanted)
    except UnknownMigrations as error:
        raise BackupRefused(
            f"this version of the grader did not make it: its migrations don't fit together "
            f"({error}). Update the grader"
        ) from error
    executor.migrate([(label, name) for label, name in targets])
    models = models_then(executor.loader, wanted)
    if {table_name(model) for model in models} != manifest.rows.keys():
        raise BackupRefused(f"it has the tables {', '.join(sorted(manifest.rows))}")
    return models


def _bring_up_to_date(alias: str, labels: Iterable[str]) -> None:
    from django.core.management.color import no_style
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    connection = connections[alias]
    if connection.vendor == "postgresql":
        # It changes no table that has rows whose keys it has still to check.
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    executor = MigrationExecutor(connection)
    graph = executor.loader.graph
    executor.migrate([node for label in labels for node in graph.leaf_nodes(label)])
    with connection.cursor() as cursor:
        # PostgreSQL counts numbers apart from the rows that have them.
        for statement in connection.ops.sequence_reset_sql(no_style(), _models_now(alias)):
            cursor.execute(statement)


def _load(model: "type[Model]", alias: str, tables: Path, counts: dict[str, int]) -> None:
    from django.db import DatabaseError
    from django.db.models import DateTimeField

    for field in model._meta.concrete_fields:
        if isinstance(field, DateTimeField):
            # Times are as they were: not when the row was put in again.
            field.auto_now = field.auto_now_add = False
    path = tables / f"{table_name(model)}.jsonl"
    count = 0
    with path.open("rb") as lines:
        rows = _rows(model, lines, path.name)
        while chunk := list(islice(rows, _ROWS_AT_ONCE)):
            try:
                model._default_manager.using(alias).bulk_create(chunk)
            except DatabaseError as error:
                raise BackupRefused(
                    f"{path.name}, lines {count + 1} to {count + len(chunk)}: the database refuses "
                    f"a row: {error}"
                ) from error
            count += len(chunk)
    if count != counts[table_name(model)]:
        raise BackupRefused(f"{path.name} has {count} rows, and its manifest says otherwise")


def _rows(model: "type[Model]", lines: Iterator[bytes], name: str) -> "Iterator[Model]":
    from django.core.exceptions import ValidationError

    fields = {field.attname: field for field in model._meta.concrete_fields}
    for number, line in enumerate(lines, start=1):
        try:
            values: dict[str, Any] = json.loads(line)
            if values.keys() != fields.keys():
                raise ValueError(f"it has {sorted(values)}, expected {sorted(fields)}")
            yield model(**{key: fields[key].to_python(value) for key, value in values.items()})
        except (ValueError, TypeError, AttributeError, RecursionError, ValidationError) as error:
            raise BackupRefused(f"{name}, line {number} is no row of ours: {error}") from error


def _check_keys(alias: str) -> None:
    from django.db import IntegrityError, connections

    try:
        connections[alias].check_constraints()
    except IntegrityError as error:
        raise BackupRefused(f"its rows don't fit together: {str(error).rstrip('.')}") from error
