"""The rules of what is handed in, by whom, and by what a person grades it.

A notebook needs an environment to run in. Of an upload nothing is run, so each of its questions
is graded by hand, and its folder holds the instructions instead of a notebook.
"""

import math
from pathlib import Path
from typing import Any

from grader.course.complaints import Parts
from grader.course.raw_fields import RawFields, finite_sum
from grader.course.written import ENVIRONMENT, WrittenAssignment, WrittenQuestion
from grader.course.yaml_source import Document

HANDOUT = "handout.md"
# What says how a notebook is run and tested.
_OF_NOTEBOOKS = ("environment", "tests", "limits")


def check_hand_in(document: Document, at: Parts, folder: Path | None) -> None:
    """Add a complaint for each rule that the assignment at a path breaks.

    `folder` is the assignment's own, or None; where there is none, that has its complaint already.
    """
    check = _HandIn(document, at)
    if check.submit == "pdf":
        check.upload(folder)
    elif check.submit == "notebook":
        check.environment()
    check.group()
    for name in check.names(*at, "questions"):
        check.rubric((*at, "questions", name))


class _HandIn(RawFields):
    def __init__(self, document: Document, at: Parts) -> None:
        super().__init__(document)
        self.at = at
        written = "submit" in self.names(*at) or self.lacks("submit", WrittenAssignment, *at)
        self.submit: Any = self.get(*at, "submit") if written else "notebook"

    def lacks(self, name: str, model: Any, *path: str | int) -> bool:
        """Whether a field is absent by a typo in its name, which has its complaint."""
        return self.is_misspelt(name, model.model_fields, *path)

    def environment(self) -> None:
        path = (*self.at, "environment")
        if self.get(*path) is not None or self.lacks("environment", WrittenAssignment, *self.at):
            return
        if "environment" in self.names(*self.at):
            self.document.complain(path, f"saw nothing, expected {ENVIRONMENT}")
        else:
            self.document.complain(path, f"missing, expected {ENVIRONMENT}")

    def upload(self, folder: Path | None) -> None:
        for name in _OF_NOTEBOOKS:
            if name in self.names(*self.at):
                what = "not a field of a `submit: pdf`, of which nothing is run; delete it"
                self.document.complain((*self.at, name), what, of_key=True)
        for name in self.names(*self.at, "questions"):
            self.is_manual((*self.at, "questions", name), "a `submit: pdf` is graded by hand")
        if folder and folder.is_dir() and not (folder / HANDOUT).is_file():
            path = (*self.at, "folder") if self.get(*self.at, "folder") else self.at
            what = f"expected the file {HANDOUT} (the instructions) in {folder.name}/"
            self.document.complain(path, what, of_key=path == self.at)

    def is_manual(self, question: Parts, why: str) -> None:
        """Complain if a question is not graded by hand."""
        if not isinstance(self.get(*question), dict):
            return
        manual = self.get(*question, "manual")
        if manual is False:
            self.saw((*question, "manual"), f"expected `true`: {why}")
        elif manual is None and not self.lacks("manual", WrittenQuestion, *question):
            self.document.complain(question, f"expected `manual: true`: {why}", of_key=True)

    def group(self) -> None:
        path = (*self.at, "group")
        if "group" in self.names(*self.at) and self.get(*path) is None:
            what = "saw nothing, expected sizes such as `{min: 2, max: 3}`; or delete it"
            self.document.complain(path, what)
        least, most = self.get(*path, "min"), self.get(*path, "max")
        if type(least) is int and type(most) is int and most < least:
            self.saw((*path, "max"), f"expected no less than `min`, {least}")
        if self.get(*path) is not None and self.get(*self.at, "time_allowed") is not None:
            what = (
                "not a field of work in groups: a time of their own is for each student; delete one"
            )
            self.document.complain((*self.at, "time_allowed"), what, of_key=True)

    def rubric(self, question: Parts) -> None:
        path = (*question, "rubric")
        items = self.get(*path)
        if not isinstance(items, list) or not items:
            return
        if self.submit != "pdf":
            self.is_manual(question, "a `rubric` is for grading by hand")
        self.item_names(path, len(items))
        points = self.get(*question, "points")
        each = [self.get(*path, index, "points") for index in range(len(items))]
        if not all(type(number) in (int, float) and number > 0 for number in (points, *each)):
            return
        added = finite_sum(each)
        if added is not None and not math.isclose(points, added, rel_tol=1e-9):
            what = f"the items' points add up to {added:g}, but the question has {points:g}"
            self.document.complain(path, f"{what}; correct an item or the question", of_key=True)

    def item_names(self, rubric: Parts, items: int) -> None:
        """Complain of each item whose name another one before it has."""
        seen: dict[str, int] = {}
        for place in range(items):
            path = (*rubric, place, "name")
            name = self.get(*path)
            if not isinstance(name, str):
                continue
            if name in seen:
                first = f"item {seen[name] + 1} of the rubric has that name"
                self.saw(path, f"but {first}; expected a name of its own, by which marks are kept")
            seen.setdefault(name, place)
