"""Whether everything that was taken in is there and fits together; nothing is changed.

Every submission has its bytes, a receipt that is genuine, and an owner, a state, results and a
history that tell the same. All tables are read as they are at one moment, in portions.
"""

import hashlib
import time
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from grader.outcomes import GraderError
from grader.store.blobs import ABANDONED_SECONDS, Blobs
from grader.store.coherence import check_submissions, check_superseded, place
from grader.store.findings import Check, Checked, Finding
from grader.store.locks import GradingLocked
from grader.store.records import State
from grader.store.snapshots import snapshot
from grader.store.store import Store

if TYPE_CHECKING:
    from grader.store.tables import Tables

_ROWS_AT_ONCE = 500


def check_store(store: Store) -> Checked:
    """Look at all that the store has. Raises `GraderError` when a file can't even be listed."""
    findings: list[Finding] = []
    seen: Counter[str] = Counter()
    try:
        with snapshot(store._tables) as frozen:
            secret = _secret(store, frozen, findings)
            findings += _check_database(frozen)
            findings += _check_bytes(frozen, store.blobs, seen)
            findings += check_submissions(frozen, secret, seen)
            findings += check_superseded(frozen)
        findings += _check_running(store)
        findings += _leftovers(store)
    except GraderError as error:  # as of a database that can't be read
        findings.append(Finding(Check.DATABASE, "the database", str(error)))
    return Checked(seen["submissions"], seen["files"], seen["results"], tuple(findings))


def _secret(store: Store, frozen: "Tables", findings: list[Finding]) -> bytes | None:
    path = store.folder / "secret"
    try:
        if path.exists():  # asking the store for it would make one
            return store.secret()
        if frozen.submissions().exists():
            what = "it is missing, so receipts can't be verified"
            findings.append(Finding(Check.SECRET, str(path), what))
    except GraderError as error:
        findings.append(Finding(Check.SECRET, str(path), str(error)))
    return None


def _check_database(frozen: "Tables") -> Iterator[Finding]:
    """What SQLite says of its file. PostgreSQL minds its own."""
    from django.db import connections

    connection = connections[frozen.alias]
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check(10)")
        problems = [str(told) for (told,) in cursor.fetchall() if told != "ok"]
        cursor.execute("PRAGMA foreign_key_check")
        problems += [
            f"row {row} of {table} names a row of {other} that is not there"
            for table, row, other, _ in cursor.fetchmany(10)
        ]
    for problem in problems:
        yield Finding(Check.DATABASE, connection.settings_dict["NAME"], problem)


def _check_bytes(frozen: "Tables", blobs: Blobs, seen: Counter[str]) -> Iterator[Finding]:
    """Read every file that a submission names, each once."""
    columns = ("sha256", "pk", "assignment", "student__identifier", "size_bytes")
    rows = frozen.submissions().order_by("sha256", "pk").values_list(*columns)
    for sha256, same in groupby(rows.iterator(_ROWS_AT_ONCE), key=lambda row: row[0]):
        seen["files"] += 1
        problem, size = _read(blobs, sha256)
        for _, number, assignment, student, size_bytes in same:
            what = problem
            if not problem and size != size_bytes:
                what = f"its file has {size} bytes, and {size_bytes} were received"
            if what:
                yield Finding(Check.BYTES, place(number, assignment, student), what)


def _read(blobs: Blobs, sha256: str) -> tuple[str, int]:
    """What is wrong with those bytes, if anything, and how many they are."""
    try:
        with blobs.path(sha256).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
    except FileNotFoundError:
        return f"{blobs.path(sha256)} is missing", 0
    except (OSError, ValueError) as error:
        return str(error), 0
    return "" if found == sha256 else f"{blobs.path(sha256)} is damaged: its hash is {found}", size


def _leftovers(store: Store) -> Iterator[Finding]:
    """Files that no row names and none will: who takes something in has an hour for it."""
    rows = store._tables.submissions().order_by().values_list("sha256", flat=True)
    with store._tables.reading():
        named = set(rows.iterator(_ROWS_AT_ONCE))
    for path in sorted([*store.blobs.folder.glob("*/*"), *store.folder.glob("*.part")]):
        if path.name not in named and _is_old(path):
            with store._tables.reading():
                if not rows.filter(sha256=path.name).exists():
                    yield Finding(Check.LEFTOVER, str(path), "no submission names it")


def _is_old(path: Path) -> bool:
    try:
        return path.stat().st_mtime < time.time() - ABANDONED_SECONDS
    except FileNotFoundError:  # what was being written has got its name meanwhile
        return False


def _check_running(store: Store) -> Iterator[Finding]:
    """What is running though no process grades. Exact, for the lock is held meanwhile."""
    rows = store._tables.submissions().filter(state=State.RUNNING)
    with store._tables.reading():
        if not rows.exists():
            return
    try:
        with store.grading_lock(), store._tables.reading():
            stale = list(rows.values_list("pk", "assignment", "student__identifier"))
    except GradingLocked:
        return
    for number, assignment, student in stale:
        yield Finding(
            Check.RUNNING, place(number, assignment, student), "the run that had it ended"
        )
