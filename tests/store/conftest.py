"""A real store, on a real disk, with three students."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.store import Store, StudentRow, open_store
from tests.store.postgresql import copied_data

STUDENTS = ("ada", "bob", "eve")


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose database is made: migrating anew for each test takes longer than it."""
    folder = tmp_path_factory.mktemp("store") / "data"
    with open_store(folder) as opened:
        opened.roster.update([StudentRow(name) for name in STUDENTS])
    return folder


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
    with open_store(tmp_path / "either") as opened:
        opened.roster.update([StudentRow(name) for name in STUDENTS])
        yield opened


@pytest.fixture
def store(migrated: Path, tmp_path: Path) -> Iterator[Store]:
    with open_store(copied_data(migrated, tmp_path / "data")) as opened:
        yield opened
