"""Which containers are a worker's own, where several workers share a host.

Each worker process holds a place: a lock that the kernel frees however the process ends. Its
containers carry the place's label. What carries the label of a place that nobody holds was left
behind, and is removed by whoever comes next.
"""

import fcntl
import hashlib
import logging
import os
import platform
from dataclasses import dataclass
from pathlib import Path

from grader.outcomes import GraderError
from grader.sandbox.box import Sandbox
from grader.sandbox.images import cache_folder

log = logging.getLogger(__name__)

LABEL = "csc2541.worker"
MOST_PLACES = 1_000


@dataclass(frozen=True)
class Place:
    """A place that this process holds until it ends."""

    path: Path
    descriptor: int

    @property
    def labels(self) -> dict[str, str]:
        """What containers of this place carry."""
        return labels_of(self.path)


def places_folder() -> Path:
    """Where this host's places are. Homes, and so caches, may be shared by many hosts."""
    folder = cache_folder() / "workers" / platform.node()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def labels_of(path: Path) -> dict[str, str]:
    """The label of a place."""
    return {LABEL: hashlib.sha256(str(path).encode()).hexdigest()[:16]}


def take_place(folder: Path | None = None) -> Place:
    """Hold the first place that is free. Raises `GraderError`."""
    folder = folder or places_folder()
    for number in range(MOST_PLACES):
        path = folder / f"{number}.lock"
        descriptor = _lock(path)
        if descriptor is not None:
            return Place(path, descriptor)
    raise GraderError(f"{folder} has {MOST_PLACES} places, and workers hold all of them")


def remove_left_containers(sandbox: Sandbox, own: Place) -> int:
    """Remove containers of `own` place and of those that nobody holds; how many.

    For a worker that just started, or holds no container. Raises `GraderError`.
    """
    removed = sandbox.remove_leftovers(own.labels)
    for path in own.path.parent.glob("*.lock"):
        if path == own.path or (descriptor := _lock(path)) is None:
            continue
        try:
            removed += sandbox.remove_leftovers(labels_of(path))
        finally:
            os.close(descriptor)
    return removed


def _lock(path: Path) -> int | None:
    """Lock the file, made where it is missing; None where another process holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
