"""Killed between any two writes, intake leaves a submission with its receipt, or neither."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.course import Course
from grader.desk import submit
from grader.store import State, Store, is_genuine, open_store, receipt_of
from grader.store.fsck import check_store
from tests.desk.killed_intake import NOW
from tests.intake.pdfs import pdf
from tests.term_course import notebook

ROOT = Path(__file__).parents[2]
DATA = notebook("x = 2")


def nothing(_course: Course, _store: Store) -> None:
    """Let it be the first of the course: the secret and the folder of bytes are made too."""


def an_older_one(course: Course, store: Store) -> None:
    submit(course, store, course.assignments["hw1"], "ada", notebook("x = 1"), "old", NOW)


def a_group(_course: Course, store: Store) -> None:
    store.secret()
    store.groups.form("essay", "A", ["ada", "bob"], largest=3, by="prof")


@pytest.mark.parametrize(
    ("prepare", "name", "data", "states"),
    [
        pytest.param(nothing, "hw1", DATA, [[], [State.QUEUED]], id="first"),
        pytest.param(
            an_older_one,
            "hw1",
            DATA,
            [[State.QUEUED], [State.SUPERSEDED, State.QUEUED]],
            id="in place of one",
        ),
        pytest.param(a_group, "essay", pdf(), [[], [State.BY_HAND]], id="of a group"),
    ],
)
def test_a_kill_before_any_write_leaves_all_or_nothing(
    course: Course,
    store: Store,
    tmp_path: Path,
    prepare: Callable[[Course, Store], None],
    name: str,
    data: bytes,
    states: list[list[State]],
) -> None:
    prepare(course, store)
    store.close()
    (tmp_path / "answer").write_bytes(data)
    killed = tries(tmp_path / "course" / "course.yaml", store.folder, tmp_path / "answer", name)
    seen: list[list[State]] = []
    for folder in killed:
        with open_store(folder) as left:
            seen.append(check_left(left, name))
            again = submit(course, left, course.assignments[name], "ada", data, "answer", NOW)
            assert is_genuine(again.receipt, left.secret())
            assert left.read_notebook_bytes(again.accepted.submission) == data
            assert check_left(left, name) == states[1]
    assert seen[0] == states[0]
    assert seen[-1] == states[1]
    assert all(found in states for found in seen)
    # The kill that decides is the one at the commit: once it is there, it stays.
    assert sorted(seen, key=states.index) == seen
    assert len(seen) > 25, "fewer writes than there are: something is not counted"


def tries(course_file: Path, folder: Path, file: Path, name: str) -> list[Path]:
    """The data folders that processes left that were killed at one write after the other."""
    words = ("-m", "tests.desk.killed_intake", course_file, folder, file, name, "ada")
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=300,
        check=True,
    )
    return [Path(line.split("\t")[0]) for line in done.stdout.splitlines()]


def check_left(left: Store, name: str) -> list[State]:
    """The states of what is there, all of it sound and with genuine receipts."""
    checked = check_store(left)
    assert checked.findings == ()
    rows = left.submissions(name)
    assert all(is_genuine(receipt_of(row), left.secret()) for row in rows)
    return [row.state for row in rows]
