"""A toy course with a store, and a cluster of simulated workers for it."""

from collections.abc import Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grader.cluster import Elsewhere
from grader.cluster.engine import DaskEngine
from grader.course import Course, load_course
from grader.grading import BatchSummary, GradingPlan, grade_batch, plan_grading
from grader.store import State, Store, StudentRow, SubmissionRow, open_store
from tests.cluster.processes import PATIENCE_SECONDS, Cluster
from tests.toy_course import toy_notebook, write_toy_course

RECEIVED = datetime(2027, 2, 1, 12, tzinfo=UTC)
STUDENTS = tuple(f"student{number:02}" for number in range(30))


@dataclass(frozen=True)
class Place:
    """A course, its store, and the dispatcher's plan."""

    course_file: Path
    course: Course
    store: Store
    plan: GradingPlan

    def hand_in(self, *words: str) -> list[SubmissionRow]:
        """A submission for each word, which tells the simulated worker what to do with it."""
        rows: list[SubmissionRow] = []
        for student, word in zip(STUDENTS, words, strict=False):
            data = toy_notebook(f"# {word} {student}")
            rows.append(self.store.accept(student, "toy", data, "toy.ipynb", RECEIVED).submission)
        return rows

    def states(self) -> list[State]:
        return [row.state for row in self.store.submissions("toy")]

    def results_of(self, row: SubmissionRow) -> list[str]:
        """Who gave each of its results: numbers of processes."""
        return [result.graded.message for result in self.store.results(row.id)]

    def happened_to(self, row: SubmissionRow) -> list[str]:
        return [event.what for event in self.store.history(row.id)]


@pytest.fixture(scope="session")
def written_course(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Course, GradingPlan]:
    """The toy course, loaded once: its checks are imported into this process."""
    folder = tmp_path_factory.mktemp("course").resolve()
    course_file = write_toy_course(folder, students=STUDENTS)
    course = load_course(course_file)
    plan = plan_grading(
        course,
        "toy",
        secret=b"",
        sandbox=Elsewhere(),
        labels={"csc2541.tests": folder.name},
        with_files=False,
    )
    return course_file, course, plan


@pytest.fixture
def place(written_course: tuple[Path, Course, GradingPlan], tmp_path: Path) -> Iterator[Place]:
    course_file, course, plan = written_course
    with open_store(tmp_path / "data") as store:
        store.roster.update([StudentRow(name) for name in STUDENTS])
        yield Place(course_file, course, store, plan)


@pytest.fixture
def cluster(place: Place, tmp_path: Path) -> Iterator[Cluster]:
    """No process yet; those that a test starts end with it."""
    folder = tmp_path / "cluster"
    folder.mkdir()
    made = Cluster(folder, place.course_file)
    try:
        yield made
    finally:
        made.stop()


def engine_of(
    place: Place,
    cluster: Cluster,
    said: list[str],
    *,
    silent_seconds: float = 60.0,
    join_seconds: float = PATIENCE_SECONDS,
) -> DaskEngine:
    """The dispatcher's side; what it says of workers goes into `said`."""
    return DaskEngine(
        cluster.address,
        place.course,
        place.plan,
        place.store,
        say=said.append,
        silent_seconds=silent_seconds,
        join_seconds=join_seconds,
    )


def batch(
    place: Place, engine: DaskEngine, jobs: int, *, only: Collection[int] | None = None
) -> "Future[BatchSummary]":
    """A batch in a thread of its own."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(grade_batch, place.plan, place.store, jobs=jobs, engine=engine, only=only)
    pool.shutdown(wait=False)
    return future
