"""What the fields of `course.yaml` must mean together, and the names that must lead somewhere.

The rules read the raw data and pass over what is missing or of the wrong kind, since that has
its complaint already. So a file with a typo and a wrong sum hears of both at once.
"""

import math
import re
from datetime import date
from pathlib import Path

from grader.course.complaints import Parts, did_you_mean
from grader.course.dates import parse_date
from grader.course.hand_in_rules import check_hand_in
from grader.course.policy_rules import check_policies
from grader.course.raw_fields import TermFields, finite_sum
from grader.course.time_rules import check_times
from grader.course.units import parse_seconds
from grader.course.weight_rules import check_weights
from grader.course.written import NAME, RELATIVE
from grader.course.yaml_source import Document

_MOST_LISTED = 20


def check_rules(document: Document, folder: Path) -> None:
    """Add a complaint to `document` for each rule that the file breaks."""
    check = _Rules(document, folder)
    check.term()
    check.lectures()
    check.environments()
    check.cell_limit("limits")
    check.roster()
    for name in check.names("assignments"):
        check.assignment(name)
    check_weights(document)
    check_policies(document)
    check_times(document)


class _Rules(TermFields):
    def __init__(self, document: Document, folder: Path) -> None:
        super().__init__(document)
        self.folder = folder

    def term(self) -> None:
        if self.start and self.end and self.end <= self.start:
            self.saw(("term", "end"), f"expected a day after the term's start, {self.start}")

    def lectures(self) -> None:
        lectures = self.get("lectures")
        latest: date | None = None
        for index, _ in enumerate(lectures if isinstance(lectures, list) else []):
            number, at = self.get("lectures", index, "number"), ("lectures", index, "date")
            if type(number) is int and number != index + 1:
                self.saw(("lectures", index, "number"), f"expected {index + 1}, the next number")
            day = self.read(parse_date, *at)
            if day is None:
                continue
            self.within_term(at, day, "a day")
            if latest and day <= latest:
                self.saw(at, f"expected a day after the lecture before, {latest}")
            latest = day

    def environments(self) -> None:
        for name in self.names("environments"):
            dockerfile = self.folder / "environments" / name / "Dockerfile"
            if re.match(NAME, name) and not _is_file(dockerfile):
                what = f"leads nowhere, expected the file environments/{name}/Dockerfile"
                self.document.complain(("environments", name), what, of_key=True)

    def roster(self) -> None:
        roster = self.get("roster")
        if not isinstance(roster, str) or not roster:
            return
        if not _is_file(self.folder / roster):
            beside = [file.name for file in sorted(self.folder.glob("*.csv"))[:50]]
            hint = did_you_mean(roster, beside)
            what = "which is no file, expected a CSV file beside course.yaml"
            self.saw(("roster",), f"{what}; {hint}" if hint else what)

    def cell_limit(self, *path: str | int) -> None:
        """A cell's time can't exceed the notebook's, by the limits that hold at `path`."""
        cell, notebook = (
            self.read(parse_seconds, *path, name) or self.read(parse_seconds, "limits", name)
            for name in ("cell", "notebook")
        )
        if cell and notebook and cell > notebook:
            which = "cell" if self.get(*path, "cell") is not None else "notebook"
            what = f"but a cell may not have more time ({cell:g} s) than its notebook"
            if self.get(*path, which) is not None:
                self.saw((*path, which), f"{what} ({notebook:g} s)")

    def assignment(self, name: str) -> None:
        at = ("assignments", name)
        if not isinstance(self.get(*at), dict):
            return
        self.assignment_folder(at, name)
        if self.get(*at, "submit") != "pdf":
            self.assignment_environment(at)
            self.cell_limit(*at, "limits")
        check_hand_in(self.document, at, self.folder_of(at, name))
        self.points(at)

    def folder_of(self, at: Parts, name: str) -> Path | None:
        """The assignment's folder; None where its name can't be used."""
        written = self.get(*at, "folder")
        folder = written if isinstance(written, str) else f"assignments/{name}"
        usable = re.match(RELATIVE, folder) and re.match(NAME, name)
        return self.folder / folder if usable else None

    def assignment_folder(self, at: Parts, name: str) -> None:
        written, path = self.get(*at, "folder"), self.folder_of(at, name)
        if path is None or path.is_dir():
            return
        folder = path.relative_to(self.folder).as_posix()
        what = f"leads nowhere, expected the folder {folder}"
        if written is not None:
            self.document.complain((*at, "folder"), what)
        else:
            self.document.complain(at, what, of_key=True)

    def assignment_environment(self, at: Parts) -> None:
        wanted, known = self.get(*at, "environment"), self.names("environments")
        if not isinstance(wanted, str) or not known or wanted in known:
            return
        listed = ", ".join(f"`{name}`" for name in known[:_MOST_LISTED])
        self.saw(
            (*at, "environment"),
            f"expected one of `environments`, {listed}; add it there, or choose one of these",
        )

    def points(self, at: Parts) -> None:
        total = self.get(*at, "points")
        each = [self.get(*at, "questions", name, "points") for name in self.names(*at, "questions")]
        added = finite_sum(each)
        if not each or added is None or type(total) not in (int, float):
            return
        if not math.isclose(total, added, rel_tol=1e-9):
            what = f"but the questions' points add up to {added:g}"
            self.saw((*at, "points"), f"{what}; correct the sum or a question")


def _is_file(path: Path) -> bool:
    """Whether a file is there; a name that no file can have leads nowhere too."""
    try:
        return path.is_file()
    except OSError:
        return False
