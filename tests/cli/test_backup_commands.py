"""`course backup`, `course restore` and `course fsck`: what they say, and their exit codes."""

import json
from pathlib import Path

import pytest

from grader.desk.backups import last_backup
from grader.store import open_store
from tests.cli.conftest import ToyCommand


@pytest.fixture
def running(toy: ToyCommand) -> ToyCommand:
    """The toy's course with one submission."""
    assert toy.here("submit", "toy", "ada", "{}/ada.ipynb").code == 0
    return toy


def elsewhere(toy: ToyCommand, *args: str) -> tuple[str, ...]:
    """A command on another data folder of the same course; the last `--data` counts."""
    return ("--data", str(toy.folder / "elsewhere"), *args)


def test_a_backup_is_made_restored_and_found_sound(running: ToyCommand) -> None:
    made = running.here("backup", "{}/b.tar.gz")
    assert made.code == 0
    assert "b.tar.gz: 1 submissions, 1 files, " in made.out
    noted = last_backup(running.data)
    assert noted is not None
    assert (Path(noted.file), noted.submissions) == (running.folder / "b.tar.gz", 1)
    back = running.here(*elsewhere(running, "restore", "{}/b.tar.gz"))
    assert back.code == 0
    assert back.out.endswith("submissions: 1, files: 1, results: 0; nothing is wrong\n")
    with running.store() as store, open_store(running.folder / "elsewhere") as other:
        assert other.submissions("toy") == store.submissions("toy") != ()


def test_scripts_read_json(running: ToyCommand) -> None:
    made = json.loads(running.here("backup", "--json", "{}/b.tar.gz").out)
    assert (made["submissions"], made["files"], made["left_out"]) == (1, 1, 0)
    back = json.loads(running.here(*elsewhere(running, "restore", "--json", "{}/b.tar.gz")).out)
    assert back == json.loads(running.here("fsck", "--json").out)
    assert (back["sound"], back["submissions"], back["findings"]) == (True, 1, [])


def test_what_is_wrong_is_told_with_what_to_do_and_exits_with_1(running: ToyCommand) -> None:
    with running.store() as store:
        (row,) = store.submissions("toy")
        store.blobs.path(row.sha256).unlink()
    ran = running.here("fsck")
    assert ran.code == 1
    assert f"bytes submission {row.id}, toy of ada" in ran.words
    assert "have the same file handed in again" in ran.words
    assert "results: 0; wrong: 1" in ran.words
    (told,) = json.loads(running.here("fsck", "--json").out)["findings"]
    assert (told["check"], told["wrong"]) == ("bytes", True)
    assert told["where"] == f"submission {row.id}, toy of ada"
    assert row.sha256 in told["what"]
    assert running.here("backup", "{}/b.tar.gz").code == 2
    left = running.here("backup", "--without-damaged", "{}/b.tar.gz")
    assert (left.code, "1 damaged or lost files are NOT in it" in left.words) == (1, True)
    assert running.here(*elsewhere(running, "restore", "{}/b.tar.gz")).code == 1
    assert running.here("submit", "toy", "ada", "{}/ada.ipynb").code == 0
    assert running.here("fsck").code == 0


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("backup", "{}/course.yaml"), "course.yaml: exists already. Name a new file"),
        (("backup", "{}/missing/b.tar.gz"), "has no folder to be in"),
        (("--data", "{}/missing", "backup", "{}/b.tar.gz"), "missing holds no course"),
        (("--data", "{}/assignments", "backup", "{}/b.tar.gz"), "assignments holds no course"),
        (("--data", "{}/missing", "fsck"), "missing holds no course. Name its data folder"),
        (("restore", "{}/course.yaml"), "data is not empty: it has blobs"),
        (("--data", "{}/new", "restore", "{}/course.yaml"), "course.yaml: this is no backup"),
        (("--data", "{}/new", "restore", "{}/missing"), "missing: there is no such file"),
    ],
)
def test_the_users_error_exits_with_1_and_changes_nothing(
    running: ToyCommand, args: tuple[str, ...], words: str
) -> None:
    before = files(running.folder)
    ran = running.here(*args)
    assert (ran.code, ran.out) == (1, "")
    assert words in ran.words
    assert files(running.folder) == before


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if "course.sqlite3" not in path.name}
