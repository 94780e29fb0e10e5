"""A term's course and its store, with the roster in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.course import Course
from grader.store import Store, StudentRow, open_store
from tests.term_course import STUDENTS, term_course


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "data") as opened:
        opened.roster.update([StudentRow(name) for name in STUDENTS])
        yield opened


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return term_course(tmp_path / "course")
