"""Which processor cores a box runs on: its own, while there are enough for every box.

A program on one core keeps what the core has cached, and XLA starts one thread instead of one for
each core of the machine. Graders on one machine share the cores through locked files; a lock ends
with the process that holds it, however that ends.
"""

import fcntl
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO


@dataclass
class OwnCores:
    """Cores that nobody else has taken; none where too few were free."""

    numbers: tuple[int, ...] = ()
    _locks: list[IO[bytes]] = field(default_factory=list[IO[bytes]])

    def give_back(self) -> None:
        """Others may have them from now on. Fine to do again."""
        for lock in self._locks:
            lock.close()
        self._locks.clear()


def take_cores(folder: Path, count: int, among: Iterable[int] | None = None) -> OwnCores:
    """Take `count` free cores `among` those that this process may use, by locks in `folder`.

    All or none, and without waiting: a box that gets none shares the others' cores.
    """
    taken = OwnCores()
    chosen: list[int] = []
    folder.mkdir(parents=True, exist_ok=True)
    for core in sorted(os.sched_getaffinity(0) if among is None else among):
        if len(chosen) == count:
            break
        lock = (folder / str(core)).open("wb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
        else:
            chosen.append(core)
            taken._locks.append(lock)
    if len(chosen) < count:
        taken.give_back()
        return OwnCores()
    return OwnCores(tuple(chosen), taken._locks)
