"""`runtime:` in course.yaml, from the file to the engine."""

from pathlib import Path
from typing import Any

import docker
import pytest

from grader.course import load_course
from grader.grading import plan_grading
from grader.sandbox.docker import DockerBox, DockerSandbox
from grader.store import State
from tests.cli.conftest import ToyCommand
from tests.toy_course import write_toy_course

pytestmark = pytest.mark.docker

# Every engine has it beside its own, under another name.
SECOND = "io.containerd.runc.v2"
SUBMIT = ("--now", "2027-02-01 12:00", "submit", "toy", "ada", "{}/ada.ipynb")


def asking(file: Path, runtime: str) -> None:
    text = file.read_text()
    assert text.count("cpu: {gpus: 0}") == 1
    file.write_text(text.replace("gpus: 0", f"gpus: 0, runtime: {runtime}"))


def test_an_unknown_runtime_stops_grading_before_anything_is_graded(toy: ToyCommand) -> None:
    assert toy.here(*SUBMIT).code == 0
    asking(toy.file, "runsx")
    ran = toy.apart("grade", "toy")
    assert ran.code == 2
    assert "asks for the runtime `runsx`, and the engine knows only runc" in ran.words
    assert "Install it and tell the engine of it (docs/operations.md)" in ran.words
    assert "Traceback" not in ran.err
    with toy.store() as store:
        (row,) = store.submissions("toy")
        assert (row.state, row.attempts) == (State.QUEUED, 0)


def test_grading_runs_in_the_runtime_that_is_asked_for(
    toy: ToyCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By `docker inspect`, of every container of a run."""
    client: Any = docker.from_env()
    seen: list[str] = []
    opened = DockerSandbox.open_box

    def open_box(*args: Any) -> Any:
        box = opened(*args)
        assert isinstance(box, DockerBox)
        told = client.api.inspect_container(box.container_id)
        seen.append(told["HostConfig"]["Runtime"])
        return box

    monkeypatch.setattr(DockerSandbox, "open_box", open_box)
    assert toy.here(*SUBMIT).code == 0
    asking(toy.file, SECOND)
    ran = toy.here("grade", "toy", "--jobs", "1")
    client.close()
    assert (ran.code, "5 of 5" in ran.err) == (0, True), ran
    assert seen
    assert set(seen) == {SECOND}


def test_without_isolation_the_runtime_is_nobodys(tmp_path: Path) -> None:
    from grader.sandbox.process import ProcessSandbox

    file = write_toy_course(tmp_path)
    asking(file, "runsx")
    course = load_course(file)
    plan = plan_grading(course, "toy", secret=bytes(32), sandbox=ProcessSandbox())
    assert plan.request.runtime == "runsx"
