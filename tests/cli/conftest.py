"""The `course` command on a toy course, in this process or in one of its own."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from grader.cli.app import run
from grader.cli.workplace import REHEARSAL
from grader.store import Store, open_store
from tests.intake.pdfs import pdf
from tests.term_course import notebook, write_term_course
from tests.toy_course import COURSE_COMMAND, answer_notebook, course_environment, write_toy_course


@dataclass(frozen=True)
class Ran:
    """How a command ended; runs of white space in what it printed are single spaces in `words`."""

    code: int
    out: str
    err: str

    @property
    def words(self) -> str:
        return " ".join(f"{self.out} {self.err}".split())


@dataclass(frozen=True)
class ToyCommand:
    """`course` with the toy's course file and data folder."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    @property
    def file(self) -> Path:
        return self.folder / "course.yaml"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def options(self) -> tuple[str, ...]:
        # The term has yet to begin: act as on the day after the toy was due.
        now = ("--now", "2027-02-11 12:00")
        return ("--course", str(self.file), "--data", str(self.data), *now)

    def here(self, *args: str) -> Ran:
        """Run in this process. `{}` in an argument is the course's folder."""
        self.capsys.readouterr()
        code = run([*self.options, *self._filled(args)])
        printed = self.capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    def apart(self, *args: str, **environment: str) -> Ran:
        """Run in a process of its own."""
        done = subprocess.run(
            [*COURSE_COMMAND, *self.options, *self._filled(args)],
            env=course_environment(**environment),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def store(self) -> Store:
        """The data folder's store; the folder is a rehearsal's."""
        store = open_store(self.data)
        (self.data / REHEARSAL).touch()
        return store

    def _filled(self, args: tuple[str, ...]) -> list[str]:
        return [arg.replace("{}", str(self.folder)) for arg in args]


@pytest.fixture
def toy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> ToyCommand:
    """A fresh toy course with one good notebook, `ada.ipynb`, lying in its folder."""
    write_toy_course(tmp_path)
    (tmp_path / "ada.ipynb").write_bytes(answer_notebook("right"))
    return ToyCommand(tmp_path, capsys)


@pytest.fixture
def term(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Any:
    """The course of a term, with a notebook and a PDF to hand in lying in its folder."""
    from tests.cli.term_command import Term  # which needs this module

    monkeypatch.setenv("COURSE_STAFF", "prof")
    write_term_course(tmp_path)
    (tmp_path / "ada.ipynb").write_bytes(notebook("x = 1"))
    (tmp_path / "essay.pdf").write_bytes(pdf())
    return Term(tmp_path, capsys)
