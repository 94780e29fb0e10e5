"""The student's bundle of an assignment: a folder, and a zip of it for the LMS."""

import io
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.release.authoring import Expected, check_master
from grader.release.cells import MasterComplaint, MasterError, master_path
from grader.release.hidden_values import NOTHING_HIDDEN, HiddenValues, find_values
from grader.release.leaks import LeakFound, find_leaks, read_secrets
from grader.release.master import assign_master, notebook_bytes
from grader.release.readable import check_starter

# Students need this much even when the caller names no environment.
_LEAST_REQUIREMENTS = "otter-grader>=7,<8\n"
_NOT_RELEASED = frozenset({"__pycache__", ".ipynb_checkpoints", ".DS_Store"})
_ZIP_TIME = (
    1980,
    1,
    1,
    0,
    0,
    0,
)  # the earliest that the format can say; any fixed time would do


@dataclass(frozen=True)
class Bundle:
    """A released assignment. `files` are the paths inside `folder`, which `archive` holds too."""

    name: str
    folder: Path
    archive: Path
    files: tuple[str, ...]


def release(
    folder: Path,
    destination: Path,
    *,
    name: str | None = None,
    requirements: Path | None = None,
    questions: Expected | None = None,
    hidden: HiddenValues = NOTHING_HIDDEN,
) -> Bundle:
    """Write `destination/<name>/` and `destination/<name>.zip` for the assignment in `folder`.

    `name` is the folder's where none is given, `requirements` the environment's lock file,
    `questions` what course.yaml promises, `hidden` what only the course's secret gives. Equal
    sources give equal bytes. Nothing is written unless all is well. Raises `MasterError` for the
    author's mistakes and `LeakFound` if the bundle would show something hidden.
    """
    complaints = check_master(folder, questions)
    if complaints:
        raise MasterError(complaints)
    name = name or folder.resolve().name
    files = build_files(folder, name=name, requirements=requirements)
    if complaints := check_starter(folder, files[f"{name}.ipynb"]):
        raise MasterError(complaints)
    archive = zip_files(files)
    searched = {**files, f"{name}.zip": archive}
    if leaks := (*find_leaks(read_secrets(folder), searched), *find_values(hidden, searched)):
        raise LeakFound(leaks)
    return write_bundle(name, files, archive, destination)


def write_bundle(
    name: str, files: Mapping[str, bytes], archive: bytes, destination: Path
) -> Bundle:
    """Write `destination/<name>/` and `destination/<name>.zip`, replacing what was there."""
    destination.mkdir(parents=True, exist_ok=True)
    _replace_folder(destination / name, files)
    _replace_file(destination / f"{name}.zip", archive)
    return Bundle(name, destination / name, destination / f"{name}.zip", tuple(sorted(files)))


def build_files(
    folder: Path, *, name: str | None = None, requirements: Path | None = None
) -> dict[str, bytes]:
    """The files that students get, by their path in the bundle. Raises `MasterError`."""
    name = name or folder.resolve().name
    made = assign_master(folder, name)
    files = {f"{name}.ipynb": notebook_bytes(made.starter)}
    files |= {f"tests/{test}": data for test, data in made.tests.items()}
    files["requirements.txt"] = student_requirements(requirements).encode()
    for path, data in given_files(folder).items():
        if path in files:
            what = f"given/{path} has the name of a file that the release writes itself"
            raise MasterError([MasterComplaint(master_path(folder), 1, what)])
        files[path] = data
    return files


def given_files(folder: Path) -> dict[str, bytes]:
    """The given modules: they lie beside the notebook, so that their names import."""
    given = folder / "given"
    return {
        path.relative_to(given).as_posix(): path.read_bytes()
        for path in sorted(given.rglob("*"))
        if path.is_file() and not path.is_symlink() and _NOT_RELEASED.isdisjoint(path.parts)
    }


def student_requirements(lock: Path | None) -> str:
    """The lock file's pins of what its `requirements.in` names, for students' own machines.

    Without hashes, which hold for the wheels of our platform only, and without what the named
    packages need in turn, which may differ by platform and Python.
    """
    if lock is None:
        return _LEAST_REQUIREMENTS
    pins = dict(re.findall(r"^([A-Za-z0-9][\w.-]*)(==[^\s\\;#]+)", lock.read_text(), re.MULTILINE))
    named = lock.with_suffix(".in")
    if named.is_file():
        wanted = set(re.findall(r"^[A-Za-z0-9][\w.-]*", named.read_text(), re.MULTILINE))
        pins = {name: pin for name, pin in pins.items() if name in wanted}
    return "".join(f"{name}{pin}\n" for name, pin in sorted(pins.items()))


def zip_files(files: Mapping[str, bytes]) -> bytes:
    """A zip whose bytes depend on the files only. Its top level is the bundle itself.

    No folder around it: Colab unpacks it beside the notebook that is open.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in sorted(files.items()):
            entry = zipfile.ZipInfo(path, date_time=_ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, so that the permissions below are read
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, data)
    return buffer.getvalue()


def _replace_file(target: Path, data: bytes) -> None:
    handle, aside = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    os.chmod(aside, 0o644)
    os.replace(aside, target)


def _replace_folder(target: Path, files: Mapping[str, bytes]) -> None:
    """Put a new folder in the old one's place.

    Two renames, since no portable call swaps folders; whoever needs the bundle in one piece at any
    moment reads the zip. What a killed release left aside is cleared by the next.
    """
    for leftover in target.parent.glob(f".{target.name}-*"):
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}-new-", dir=target.parent))
    os.chmod(aside, 0o755)
    for path, data in files.items():
        (aside / path).parent.mkdir(parents=True, exist_ok=True)
        (aside / path).write_bytes(data)
    old = target.parent / f".{target.name}-old"
    if target.exists():
        os.replace(target, old)
    os.replace(aside, target)
    shutil.rmtree(old, ignore_errors=True)
