"""Backups: all of a course, consistent while it runs, and the same after it is restored."""

import hashlib
import os
import stat
import subprocess
import tarfile
import threading
import tracemalloc
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from grader.outcomes import GraderError
from grader.store import Store, StudentRow, open_store
from grader.store.archive import BackupRefused
from grader.store.backup import back_up
from grader.store.fsck import check_store
from grader.store.restore import restore
from tests.store.full_store import NOON, all_bytes, all_rows, fill
from tests.store.postgresql import make_database

MEGABYTE = 1 << 20


@pytest.fixture
def full(store: Store) -> Store:
    fill(store)
    return store


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_every_row_and_every_byte_come_back(full: Store, tmp_path: Path) -> None:
    rows = all_rows(full)
    assert all(rows.values()), "a table without rows: nothing of it is compared"
    made = back_up(full, tmp_path / "b.tar.gz")
    assert (made.rows["submission"], made.left_out) == (6, 0)
    restore(tmp_path / "b.tar.gz", tmp_path / "new" / "data")
    with open_store(tmp_path / "new" / "data") as restored:
        assert all_rows(restored) == rows
        assert all_bytes(restored) == all_bytes(full)
        assert restored.secret() == full.secret()
        assert check_store(restored).findings == ()
        again = restored.accept("eve", "hw1", b"more", "a.ipynb", NOON + timedelta(hours=1))
        assert again.submission.id == 7
    assert all_rows(full) == rows


def test_only_its_owner_can_read_a_backup_and_what_is_restored(full: Store, tmp_path: Path) -> None:
    back_up(full, tmp_path / "b.tar.gz")
    restore(tmp_path / "b.tar.gz", tmp_path / "new")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("b.tar.gz", "new")]
    assert modes == [0o600, 0o700]
    assert names(tmp_path) == {"data", "b.tar.gz", "new"}
    held = {".gitignore", "blobs", "secret"}
    is_file = (full.folder / "course.sqlite3").exists()
    held |= {"course.sqlite3"} if is_file else set()
    assert names(tmp_path / "new") - {"setup.lock"} == held


def test_ordinary_tools_read_and_verify_a_backup(full: Store, tmp_path: Path) -> None:
    back_up(full, tmp_path / "b.tar.gz")
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run(["tar", "xzf", tmp_path / "b.tar.gz"], cwd=out, check=True)
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=out, check=True)
    listed = {line.split("  ")[1] for line in (out / "SHA256SUMS").read_text().splitlines()}
    found = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert found == listed | {"SHA256SUMS", "manifest.json"}


def test_a_backup_of_a_running_course_is_of_one_moment(store: Store, tmp_path: Path) -> None:
    """Each submission of it is whole, and of those that came in one after the other none lacks."""
    students = [f"s{number}" for number in range(4)]
    store.roster.update(map(StudentRow, students))
    stop = threading.Event()
    busy = threading.Barrier(len(students) + 1)

    def hand_in(student: str) -> None:
        number = 0
        while not stop.is_set():
            at = NOON + timedelta(seconds=number)
            store.accept(student, "hw1", f"{student} {number}".encode(), "a.ipynb", at)
            number += 1
            if number == 3:
                busy.wait(timeout=60)

    threads = [threading.Thread(target=hand_in, args=[student]) for student in students]
    for thread in threads:
        thread.start()
    busy.wait(timeout=60)
    before = len(store.submissions("hw1"))
    made = []
    for number in range(3):
        made.append(back_up(store, tmp_path / f"{number}.tar.gz"))
        while len(store.submissions("hw1")) <= made[-1].rows["submission"]:
            assert threads[0].is_alive()
    stop.set()
    for thread in threads:
        thread.join(timeout=60)
    source = all_rows(store)
    counts = [manifest.rows["submission"] for manifest in made]
    assert before <= counts[0] < counts[2] < len(source["submission"])
    for number, count in enumerate(counts):
        restore(tmp_path / f"{number}.tar.gz", tmp_path / f"{number}")
        with open_store(tmp_path / f"{number}") as restored:
            assert check_store(restored).findings == ()
            rows = all_rows(restored)
        assert len(rows["submission"]) == count
        # PostgreSQL gives numbers in one order, and rows may come in another: a student's do not.
        whose = {row["id"]: row["student_id"] for row in source["submission"]}
        for student in set(whose.values()):
            theirs, later = (of_student(every["submission"], student) for every in (rows, source))
            # Of those that were superseded later, the backup has the state of its moment.
            then = zip(later, theirs, strict=False)
            assert theirs == [{**row, "state": mine["state"]} for row, mine in then]
            events, later = (
                [row for row in every["event"] if whose[row["submission_id"]] == student]
                for every in (rows, source)
            )
            assert events == later[: len(events)]
        newest = {row["owner"]: row["id"] for row in rows["submission"]}
        queued = {row["id"] for row in rows["submission"] if row["state"] == "queued"}
        assert queued == set(newest.values())


