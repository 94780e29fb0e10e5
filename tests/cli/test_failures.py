"""What each command line fails with: 1 where its author can mend it, 2 where we must."""

import json
import os
import shlex

import pytest

from grader.cli.workplace import REHEARSAL
from grader.grading import BatchSummary
from grader.store import State
from tests.cli.conftest import ToyCommand
from tests.toy_course import COURSE

SUBMIT = "submit toy ada {}/ada.ipynb"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nonsense", "No such command 'nonsense'"),
        ("submit toy", "Missing argument"),
        ("grade toy --jobs 0", "--jobs"),
        ("release toi", "there is no assignment 'toi'; did you mean `toy`?"),
        ("grade toi", "there is no assignment 'toi'"),
        ("report toi", "there is no assignment 'toi'"),
        ("status toi", "there is no assignment 'toi'"),
        ("check ps9", "there is no assignment 'ps9'; course.yaml has toy"),
        ("submit toi ada {}/ada.ipynb", "there is no assignment 'toi'"),
        ("submit toy ada {}/missing.ipynb", "missing.ipynb' does not exist"),
        ("submit toy mallory {}/ada.ipynb", "mallory"),
        ("submit toy ada {}/course.yaml", "line 1, column 1: this is no notebook"),
        (f"{SUBMIT} --at tomorrow", "--at is 'tomorrow', expected a local date and time"),
        (f"{SUBMIT} --at '2027-03-14 02:30'", "does not exist: the clocks of America/Toronto"),
        (f"{SUBMIT} --at '2027-03-14 02:30'", "write `2027-03-14 03:30`"),
        (f"{SUBMIT} --at '2026-11-01 01:30'", "show twice that night; write `2026-11-01 01:30"),
        ("import toy {}/missing", "missing' does not exist"),
        ("import toy {}/roster.csv", "it is not a zip archive"),
        ("grade toy --only mallory", "--only names nobody on the roster: mallory"),
        ("grade toy --sandbox process", "add --i-trust-these-notebooks"),
        ("report toy --output {}/assignments", "assignments"),
        ("--course {}/missing.yaml status", "missing.yaml"),
        ("--roster {}/missing.csv status", "missing.csv"),
        ("--roster {}/course.yaml status", "course.yaml:1:1"),
        ("--data {}/course.yaml status", "is a file"),
    ],
)
def test_the_users_error_exits_with_1_and_says_what_to_mend(
    toy: ToyCommand, line: str, words: str
) -> None:
    ran = toy.here(*split(line))
    assert (ran.code, ran.out) == (1, "")
    assert words in ran.words
    assert "Traceback" not in ran.err
    with toy.store() as store:
        assert store.submissions("toy") == ()


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("zone: America/Toronto", "zone: America/Toront", "course.yaml:2:7: zone"),
        ("    due: 2027-02-10 23:59", "    due: 2027-02-30 23:59", "course.yaml:14:10"),
        ("    due: ", "    duee: ", "did you mean `due`?"),
        ("    points: 5", "    points: 6", "course.yaml:15:13"),
        ("environment: cpu", "environment: cpx", "course.yaml:12:18"),
    ],
)
def test_a_mistake_in_the_course_file_is_told_by_line_and_column(
    toy: ToyCommand, old: str, new: str, place: str
) -> None:
    assert COURSE.count(old) == 1
    toy.file.write_text(COURSE.replace(old, new))
    ran = toy.here("status")
    assert (ran.code, ran.out) == (1, "")
    assert place in ran.words
    assert not toy.data.exists()


@pytest.mark.sqlite
@pytest.mark.parametrize("line", ["status", SUBMIT, "report toy"])
def test_a_damaged_database_exits_with_2(toy: ToyCommand, line: str) -> None:
    toy.data.mkdir()
    (toy.data / REHEARSAL).touch()
    (toy.data / "course.sqlite3").write_bytes(b"not a database" * 1000)
    ran = toy.here(*split(line))
    assert (ran.code, ran.out) == (2, "")
    assert "the grader could not go on:" in ran.words
    assert "database" in ran.words


def test_a_data_folder_that_cannot_be_made_exits_with_2(toy: ToyCommand) -> None:
    ran = toy.here("--data", "{}/roster.csv/data", "status")
    assert ran.code == 2
    assert "cannot be the data folder" in ran.words


def test_a_defect_of_the_grader_exits_with_2_and_shows_where(
    toy: ToyCommand, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("grader.cli.workplace.load_course", broken)
    assert toy.here("status").code == 2
    (record,) = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


def test_a_second_grader_is_told_who_grades(toy: ToyCommand) -> None:
    with toy.store() as store, store.grading_lock():
        ran = toy.apart("grade", "toy")
    assert (ran.code, ran.out) == (1, "")
    assert f"process {os.getpid()} is grading this course now" in ran.words


def test_an_engine_that_does_not_answer_is_our_failure_and_no_zero(toy: ToyCommand) -> None:
    assert toy.here(*split(SUBMIT)).code == 0
    ran = toy.apart("grade", "toy", DOCKER_HOST="tcp://127.0.0.1:1")
    assert (ran.code, ran.out) == (2, "")
    assert "no Docker engine answers" in ran.words
    assert "Traceback" not in ran.err
    with toy.store() as store:
        (row,) = store.submissions("toy")
        assert (row.state, row.attempts) == (State.QUEUED, 0)
        assert store.results(row.id) == ()


def test_a_batch_that_gives_up_exits_with_2_and_says_why(
    toy: ToyCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert toy.here(*split(SUBMIT)).code == 0
    gave_up = BatchSummary(0, (), gave_up=True, reason="No engine answers [here]. Start one.")
    monkeypatch.setattr("grader.cli.grade.grade_batch", lambda *_, **__: gave_up)
    trusted = ("--sandbox", "process", "--i-trust-these-notebooks")
    for options in (trusted, (*trusted, "--json")):
        ran = toy.here("grade", "toy", *options)
        assert ran.code == 2
        assert "No engine answers [here]. Start one." in ran.err
    assert json.loads(ran.out)["gave_up"] is True


def split(line: str) -> list[str]:
    """The words of a command line; quotes keep blanks together."""
    return shlex.split(line)
