"""Open the store of a data folder: Django by itself, migrated when needed."""

import os
import threading
from pathlib import Path
from typing import Any

from grader.outcomes import GraderError
from grader.store.locks import wait_for_lock
from grader.store.postgresql import is_absent, make_if_absent, settings_of
from grader.store.store import Store
from grader.store.waits import Clock, utc_now

_APP = "grader.store"
_BUSY_SECONDS = 30.0
_opening = threading.Lock()


def open_store(data_folder: Path, clock: Clock = utc_now, *, becomes: Path | None = None) -> Store:
    """The store in `data_folder`, made or brought up to date where needed.

    Any number of stores, threads and processes may be open at once. Where a Django project
    has configured Django already, its settings stay, and must list `grader.store` as an app.
    `becomes` is what the folder will be renamed to: a database that isn't in it is that one's.
    Raises `GraderError` when the database cannot be used.
    """
    folder = Path(data_folder).resolve()
    with _opening:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Grades and the secret must not end in the course's repository.
            if not (folder / ".gitignore").exists():
                (folder / ".gitignore").write_text("*\n")
        except OSError as error:
            raise GraderError(f"{folder}: cannot be the data folder: {error}") from error
        _set_up_django()
        alias = _connect(folder, becomes)
        _migrate_if_needed(folder, alias)
    # The models can be imported only now that Django is set up.
    from grader.store.tables import Tables

    return Store(folder, Tables(alias), clock)


def database_settings(data_folder: Path) -> dict[str, Any]:
    """Django's entry for the database of `data_folder`.

    SQLite in the folder, or PostgreSQL where the environment variable `COURSE_DATABASE` says
    `postgresql://user:password@host:port/name`. In the name, `{folder}` stands for this folder.
    """
    address = os.environ.get("COURSE_DATABASE", "")
    if address:
        return settings_of(address, Path(data_folder))
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(Path(data_folder).resolve() / "course.sqlite3"),
        # IMMEDIATE: a transaction that would write takes the lock at its start, so that it
        # waits for its turn; a deferred one fails when it finds out half-way.
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": _BUSY_SECONDS},
    }


def holds_course(data_folder: Path) -> bool:
    """Whether there is something to open: a folder, and its database. Makes neither."""
    settings = database_settings(data_folder)
    if "sqlite3" in settings["ENGINE"]:
        return Path(settings["NAME"]).exists()
    return Path(data_folder).exists() and not is_absent(settings)


def _set_up_django() -> None:
    from django.apps import apps
    from django.conf import settings

    if not settings.configured:
        settings.configure(INSTALLED_APPS=[_APP], USE_TZ=True, TIME_ZONE="UTC", DATABASES={})
    # Not django.setup(): it also configures logging and imports the URL machinery.
    apps.populate(settings.INSTALLED_APPS)
    if not apps.is_installed(_APP):
        raise GraderError(f"the Django project's INSTALLED_APPS must list {_APP!r}")


def _connect(folder: Path, becomes: Path | None = None) -> str:
    """The alias of the folder's database: the project's default, or one of our own.

    On PostgreSQL a database that isn't there is made.
    """
    from django.db import OperationalError, connections

    is_file = "sqlite3" in database_settings(folder)["ENGINE"]
    owner = folder if is_file or becomes is None else becomes
    entry = database_settings(owner)
    alias = "default" if _is_default(entry) else _alias_of(entry)
    if alias not in connections.databases:
        connections.databases[alias] = connections.configure_settings({"default": entry})["default"]
    if not is_file:
        try:
            connections[alias].ensure_connection()
        except OperationalError:
            make_if_absent(entry, owner)
    return alias


def _is_default(entry: dict[str, Any]) -> bool:
    from django.db import connections

    return _alias_of(connections.databases.get("default", {})) == _alias_of(entry)


def _alias_of(entry: dict[str, Any]) -> str:
    words = (str(entry.get(key, "")) for key in ("ENGINE", "HOST", "PORT", "NAME"))
    return f"course:{':'.join(words)}"


def _migrate_if_needed(folder: Path, alias: str) -> None:
    from django.core.management import call_command
    from django.db import DatabaseError, connections

    try:
        if _missing_migrations(alias):
            with wait_for_lock(folder / "setup.lock"):
                _use_write_ahead_log(alias)
                if _missing_migrations(alias):
                    call_command("migrate", "store", database=alias, verbosity=0)
    except DatabaseError as error:
        name = connections.databases[alias]["NAME"]
        raise GraderError(f"{name}: the database cannot be opened: {error}") from error
    finally:
        connections[alias].close()


def _missing_migrations(alias: str) -> set[str]:
    """Names of migrations not yet applied. One query; far cheaper than Django's own plan."""
    from django.db import connections
    from django.db.migrations.recorder import MigrationRecorder

    shipped = {path.stem for path in Path(__file__).with_name("migrations").glob("[0-9]*.py")}
    recorded = MigrationRecorder(connections[alias]).applied_migrations()
    applied = {name for app, name in recorded if app == "store"}
    if applied - shipped:
        raise GraderError(
            f"the database was made by a newer version of the grader (it has "
            f"{', '.join(sorted(applied - shipped))}). Update the grader."
        )
    return shipped - applied


def _use_write_ahead_log(alias: str) -> None:
    # Readers then never wait for the writer. The file remembers it. Done once, under the set-up
    # lock: two processes that switch at once get "database is locked" without any waiting.
    from django.db import connections

    if connections[alias].vendor == "sqlite":
        with connections[alias].cursor() as cursor:
            cursor.execute("PRAGMA journal_mode=WAL")
