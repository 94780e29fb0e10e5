"""What a folder or an archive of notebooks held: found, and refused with the reason.

Every file ends up in exactly one of the two lists; none is lost silently.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from grader.intake.names import Names, check_kind, check_path, fold, printable
from grader.intake.notebooks import Notebook, read_notebook
from grader.intake.refusals import MIB, Limits, Refused


@dataclass(frozen=True)
class CollectingLimits:
    """Bounds of a whole folder or archive. All found notebooks are in memory at once."""

    files: int = 10_000
    total_bytes: int = 1024 * MIB
    notebook: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class FoundNotebook:
    """A student's notebook. `file` is its path in the folder or archive."""

    student: str
    file: str
    data: bytes
    notebook: Notebook


@dataclass(frozen=True)
class RefusedFile:
    """A file that was not taken, and why. Odd characters of its name are escaped."""

    file: str
    why: Refused


@dataclass(frozen=True)
class Collected:
    """All that was there, each list by file name."""

    found: tuple[FoundNotebook, ...]
    refused: tuple[RefusedFile, ...]


@dataclass(frozen=True)
class Candidate:
    """Something that was seen. `read(limit)` gives at most `limit` bytes, or raises `Refused`.

    `refused` is set for what is refused before its name is looked at.
    """

    file: str
    read: Callable[[int], bytes]
    refused: Refused | None = None


def collect(candidates: Iterable[Candidate], names: Names, limits: CollectingLimits) -> Collected:
    """Read the candidates that are some one student's only notebook."""
    refused: list[RefusedFile] = []
    theirs: defaultdict[str, list[tuple[str, Candidate]]] = defaultdict(list)
    for candidate in candidates:
        try:
            student = _student_of(candidate, names)
        except Refused as why:
            refused.append(RefusedFile(printable(candidate.file), why))
        else:
            theirs[fold(student)].append((student, candidate))
    found: list[FoundNotebook] = []
    left = limits.total_bytes
    for group in theirs.values():
        student, file = group[0]
        if len(group) > 1:
            refused += _refuse_all(student, [one for _, one in group])
            continue
        try:
            notebook = _read(student, file, left, limits)
        except Refused as why:
            refused.append(RefusedFile(file.file, why))
        else:
            left -= len(notebook.data)
            found.append(notebook)
    found.sort(key=lambda one: one.file)
    refused.sort(key=lambda one: one.file)
    return Collected(tuple(found), tuple(refused))


def _student_of(candidate: Candidate, names: Names) -> str:
    if candidate.refused is not None:
        raise candidate.refused
    parts = check_path(candidate.file)
    check_kind(parts)
    return names.student_of(parts)


def _refuse_all(student: str, files: list[Candidate]) -> list[RefusedFile]:
    names = ", ".join(sorted(repr(candidate.file) for candidate in files)[:5])
    why = Refused(
        f"there are {len(files)} notebooks for student {student!r}: {names}.",
        hint="Remove all but the one that counts.",
    )
    return [RefusedFile(candidate.file, why) for candidate in files]


def _read(student: str, file: Candidate, left: int, limits: CollectingLimits) -> FoundNotebook:
    largest = limits.notebook.file_bytes
    data = file.read(min(largest, left) + 1)
    if len(data) > left:
        raise Refused(
            f"the notebooks together exceed {limits.total_bytes:,} bytes.",
            hint="Import them in several parts.",
        )
    return FoundNotebook(student, file.file, data, read_notebook(data, limits.notebook))
