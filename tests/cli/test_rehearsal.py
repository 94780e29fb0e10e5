"""`course --now` changes nothing that is real: only what a rehearsal made itself."""

from typing import Any

import pytest

from grader.cli.app import COMMANDS, READING, run
from grader.cli.workplace import REHEARSAL
from grader.store import StudentRow, open_store
from tests.cli.term_command import Term, hand_in
from tests.store.full_store import all_rows


@pytest.fixture
def real(term: Term) -> Term:
    """A course with a data folder that no rehearsal made."""
    with open_store(term.folder / "data") as store:
        store.roster.update([StudentRow("ada")])
    return term


def rows_of(term: Term) -> dict[str, list[dict[str, Any]]]:
    with open_store(term.folder / "data") as store:
        return all_rows(store)


@pytest.mark.parametrize(
    "line",
    ["submit hw1 ada ada.ipynb", "release --due", "start hw1 ada", "withdraw 1 --reason x",
     "grade hw1", "apply --reason x", "extend hw1 ada --days 1 --reason x"],
)  # fmt: skip
def test_a_rehearsal_changes_no_real_course(real: Term, line: str):
    before = rows_of(real)
    ran = real(*line.replace("ada.ipynb", str(real.folder / "ada.ipynb")).split())
    assert ran.code == 1
    assert f"`course {line.split()[0]}` would change the real course in" in ran.words
    assert "Rehearse on a copy" in ran.words
    assert rows_of(real) == before


@pytest.mark.parametrize(
    "line", ["status", "explain ada", "calendar", "diff", "status --student ada"]
)
def test_what_only_tells_may_be_rehearsed_on_a_real_course(real: Term, line: str):
    assert real(*line.split()).code == 0


def test_a_copy_that_a_rehearsal_made_may_be_changed(real: Term):
    backup, copy = real.folder / "b.tar.gz", real.folder / "copy"
    assert real("backup", str(backup)).code == 0
    options = ["--course", str(real.folder / "course.yaml"), "--data", str(copy)]
    options += ["--now", "2027-01-20 12:00"]
    assert run([*options, "restore", str(backup)]) == 0
    assert (copy / REHEARSAL).exists()
    assert run([*options, "submit", "hw1", "ada", str(real.folder / "ada.ipynb")]) == 0


def test_a_new_data_folder_is_the_rehearsals(term: Term):
    assert hand_in(term).code == 0
    assert (term.folder / "data" / REHEARSAL).exists()


def test_every_reading_command_is_one():
    assert set(COMMANDS) > READING
