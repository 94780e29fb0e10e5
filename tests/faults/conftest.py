"""A light course, a store with a notebook of each student, and what must hold after any fault."""

import gc
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.course import Course, load_course
from grader.course.roster import load_roster
from grader.grading import GradingPlan, patience, plan_grading
from grader.sandbox.docker import DockerSandbox
from grader.sandbox.process import ProcessSandbox
from grader.store import Store, StudentRow, open_store, waits
from tests.faults.light import NAME, NOTEBOOKS, write_light_course
from tests.faults.own_engine import OwnEngine, own_engine, why_not
from tests.faults.soundness import RECEIVED, SECRET, check_nothing_is_left
from tests.store.postgresql import copied_data

# Of this process alone: another one of pytest must not take its containers for leftovers.
LABELS = {"csc2541.tests": f"faults-{os.getpid()}"}


@pytest.fixture(scope="session")
def course_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_light_course(tmp_path_factory.mktemp("light"))


@pytest.fixture(scope="session")
def course(course_file: Path) -> Course:
    return load_course(course_file)


@pytest.fixture(scope="session")
def filled(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a notebook of each student, none of them graded."""
    folder = tmp_path_factory.mktemp("filled") / "data"
    with open_store(folder) as opened:
        opened.secret()
        roster = load_roster(course.folder / "roster.csv")
        opened.roster.update(StudentRow(who.student, who.name, who.email) for who in roster)
        for student, data in NOTEBOOKS.items():
            opened.accept(student, NAME, data, f"{student}.ipynb", RECEIVED)
    return folder


@pytest.fixture
def store(filled: Path, tmp_path: Path) -> Iterator[Store]:
    """A copy of that data folder; after the test nothing is left half done in it."""
    with open_store(copied_data(filled, tmp_path / "data")) as opened:
        yield opened
        check_nothing_is_left(opened)


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder for temporary files, which is empty after the test."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits of the same kind, and shorter."""
    monkeypatch.setattr(waits, "FIRST_SECONDS", 0.1)
    monkeypatch.setattr(patience, "PAUSES", (0.2, 0.3, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0))


@pytest.fixture(scope="session")
def session_engine() -> Iterator[OwnEngine]:
    """One for all tests here: it takes some seconds to make."""
    if why := why_not():
        pytest.skip(why)
    with own_engine() as made:
        yield made


@pytest.fixture
def engine(session_engine: OwnEngine, monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnEngine]:
    """The tests' own engine, which answers; after the test it has no container."""
    if session_engine.process is None:  # a test that failed left it so
        session_engine.start()
    monkeypatch.setenv("DOCKER_HOST", session_engine.address)
    yield session_engine
    gc.collect()  # while this test's filters of warnings hold
    left = session_engine.containers()
    if left:  # which is not the next test's failure
        session_engine.docker("rm", "--force", *left)
    assert left == []


@pytest.fixture
def plan(engine: OwnEngine, course: Course) -> GradingPlan:
    """The light assignment's plan, in containers of the tests' own engine."""
    return make_plan(course, DockerSandbox())


@pytest.fixture
def bare_plan(course: Course) -> GradingPlan:
    """The plan where no box is opened, as a test says itself what grading finds."""
    return make_plan(course, ProcessSandbox())


def make_plan(course: Course, sandbox: DockerSandbox | ProcessSandbox) -> GradingPlan:
    return plan_grading(
        course, NAME, secret=SECRET, sandbox=sandbox, labels=LABELS, with_files=False
    )
