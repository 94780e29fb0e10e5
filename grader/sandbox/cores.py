"""Which processor cores and GPUs a box runs on: its own, while there are enough for every box.

A program on one core keeps what the core has cached, and XLA starts one thread instead of one for
each core of the machine. Graders on one machine share the cores through locked files; a lock ends
with the process that holds it, however that ends.
"""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

NAME = "csc2541-cores"
DEVICES = Path("/dev")


@dataclass
class OwnCores:
    """Cores, or GPUs, that nobody else has taken; none where too few were free."""

    numbers: tuple[int, ...] = ()
    _locks: list[IO[bytes]] = field(default_factory=list[IO[bytes]])

    def give_back(self) -> None:
        """Others may have them from now on. Fine to do again."""
        for lock in self._locks:
            lock.close()
        self._locks.clear()


def machines_folder() -> Path:
    """Where the locks of this machine lie, whoever grades on it."""
    shared = Path("/run/lock")
    return (shared if os.access(shared, os.W_OK) else Path(tempfile.gettempdir())) / NAME


def take_cores(folder: Path, count: int, among: Iterable[int] | None = None) -> OwnCores:
    """Take `count` free cores `among` those that this process may use, by locks in `folder`.

    All or none, and without waiting: a box that gets none shares the others' cores. So does one
    where no lock can be had.
    """
    chosen: list[int] = []
    locks: list[IO[bytes]] = []
    with contextlib.suppress(OSError):
        _make(folder)
        for core in sorted(os.sched_getaffinity(0) if among is None else among):
            if len(chosen) == count:
                break
            if lock := _locked(folder / str(core)):
                chosen.append(core)
                locks.append(lock)
    taken = OwnCores(tuple(chosen), locks)
    if len(chosen) == count:
        return taken
    taken.give_back()
    return OwnCores()


def take_gpus(folder: Path, count: int) -> OwnCores:
    """Take `count` of the GPUs here that no other box has; none where they aren't known."""
    numbers = [path.name.removeprefix("nvidia") for path in DEVICES.glob("nvidia[0-9]*")]
    if not count or not numbers:
        return OwnCores()
    return take_cores(folder / "gpus", count, map(int, numbers))


def _make(folder: Path) -> None:
    """Have a folder in which everyone may make files, and only remove their own."""
    if not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o1777)


def _locked(path: Path) -> IO[bytes] | None:
    """The file, held; None if somebody else holds it. Others' files can be read, and so held."""
    if not path.exists():
        path.touch()
    lock = path.open("rb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return None
    return lock