def of_student(rows: list[dict[str, Any]], student: int) -> list[dict[str, Any]]:
    return [row for row in rows if row["student_id"] == student]


def test_nobody_waits_for_a_backup(
    full: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from grader.store import backup

    real = backup._list_blobs

    def meanwhile(*args: Any) -> int:
        full.accept("eve", "hw1", b"meanwhile", "a.ipynb", NOON + timedelta(hours=1))
        return real(*args)

    monkeypatch.setattr("grader.store.backup._list_blobs", meanwhile)
    made = back_up(full, tmp_path / "b.tar.gz")
    assert (made.rows["submission"], len(full.submissions("hw1"))) == (6, 6)


def test_memory_stays_small(store: Store, tmp_path: Path) -> None:
    store.accept("ada", "hw1", os.urandom(24 * MEGABYTE), "a.ipynb", NOON)
    tracemalloc.start()
    try:
        back_up(store, tmp_path / "b.tar.gz")
        restore(tmp_path / "b.tar.gz", tmp_path / "new")
        with open_store(tmp_path / "new") as restored:
            assert check_store(restored).is_sound
        assert tracemalloc.get_traced_memory()[1] < 12 * MEGABYTE
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["there.tar.gz", "no/such/folder.tar.gz"])
def test_a_backup_replaces_no_file_and_makes_no_folder(
    store: Store, tmp_path: Path, name: str
) -> None:
    (tmp_path / "there.tar.gz").write_text("precious")
    with pytest.raises(BackupRefused, match="Name a new file"):
        back_up(store, tmp_path / name)
    assert (tmp_path / "there.tar.gz").read_text() == "precious"
    assert names(tmp_path) == {"data", "there.tar.gz"}


def test_lost_bytes_are_told_and_can_be_left_out(full: Store, tmp_path: Path) -> None:
    gone, damaged = (hashlib.sha256(data).hexdigest() for data in (b"ada 0", b"ada 2"))
    full.blobs.path(gone).unlink()
    full.blobs.path(damaged).write_bytes(b"ada 3")
    with pytest.raises(GraderError, match=f"{gone}.*--without-damaged"):
        back_up(full, tmp_path / "b.tar.gz")
    full.blobs.write(b"ada 0")
    with pytest.raises(GraderError, match=f"{damaged}.*--without-damaged"):
        back_up(full, tmp_path / "b.tar.gz")
    assert names(tmp_path) == {"data"}
    full.blobs.path(gone).unlink()
    assert back_up(full, tmp_path / "b.tar.gz", without_damaged=True).left_out == 2
    restore(tmp_path / "b.tar.gz", tmp_path / "new")
    with open_store(tmp_path / "new") as restored:
        assert all_rows(restored) == all_rows(full)
        assert len(check_store(restored).findings) == 2


def test_a_lost_secret_is_not_replaced_by_a_new_one(full: Store, tmp_path: Path) -> None:
    (full.folder / "secret").unlink()
    with pytest.raises(GraderError, match="secret is missing"):
        back_up(full, tmp_path / "b.tar.gz")
    assert not (full.folder / "secret").exists()


def test_a_full_disk_leaves_nothing(
    full: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    back_up(full, tmp_path / "b.tar.gz")
    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", fails)
        with pytest.raises(GraderError, match="No space left"):
            back_up(full, tmp_path / "c.tar.gz")
    with monkeypatch.context() as patched:
        patched.setattr("os.sync", fails)
        with pytest.raises(GraderError, match="No space left"):
            restore(tmp_path / "b.tar.gz", tmp_path / "new")
    assert names(tmp_path) == {"data", "b.tar.gz"}


# --- where it may be restored ---------------------------------------------------------------


def test_a_course_is_never_overwritten(full: Store, tmp_path: Path) -> None:
    back_up(full, tmp_path / "b.tar.gz")
    rows = all_rows(full)
    with pytest.raises(BackupRefused, match="is not empty: it has blobs, "):
        restore(tmp_path / "b.tar.gz", full.folder)
    assert all_rows(full) == rows
    (tmp_path / "file").touch()
    with pytest.raises(BackupRefused, match="is no folder"):
        restore(tmp_path / "b.tar.gz", tmp_path / "file")


def test_an_empty_folder_is_filled(full: Store, tmp_path: Path) -> None:
    back_up(full, tmp_path / "b.tar.gz")
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / ".gitignore").write_text("*\n")
    restore(tmp_path / "b.tar.gz", tmp_path / "new")
    assert all_rows(open_store(tmp_path / "new")) == all_rows(full)


