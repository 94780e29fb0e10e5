"""Course files with mistakes, data folders out of reach, databases damaged, old or too new."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.course import load_course
from grader.doctor import Mark, Subject, data
from grader.doctor.findings import NotTried
from grader.gradebook.versions import digest_of
from grader.store import open_store
from grader.store.condition import condition_of
from tests.store.postgresql import make_database

NOBODY = 65534


@pytest.fixture
def kept(subject: Subject) -> Subject:
    """The toy course with a data folder and an empty database."""
    open_store(subject.data).close()
    return subject


def execute(subject: Subject, statement: str) -> None:
    from django.db import connections

    with open_store(subject.data) as store, connections[store._tables.alias].cursor() as cursor:
        cursor.execute(statement)


def fresh(subject: Subject) -> Subject:
    """The same course, read anew."""
    return Subject(subject.course_file, subject.data, subject.labels)


def change(subject: Subject, old: str, new: str) -> Subject:
    text = subject.course_file.read_text()
    assert text.count(old) == 1
    subject.course_file.write_text(text.replace(old, new))
    return fresh(subject)


def test_a_course_file_is_counted_through(subject: Subject) -> None:
    assert data.course_file(subject).found == "TOY101, assignments: 1"


def test_the_first_mistake_of_a_course_file_is_told(subject: Subject) -> None:
    finding = data.course_file(change(subject, "zone: America/Toronto", "zone: Toronto\nzne: 1"))
    assert finding.mark is Mark.FAILED
    assert "mean `America/Toronto`?" in finding.found
    assert "and 1 more" in finding.found


def test_a_course_file_that_is_not_there_fails(subject: Subject) -> None:
    subject.course_file.unlink()
    finding = data.course_file(subject)
    assert finding.mark is Mark.FAILED
    assert "No such file" in finding.found
    with pytest.raises(NotTried, match="course file"):
        data.version_in_force(subject)


def test_what_is_yet_to_come_is_fine_and_is_not_made(subject: Subject) -> None:
    found = [data.data_folder(subject), data.database(subject), data.version_in_force(subject)]
    assert [one.mark for one in found] == [Mark.OK] * 3
    assert not subject.data.exists()


def test_a_fresh_data_folder_is_fine_and_stays_as_it_is(kept: Subject) -> None:
    before = {path: path.read_bytes() for path in kept.data.iterdir() if path.suffix == ".sqlite3"}
    assert data.data_folder(kept).found == "drwx------, ours alone"
    assert data.database(kept).mark is Mark.OK
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("name", ["", "secret"])
def test_what_others_can_read_is_told(kept: Subject, name: str) -> None:
    (kept.data / "secret").write_bytes(bytes(32))
    (kept.data / "secret").chmod(0o600)
    (kept.data / name).chmod(0o750 if not name else 0o640)
    finding = data.data_folder(kept)
    assert finding.mark is Mark.WARNING
    assert f"others can read {name or 'data'}" in finding.found
    assert f"chmod go-rwx {kept.data / name}" in finding.do


@pytest.fixture
def as_nobody() -> Iterator[None]:
    """Be a user whom the data folder is closed to."""
    if os.geteuid() == 0:
        os.seteuid(NOBODY)
        yield
        os.seteuid(0)
    else:
        pytest.skip("only root can be somebody else")


@pytest.mark.sqlite  # the folder has no database in it elsewhere
def test_a_data_folder_that_can_not_be_read_fails(kept: Subject, as_nobody: None) -> None:
    found = [data.data_folder(kept), data.database(kept)]
    assert [one.mark for one in found] == [Mark.FAILED] * 2
    assert found[0].found == "can't be read: Permission denied"
    assert "chown" in found[0].do


def test_a_data_folder_of_somebody_else_fails(
    kept: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data.os, "access", lambda *_, **__: False)
    finding = data.data_folder(kept)
    assert (finding.mark, finding.found) == (Mark.FAILED, "can't be used (drwx------)")


def test_a_file_in_the_data_folders_place_fails(subject: Subject) -> None:
    subject.data.touch(mode=0o600)
    assert data.data_folder(subject).mark is Mark.FAILED


@pytest.mark.sqlite
def test_a_damaged_database_fails(kept: Subject) -> None:
    path = kept.data / "course.sqlite3"
    path.write_bytes(path.read_bytes()[:4096] + b"\xff" * 8192)
    finding = data.database(kept)
    assert finding.mark is Mark.FAILED
    assert str(path) in finding.found
    assert "course fsck" in finding.do
    with pytest.raises(NotTried):
        data.version_in_force(kept)


def test_migrations_to_come_are_a_warning_and_are_left_to_come(kept: Subject) -> None:
    execute(kept, "DELETE FROM django_migrations WHERE app = 'store' AND name LIKE '0001%'")
    for _ in range(2):
        finding = data.database(kept)
        assert (finding.mark, finding.found) == (Mark.WARNING, "1 migrations to come")
    with pytest.raises(NotTried, match="database"):
        data.version_in_force(kept)


def test_a_database_of_a_newer_version_fails(kept: Subject) -> None:
    execute(
        kept,
        "INSERT INTO django_migrations (app, name, applied) VALUES ('store', '9999', '2027-01-01')",
    )
    finding = data.database(kept)
    assert finding.mark is Mark.FAILED
    assert "9999" in finding.found
    assert finding.do == "Update the grader."


def put_in_force(subject: Subject) -> None:
    course = load_course(subject.course_file)
    with open_store(subject.data) as store:
        text = subject.course_file.read_text()
        store.record.put_in_force(text, digest_of(course), reason="first", by="prof")


@pytest.mark.parametrize(
    ("old", "new", "mark"),
    [
        ("title: Toys", "title: Toys", Mark.OK),
        ("title: Toys", "title: More toys", Mark.OK),
        ("due: 2027-02-10", "due: 2027-02-11", Mark.WARNING),
    ],
)
def test_an_edit_that_does_not_count_yet_is_told(
    kept: Subject, old: str, new: str, mark: Mark
) -> None:
    assert data.version_in_force(kept).found == "none is in force yet"
    put_in_force(kept)
    finding = data.version_in_force(change(kept, old, new))
    assert finding.mark is mark
    assert finding.found.startswith("in force since ")
    assert ("not in force yet" in finding.found) is (mark is Mark.WARNING)


def test_a_version_that_can_not_be_read_any_more_fails(kept: Subject) -> None:
    put_in_force(kept)
    toy = kept.course_file.parent / "assignments" / "toy"
    toy.rename(toy.with_name("game"))
    finding = data.version_in_force(change(kept, "  toy:\n", "  game:\n"))
    assert finding.mark is Mark.FAILED
    assert "can't be read any more" in finding.found


def test_an_address_that_is_none_is_told(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_DATABASE", "mysql://here/course")
    assert "COURSE_DATABASE" in data.database(subject).found


def test_a_postgresql_that_does_not_answer_fails_soon(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_DATABASE", "postgresql://me@127.0.0.1:1/course")
    finding = data.database(subject)
    assert finding.mark is Mark.FAILED
    assert "PostgreSQL course at 127.0.0.1: it can't be opened" in finding.found


def test_a_postgresql_is_read_and_left_alone(
    postgresql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_DATABASE", make_database(postgresql, "doctor"))
    assert condition_of(tmp_path) == condition_of(tmp_path)
    assert not condition_of(tmp_path).exists
    open_store(tmp_path).close()
    found = condition_of(tmp_path)
    assert (found.exists, found.problem, found.missing, found.newer) == (True, "", (), ())
