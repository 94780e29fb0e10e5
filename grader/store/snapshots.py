"""The whole database as it is at one moment, read while others go on writing."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grader.store.tables import Tables


@contextmanager
def snapshot(tables: "Tables") -> Iterator["Tables"]:
    """The tables as they are now, for as long as the context lasts; nobody waits for it.

    Over a connection of its own: the usual one begins every transaction as a writer.
    """
    from django.db import connections, transaction

    from grader.store.tables import Tables

    alias = f"{tables.alias}:snapshot"
    is_sqlite = connections[tables.alias].vendor == "sqlite"
    entry = dict(connections.databases[tables.alias])
    if is_sqlite:
        entry["OPTIONS"] = {**entry["OPTIONS"], "transaction_mode": "DEFERRED"}
    connections.databases[alias] = entry
    frozen = Tables(alias)
    try:
        with frozen.reading(), transaction.atomic(using=alias):
            with connections[alias].cursor() as cursor:
                cursor.execute(
                    "PRAGMA query_only = ON"
                    if is_sqlite
                    else "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
                )
            # SQLite's snapshot begins with the first reading, not with BEGIN.
            frozen.students().exists()
            yield frozen
    finally:
        connections[alias].close()
        del connections[alias]  # the next one may be of another database of that alias
