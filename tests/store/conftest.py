"""A real store, on a real disk, with three students."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from grader.store import Store, StudentRow, open_store

STUDENTS = ("ada", "bob", "eve")


@contextmanager
def store_with_students(folder: Path) -> Iterator[Store]:
    """A new store, with the students."""
    with open_store(folder) as opened:
        opened.roster.update([StudentRow(name) for name in STUDENTS])
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def either_database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the test's data folders use each kind of database."""
    if request.param == "sqlite":
        monkeypatch.delenv("COURSE_DATABASE", raising=False)
    else:
        address = request.getfixturevalue("postgresql")
        monkeypatch.setenv("COURSE_DATABASE", f"{address}/either_{{folder}}")


@pytest.fixture
def either(either_database: None, tmp_path: Path) -> Iterator[Store]:
    """A store on each kind of database, with the students."""
    with store_with_students(tmp_path / "either") as opened:
        yield opened


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with store_with_students(tmp_path / "data") as opened:
        yield opened
