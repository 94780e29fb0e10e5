"""A simulated term keeps its promises: nothing is lost, every total is right, all is on record.

`make term` plays it with 120 students; every run of the tests plays a smaller one.
"""

import csv
import io
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.cli.app import run
from grader.gradebook.evidence import gather_evidence
from grader.gradebook.term import StudentTerm, grade_term
from grader.store import is_genuine, receipt_of
from tests.term.ledger import ORDER
from tests.term.simulation import STAFF, Simulation

STUDENTS = int(os.environ.get("TERM_STUDENTS", "12"))

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def term(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulation]:
    played = Simulation(tmp_path_factory.mktemp("term"), STUDENTS)
    played.run()
    with played.store:
        yield played


@pytest.fixture(scope="module")
def grades(term: Simulation) -> dict[str, StudentTerm]:
    return grade_term(term.course, gather_evidence(term.store, term.course))


def test_enough_happened_to_learn_from(term: Simulation):
    assert len(term.ledger.sent) > 8 * STUDENTS
    reasons = " ".join(term.ledger.refused)
    for words in ("not released yet", "is closed", "are used up", "is in none"):
        assert words in reasons


def test_no_submission_is_lost(term: Simulation):
    rows = {row.id: row for name in ORDER for row in term.store.submissions(name)}
    assert rows.keys() == {one.number for one in term.ledger.sent}
    for one in term.ledger.sent:
        row = rows[one.number]
        assert (row.student, row.assignment, row.received_at) == (
            one.student,
            one.assignment,
            one.at,
        )
        assert row.sha256 == one.digest
        assert term.store.blobs.read(one.digest)
        assert is_genuine(receipt_of(row), term.store.secret())
    assert term.waiting() == 0


def test_every_score_is_that_of_the_ledger(term: Simulation, grades: dict[str, StudentTerm]):
    assert set(grades) == set(term.roster)
    for student, found in grades.items():
        theirs = {name: grade.score.final for name, grade in found.grades.items()}
        assert theirs == term.ledger.grades(student), student


def test_every_total_is_that_of_the_ledger(term: Simulation, grades: dict[str, StudentTerm]):
    for student, found in grades.items():
        assert found.total.percent == pytest.approx(term.ledger.total(student), abs=1e-9), student


def test_all_that_staff_did_is_on_record(term: Simulation):
    actions = term.store.record.actions()
    recorded = Counter((row.what, row.subject) for row in actions)
    assert recorded == Counter(term.ledger.staff_did)
    assert {row.by for row in actions} == {STAFF}
    with_reasons = ("extension granted", "regrade adopted", "override")
    assert all(row.reason for row in actions if row.what in with_reasons)


def test_a_changed_due_date_hurts_nobody(term: Simulation, grades: dict[str, StudentTerm]):
    before = term.course.model_copy(deep=True)
    old = before.assignments["lab06"].model_copy(
        update={"due": term.course.assignments["lab06"].due.replace(day=4)}
    )
    before.assignments["lab06"] = old
    evidence = gather_evidence(term.store, term.course)
    for student, found in grade_term(before, evidence).items():
        was, now = found.grades["lab06"].score.final, grades[student].grades["lab06"].score.final
        assert (was or 0.0) <= (now or 0.0), student


def test_who_came_back_has_all_that_was_handed_in(term: Simulation):
    back, gone = f"s{STUDENTS - 2:03}", f"s{STUDENTS - 1:03}"
    assert back in term.roster
    assert gone not in term.roster
    for student in (back, gone):
        theirs = {row.id for row in term.store.work_of(student)}
        assert {one.number for one in term.ledger.sent if one.student == student} <= theirs


def test_the_export_is_the_gradebook(
    term: Simulation, grades: dict[str, StudentTerm], tmp_path: Path
):
    file = tmp_path / "grades.csv"
    data = term.folder / "data"
    assert (
        run(["--course", str(term.file), "--data", str(data), "gradebook", "--csv", str(file)]) == 0
    )
    rows = list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"))))
    assert [row["student"] for row in rows] == list(grades)
    for row in rows:
        for name in ORDER:
            final = grades[row["student"]].grades[name].score.final
            assert (float(row[name]) if row[name] else None) == final
