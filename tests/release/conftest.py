"""The small assignment on disk, and its bundle."""

from pathlib import Path

import pytest

from grader.release.bundle import build_files
from tests.release.mini_assignment import FILES


def write_mini(parent: Path) -> Path:
    """The folder of a fresh copy of the small assignment."""
    folder = parent / "mini"
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


@pytest.fixture
def mini(tmp_path: Path) -> Path:
    """A copy that the test may change."""
    return write_mini(tmp_path)


@pytest.fixture(scope="session")
def shared_mini(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy that no test changes."""
    return write_mini(tmp_path_factory.mktemp("shared"))


@pytest.fixture(scope="session")
def clean_files(shared_mini: Path) -> dict[str, bytes]:
    """The small assignment's bundle; made once, since otter takes seconds."""
    return build_files(shared_mini)
