"""A real store, on a real disk, with three students."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.store import Store, StudentRow, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "data") as opened:
        opened.update_roster([StudentRow(name) for name in ("ada", "bob", "eve")])
        yield opened
