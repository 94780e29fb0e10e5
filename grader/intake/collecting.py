"""What a folder or an archive of submissions held: found, and refused with the reason.

Every file ends up in exactly one of the two lists; none is lost silently.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from grader.intake.kinds import FileLimits, Kind, read_file
from grader.intake.names import Names, check_kind, check_path, fold, printable
from grader.intake.refusals import MIB, Refused


@dataclass(frozen=True)
class CollectingLimits:
    """Bounds of a whole folder or archive. All found files are in memory at once."""

    files: int = 10_000
    total_bytes: int = 1024 * MIB
    file: FileLimits = field(default_factory=FileLimits)


@dataclass(frozen=True)
class FoundFile:
    """A student's file. `file` is its path in the folder or archive; `problems` are for people."""

    student: str
    file: str
    data: bytes
    problems: tuple[str, ...]


@dataclass(frozen=True)
class RefusedFile:
    """A file that was not taken, and why. Odd characters of its name are escaped."""

    file: str
    why: Refused


@dataclass(frozen=True)
class Collected:
    """All that was there, each list by file name."""

    found: tuple[FoundFile, ...]
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
    """Read the candidates that are some one student's only file of the kind."""
    refused: list[RefusedFile] = []
    theirs: defaultdict[str, list[tuple[str, Candidate]]] = defaultdict(list)
    for candidate in candidates:
        try:
            student = _student_of(candidate, names)
        except Refused as why:
            refused.append(RefusedFile(printable(candidate.file), why))
        else:
            theirs[fold(student)].append((student, candidate))
    found: list[FoundFile] = []
    left = limits.total_bytes
    for group in theirs.values():
        student, file = group[0]
        if len(group) > 1:
            refused += _refuse_all(student, [one for _, one in group], names.kind.noun)
            continue
        try:
            read = _read(student, file, left, limits, names.kind)
        except Refused as why:
            refused.append(RefusedFile(printable(file.file), why))
        else:
            left -= len(read.data)
            found.append(read)
    found.sort(key=lambda one: one.file)
    refused.sort(key=lambda one: one.file)
    return Collected(tuple(found), tuple(refused))


def _student_of(candidate: Candidate, names: Names) -> str:
    if candidate.refused is not None:
        raise candidate.refused
    parts = check_path(candidate.file, names.kind)
    check_kind(parts, names.kind)
    return names.student_of(parts)


def _refuse_all(student: str, files: list[Candidate], noun: str) -> list[RefusedFile]:
    names = ", ".join(sorted(repr(candidate.file) for candidate in files)[:5])
    why = Refused(
        f"there are {len(files)} {noun}s for student {student!r}: {names}.",
        hint="Remove all but the one that counts.",
    )
    return [RefusedFile(printable(candidate.file), why) for candidate in files]


def _read(
    student: str, file: Candidate, left: int, limits: CollectingLimits, kind: Kind
) -> FoundFile:
    largest = limits.file.largest(kind)
    data = file.read(min(largest, left) + 1)
    if len(data) > left:
        raise Refused(
            f"the {kind.noun}s together exceed {limits.total_bytes:,} bytes.",
            hint="Import them in several parts.",
        )
    return FoundFile(student, file.file, data, read_file(data, kind, limits.file))
