"""Keeps what is made once and used again (images, compiled code, findings) within bounds."""

import contextlib
import shutil
import subprocess
import time
from pathlib import Path

from grader.sandbox.docker_cli import docker_program

# A few: several checkouts, or a course's environments of last week, may share an engine.
IMAGES_KEPT = 4
# A folder over its limit is emptied down to this part of it, so that it isn't done at each start.
EMPTIED_TO = 0.75
DAY_SECONDS = 86_400.0
HOUR_SECONDS = 3_600.0


def remove_old_images(name: str, keep: int = IMAGES_KEPT) -> list[str]:
    """Remove the images called `name` but for the newest `keep` and those in use; which."""
    listed = _docker("image", "ls", name, "--format", "{{.Repository}}:{{.Tag}}")
    old = listed.stdout.split()[keep:]  # docker lists the newest first
    return [tag for tag in old if _docker("image", "rm", tag).returncode == 0]


def _docker(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [docker_program(), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def shrink_now_and_then(folder: Path, most_bytes: int) -> int:
    """`shrink_folder`, but only when an hour has passed since, in whatever process.

    Looking at the ten thousands of small files that JAX keeps takes half a second.
    """
    looked = folder.parent / f".{folder.name}-looked-at"
    try:
        if looked.stat().st_mtime > time.time() - HOUR_SECONDS:
            return 0
    except OSError:  # for the first time
        looked.parent.mkdir(parents=True, exist_ok=True)
    looked.touch()
    return shrink_folder(folder, most_bytes)


def shrink_folder(folder: Path, most_bytes: int) -> int:
    """Remove the files written first while a folder is over its size; how many bytes went.

    Others may read, write and shrink it meanwhile: what is missing then is made again.
    """
    files: list[tuple[float, int, Path]] = []
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            found = path.stat()
            if path.is_file():
                files.append((found.st_mtime, found.st_size, path))
    size = before = sum(one for _, one, _ in files)
    if size <= most_bytes:
        return 0
    for _, one, path in sorted(files):
        if size <= most_bytes * EMPTIED_TO:
            break
        path.unlink(missing_ok=True)
        size -= one
    return before - size


def keep_newest_folders(parent: Path, pattern: str, keep: int) -> None:
    """Remove the subfolders whose names match the `pattern` but for the newest `keep`.

    And for those of the last day: they may be in use.
    """
    dated: list[tuple[float, Path]] = []
    for path in parent.glob(pattern):
        with contextlib.suppress(OSError):
            dated.append((path.stat().st_mtime, path))
    yesterday = time.time() - DAY_SECONDS
    for changed, path in sorted(dated, reverse=True)[keep:]:
        if changed < yesterday:
            shutil.rmtree(path, ignore_errors=True)
