"""A simulated term keeps its promises: nothing is lost, every total is right, all is on record.

`make term` plays it with 120 students; every run of the tests plays a smaller one.
"""

import csv
import io
import os
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from grader.cli.app import run
from grader.gradebook.evidence import gather_evidence
from grader.gradebook.term import StudentTerm, grade_term
from grader.store import is_genuine, receipt_of
from tests.term.ledger import GROUPED, ORDER, days_late, penalised
from tests.term.play import LONG_AFTER, MOMENTS, Term
from tests.term.simulation import STAFF

STUDENTS = int(os.environ.get("TERM_STUDENTS", "12"))
A_MICROSECOND = timedelta(microseconds=1)

pytestmark = pytest.mark.timeout(1800)

Grades = dict[str, StudentTerm]


@pytest.fixture(scope="module")
def term(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Term]:
    played = Term(tmp_path_factory.mktemp("term"), STUDENTS)
    played.play()
    with played.store:
        yield played


@pytest.fixture(scope="module")
def graded(term: Term) -> dict[str, Grades]:
    """The gradebook of each moment."""
    moments = term.moments.items()
    return {words: grade_term(one.course, one.evidence, one.at) for words, one in moments}


@pytest.fixture(scope="module")
def grades(graded: dict[str, Grades]) -> Grades:
    return graded["all, long after"]


def test_enough_happened_to_learn_from(term: Term):
    assert len(term.ledger.all_sent()) > 8 * STUDENTS
    foreseen = {one.foreseen for one in term.ledger.tries}
    for words in ("not released yet", "closed", "used up", "done in groups", "in the roster"):
        assert any(words in one for one in foreseen), words
    assert {bool(one.shared) for one in term.ledger.moved} == {True, False}
    assert set(term.moments) == set(MOMENTS)


def test_every_try_is_taken_or_refused_as_the_rules_have_it(term: Term):
    for one in term.ledger.tries:
        assert bool(one.said) == bool(one.foreseen), one
        assert one.foreseen in one.said, one


def test_no_submission_is_lost(term: Term):
    rows = {row.id: row for name in ORDER for row in term.store.submissions(name)}
    sent = term.ledger.all_sent()
    assert rows.keys() == {one.number for one in sent}
    for one in sent:
        row = rows[one.number]
        found = (row.student, row.assignment, row.received_at, row.sha256)
        assert found == (one.student, one.assignment, one.at, one.digest)
        assert set(row.credited) == one.members
        assert term.store.blobs.read(one.digest)
        assert is_genuine(receipt_of(row), term.store.secret())
    assert term.waiting() == 0


@pytest.mark.parametrize("words", MOMENTS)
def test_every_score_is_that_of_the_ledger(words: str, term: Term, graded: dict[str, Grades]):
    moment = term.moments[words]
    assert set(graded[words]) == moment.ledger.here
    for student, found in graded[words].items():
        theirs = {name: grade.score.final for name, grade in found.grades.items()}
        assert theirs == moment.ledger.grades(student, moment.at), student


@pytest.mark.parametrize("words", MOMENTS)
def test_every_total_is_that_of_the_ledger(words: str, term: Term, graded: dict[str, Grades]):
    moment = term.moments[words]
    for student, found in graded[words].items():
        percent, so_far = moment.ledger.total(student, moment.at)
        assert found.total.percent == pytest.approx(percent, abs=1e-9), student
        assert found.total.so_far == pytest.approx(so_far, abs=1e-9), student


def test_the_ledger_closes_when_handing_in_is_worth_nothing(term: Term):
    student = next(iter(term.roster))
    for name in ORDER:
        owner = term.ledger.present_owner(student, name)
        due, closes = term.ledger.due_of(owner, name), term.ledger.closes(owner, name)
        assert penalised(name, 50.0, days_late(closes - A_MICROSECOND, due, name), 4)[0]
        worth, _ = penalised(name, 50.0, days_late(closes, due, name), 4)
        assert worth == 0.0 or closes == term.ledger.locked_from(owner, name), name


@pytest.mark.parametrize("name", ORDER)
def test_what_nobody_handed_in_is_zero_from_the_closing_instant_on(name: str, term: Term):
    moment = term.moments["all, long after"]
    ledger = moment.ledger
    without = [
        student
        for student in sorted(ledger.here)
        if not ledger.candidates(student, name) and (student, name) not in ledger.overrides
    ]
    assert without, "everybody handed it in"
    for student in without[:3]:
        closes = ledger.closes(ledger.owner(student, name), name)
        for at, final in ((closes - A_MICROSECOND, None), (closes, 0.0)):
            found = grade_term(moment.course, moment.evidence, at, only=[student])
            assert found[student].grades[name].score.final == final, (student, at)


