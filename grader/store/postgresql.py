"""PostgreSQL by an address: which database a data folder has, and making one that isn't there."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from grader.outcomes import GraderError

if TYPE_CHECKING:
    import psycopg

# In the name of a database: what tells this data folder from others.
FOLDER = "{folder}"
_FOLDER_LETTERS = 12
# PostgreSQL cuts longer names off, and then two may be one.
_NAME_BYTES = 63
CONNECT_SECONDS = 5
# Which every server has; databases are made from within it.
_MAINTENANCE = "postgres"
_COURSE_FILES = ("blobs", "course.sqlite3")


def settings_of(address: str, data_folder: Path) -> dict[str, Any]:
    """Django's entry for the database at an address. Raises `GraderError` for what is none."""
    try:
        parts = urlsplit(address)
        port = str(parts.port or "")
        options: dict[str, Any] = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError:
        # The error's own words may hold a part of the password.
        why = "port or options can't be read; in a password, / ? # @ are %2F %3F %23 %40"
        raise GraderError(_not_understood(why)) from None
    name = unquote(parts.path.strip("/"))
    if parts.scheme not in {"postgresql", "postgres"} or not name:
        raise GraderError(_not_understood("it has another kind, or no name"))
    name = name.replace(FOLDER, folder_word(data_folder))
    if len(name.encode()) > _NAME_BYTES:
        raise GraderError(_not_understood(f"{name!r} is longer than {_NAME_BYTES} bytes"))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": port,
        "OPTIONS": options,
    }


def folder_word(data_folder: Path) -> str:
    """What stands for a data folder in its database's name: short, and by its path alone."""
    path = str(data_folder.resolve())
    return hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:_FOLDER_LETTERS]


def connect(entry: dict[str, Any], *, name: str | None = None) -> "psycopg.Connection[Any]":
    """A connection apart from Django's, to another database of the server if one is named.

    Raises `psycopg.Error`.
    """
    import psycopg

    words = {"user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    parts = {word: entry[key] for word, key in words.items() if entry[key]}
    parts = {"connect_timeout": CONNECT_SECONDS, **entry["OPTIONS"], **parts}
    return psycopg.connect(dbname=name or entry["NAME"], autocommit=True, **parts)


def is_absent(entry: dict[str, Any]) -> bool:
    """Whether the server says that it has no such database. False where it can't be asked.

    Not by the words of a refused connection, which are in the server's language.
    """
    import psycopg

    try:
        with connect(entry, name=_MAINTENANCE) as server:
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            return server.execute(query, [entry["NAME"]]).fetchone() is None
    except psycopg.Error:
        return False


def make_if_absent(entry: dict[str, Any], data_folder: Path) -> None:
    """Make the database of a data folder where the server has none.

    Raises `GraderError` where we may not, and where the folder holds a course already: that one's
    rows are elsewhere. Where the server can't be asked, opening the database tells why.
    """
    import psycopg

    if not is_absent(entry):
        return
    name = entry["NAME"]
    if any((data_folder / held).exists() for held in _COURSE_FILES):
        raise GraderError(
            f"{name}: there is no such database, and {data_folder} holds a course already: its "
            "rows are elsewhere. If the folder was moved, rename its database (ALTER DATABASE ... "
            f'RENAME TO "{name}"). If they are in its course.sqlite3, unset COURSE_DATABASE, or '
            "back up and restore into an empty folder. If they are in another database, name that."
        )
    try:
        _make(entry, data_folder)
    except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
        pass  # somebody else made it meanwhile
    except psycopg.errors.InsufficientPrivilege as error:
        user = entry["USER"] or "this user"
        raise GraderError(
            f"{name}: there is no such database, and {user} may not make one. Have one made "
            f"(createdb --owner {user} {name}), or let {user} make it (ALTER ROLE {user} CREATEDB)."
        ) from error
    except psycopg.Error as error:
        raise GraderError(f"{name}: the database can't be made: {error}") from error


def _make(entry: dict[str, Any], data_folder: Path) -> None:
    from psycopg import sql

    name = sql.Identifier(entry["NAME"])
    with connect(entry, name=_MAINTENANCE) as server:
        # What is like the server's own template needs no words; one in another encoding than
        # UTF-8 would refuse names, or cut them in the middle of a letter.
        query = "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'template1'"
        is_utf8 = server.execute(query).fetchone() == ("UTF8",)
        more = sql.SQL("" if is_utf8 else " ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0")
        server.execute(sql.SQL("CREATE DATABASE {}{}").format(name, more))
        # For who finds it on the server and wonders whose it is.
        comment = sql.SQL("COMMENT ON DATABASE {} IS {}")
        server.execute(comment.format(name, sql.Literal(f"course: {data_folder}")))


def _not_understood(why: str) -> str:
    return (
        f"COURSE_DATABASE is not understood ({why}); it must look like "
        f"postgresql://user:password@host:port/name, where {FOLDER} in the name stands for the "
        "data folder (or be unset, for SQLite)."
    )
