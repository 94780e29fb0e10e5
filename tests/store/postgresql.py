"""A PostgreSQL server of the tests' own, where the machine has the programs for one.

With TEST_DATABASE=postgresql in the environment, all stores of all tests are on it.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import IO, TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import psycopg

# Debian keeps the server's programs off the path.
_PLACES = (*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), None)
NO_SERVER = "no PostgreSQL server is installed (Debian: apt-get install postgresql)"
SWITCH = "TEST_DATABASE"
# Nothing of it must outlast the machine, and a test may have many threads, each with a connection.
_OPTIONS = (
    "fsync=off synchronous_commit=off full_page_writes=off autovacuum=off max_connections=200 "
    "listen_addresses=127.0.0.1"
).split()
# Sorted as in a language, not by bytes: whoever relies on an order must make it.
_ORDER = ("--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en")
_SECONDS = 120
_OF = "course: "  # how the product says on the server whose database it is


def is_chosen() -> bool:
    """Whether all stores of the tests are on PostgreSQL. Raises `ValueError` if that can't be."""
    kind = os.environ.get(SWITCH) or "sqlite"
    if kind not in {"sqlite", "postgresql"}:
        raise ValueError(f"{SWITCH}={kind}: it must be sqlite or postgresql")
    if kind == "postgresql" and programs() is None:
        raise ValueError(NO_SERVER)
    return kind == "postgresql"


def programs() -> Path | None:
    """The folder of `initdb` and `postgres`, if they are here."""
    for place in _PLACES:
        if found := shutil.which("initdb", path=str(place) if place else None):
            return Path(found).resolve().parent
    return None


@contextmanager
def server(bin_folder: Path) -> Iterator[str]:
    """Run a server in a folder that vanishes; the start of addresses of databases in it."""
    folder = Path(mkdtemp(prefix="pg-", dir="/tmp"))  # short: it holds a socket
    try:
        if os.getuid() == 0:  # which the server refuses to be
            shutil.chown(folder, "postgres", "postgres")
        with (folder / "log").open("w+b") as log:
            words = ("-D", folder / "data", "-U", "me", "-A", "trust", "--no-sync", *_ORDER)
            made = _start(log, bin_folder / "initdb", *words).wait(_SECONDS)
            assert made == 0, (folder / "log").read_text()
            port = _free_port()
            options = (word for option in _OPTIONS for word in ("-c", option))
            words = ("-D", folder / "data", "-p", port, "-k", folder, *options)
            running = _start(log, bin_folder / "postgres", *words)
            try:
                _wait_until_ready(running, bin_folder, port, folder / "log")
                yield f"postgresql://me@127.0.0.1:{port}"
            finally:
                running.send_signal(signal.SIGQUIT)  # at once, whoever is connected
                running.wait(_SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_database(address: str, name: str) -> str:
    """Make a database without tables; its address."""
    from psycopg import sql

    with _connected(address) as connection:
        words = sql.SQL("CREATE DATABASE {} TEMPLATE template0")
        connection.execute(words.format(sql.Identifier(name)))
    return f"{address}/{name}"


def migrate_template(address: str) -> None:
    """Have every new database of the server begin with the tables of now, which saves a second."""
    from grader.store import open_store

    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setenv("COURSE_DATABASE", f"{address}/template1")
        open_store(Path(folder)).close()


def copied_data(source: Path, target: Path) -> Path:
    """A copy of a data folder that nobody has open, with its rows wherever they are; `target`."""
    from psycopg import sql

    from grader.store import database_settings

    shutil.copytree(source, target)
    entry = database_settings(source)
    if entry["ENGINE"].endswith("postgresql"):
        names = [database_settings(folder)["NAME"] for folder in (target, source)]
        with _connected(f"postgresql://me@{entry['HOST']}:{entry['PORT']}") as connection:
            words = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(words.format(*map(sql.Identifier, names)))
            words = sql.SQL("COMMENT ON DATABASE {} IS {}")
            told = (sql.Identifier(names[0]), sql.Literal(f"{_OF}{target.resolve()}"))
            connection.execute(words.format(*told))
    return target


def drop_databases(address: str, below: Path) -> None:
    """Drop the databases of the data folders in a folder, whoever is connected to them."""
    from django.db import connections
    from psycopg import sql

    for connection in connections.all(initialized_only=True):
        connection.close()
    query = "SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database"
    with _connected(address) as connection:
        for name, told in connection.execute(query).fetchall():
            if told and told.startswith(_OF) and Path(told.removeprefix(_OF)).is_relative_to(below):
                words = sql.SQL("DROP DATABASE {} WITH (FORCE)")
                connection.execute(words.format(sql.Identifier(name)))


def _connected(address: str) -> "psycopg.Connection[Any]":
    import psycopg

    return psycopg.connect(f"{address}/postgres", autocommit=True)


def _start(log: IO[bytes], *words: object) -> "subprocess.Popen[bytes]":
    """A process of a plain user that ends with this one, however this one ends."""
    plain = ("--reuid", "postgres", "--regid", "postgres", "--init-groups")
    who = plain if os.getuid() == 0 else ()
    return subprocess.Popen(
        ["setpriv", *who, "--pdeathsig", "QUIT", *map(str, words)],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,  # a Ctrl-C is not for it
    )


def _wait_until_ready(
    running: "subprocess.Popen[bytes]", bin_folder: Path, port: int, log: Path
) -> None:
    asked = [str(bin_folder / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    deadline = time.monotonic() + _SECONDS
    while subprocess.run(asked, check=False, timeout=_SECONDS).returncode != 0:
        assert running.poll() is None, log.read_text()
        assert time.monotonic() < deadline, "the server doesn't answer"
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