def test_moving_changes_nothing_of_what_was_handed_in_before(term: Term, graded: dict[str, Grades]):
    before, after = graded["before the moves"], graded["after the moves"]
    ledger = term.moments["before the moves"].ledger
    for student, found in before.items():
        for name in GROUPED:
            if ledger.shared(student, name):
                was, now = found.grades[name], after[student].grades[name]
                assert (was.submission, was.score) == (now.submission, now.score), student


def test_what_a_group_handed_in_while_a_student_was_in_it_is_never_lost_to_them(
    term: Term, graded: dict[str, Grades]
):
    for words, moment in term.moments.items():
        for student, found in graded[words].items():
            for name in GROUPED:
                if moment.ledger.shared(student, name):
                    counted = found.grades[name].submission
                    assert counted is not None, (words, student, name)
                    assert moment.ledger.keeps(student, name, counted.id), (words, student, name)


def test_who_is_left_alone_hands_in_nothing_of_a_group_s(term: Term):
    since = term.moments["after the moves"].at
    tries = [
        one
        for one in term.ledger.tries
        if one.student == term.alone and one.assignment in GROUPED and one.at >= since
    ]
    assert tries
    assert all(one.said for one in tries)


def test_a_withdrawn_submission_counts_for_nobody(term: Term, graded: dict[str, Grades]):
    for words, moment in term.moments.items():
        withdrawn = {one.number for one in moment.ledger.all_sent() if one.withdrawn}
        for found in graded[words].values():
            rows = [grade.submission for grade in found.grades.values()]
            assert withdrawn.isdisjoint(row.id for row in rows if row), words
    for one in term.stays_withdrawn:
        assert term.store.submission(one.number).state == "withdrawn"
    assert term.given_back.number in {one.number for one in term.ledger.standing("lab09")}


def test_a_dropped_proposal_stays_on_record_and_changes_nothing(term: Term):
    summaries = {row.submission_id: row for row in term.store.summaries("lab07")}
    for one in term.ledger.standing("lab07"):
        *older, dropped = term.store.results(one.number)
        assert dropped.dropped
        assert dropped.checks_version == "2"
        assert summaries[one.number].id == older[-1].id


def test_all_that_staff_did_is_on_record(term: Term):
    actions = term.store.record.actions()
    recorded = Counter((row.what, row.subject) for row in actions)
    assert recorded == Counter(term.ledger.staff_did)
    assert {row.by for row in actions} == {STAFF}
    with_reasons = (
        *("extension granted", "regrade adopted", "regrade dropped", "override"),
        *("submission withdrawn", "submission reinstated"),
    )
    assert all(row.reason for row in actions if row.what in with_reasons)


def test_a_changed_due_date_hurts_nobody(term: Term, grades: Grades):
    before = term.course.model_copy(deep=True)
    old = before.assignments["lab06"].model_copy(
        update={"due": term.course.assignments["lab06"].due.replace(day=4)}
    )
    before.assignments["lab06"] = old
    evidence = gather_evidence(term.store, term.course)
    for student, found in grade_term(before, evidence, LONG_AFTER).items():
        was, now = found.grades["lab06"].score.final, grades[student].grades["lab06"].score.final
        assert (was or 0.0) <= (now or 0.0), student


def test_who_came_back_or_moved_has_all_that_was_handed_in(term: Term):
    assert term.back in term.roster
    assert term.gone not in term.roster
    everybody = {*term.roster, term.gone}
    for student in everybody:
        theirs = {row.id for row in term.store.work_of(student)}
        shared = {one.number for one in term.ledger.all_sent() if student in one.members}
        assert shared <= theirs, student


def test_the_export_is_the_gradebook(term: Term, grades: Grades, tmp_path: Path):
    file = tmp_path / "grades.csv"
    where = ["--course", str(term.file), "--data", str(term.folder / "data")]
    assert run([*where, "--now", "2027-06-01 12:00", "gradebook", "--csv", str(file)]) == 0
    rows = list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"))))
    assert [row["student"] for row in rows] == list(grades)
    for row in rows:
        for name in ORDER:
            final = grades[row["student"]].grades[name].score.final
            assert (float(row[name]) if row[name] else None) == final
