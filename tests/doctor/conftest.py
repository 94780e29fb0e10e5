"""A toy course on this machine, to be examined."""

import os
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from grader.doctor import Subject
from grader.sandbox.images import ensure_image
from tests.sandbox.boxes import CPU
from tests.toy_course import write_toy_course

# Of this process: another may run other tests of these at the same time.
LABELS = {"csc2541.data": f"doctors-tests-{os.getpid()}"}

_image = cache(ensure_image)


@pytest.fixture(autouse=True, scope="module")
def image(request: pytest.FixtureRequest) -> None:
    """Before any container of a module that runs real ones."""
    if request.node.get_closest_marker("docker"):
        _image(CPU)


@pytest.fixture
def subject(tmp_path: Path) -> Iterator[Subject]:
    """The toy course, with no data folder yet."""
    made = Subject(write_toy_course(tmp_path), tmp_path / "data", LABELS)
    yield made
    made.close()


class EngineThatSays(Subject):
    """A subject whose engine says of itself what a test wants it to, and can do nothing."""

    says: dict[str, Any]

    def connect(self) -> tuple[Any, dict[str, Any]]:
        return None, self.says


def saying(subject: Subject, **says: Any) -> Subject:
    """The same course with an engine that says this of itself."""
    made = EngineThatSays(subject.course_file, subject.data, subject.labels)
    made.says = says
    return made


def asking(subject: Subject, field: str) -> Subject:
    """The same course, whose environment has another field."""
    text = subject.course_file.read_text()
    assert text.count("cpu: {gpus: 0}") == 1
    subject.course_file.write_text(text.replace("cpu: {gpus: 0}", f"cpu: {{{field}}}"))
    return Subject(subject.course_file, subject.data, subject.labels)


def run(*words: str) -> str:
    """What a command prints."""
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout
