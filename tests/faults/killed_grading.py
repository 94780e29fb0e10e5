"""A process that grades and is killed with SIGKILL at a moment that it is told.

    python -m tests.faults.killed_grading COURSE_FILE

Each line that it reads is a moment, a data folder, a folder for temporary files and a label, with
tabs between them. A fork of it grades there, one submission at a time, and dies the first time that
the moment comes. How it ended is written back: `killed`, or its exit code.
"""

import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from docker.models.containers import Container

import grader.sandbox.docker
from grader.course import Course, load_course
from grader.grading import Progress, grade_batch, plan_grading
from grader.sandbox.docker import DockerSandbox
from grader.store import Store, open_store
from tests.faults.light import NAME
from tests.faults.soundness import SECRET


def die() -> None:
    """As by the kernel, without a last word."""
    os.kill(os.getpid(), signal.SIGKILL)


def before(call: Callable[..., Any]) -> Callable[..., Any]:
    """Dies in place of the call."""

    def instead(*_: Any, **__: Any) -> None:
        die()

    return instead


def after(call: Callable[..., Any]) -> Callable[..., Any]:
    """Dies when the call has done its work."""

    def then(*args: Any, **options: Any) -> None:
        call(*args, **options)
        die()

    return then


# By name: what of whom is called then, and on which side of it the end comes.
CALLS: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "before a claim": (Store, "claim", before),
    "after a claim": (Store, "claim", after),
    "before a container": (DockerSandbox, "open_box", before),
    "with a container that is not started": (Container, "start", before),
    "with a container that is started": (DockerSandbox, "open_box", after),
    "before a container is removed": (grader.sandbox.docker, "remove_container", before),
    "when a container is removed": (grader.sandbox.docker, "remove_container", after),
    "before the result is kept": (Store, "finish", before),
    "when the result is kept": (Store, "finish", after),
    "before the batch is ended": (Store, "end_batch", before),
}
STEPS = {
    "in the notebook": "cell 2",
    "before the first check": "one_number",
    "between the checks": "another_number",
}
MOMENTS = (*CALLS, *STEPS)


def grade_until(course: Course, moment: str, data: Path, label: str) -> None:
    """Grade what is queued, and die at the moment."""
    if moment in CALLS:
        owner, name, side = CALLS[moment]
        setattr(owner, name, side(getattr(owner, name)))

    def listen(progress: Progress) -> None:
        if progress.step == STEPS.get(moment):
            die()

    sandbox = DockerSandbox()
    labels = {"csc2541.tests": label}
    plan = plan_grading(
        course, NAME, secret=SECRET, sandbox=sandbox, labels=labels, with_files=False
    )
    with open_store(data) as store, store.grading_lock():
        grade_batch(plan, store, jobs=1, on_progress=listen)


def main(course_file: str) -> None:
    """Fork for each line, and tell how that ended."""
    course = load_course(Path(course_file))
    for line in sys.stdin:
        moment, data, temporary, label = line.rstrip("\n").split("\t")
        child = os.fork()
        if child == 0:
            tempfile.tempdir = temporary
            grade_until(course, moment, Path(data), label)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        died = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print("killed" if died else f"ended with {status}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
