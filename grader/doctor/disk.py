"""Checks of disks: room for bytes and for files, and that what was written is really there."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from grader.doctor.findings import Finding, Mark
from grader.doctor.subject import Subject

GIB = 1 << 30


@dataclass(frozen=True)
class Room:
    """What is needed on a disk, in bytes: below `least` things fail, below `enough` they may."""

    least: int
    enough: int


# 26,000 submissions with their results take a gigabyte.
OF_DATA = Room(least=GIB // 2, enough=4 * GIB)
# An image takes one gigabyte, building it three.
OF_ENGINE = Room(least=GIB, enough=8 * GIB)
LEAST_INODES, ENOUGH_INODES = 1_000, 50_000


def data_disk(subject: Subject) -> Finding:
    """Room where the data folder is, and whether what is written there can be made durable."""
    folder = existing(subject.data)
    looked_at = f"room and a file made durable in {folder}"
    found, mark = room(folder, OF_DATA)
    do = "" if mark is Mark.OK else f"Make room on the disk of {folder}, or move the data folder."
    try:
        make_durable(folder)
    except OSError as error:
        found += f"; writing fails: {error.strerror}"
        return Finding(Mark.FAILED, looked_at, found, do or f"Mend the disk of {folder}.")
    return Finding(mark, looked_at, f"{found}, fsync works", do)


def engine_disk(subject: Subject) -> Finding:
    """Room where the engine keeps its images and containers, if that is on this machine."""
    root = Path(str(subject.info.get("DockerRootDir", "")))
    looked_at = f"room in the engine's {root}"
    host = os.environ.get("DOCKER_HOST", "unix://")
    if not host.startswith("unix://") or not root.is_dir():
        return Finding(Mark.OK, looked_at, "on another machine, or out of sight: not looked at")
    found, mark = room(root, OF_ENGINE)
    do = "" if mark is Mark.OK else "docker image prune, or give the engine another `data-root`."
    return Finding(mark, looked_at, found, do)


def existing(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def room(folder: Path, needed: Room) -> tuple[str, Mark]:
    """What is free there, in words, and how that is. Raises OSError."""
    at = os.statvfs(folder)
    free = at.f_bavail * at.f_frsize
    found = f"{free / GIB:.1f} GiB free"
    mark = Mark.OK if free >= needed.enough else Mark.WARNING
    if at.f_files:  # some file systems make them as they go, and count none
        found += f", {at.f_favail:,} inodes"
        mark = mark if at.f_favail >= ENOUGH_INODES else Mark.WARNING
    if free < needed.least or (at.f_files and at.f_favail < LEAST_INODES):
        mark = Mark.FAILED
    return found, mark


def make_durable(folder: Path) -> None:
    """Write a file there, have the kernel put it on the disk, and remove it. Raises OSError."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
        file.write(b"is it there?" * 1024)
        file.flush()
        os.fsync(file.fileno())
        above = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(above)
        finally:
            os.close(above)
