"""A folder of files named by student -> what was found and what was refused."""

import os
import stat
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from grader.intake.collecting import Candidate, Collected, CollectingLimits, collect
from grader.intake.kinds import NOTEBOOK, Kind
from grader.intake.names import Names
from grader.intake.refusals import Refused
from grader.store.records import StudentRow

_DEPTH = 4


def import_folder(
    path: Path,
    roster: Iterable[StudentRow] = (),
    limits: CollectingLimits = CollectingLimits(),  # noqa: B008  (frozen)
    *,
    kind: Kind = NOTEBOOK,
) -> Collected:
    """Read `<student>.ipynb` and `<student>/<any>.ipynb`, and Canvas's names, below `path`.

    Files of another kind end otherwise. With a roster, only its students are taken. Links are
    never followed. Raises `Refused` when the folder as a whole cannot be read.
    """
    if not path.is_dir():
        raise Refused(
            "there is no such folder.",
            place=str(path),
            hint=f"Give a folder of files named <student id>{kind.ending}, or the LMS's zip.",
        )
    files: list[Candidate] = []
    for candidate in _walk(path, "", 1):
        files.append(candidate)
        if len(files) > limits.files:
            raise Refused(
                f"there are over {limits.files:,} files.",
                place=str(path),
                hint="Give the folder that holds the submissions only.",
            )
    return collect(files, Names(tuple(roster), kind), limits)


def _walk(folder: Path, prefix: str, depth: int) -> Iterator[Candidate]:
    try:
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except OSError as error:
        yield Candidate(f"{prefix}(folder)", _nothing, _unreadable(error))
        return
    for entry in entries:
        name = f"{prefix}{entry.name}"
        if not entry.is_dir(follow_symlinks=False):
            yield Candidate(name, partial(_read_file, Path(entry.path)))
        elif depth < _DEPTH:
            yield from _walk(Path(entry.path), f"{name}/", depth + 1)
        else:
            why = Refused("the folder lies too deep; what is in it was not looked at.")
            yield Candidate(name, _nothing, why)


def _read_file(path: Path, limit: int) -> bytes:
    """At most `limit` bytes of a regular file. A link, pipe or device is refused unread."""
    try:
        # Not blocking: opening a pipe would otherwise wait for a writer for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise Refused("it is not a regular file.", hint="Put the file itself there.")
            return file.read(limit)
    except OSError as error:
        if path.is_symlink():
            hint = "Put the file itself there."
            raise Refused("it is a symbolic link.", hint=hint) from None
        raise _unreadable(error) from None


def _unreadable(error: OSError) -> Refused:
    return Refused(f"it cannot be read: {error.strerror}.", hint="Check its permissions.")


def _nothing(_limit: int) -> bytes:
    return b""
