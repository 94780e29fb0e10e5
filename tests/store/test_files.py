"""Blobs, the secret, and opening a data folder."""

import hashlib
import os
import stat
from pathlib import Path

import pytest

from grader.outcomes import GraderError
from grader.store import Blobs, Store, StudentRow, database_settings, open_store


def test_bytes_come_back_by_their_hash(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "blobs")
    for data in (b"", b"x", os.urandom(70_000)):
        sha256 = blobs.write(data)
        assert sha256 == hashlib.sha256(data).hexdigest()
        assert blobs.path(sha256).parent.name == sha256[:2]
        assert blobs.write(data) == sha256
        assert blobs.read(sha256) == data


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda path: path.write_bytes(b"other"), id="changed"),
        pytest.param(lambda path: path.write_bytes(b"goo"), id="cut off"),
        pytest.param(lambda path: path.unlink(), id="missing"),
    ],
)
def test_a_damaged_blob_is_our_failure_by_name_and_can_be_written_again(
    tmp_path: Path, damage: object
) -> None:
    blobs = Blobs(tmp_path)
    sha256 = blobs.write(b"good")
    assert callable(damage)
    damage(blobs.path(sha256))
    with pytest.raises(GraderError, match=sha256):
        blobs.read(sha256)
    blobs.write(b"good")
    assert blobs.read(sha256) == b"good"


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "a" * 63, "A" * 64, "g" * 64])
def test_what_is_no_hash_never_names_a_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not a SHA-256"):
        Blobs(tmp_path).path(name)


def test_a_failing_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_args: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("pathlib.Path.replace", fails)
    with pytest.raises(OSError, match="Input/output"):
        Blobs(tmp_path).write(b"x")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_bytes_that_lay_there_already_are_made_durable_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever wrote them may have been killed between the rename and its fsync."""
    blobs = Blobs(tmp_path / "blobs")
    path = blobs.path(blobs.write(b"x"))
    synced: list[str] = []
    monkeypatch.setattr(
        "os.fsync", lambda file: synced.append(os.readlink(f"/proc/self/fd/{file}"))
    )
    blobs.write(b"x")
    assert synced == [str(path.parent), str(blobs.folder), str(tmp_path)]


def test_the_secret_is_made_once_and_only_its_owner_reads_it(store: Store) -> None:
    secret = store.secret()
    assert len(secret) == 32
    assert store.secret() == secret
    assert open_store(store.folder).secret() == secret
    assert stat.S_IMODE((store.folder / "secret").stat().st_mode) == 0o600
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700


def test_a_damaged_secret_is_never_replaced(store: Store) -> None:
    (store.folder / "secret").write_bytes(b"short")
    with pytest.raises(GraderError, match="5 bytes, not 32"):
        store.secret()
    assert (store.folder / "secret").read_bytes() == b"short"


def test_stores_of_two_courses_do_not_mix(tmp_path: Path) -> None:
    one, two = open_store(tmp_path / "one"), open_store(tmp_path / "two")
    one.roster.update([StudentRow("ada")])
    assert [student.identifier for student in one.roster.students()] == ["ada"]
    assert two.roster.students() == ()
    assert one.secret() != two.secret()


def test_git_passes_over_a_data_folder(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    open_store(folder).close()
    assert (folder / ".gitignore").read_text() == "*\n"
    (folder / ".gitignore").write_text("# mine\n")
    open_store(folder).close()
    assert (folder / ".gitignore").read_text() == "# mine\n"


def test_opening_again_keeps_everything_and_migrates_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_args: object, **_options: object) -> None:
        raise AssertionError("migrated for nothing")

    monkeypatch.setattr("django.core.management.call_command", never)
    assert open_store(store.folder).roster.students() == store.roster.students()


@pytest.mark.sqlite
def test_sqlite_waits_checks_keys_and_lets_readers_go_on(store: Store) -> None:
    from django.db import connections

    with connections[store._tables.alias].cursor() as cursor:
        found = []
        for pragma in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous"):
            cursor.execute(f"PRAGMA {pragma}")
            found.append(cursor.fetchone())
    assert found == [("wal",), (1,), (30_000,), (2,)]


def test_the_migrations_make_the_models(store: Store) -> None:
    from django.core.management import call_command

    # Exits by itself, with the changes as its message, when a migration is missing.
    call_command("makemigrations", "store", check=True, dry_run=True, verbosity=0)


def test_a_database_of_a_newer_version_is_refused(store: Store) -> None:
    from django.db import connections
    from django.db.migrations.recorder import MigrationRecorder

    MigrationRecorder(connections[store._tables.alias]).record_applied("store", "0999_later")
    with pytest.raises(GraderError, match="0999_later"):
        open_store(store.folder)


@pytest.mark.sqlite
def test_a_file_that_is_no_database_is_our_failure(tmp_path: Path) -> None:
    (tmp_path / "course.sqlite3").write_bytes(b"not a database, " * 100)
    with pytest.raises(GraderError, match=r"course\.sqlite3.*not a database"):
        open_store(tmp_path)


def test_a_folder_that_cannot_be_made_is_our_failure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(GraderError, match="data folder"):
        open_store(tmp_path / "file" / "data")


def test_postgresql_is_chosen_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_DATABASE", "postgresql://me:p%40ss@db.example:5433/grades")
    settings = database_settings(tmp_path)
    assert settings["ENGINE"] == "django.db.backends.postgresql"
    assert (settings["USER"], settings["PASSWORD"], settings["NAME"]) == ("me", "p@ss", "grades")
    assert (settings["HOST"], settings["PORT"]) == ("db.example", "5433")
    monkeypatch.setenv("COURSE_DATABASE", "mysql://x/y")
    with pytest.raises(GraderError, match="COURSE_DATABASE"):
        database_settings(tmp_path)
