"""The demo cohort, graded once a session through the batch path in real containers."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from grader.course import Assignment, Course, load_course
from grader.course.roster import load_roster
from grader.grading import BatchSummary, GradingPlan, grade_batch, plan_grading
from grader.grading.compiled import with_compiled_operations
from grader.grading.own_programs import use_own_cache
from grader.outcomes import GradedSubmission
from grader.sandbox.docker import DockerSandbox
from grader.sandbox.images import ensure_image
from grader.store import Store, StudentRow, open_store
from tests.cohort.build import ROSTER

ROOT = Path(__file__).parents[2]
SUBMISSIONS = ROOT / "tests" / "submissions"
LABELS = {"csc2541.tests": f"cohort-{os.getpid()}"}
SECRET = b"the cohort's hidden inputs".ljust(32, b".")

# What never ends is waited for as long as this; of what ends, a cell takes a second and a call
# two. Filling the memory takes a virtual machine some ten seconds a gigabyte where it has to be got
# from the host first, and has to fit into a cell; a notebook that is right takes 0.4 GB.
SMALL = {
    "notebook_seconds": 180.0,
    "cell_seconds": 15.0,
    "call_seconds": 12.0,
    "memory_bytes": 1 << 30,
}


@dataclass(frozen=True)
class GradedCohort:
    """What a batch made of the cohort: the newest result of each student."""

    store: Store
    summary: BatchSummary
    results: dict[str, GradedSubmission]
    processes_before: int


@pytest.fixture(scope="session")
def course() -> Course:
    """The course with limits that end what never ends sooner."""
    course = load_course(ROOT / "course.yaml")
    ps1 = course.assignments["ps1"]
    limits = ps1.limits.model_copy(update=SMALL)
    return with_assignment(course, ps1.model_copy(update={"limits": limits}))


@pytest.fixture(scope="session")
def cohort(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GradedCohort]:
    """The whole cohort, received a day before it is due, graded two at a time."""
    ensure_image(course.environments["cpu"].folder)
    processes_before = count_processes()
    with open_store(tmp_path_factory.mktemp("cohort") / "data") as store:
        roster = load_roster(ROSTER)
        store.roster.update(StudentRow(who.student, who.name, who.email) for who in roster)
        received_at = course.assignments["ps1"].due_utc - timedelta(days=1)
        for who in roster:
            data = notebook_of(who.student)
            store.accept(who.student, "ps1", data, f"{who.student}.ipynb", received_at)
        with store.grading_lock():
            summary = grade_batch(plan(course), store, jobs=2)
        yield GradedCohort(store, summary, newest_results(store), processes_before)


def plan(course: Course) -> GradingPlan:
    """A plan that knows nothing yet, for containers with this session's labels."""
    use_own_cache("tests")
    made = plan_grading(course, "ps1", secret=SECRET, sandbox=DockerSandbox(), labels=LABELS)
    return with_compiled_operations(made)


def newest_results(store: Store) -> dict[str, GradedSubmission]:
    """Each student's result of the newest grading."""
    return {row.student: row.graded for row in store.current_results("ps1")}


def notebook_of(behaviour: str) -> bytes:
    """The bytes of the cohort's notebook of this name."""
    return (SUBMISSIONS / behaviour / "notebook.ipynb").read_bytes()


def count_processes() -> int:
    """Processes of the whole machine, those in containers included."""
    return sum(entry.name.isdigit() for entry in Path("/proc").iterdir())


def with_assignment(course: Course, assignment: Assignment) -> Course:
    """The course with one assignment replaced."""
    assignments = {**course.assignments, assignment.name: assignment}
    return course.model_copy(update={"assignments": assignments})
