"""A grader killed at every step of a submission: the next run goes on, and nothing counts twice."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.course import Course
from grader.course.roster import load_roster
from grader.grading import grade_batch, plan_grading
from grader.sandbox.docker import DockerSandbox
from grader.store import State, StudentRow, open_store
from tests.faults.killed_grading import MOMENTS
from tests.faults.light import NAME
from tests.faults.own_engine import OwnEngine
from tests.faults.soundness import RECEIVED, SECRET, check_nothing_is_left
from tests.store.postgresql import copied_data
from tests.term_course import notebook

pytestmark = pytest.mark.docker

ROOT = Path(__file__).parents[2]
# What each submission earns; the first is graded first.
SCORES = {"ada": 5.0, "bob": 3.0}
WITH_A_CONTAINER = {
    "with a container that is not started",
    "with a container that is started",
    "in the notebook",
    "before the first check",
    "between the checks",
    "before a container is removed",
}
GRADED = {"when the result is kept": 1, "before the batch is ended": 2}


@pytest.fixture(scope="module")
def process(session_engine: OwnEngine, course_file: Path) -> Iterator["subprocess.Popen[str]"]:
    """Forks graders that die."""
    surroundings = {"PYTHONPATH": str(ROOT), "DOCKER_HOST": session_engine.address}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.faults.killed_grading", str(course_file)],
        cwd=ROOT,
        env={**os.environ, **surroundings},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as started:
        yield started
        assert started.stdin is not None
        started.stdin.close()
        started.wait(60)


@pytest.fixture(scope="module")
def two(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with two quick notebooks."""
    folder = tmp_path_factory.mktemp("two") / "data"
    with open_store(folder) as opened:
        opened.secret()
        roster = load_roster(course.folder / "roster.csv")
        opened.roster.update(StudentRow(who.student, who.name, who.email) for who in roster)
        for minute, (student, score) in enumerate(SCORES.items()):
            data = notebook("one = 1.5", f"another = {2.5 if score == 5.0 else 0.0}")
            at = RECEIVED.replace(minute=minute)
            opened.accept(student, NAME, data, f"{student}.ipynb", at)
    return folder


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_at_any_step_leaves_what_the_next_run_takes_up(
    engine: OwnEngine,
    process: "subprocess.Popen[str]",
    course: Course,
    two: Path,
    tmp_path: Path,
    temporary: Path,
    moment: str,
) -> None:
    data = copied_data(two, tmp_path / "data")
    assert process.stdin is not None
    assert process.stdout is not None
    print(moment, data, temporary, moment, sep="\t", file=process.stdin, flush=True)
    assert process.stdout.readline() == "killed\n"
    assert bool(engine.containers()) == (moment in WITH_A_CONTAINER)
    plan = plan_grading(
        course,
        NAME,
        secret=SECRET,
        sandbox=DockerSandbox(),
        labels={"csc2541.tests": moment},
        with_files=False,
    )
    with open_store(data) as store:
        graded = store.status(NAME)[State.GRADED]
        assert graded == GRADED.get(moment, 0)
        with store.grading_lock():
            assert grade_batch(plan, store, jobs=1).graded == 2 - graded
        rows = store.submissions(NAME)
        assert {
            row.student: [result.earned for result in store.results(row.id)] for row in rows
        } == {student: [score] for student, score in SCORES.items()}
        assert {(row.state, row.attempts) for row in rows} == {(State.GRADED, 0)}
        check_nothing_is_left(store)
