"""What is made once and used again stays within bounds."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from grader.sandbox.tidying import (
    keep_newest_folders,
    remove_old_images,
    shrink_folder,
    shrink_now_and_then,
)


def written(folder: Path, *sizes: int) -> None:
    """Files 0, 1, ... of these sizes, each an hour newer than the one before."""
    for number, size in enumerate(sizes):
        path = folder / "deep" / str(number)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(size))
        os.utime(path, (number * 3600, number * 3600))


def test_a_folder_within_its_size_stays_as_it_is(tmp_path: Path) -> None:
    written(tmp_path, 50, 50)
    assert shrink_folder(tmp_path, 100) == 0
    assert len(list((tmp_path / "deep").iterdir())) == 2


def test_a_folder_over_its_size_loses_what_was_written_first(tmp_path: Path) -> None:
    written(tmp_path, 30, 30, 30, 30)
    assert shrink_folder(tmp_path, 100) == 60
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == ["2", "3"]


def test_a_folder_that_is_not_there_has_no_size(tmp_path: Path) -> None:
    assert shrink_folder(tmp_path / "none", 1) == 0


def test_a_folder_is_looked_at_once_an_hour(tmp_path: Path) -> None:
    folder = tmp_path / "programs"
    assert shrink_now_and_then(folder, 100) == 0
    folder.mkdir()
    written(folder, 30, 30, 30, 30)
    assert shrink_now_and_then(folder, 100) == 0
    (looked,) = tmp_path.glob(".*")
    an_hour_ago = time.time() - 3601
    os.utime(looked, (an_hour_ago, an_hour_ago))
    assert shrink_now_and_then(folder, 100) == 60
    written(folder, 30, 30)
    assert shrink_now_and_then(folder, 100) == 0


def test_folders_of_today_stay_since_they_may_be_in_use(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"ps1-{name}").mkdir()
    keep_newest_folders(tmp_path, "ps1-?", 1)
    assert len(list(tmp_path.iterdir())) == 3


def test_the_newest_folders_of_a_name_stay(tmp_path: Path) -> None:
    for number, name in enumerate(["ps1-b", "ps1-a", "ps1-c", "lab04-a"]):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("")
        os.utime(tmp_path / name, (number, number))
    (tmp_path / "ps1-new").mkdir()
    (tmp_path / "ps1-d").mkdir()
    keep_newest_folders(tmp_path, "ps1-?", 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "lab04-a",
        "ps1-c",
        "ps1-d",
        "ps1-new",
    ]


@pytest.fixture
def images(tmp_path: Path) -> Iterator[str]:
    """A name with four images of a few bytes, 0 the oldest."""
    name = f"csc2541-test-{uuid4().hex[:8]}"
    environment = {**os.environ, "DOCKER_BUILDKIT": "0"}
    for number in range(4):
        (tmp_path / "Dockerfile").write_text(f"FROM scratch\nCOPY Dockerfile /{number}\n")
        command = ["docker", "build", "-q", "-t", f"{name}:{number}", tmp_path]
        subprocess.run(command, check=True, capture_output=True, env=environment)
        time.sleep(1.1)  # the engine sorts them by whole seconds
    yield name
    tags = [f"{name}:{number}" for number in range(4)]
    subprocess.run(["docker", "image", "rm", "-f", *tags], check=False, capture_output=True)


@pytest.mark.docker
def test_the_newest_images_and_those_in_use_stay(images: str) -> None:
    made = subprocess.run(
        ["docker", "create", f"{images}:0", "none"], check=True, capture_output=True, text=True
    )
    try:
        assert remove_old_images(images, keep=2) == [f"{images}:1"]
    finally:
        subprocess.run(["docker", "rm", made.stdout.strip()], check=True, capture_output=True)
    assert remove_old_images(images, keep=2) == [f"{images}:0"]
