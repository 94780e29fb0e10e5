"""The `course` command on the course of a term, and what its tests do with it."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Ran
from tests.term_course import graded


class Term:
    """The `course` command on the term's course."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def __call__(self, *args: str, now: str = "2027-01-20 12:00") -> Ran:
        from grader.cli.app import run

        file, data = str(self.folder / "course.yaml"), str(self.folder / "data")
        code = run(["--course", file, "--data", data, "--now", now, *args])
        printed = self._capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    def grade(self, name: str, *points: tuple[str, float, float]) -> None:
        """Let grading find these points for whatever is queued."""
        from grader.store import open_store

        with open_store(self.folder / "data") as store:
            batch = store.start_batch(name)
            while lease := store.claim(batch):
                store.finish(lease, graded(*points))
            store.end_batch(batch.id)


def hand_in(term: Term, student: str = "ada", *more: str, now: str = "2027-01-20 12:00") -> Ran:
    return term("submit", "hw1", student, str(term.folder / "ada.ipynb"), *more, now=now)


def steps(term: Term, student: str, name: str) -> dict[str, str]:
    told = json.loads(term("explain", student, name, "--json").out)
    return {step["title"]: step["text"] for step in told["steps"][name]}


def change_course(term: Term, old: str, new: str) -> None:
    file = term.folder / "course.yaml"
    assert file.read_text().count(old) == 1
    file.write_text(file.read_text().replace(old, new))
