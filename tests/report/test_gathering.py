"""A report gathered from a real store: dates of one's own, extensions, requests, late work."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.course import Course
from grader.report import RowState, gather_assignment
from grader.report.term import TermReport, gather_term
from grader.report.term.records import EntryState
from grader.store import Store, StudentRow, open_store
from tests.term_course import STUDENTS, at, graded, term_course

NOW = at("2027-02-12 12:00")


@pytest.fixture
def course(tmp_path: Path) -> Course:
    policy = "{kind: grace days, budget: 3, per_assignment: 2, then: no credit}"
    return term_course(
        tmp_path, ("{kind: percent per day, percent: 10, max_days: 3}", policy)
    )  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "data") as store:
        store.roster.update(
            StudentRow(name, name.title(), f"{name}@mail.example", "L1") for name in STUDENTS
        )
        fill(store)
        yield store


def fill(store: Store) -> None:
    """Ada on time; bob two days late; eve extended; joe and kim in a group; much is missing."""
    for student, time in (("ada", "2027-01-20 12:00"), ("bob", "2027-01-30 12:00")):
        store.accept(student, "hw1", student.encode(), "a.ipynb", at(time))
    batch = store.start_batch("hw1")
    while lease := store.claim(batch):
        store.finish(lease, graded(("q1", 6, 6), ("q2", 2, 4)))
    store.accept("ada", "hw2", b"late", "a.ipynb", at("2027-02-12 10:00"))
    store.extensions.grant("hw2", student="eve", days=7, reason="ill", by="prof")
    team = store.groups.form("essay", "Team", ("joe", "kim"), largest=3, by="prof")
    store.extensions.grant("essay", group=team.id, days=1, reason="a shared flat", by="prof")
    store.accept("joe", "essay", b"pdf", "e.pdf", NOW, by_hand=True, group_set="essay")
    (first, _) = store.submissions("hw1")
    store.requests.ask(first.id, "ada", "q2", "Why 2?")
    closed = store.requests.ask(first.id, "ada", "q1", "Why 6?")
    store.requests.reply(closed.id, "Because.", by="ta", close=True)


def test_a_report_has_extensions_requests_and_who_is_late(store: Store, course: Course):
    report = gather_assignment(store, course, course.assignments["hw1"], now=NOW)
    rows = {row.student: row for row in report.rows}
    assert (rows["ada"].late_days, rows["bob"].late_days, rows["bob"].grace_days) == (0, 2, 2)
    assert (rows["eve"].state, rows["eve"].email) == (RowState.NOT_SUBMITTED, "eve@mail.example")
    assert [(one.student, one.question) for one in report.requests] == [("ada", "q2")]
    assert report.generated_at == NOW


def test_a_students_extension_is_theirs_and_a_groups_everybodys(store: Store, course: Course):
    second = gather_assignment(store, course, course.assignments["hw2"], now=NOW)
    assert [(e.students, e.days, e.reason) for e in second.extensions] == [(("eve",), 7, "ill")]
    dues = {row.student: row.due and row.due.day for row in second.rows}
    assert (dues["eve"], dues["ada"]) == (18, 11)
    ada = next(row for row in second.rows if row.student == "ada")
    assert (ada.state, ada.late_days, ada.grace_days) == (RowState.QUEUED, 1, 1)
    essay = gather_assignment(store, course, course.assignments["essay"], now=NOW)
    (extension,) = essay.extensions
    assert (extension.students, extension.group) == (("joe", "kim"), "Team")
    assert {row.submission for row in essay.rows if row.student in ("joe", "kim")} == {"4"}


def test_only_those_of_whom_nothing_stands_are_told_that_it_was_withdrawn(
    store: Store, course: Course
):
    """4 is the team's; of ada's two for hw2, one stands."""
    later = store.accept("ada", "hw2", b"more", "a.ipynb", at("2027-02-12 11:00")).submission
    for number in (4, later.id):
        store.withdrawals.withdraw(number, reason="a mistake", by="prof")
    told = {
        name: {row.student for row in report.rows if row.was_withdrawn}
        for name in ("hw2", "essay")
        for report in [gather_assignment(store, course, course.assignments[name], now=NOW)]
    }
    assert told == {"hw2": set(), "essay": {"joe", "kim"}}


def states(report: TermReport) -> dict[str, list[EntryState]]:
    return {row.student: [entry.state for entry in row.entries] for row in report.students}


def test_a_term_tells_final_waiting_missing_and_not_due_yet_apart(store: Store, course: Course):
    final, waiting, missing, _, later = EntryState
    assert states(gather_term(store, course, now=NOW)) == {
        "ada": [final, waiting, missing],
        "bob": [final, missing, missing],
        "eve": [missing, later, missing],
        "joe": [missing, missing, waiting],
        "kim": [missing, missing, waiting],
    }
    before = states(gather_term(store, course, now=at("2027-01-25 12:00")))
    assert before["eve"] == [later] * 3


def test_a_term_counts_grace_days_of_what_waits_too(store: Store, course: Course):
    report = gather_term(store, course, now=NOW)
    used = {row.student: row.grace_days for row in report.students}
    assert report.grace_budget == 3
    assert used == {"ada": 1, "bob": 2, "eve": 0, "joe": 1, "kim": 1}


def test_a_term_has_weights_requests_and_totals(store: Store, course: Course):
    store.marks.override("eve", "essay", 5, reason="oral exam", by="prof")
    report = gather_term(store, course, now=NOW)
    assert [(one.counts_for, one.requests) for one in report.assignments] == [
        ("60 % with 1 other", 1),
        ("60 % with 1 other", 0),
        ("40 %", 0),
    ]
    rows = {row.student: row for row in report.students}
    assert (rows["ada"].percent, rows["ada"].so_far) == (pytest.approx(80), 30)
    essay = rows["eve"].entries[2]
    assert (essay.final, essay.is_set, essay.submitted) == (5, True, False)


def test_students_pages_tell_nothing_of_hidden_results_by_grace_days(tmp_path: Path):
    """Two days late or on time: which counts for hw1 would show in what is left for hw2."""
    policy = "{kind: grace days, budget: 2, per_assignment: 2, then: no credit, counts: best}"
    hidden = "    due: 2027-01-28 23:59\n"
    course = term_course(
        tmp_path / "hidden",
        ("{kind: percent per day, percent: 10, max_days: 3}", policy),
        (hidden, f"{hidden}    feedback: 2027-06-01 12:00\n"),
    )
    seen: list[object] = []
    for better in (1.0, 6.0):
        with open_store(tmp_path / f"{better}") as own:
            own.roster.update([StudentRow("ada")])
            for number, (name, time) in enumerate(
                [
                    ("hw1", "2027-01-20 12:00"),
                    ("hw1", "2027-01-30 12:00"),
                    ("hw2", "2027-02-13 12:00"),
                ]
            ):
                own.accept("ada", name, b"%d" % number, "a", at(time), keeps_older=True)
                batch = own.start_batch(name)
                lease = own.claim(batch)
                assert lease
                points = (better if number == 1 else 3.0, 6.0)
                found = (
                    [("q1", 10.0, 10.0)] if name == "hw2" else [("q1", *points), ("q2", 4.0, 4.0)]
                )
                own.finish(lease, graded(*found))
            report = gather_assignment(
                own, course, course.assignments["hw2"], now=at("2027-04-01 12:00"), shows_all=False
            )
            (shown,) = report.rows_for_students
            seen.append((shown.score.final, shown.note))
            assert (report.rows[0].score.final == 0.0) is (better == 6.0)
    assert seen[0] == seen[1]
    assert "Grace days are counted without results that are still hidden" in str(seen[0])