def test_a_folder_that_is_filled_meanwhile_is_left_as_it_is(
    full: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill_it() -> None:
        (tmp_path / "new").mkdir()
        (tmp_path / "new" / "secret").write_text("other")

    back_up(full, tmp_path / "b.tar.gz")
    monkeypatch.setattr("os.sync", fill_it)
    with pytest.raises(GraderError, match="not empty"):
        restore(tmp_path / "b.tar.gz", tmp_path / "new")
    assert names(tmp_path) == {"data", "b.tar.gz", "new"}
    assert names(tmp_path / "new") == {"secret"}


# --- PostgreSQL -----------------------------------------------------------------------------


def test_sqlite_goes_to_postgresql_and_back(
    full: Store, tmp_path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = all_rows(full)
    back_up(full, tmp_path / "1.tar.gz")
    monkeypatch.setenv("COURSE_DATABASE", make_database(postgresql, "there"))
    restore(tmp_path / "1.tar.gz", tmp_path / "there")
    with open_store(tmp_path / "there") as there:
        assert all_rows(there) == rows
        assert check_store(there).findings == ()
        back_up(there, tmp_path / "2.tar.gz")
        # Numbers go on after those that are taken.
        later = NOON + timedelta(hours=1)
        assert there.accept("eve", "hw1", b"more", "a", later).submission.id == 7
    with pytest.raises(BackupRefused, match=r"not empty: it has rows of .*student"):
        restore(tmp_path / "2.tar.gz", tmp_path / "second")
    monkeypatch.delenv("COURSE_DATABASE")
    restore(tmp_path / "2.tar.gz", tmp_path / "back")
    with open_store(tmp_path / "back") as back:
        assert all_rows(back) == rows
    assert names(tmp_path) == {"data", "there", "back", "1.tar.gz", "2.tar.gz"}


@pytest.mark.sqlite  # where such a name can be kept
def test_what_postgresql_refuses_leaves_no_row_and_no_file(
    full: Store, tmp_path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = full._tables.students().create(identifier="zoe", name="z" * 300)
    back_up(full, tmp_path / "b.tar.gz")
    monkeypatch.setenv("COURSE_DATABASE", make_database(postgresql, "strict"))
    with pytest.raises(BackupRefused, match=r"student\.jsonl, lines 1 to 4: .*too long"):
        restore(tmp_path / "b.tar.gz", tmp_path / "new")
    assert names(tmp_path) == {"data", "b.tar.gz"}
    long.delete(using=full._tables.alias)
    back_up(full, tmp_path / "c.tar.gz")
    with monkeypatch.context() as patched:
        patched.setattr("os.sync", lambda: (tmp_path / "new" / "x").mkdir(parents=True))
        with pytest.raises(GraderError, match="not empty"):
            restore(tmp_path / "c.tar.gz", tmp_path / "new")
    restore(tmp_path / "c.tar.gz", tmp_path / "other")
    assert all_rows(open_store(tmp_path / "other")) == all_rows(full)


def test_a_backup_of_postgresql_is_of_one_moment(
    tmp_path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from grader.store import backup

    monkeypatch.setenv("COURSE_DATABASE", make_database(postgresql, "running"))
    with open_store(tmp_path / "data") as store:
        fill(store)
        real = backup._write_rows

        def meanwhile(*args: Any) -> Any:
            at = NOON + timedelta(seconds=len(store.submissions("hw1")))
            store.accept("eve", "hw1", str(at).encode(), "a.ipynb", at)
            return real(*args)

        monkeypatch.setattr("grader.store.backup._write_rows", meanwhile)
        made = back_up(store, tmp_path / "b.tar.gz")
        assert len(store.submissions("hw1")) > 6
    assert made.rows["submission"] == 6
    monkeypatch.delenv("COURSE_DATABASE")
    restore(tmp_path / "b.tar.gz", tmp_path / "new")
    with open_store(tmp_path / "new") as restored:
        assert check_store(restored).findings == ()


def test_a_backup_is_a_plain_archive_of_known_members(full: Store, tmp_path: Path) -> None:
    back_up(full, tmp_path / "b.tar.gz")
    with tarfile.open(tmp_path / "b.tar.gz") as tar:
        members = tar.getmembers()
    assert [member.name for member in members[:2]] == ["manifest.json", "SHA256SUMS"]
    assert all(member.isreg() and member.mode == 0o600 for member in members)
