"""A real store, on a real disk, with three students."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.store import Store, StudentRow, open_store
from tests.store.postgresql import NO_SERVER, programs, server


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose database is made: migrating anew for each test takes longer than it."""
    folder = tmp_path_factory.mktemp("store") / "data"
    with open_store(folder) as opened:
        opened.roster.update([StudentRow(name) for name in ("ada", "bob", "eve")])
    return folder


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The start of addresses of databases on a server of the tests' own."""
    found = programs()
    if found is None:
        pytest.skip(NO_SERVER)
    with server(found) as address:
        yield address


@pytest.fixture
def store(migrated: Path, tmp_path: Path) -> Iterator[Store]:
    shutil.copytree(migrated, tmp_path / "data")
    with open_store(tmp_path / "data") as opened:
        yield opened
