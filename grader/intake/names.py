"""File names of strangers: which are taken, and which student one belongs to."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

from grader.intake.kinds import NOTEBOOK, Kind
from grader.intake.refusals import Refused
from grader.store.records import StudentRow

# Letters, digits and a few marks: safe as a file name, in a table and in a page.
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}")

# lovelaceada_LATE_12345_67890_ps1-2.ipynb: sortable name, user's number, attachment's number.
_CANVAS = re.compile(r"(?P<name>[^_]+)_(?:LATE_)?(?P<user>[0-9]+)_(?P<attachment>[0-9]+)_.+")

_TURNS_TEXT = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LONGEST_NAME_BYTES = 255
_NOT_STUDENTS = ("__macosx", ".ipynb_checkpoints", ".ds_store", "thumbs.db")


def check_path(name: str, kind: Kind = NOTEBOOK) -> tuple[str, ...]:
    """The parts of a relative path of ordinary names. Raises `Refused` for any other."""
    fault = _fault(name)
    if fault:
        hint = f"Rename the file to <student id>{kind.ending} and import again."
        raise Refused(f"{fault}.", hint=hint)
    return tuple(name.split("/"))


def _fault(name: str) -> str | None:
    try:
        name.encode()
    except UnicodeEncodeError:
        return "its name is not UTF-8"
    if any(unicodedata.category(c) in {"Cc", "Cs"} or c in _TURNS_TEXT for c in name):
        return "its name has control characters"
    if "\\" in name or name.startswith("/") or re.match(r"[A-Za-z]:", name):
        return "its name is an absolute path or has a backslash or a drive letter"
    parts = name.split("/")
    if any(part in {"", ".", ".."} for part in parts):
        return "its name leads out of its folder or has an empty part"
    if any(len(part.encode()) > _LONGEST_NAME_BYTES for part in parts):
        return f"its name is longer than {_LONGEST_NAME_BYTES} bytes"
    return None


def check_kind(parts: tuple[str, ...], kind: Kind = NOTEBOOK) -> None:
    """Raises `Refused` unless the file is of that kind by its name."""
    if any(part.lower() in _NOT_STUDENTS or part.startswith("._") for part in parts):
        raise Refused("it was made by Jupyter or the system; it is no submission.")
    if not parts[-1].lower().endswith(kind.ending):
        raise Refused(
            f"it is not a {kind.noun}: its name does not end in {kind.ending}.",
            hint=f"Ask the student for the {kind.ending} file.",
        )


@dataclass(frozen=True)
class Names:
    """Whose file it is, by its name. Without a roster any ordinary name is an identifier."""

    roster: tuple[StudentRow, ...]
    kind: Kind = NOTEBOOK
    _by_canvas_id: dict[str, str] = field(init=False)
    _by_name: dict[str, set[str]] = field(init=False)
    _by_identifier: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        by_name: dict[str, set[str]] = {}
        for student in self.roster:
            for name in _spellings(student.name):
                by_name.setdefault(name, set()).add(student.identifier)
        by_canvas_id = {s.canvas_id: s.identifier for s in self.roster if s.canvas_id}
        by_identifier = {fold(s.identifier): s.identifier for s in self.roster}
        object.__setattr__(self, "_by_name", by_name)
        object.__setattr__(self, "_by_canvas_id", by_canvas_id)
        object.__setattr__(self, "_by_identifier", by_identifier)

    def student_of(self, parts: tuple[str, ...]) -> str:
        """The student's identifier. Raises `Refused` when nobody, or several, fit.

        `ada.ipynb` and `ada/anything.ipynb` name a student; so do the names that Canvas gives.
        """
        rename = f"Rename the file to <student id>{self.kind.ending}"
        canvas = _CANVAS.fullmatch(parts[-1])
        direct = parts[-1][: -len(self.kind.ending)] if len(parts) == 1 else parts[-2]
        known = self._by_identifier.get(fold(direct))
        if known is not None:
            return known
        if canvas is not None:
            return self._canvas_student(canvas["name"], canvas["user"])
        if self.roster:
            close = get_close_matches(fold(direct), self._by_identifier, n=1)
            meant = f" Did you mean {self._by_identifier[close[0]]!r}?" if close else ""
            raise Refused(
                f"no student {direct!r} is in the roster.{meant}",
                hint=f"{rename}, or add the student to the roster.",
            )
        if not _IDENTIFIER.fullmatch(direct):
            raise Refused(
                f"{direct!r} cannot be a student identifier (letters, digits, . _ @ + -).",
                hint=f"{rename}.",
            )
        return direct

    def _canvas_student(self, name: str, user: str) -> str:
        if user in self._by_canvas_id:
            return self._by_canvas_id[user]
        fitting = sorted(self._by_name.get(_squeeze(name), set()))
        # Who has a number in the roster is known by it; an equal name is then somebody else.
        numbered = set(self._by_canvas_id.values())
        free = [identifier for identifier in fitting if identifier not in numbered]
        if len(free) == 1:
            return free[0]
        hint = f"Put {user} into the roster's canvas_id column, in the student's line."
        if free:
            who = ", ".join(free)
            raise Refused(f"the name {name!r} fits several students: {who}.", hint=hint)
        raise Refused(f"no student of the roster fits {name!r} (Canvas id {user}).", hint=hint)


def fold(name: str) -> str:
    """A name as file systems that ignore case and Unicode forms see it."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def printable(name: str) -> str:
    """A name with odd characters escaped: no terminal obeys it, and it is always UTF-8."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)


def _spellings(name: str) -> Iterable[str]:
    """What Canvas may make of a name: `Last, First` or any split of `First Last`, squeezed."""
    last, comma, first = name.partition(",")
    if comma:
        return {_squeeze(f"{last} {first}")}
    words = name.split()
    return {_squeeze(" ".join(words[k:] + words[:k])) for k in range(len(words))}


def _squeeze(name: str) -> str:
    """Lower-case letters and digits only, without accents."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(character for character in decomposed if character.isalnum())
