"""What is wrong with a file that staff wrote, in words that say where and what to do."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

Parts = tuple[str | int, ...]

MOST_COMPLAINTS = 200
MORE = f"more than {MOST_COMPLAINTS} mistakes; these are told, mend them first"
# With more, a hint for each mistake would take minutes.
_MOST_KNOWN = 1_000


class EnoughComplaints(Exception):
    """So many mistakes were found that nobody would read more."""


@dataclass(frozen=True, order=True)
class Complaint:
    """One mistake. `line` and `column` count from 1; `path` is such as `assignments.ps1.due`."""

    line: int
    column: int
    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}: {self.what}" if self.path else self.what


class CourseFileError(Exception):
    """A file of the course can't be used. Nothing of it was applied.

    `complaints` holds every mistake found, by line. Printed, it is one line a mistake:
    `course.yaml:LINE:COLUMN: path: what was seen, what was expected; a hint`.
    """

    def __init__(self, file: Path | str, complaints: Iterable[Complaint]) -> None:
        self.file = str(file)
        self.complaints = tuple(sorted(set(complaints)))
        super().__init__(self.file, self.complaints)

    def __str__(self) -> str:
        return "\n".join(f"{self.file}:{c.line}:{c.column}: {c}" for c in self.complaints)


def dotted(parts: Parts) -> str:
    """A path as people write it.

    >>> dotted(("lectures", 3, "date"))
    'lectures[3].date'
    """
    text = ""
    for part in parts:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def near_word(seen: str, known: Iterable[str]) -> str | None:
    """The known word that `seen` is probably a misspelling of, if there is one."""
    by_fold = {word.casefold(): word for word in islice(known, _MOST_KNOWN)}
    folded = seen.casefold()
    near = difflib.get_close_matches(folded, by_fold, n=1, cutoff=0.6)
    near += [word for word in by_fold if len(word) > 2 and folded.startswith(word)]
    return by_fold[near[0]] if near else None


def did_you_mean(seen: str, known: Iterable[str]) -> str:
    """A question that names the nearest known word, or nothing when none is near.

    >>> did_you_mean("due_dat", ["due", "release"])
    'did you mean `due`?'
    """
    word = near_word(seen, known)
    return f"did you mean `{word}`?" if word else ""


def quoted(value: object) -> str:
    """What was seen, short enough for one line."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"`{str(value).lower()}`"
        case dict():
            return "fields"
        case list():
            return "a list"
    text = " ".join(str(value).split())
    if not text:
        return "an empty text"
    return f"`{text[:57]}...`" if len(text) > 60 else f"`{text}`"
