"""A term's course and its store, with the roster in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.course import Course
from grader.store import Store, StudentRow, open_store
from tests.store.postgresql import copied_data
from tests.term_course import STUDENTS, term_course


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desk") / "data"
    with open_store(folder) as opened:
        opened.roster.update([StudentRow(name) for name in STUDENTS])
    return folder


@pytest.fixture
def store(migrated: Path, tmp_path: Path) -> Iterator[Store]:
    with open_store(copied_data(migrated, tmp_path / "data")) as opened:
        yield opened


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return term_course(tmp_path / "course")
