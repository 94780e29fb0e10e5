"""The database's condition, read without opening the store: that would bring it up to date."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.outcomes import GraderError
from grader.store.opening import database_settings
from grader.store.postgresql import connect, is_absent

SHIPPED = Path(__file__).with_name("migrations")
APPLIED = "SELECT name FROM django_migrations WHERE app = 'store'"
SECONDS = 5


@dataclass(frozen=True)
class Condition:
    """Whether it is there; what is wrong with it, if anything; migrations to come, or unknown."""

    name: str
    exists: bool = True
    problem: str = ""
    missing: tuple[str, ...] = ()
    newer: tuple[str, ...] = ()


def condition_of(data: Path) -> Condition:
    """The condition of a data folder's database, which is only read."""
    try:
        entry = database_settings(data)
    except GraderError as error:
        return Condition("COURSE_DATABASE", problem=str(error))
    if entry["ENGINE"].endswith("sqlite3"):
        return _of_sqlite(Path(entry["NAME"]))
    return _of_postgresql(entry)


def _of_sqlite(path: Path) -> Condition:
    name = f"SQLite {sqlite3.sqlite_version}"
    try:
        if not path.exists():
            return Condition(name, exists=False)
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=SECONDS)
        try:
            (told,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            applied = {str(row[0]) for row in connection.execute(APPLIED)}
        finally:
            connection.close()
    except (sqlite3.Error, OSError) as error:
        return Condition(name, problem=f"{path} can't be read: {error}")
    if told != "ok":
        return Condition(name, problem=f"{path} is damaged: {' '.join(str(told).split())[:200]}")
    return _compared(name, applied)


def _of_postgresql(entry: dict[str, Any]) -> Condition:
    import psycopg

    name = f"PostgreSQL {entry['NAME']} at {entry['HOST'] or 'the usual socket'}"
    try:
        with connect(entry) as connection:
            there = connection.execute("SELECT to_regclass('django_migrations')").fetchone()
            if there is None or there[0] is None:
                return Condition(name, exists=False)
            applied = {str(row[0]) for row in connection.execute(APPLIED)}
    except psycopg.Error as error:
        if is_absent(entry):
            return Condition(name, exists=False)
        return Condition(name, problem=f"it can't be opened: {error}")
    return _compared(name, applied)


def _compared(name: str, applied: set[str]) -> Condition:
    shipped = {path.stem for path in SHIPPED.glob("[0-9]*.py")}
    missing, newer = tuple(sorted(shipped - applied)), tuple(sorted(applied - shipped))
    return Condition(name, missing=missing, newer=newer)
