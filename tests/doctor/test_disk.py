"""Full disks, real ones where this user may mount one."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from grader.doctor import Mark, Subject, disk
from tests.doctor.conftest import saying

GIB = 1 << 30


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB and 8 files."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k,nr_inodes=8", "none", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a disk to fill")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_small_disk_fails_and_says_what_is_free(subject: Subject, small_disk: Path) -> None:
    subject.data = small_disk
    finding = disk.data_disk(subject)
    assert finding.mark is Mark.FAILED
    assert finding.found.startswith("0.0 GiB free, ")
    assert f"Make room on the disk of {small_disk}" in finding.do


def test_a_full_disk_is_told_by_writing(subject: Subject, small_disk: Path) -> None:
    with pytest.raises(OSError, match="No space left"), (small_disk / "full").open("wb") as file:
        file.write(bytes(1 << 20))
    subject.data = small_disk
    finding = disk.data_disk(subject)
    assert finding.mark is Mark.FAILED
    assert "writing fails: No space left on device" in finding.found


@pytest.mark.parametrize(
    ("free", "inodes", "all_inodes", "mark"),
    [
        (9 * GIB, 10**6, 10**7, Mark.OK),
        (9 * GIB, 0, 0, Mark.OK),  # a file system that doesn't count them
        (2 * GIB, 10**6, 10**7, Mark.WARNING),
        (GIB // 4, 10**6, 10**7, Mark.FAILED),
        (9 * GIB, 10**4, 10**7, Mark.WARNING),
        (9 * GIB, 10, 10**7, Mark.FAILED),
    ],
)
def test_room_is_judged_by_bytes_and_files(
    monkeypatch: pytest.MonkeyPatch, free: int, inodes: int, all_inodes: int, mark: Mark
) -> None:
    says = SimpleNamespace(
        f_bavail=free // 4096, f_frsize=4096, f_files=all_inodes, f_favail=inodes
    )
    monkeypatch.setattr(disk.os, "statvfs", lambda _: says)
    assert disk.room(Path("/"), disk.OF_DATA)[1] is mark


def test_a_disk_that_keeps_nothing_fails(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    finding = disk.data_disk(subject)
    assert finding.mark is Mark.FAILED
    assert "writing fails: Input/output error" in finding.found
    assert finding.do


def test_nothing_is_left_in_the_data_folder(subject: Subject) -> None:
    subject.data.mkdir()
    disk.data_disk(subject)
    assert list(subject.data.iterdir()) == []


def test_a_data_folder_that_is_yet_to_come_is_looked_for_above(subject: Subject) -> None:
    finding = disk.data_disk(subject)
    assert f"in {subject.data.parent}" in finding.looked_at
    assert not subject.data.exists()


def test_the_engines_disk_is_looked_at_where_it_can_be(
    subject: Subject, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = saying(subject, DockerRootDir=str(small_disk))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    finding = disk.engine_disk(other)
    assert finding.mark is Mark.FAILED
    assert "docker image prune" in finding.do
    monkeypatch.setenv("DOCKER_HOST", "tcp://elsewhere:2376")
    finding = disk.engine_disk(other)
    assert finding.mark is Mark.OK
    assert "not looked at" in finding.found
