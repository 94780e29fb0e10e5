"""A PostgreSQL server of the test's own, where the machine has the programs for one."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

# Debian keeps the server's programs off the path.
_PLACES = (*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), None)
NO_SERVER = "no PostgreSQL server is installed (Debian: apt-get install postgresql)"


def programs() -> Path | None:
    """The folder of `initdb` and `pg_ctl`, if they are here."""
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
        _run(bin_folder / "initdb", "-D", folder / "data", "-U", "me", "-A", "trust", "--no-sync")
        port = _free_port()
        options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -c fsync=off"
        log = folder / "log"
        _run(bin_folder / "pg_ctl", "-D", folder / "data", "-l", log, "-o", options, "-w", "start")
        try:
            yield f"postgresql://me@127.0.0.1:{port}"
        finally:
            _run(bin_folder / "pg_ctl", "-D", folder / "data", "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_database(address: str, name: str) -> str:
    """Make an empty database; its address."""
    import psycopg

    with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return f"{address}/{name}"


def _run(*words: object) -> None:
    as_other = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    subprocess.run(
        [*as_other, *map(str, words)],
        check=True,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        timeout=120,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
