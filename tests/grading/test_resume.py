"""`course grade` killed and interrupted in the middle of a batch of real containers.

One data folder is filled and copied: one copy is graded without a break, another is killed again
and again. Both have the same secret, so both ask the same of the same notebooks.
"""

import json
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

import pytest

from grader.cli.workplace import Workplace
from grader.store import State, Store, open_store
from tests.store.postgresql import copied_data
from tests.toy_course import (
    ANSWERS,
    COURSE_COMMAND,
    answer_notebook,
    course_environment,
    write_toy_course,
)

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]

STUDENTS = ("ada", "bob", "cleo", "dan", "eve", "fay", "gus")
BEHAVIOURS = dict(zip(STUDENTS, cycle(ANSWERS), strict=False))
SEED = 20270210
RECEIVED = datetime(2027, 2, 1, 12, tzinfo=UTC)
SECONDS = 240
POLL_SECONDS = 0.02
# Every third kill comes after a result, so that they spread over the whole batch; the last two
# submissions are kept for the last runs.
KILLED_AFTER_A_RESULT = 3
KEPT = 2


@dataclass(frozen=True)
class Grader:
    """`course grade toy` on one data folder."""

    course_file: Path
    data: Path

    def start(self) -> "subprocess.Popen[str]":
        options = ("--course", str(self.course_file), "--data", str(self.data))
        temporary = self.data.with_name(f"{self.data.name}-tmp")
        temporary.mkdir(exist_ok=True)
        return subprocess.Popen(
            [*COURSE_COMMAND, *options, "grade", "toy", "--jobs", "2", "--json"],
            env=course_environment(TMPDIR=str(temporary)),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def containers(self) -> list[str]:
        """Containers of this data folder, running or not."""
        place = Workplace(self.course_file, self.data, None)
        ((key, value),) = place.labels.items()
        listed = subprocess.run(
            ["docker", "ps", "--all", "--quiet", "--filter", f"label={key}={value}"],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return listed.stdout.split()

    def wait_until_at_work(self, process: "subprocess.Popen[str]", store: Store) -> None:
        """Until `process` holds a lease. What a killed run held is queued when it starts."""
        known = {batch.id for batch in store.batches("toy")}
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            began = any(batch.id not in known for batch in store.batches("toy"))
            if began and store.status("toy")[State.RUNNING]:
                return
            assert process.poll() is None, process.communicate()[1]
            time.sleep(POLL_SECONDS)
        pytest.fail("it didn't begin to grade")

    def wait_for_moment(self, store: Store, *, results: int, seconds: float) -> None:
        """Until there are so many more results and then so many seconds; at once near the end."""
        wanted = store.status("toy")[State.GRADED] + results
        deadline = time.monotonic() + SECONDS
        end: float | None = None
        while time.monotonic() < (end or deadline):
            graded = store.status("toy")[State.GRADED]
            if graded >= len(STUDENTS) - KEPT:
                return
            if end is None and graded >= wanted:
                end = time.monotonic() + seconds
            time.sleep(POLL_SECONDS)
        assert end is not None, "it didn't grade"


@pytest.fixture(scope="module")
def course_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_toy_course(tmp_path_factory.mktemp("resume"), students=STUDENTS)


@pytest.fixture(scope="module")
def filled(course_file: Path) -> Path:
    """A data folder with a notebook of each student, none of them graded."""
    place = Workplace(course_file, course_file.parent / "filled", None)
    with place.store as store:
        store.secret()
        for student, behaviour in BEHAVIOURS.items():
            data = answer_notebook(behaviour)
            store.accept(student, "toy", data, f"{student}.ipynb", RECEIVED)
    return place.data


@dataclass(frozen=True)
class Uninterrupted:
    """What a run without a break found and kept, and the seconds of its quickest submission."""

    findings: dict[str, list[object]]
    files: set[str]
    seconds: float


@pytest.fixture(scope="module")
def uninterrupted(course_file: Path, filled: Path) -> Uninterrupted:
    grader = copied(course_file, filled, "uninterrupted")
    output, errors = grader.start().communicate(timeout=SECONDS)
    told = json.loads(output)
    assert (told["graded"], told["failed"]) == (len(STUDENTS), {}), errors
    with open_store(grader.data) as store:
        assert {row.student: row.earned for row in store.current_results("toy")} == {
            student: ANSWERS[behaviour][1] for student, behaviour in BEHAVIOURS.items()
        }
        phases = [row.graded.phases for row in store.current_results("toy")]
        quickest = min(sum(phase.values()) for phase in phases)
        return Uninterrupted(findings(store), files(grader.data), quickest)


@pytest.fixture
def processes() -> Iterator[list["subprocess.Popen[str]"]]:
    """Processes to end with the test, however it ends."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.communicate(timeout=SECONDS)


def copied(course_file: Path, filled: Path, name: str) -> Grader:
    return Grader(course_file, copied_data(filled, filled.with_name(name)))


def files(data: Path) -> set[str]:
    """The data folder's files, without those that SQLite comes and goes with."""
    names = {str(path.relative_to(data)) for path in data.rglob("*") if path.is_file()}
    return {name for name in names if not name.startswith("course.sqlite3-")}


def findings(store: Store) -> dict[str, list[object]]:
    """All that students are told, by student: scores, outcomes and messages."""
    return {
        row.student: [
            (check.check, check.earned, check.outcome, check.message, check.mutant)
            for check in row.graded.checks
        ]
        for row in store.current_results("toy")
    }


# At every step of a submission, one at a time, the tests of faults kill a grader.
@pytest.mark.parametrize("kills", [5, pytest.param(10, marks=pytest.mark.nightly)])
def test_kills_at_any_moments_end_with_each_submission_graded_once(
    kills: int,
    course_file: Path,
    filled: Path,
    uninterrupted: Uninterrupted,
    processes: list["subprocess.Popen[str]"],
) -> None:
    grader = copied(course_file, filled, f"killed-{kills}")
    moments = random.Random(SEED)
    left_behind: list[int] = []
    graded: list[int] = []
    with open_store(grader.data) as store:
        for number in range(kills):
            process = grader.start()
            processes.append(process)
            grader.wait_until_at_work(process, store)
            after_result = number % KILLED_AFTER_A_RESULT == KILLED_AFTER_A_RESULT - 1
            seconds = moments.uniform(0.0, uninterrupted.seconds)
            grader.wait_for_moment(store, results=int(after_result), seconds=seconds)
            process.kill()
            process.communicate(timeout=SECONDS)
            assert process.returncode == -signal.SIGKILL, "it ended before it was killed"
            left_behind.append(len(grader.containers()))
            graded.append(store.status("toy")[State.GRADED])
        assert any(left_behind), "no kill left a container behind: the test shows nothing"
        assert len(set(graded)) > kills // 4, f"all kills came at the same place: {graded}"

        last = grader.start()
        processes.append(last)
        output, errors = last.communicate(timeout=SECONDS)
        assert last.returncode == 0, errors
        assert json.loads(output)["graded"] == len(STUDENTS) - graded[-1]

        rows = store.submissions("toy")
        assert {row.student: len(store.results(row.id)) for row in rows} == dict.fromkeys(
            STUDENTS, 1
        )
        assert all((row.state, row.attempts) == (State.GRADED, 0) for row in rows)
        assert findings(store) == uninterrupted.findings
    assert grader.containers() == []
    assert files(grader.data) == uninterrupted.files


def test_ctrl_c_gives_back_what_it_held_and_says_so(
    course_file: Path, filled: Path, processes: list["subprocess.Popen[str]"]
) -> None:
    grader = copied(course_file, filled, "interrupted")
    with open_store(grader.data) as store:
        process = grader.start()
        processes.append(process)
        grader.wait_until_at_work(process, store)

        second = grader.start()
        processes.append(second)
        output, errors = second.communicate(timeout=SECONDS)
        assert (second.returncode, output) == (1, "")
        assert f"process {process.pid} is grading this course now" in errors

        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=SECONDS)
        assert (process.returncode, output) == (1, "")
        assert "interrupted; what was finished is kept" in errors
        assert "Traceback" not in errors
        counts = store.status("toy")
        assert counts[State.GRADED] + counts[State.QUEUED] == len(STUDENTS)
        assert counts[State.QUEUED] > 0
        assert all(row.attempts == 0 for row in store.submissions("toy"))
    assert grader.containers() == []
    leftovers = grader.data.with_name("interrupted-tmp")
    assert list(leftovers.iterdir()) == []
