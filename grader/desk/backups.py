"""When the last backup was made, as far as the data folder knows; the backup itself lies elsewhere.

A file beside the database, not a row in it: a backup changes nothing of what it is of.
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from grader.store import write_durably


@dataclass(frozen=True)
class LastBackup:
    """The last backup of a data folder."""

    at: datetime
    file: str
    submissions: int
    left_out: int


def note_backup(data: Path, file: Path, *, submissions: int, left_out: int) -> None:
    """Keep in the data folder that a backup was made, if it can be written to."""
    told = {
        "at": datetime.now(UTC).isoformat(),
        "file": str(file.absolute()),
        "submissions": submissions,
        "left_out": left_out,
    }
    with suppress(OSError):
        write_durably(data / "last-backup.json", json.dumps(told).encode())


def last_backup(data: Path) -> LastBackup | None:
    """The last one, or None where none is known of."""
    try:
        told = json.loads((data / "last-backup.json").read_bytes())
        at = datetime.fromisoformat(told["at"])
        return LastBackup(at, str(told["file"]), int(told["submissions"]), int(told["left_out"]))
    except (OSError, ValueError, KeyError, TypeError):  # of another form
        return None
