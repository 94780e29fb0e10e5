"""On PostgreSQL: which database a data folder has, and how one that isn't there is made."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from grader.outcomes import GraderError
from grader.store import StoreFault, StudentRow, database_settings, open_store
from grader.store.backup import back_up
from grader.store.condition import condition_of
from grader.store.postgresql import make_if_absent
from grader.store.restore import restore
from tests.store.full_store import all_rows, fill

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 9, 21, 12, tzinfo=UTC)


class Databases:
    """A server's databases, and a setting that gives each data folder one of its own."""

    def __init__(self, address: str) -> None:
        self.address = address

    def run(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(f"{self.address}/postgres", autocommit=True) as connection:
            found = connection.execute(statement.encode())
            return found.fetchall() if found.description else []

    def names(self) -> set[object]:
        return {name for (name,) in self.run("SELECT datname FROM pg_database")}

    def comment(self, name: str) -> object:
        query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '%s'"
        return self.run(query % name)[0][0]


@pytest.fixture
def databases(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> Databases:
    monkeypatch.setenv("COURSE_DATABASE", f"{postgresql}/own_{{folder}}")
    return Databases(postgresql)


def name_of(folder: Path) -> str:
    return database_settings(folder)["NAME"]


def with_student(folder: Path, name: str) -> None:
    with open_store(folder) as store:
        store.roster.update([StudentRow(name)])


def students(folder: Path) -> list[str]:
    with open_store(folder) as store:
        return [row.identifier for row in store.roster.students()]


def test_a_server_that_ended_our_connection_is_found_again(
    databases: Databases, tmp_path: Path
) -> None:
    """As one that was restarted has."""
    with open_store(tmp_path / "data") as store:
        store.roster.update([StudentRow("ada")])
        name = name_of(tmp_path / "data")
        ended = databases.run(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        assert ended == [(True,)]
        with pytest.raises(StoreFault):
            store.roster.students()
        assert [row.identifier for row in store.roster.students()] == ["ada"]


def test_one_setting_gives_each_data_folder_a_database_of_its_own(
    databases: Databases, tmp_path: Path
):
    one, two = tmp_path / "one", tmp_path / "two"
    with_student(one, "ada")
    with_student(two, "bob")
    assert (students(one), students(two)) == (["ada"], ["bob"])
    assert {name_of(one), name_of(two)} <= databases.names()
    assert len(name_of(one)) == len("own_") + 12
    assert databases.comment(name_of(one)) == f"course: {one}"


def test_a_secret_may_be_there_before_the_database(databases: Databases, tmp_path: Path):
    (tmp_path / "secret").write_bytes(b"s" * 32)
    with open_store(tmp_path) as store:
        assert store.secret() == b"s" * 32


def test_a_data_folder_has_one_name_by_whatever_way_it_is_reached(
    databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with_student(tmp_path / "one", "ada")
    (tmp_path / "link").symlink_to(tmp_path / "one")
    monkeypatch.chdir(tmp_path)
    assert students(Path("one")) == students(tmp_path / "link") == ["ada"]


def test_a_database_is_made_in_utf_8_without_its_tables_being_asked_for(
    databases: Databases, tmp_path: Path
):
    assert not condition_of(tmp_path / "one").exists
    assert name_of(tmp_path / "one") not in databases.names()
    with_student(tmp_path / "one", "ada")
    assert condition_of(tmp_path / "one").missing == ()
    query = "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = '%s'"
    assert databases.run(query % name_of(tmp_path / "one")) == [("UTF8",)]


def test_processes_that_open_a_new_data_folder_at_once_share_its_database(
    databases: Databases, tmp_path: Path
):
    code = "import sys, pathlib, grader.store as s; s.open_store(pathlib.Path(sys.argv[1]))"
    words = [sys.executable, "-c", code, str(tmp_path / "new")]
    started = [subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE) for _ in range(4)]
    assert [process.communicate(timeout=120)[1] for process in started] == [b""] * 4
    assert students(tmp_path / "new") == []


def test_a_course_is_restored_into_the_database_of_its_folder(databases: Databases, tmp_path: Path):
    with open_store(tmp_path / "old") as store:
        store.roster.update([StudentRow(name) for name in ("ada", "bob", "eve")])
        fill(store)
        back_up(store, tmp_path / "b.tar.gz")
        rows = all_rows(store)
    before = databases.names()
    restore(tmp_path / "b.tar.gz", tmp_path / "new")
    with open_store(tmp_path / "new") as restored:
        assert all_rows(restored) == rows
    assert databases.names() - before == {name_of(tmp_path / "new")}


def test_a_data_folder_that_was_moved_is_not_taken_for_a_new_course(
    databases: Databases, tmp_path: Path
):
    old, new = tmp_path / "old", tmp_path / "new"
    with open_store(old) as store:
        store.roster.update([StudentRow("ada")])
        store.accept("ada", "hw1", b"x", "a.ipynb", NOON)
    old.rename(new)
    with pytest.raises(GraderError, match=r"no such database, and .*new holds a course") as told:
        open_store(new)
    assert name_of(new) not in databases.names()
    assert f'RENAME TO "{name_of(new)}"' in str(told.value)
    databases.run(f'ALTER DATABASE "{name_of(old)}" RENAME TO "{name_of(new)}"')
    assert students(new) == ["ada"]


def test_a_course_on_sqlite_is_not_taken_for_a_new_one(
    databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as patched:
        patched.delenv("COURSE_DATABASE")
        with_student(tmp_path / "one", "ada")
    with pytest.raises(GraderError, match=r"in its course\.sqlite3, unset COURSE_DATABASE"):
        open_store(tmp_path / "one")
    assert name_of(tmp_path / "one") not in databases.names()


def test_who_may_make_no_database_is_told_what_to_do(
    databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    databases.run("DROP ROLE IF EXISTS plain")
    databases.run("CREATE ROLE plain LOGIN")
    address = databases.address.replace("//me@", "//plain@")
    monkeypatch.setenv("COURSE_DATABASE", f"{address}/plain_{{folder}}")
    with pytest.raises(GraderError, match="plain may not make one") as told:
        open_store(tmp_path / "one")
    assert f"createdb --owner plain {name_of(tmp_path / 'one')}" in str(told.value)
    one, two = (name_of(tmp_path / name) for name in ("one", "two"))
    databases.run(f'CREATE DATABASE "{one}" OWNER plain TEMPLATE template0')
    with_student(tmp_path / "one", "ada")
    assert students(tmp_path / "one") == ["ada"]
    databases.run("ALTER ROLE plain CREATEDB")
    make_if_absent(database_settings(tmp_path / "two"), tmp_path / "two")
    assert two in databases.names()


def test_a_server_that_is_away_is_told_as_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COURSE_DATABASE", "postgresql://me@127.0.0.1:1/own_{folder}")
    with pytest.raises(GraderError, match=r"own_.*: the database cannot be opened: .*refused"):
        open_store(tmp_path / "one")


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("mysql://here/course", "another kind"),
        ("postgresql://here", "no name"),
        ("postgresql://here:many/course", "port"),
        ("postgresql://here:99999/course", "port"),
        ("postgresql://[here/course", "can't be read"),
        ("postgresql://here/course?sslmode", "options can't be read"),
        ("postgresql://me:Zq/9@here/course", "in a password"),
        (f"postgresql://here/{'é' * 26}{{folder}}", "longer than 63 bytes"),
    ],
)
def test_an_address_that_is_none_is_refused_with_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, seen: str
):
    monkeypatch.setenv("COURSE_DATABASE", address)
    with pytest.raises(GraderError, match=f"COURSE_DATABASE is not understood.*{seen}") as told:
        database_settings(tmp_path)
    assert "Zq" not in str(told.value), "no part of a password is shown"


def test_what_the_server_asks_of_connections_may_follow_the_name(
    databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    options = "application_name=my%20course&options=-c%20search_path=public"
    monkeypatch.setenv("COURSE_DATABASE", f"{databases.address}/own_{{folder}}?{options}")
    with open_store(tmp_path / "one") as store:
        store.roster.update([StudentRow("ada")])
        assert databases.run(
            "SELECT application_name FROM pg_stat_activity WHERE datname LIKE 'own%'"
        ) == [("my course",)]
    assert condition_of(tmp_path / "one").missing == ()
