"""`course worker` and `course grade --engine`, with real containers."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from grader.cli.workplace import Workplace
from grader.store import Store, StudentRow, open_store
from tests.cluster.conftest import RECEIVED
from tests.cluster.processes import PATIENCE_SECONDS, Cluster, wait_until
from tests.toy_course import ANSWERS, COURSE_COMMAND, answer_notebook, write_toy_course

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]

GRADED = {"ada": "right", "bob": "of-symmetric", "eve": "crashing-cell"}


def containers(labels: dict[str, str]) -> list[str]:
    """Containers with these labels, running or not."""
    filters = [
        word for key, value in labels.items() for word in ("--filter", f"label={key}={value}")
    ]
    command = ["docker", "ps", "--all", "--quiet", *filters]
    listed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return listed.stdout.split()


def process_of_worker(nanny: int) -> int:
    """The process that a nanny started last: the worker itself."""
    listed = Path(f"/proc/{nanny}/task").glob("*/children")
    return max(int(pid) for children in listed for pid in children.read_text().split())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = open_store(tmp_path / "data")
    store.roster.update([StudentRow(name) for name in GRADED])
    for student, behaviour in GRADED.items():
        data = answer_notebook(behaviour)
        store.accept(student, "toy", data, f"{student}.ipynb", RECEIVED)
    return store


def test_two_workers_grade_in_containers_and_one_is_killed_meanwhile(
    tmp_path: Path, store: Store
) -> None:
    (tmp_path / "course").mkdir()
    course_file = write_toy_course(tmp_path / "course")
    (tmp_path / "cluster").mkdir()
    cluster = Cluster(tmp_path / "cluster", course_file)
    course = [*COURSE_COMMAND, "--course", str(course_file), "--data", str(tmp_path / "data")]
    try:
        cluster.start_scheduler()
        address = cluster.address.text
        for name in ("one", "two"):
            worker = ["worker", address, "--containers", "1", "--name", name]
            cluster.start(name, [*course, *worker])
        labels = Workplace(course_file, tmp_path / "data", None).labels
        cluster.start("grade", [*course, "grade", "toy", "--engine", address])
        wait_until(lambda: containers(labels), "a container")
        os.kill(process_of_worker(cluster.started["one"].pid), signal.SIGKILL)
        code = cluster.started["grade"].wait(400)
        assert code == 0, cluster.log("grade") + cluster.log("one") + cluster.log("two")
        assert "toy: 3 graded in" in cluster.log("grade")
        earned = {row.student: row.earned for row in store.current_results("toy")}
        assert earned == {who: ANSWERS[behaviour][1] for who, behaviour in GRADED.items()}
        assert {len(store.results(row.id)) for row in store.submissions("toy")} == {1}
        # What the killed process left behind, the next in its place has removed.
        wait_until(lambda: not containers(labels), "no container is left")
        # A process serves one batch: the nanny has another there for the next.
        for name in ("one", "two"):
            wait_until(lambda name=name: cluster.log(name).count("Registered to:") > 1, "a restart")
            assert store.secret().hex() not in cluster.log(name)
    finally:
        cluster.stop()
    assert cluster.started["one"].wait(PATIENCE_SECONDS) != 0
