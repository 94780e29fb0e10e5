"""What staff are told to look at before students do."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grader.checks.declare import Check
from grader.course import Course
from grader.desk.backups import last_backup, note_backup
from grader.desk.checking import CheckRow, found_of, is_of_now, keep_found
from grader.desk.foreseeing import bundle_warnings, prospects, section_warnings
from grader.gradebook.evidence import gather_dates
from grader.grading.otter_verification import OtterVerification
from grader.grading.verification import Budget, CheckMargins, Verification
from grader.store import Store
from tests.term_course import at, graded, term_course

# hw2 opens at 2027-01-28 18:00 in Toronto.
OPENS = at("2027-01-28 23:00")


def warned(course: Course, store: Store, now: datetime, name: str = "hw2") -> list[str]:
    found = prospects(course, store, gather_dates(store, course), now)
    return [text for one in found if one.assignment.name == name for text in one.warnings]


def make_bundle(store: Store, name: str) -> None:
    (store.folder / "released").mkdir(exist_ok=True)
    (store.folder / "released" / f"{name}.zip").write_bytes(b"")
    store.record.note(by="prof", what="released", subject=name, detail="")


def check(course: Course, store: Store, *complaints: str) -> None:
    found = OtterVerification(None, None, complaints, ())
    keep_found(store.folder, course.assignments["hw2"], found, at=OPENS, by="prof")


@pytest.mark.parametrize(
    ("before", "is_made", "has_bundle", "words"),
    [
        (timedelta(days=8), False, False, ""),
        (timedelta(days=7), False, False, "opens in 7 days, and its bundle was never made"),
        (timedelta(hours=20), False, False, "opens tomorrow, and its bundle was never made"),
        (timedelta(hours=1), False, False, "opens today, and its bundle was never made"),
        (timedelta(hours=1), True, False, "opens today, and its bundle was never made"),
        (timedelta(hours=1), True, True, ""),
        (timedelta(0), True, True, ""),
        (timedelta(0), True, False, "is open, and its bundle is not there"),
        (-timedelta(days=80), False, False, "is open, and its bundle is not there"),
    ],
)
def test_a_bundle_is_missed_before_students_miss_it(
    course: Course, before: timedelta, is_made: bool, has_bundle: bool, words: str
):
    found = bundle_warnings(
        OPENS, OPENS - before, course.zone, is_made=is_made, has_bundle=has_bundle
    )
    told = list(found)
    assert [text.startswith(words) for text in told] == ([True] if words else []), told


def edited(course: Course, store: Store) -> None:
    check(course, store)
    (course.assignments["hw2"].folder / "checks.py").write_text("x = 1\n")


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda course, store: None, "its checks were never checked: `course check hw2`"),
        (lambda course, store: check(course, store), ""),
        (lambda course, store: check(course, store, "a", "b"), "found 2 mistakes"),
        (edited, "was changed since it was checked: `course check hw2`"),
    ],
)
def test_checks_are_looked_after_before_an_assignment_opens(
    course: Course, store: Store, prepare: Callable[[Course, Store], None], words: str
):
    make_bundle(store, "hw2")
    prepare(course, store)
    soon = warned(course, store, OPENS - timedelta(days=2))
    assert [words in text for text in soon] == ([True] if words else []), soon
    assert all(text.startswith("opens in 2 days, and ") for text in soon)
    assert warned(course, store, OPENS - timedelta(days=20)) == []
    assert warned(course, store, OPENS) == []


def test_a_solution_that_is_to_be_out_is_missed(tmp_path: Path, store: Store):
    due = "    due: 2027-01-28 23:59\n"
    course = term_course(tmp_path / "solved", (due, f"{due}    solution: hw1.due + 1 day\n"))
    make_bundle(store, "hw1")
    assert warned(course, store, at("2027-01-30 04:58"), "hw1") == []
    (text,) = warned(course, store, at("2027-01-30 04:59"), "hw1")
    assert text.startswith("has a solution that is to be out by now, and isn't")
    store.record.note(by="prof", what="solution released", subject="hw1", detail="")
    assert warned(course, store, at("2027-03-01 12:00"), "hw1") == []


def test_a_section_in_which_nobody_is_is_told(tmp_path: Path):
    due = "    due: 2027-01-28 23:59\n"
    sections = "    sections: {LEC1: {due: hw1.due + 1 day}}\n"
    course = term_course(tmp_path / "course", (due, due + sections))
    assert list(section_warnings(course, {"LEC1", ""})) == []
    (text,) = section_warnings(course, {"LEC2", ""})
    assert text.startswith(
        "hw1 has dates for the section LEC1, in which the roster has nobody; did"
    )


def test_what_was_checked_is_kept_with_its_room(course: Course, store: Store):
    named = Check("check_a", "q1", 6, "A check", lambda student, inputs: None, None, False)
    budget = Budget("gradients", 5.0, 2.0, None, 12345.0)
    margins = CheckMargins(named, float("inf"), 12.5, 2, 1, (budget,))
    found = Verification(graded(("q1", 6, 6)), graded(("q1", 0, 6)), (margins,), 20, ("a", "b"))
    hw2 = course.assignments["hw2"]
    keep_found(store.folder, hw2, found, at=OPENS, by="prof")
    kept = found_of(store.folder, hw2)
    assert kept is not None
    assert (kept.at, kept.by, kept.draws, kept.complaints) == (OPENS, "prof", 20, ("a", "b"))
    assert (kept.solution, kept.starter) == ((6, 6), (0, 6))
    assert kept.checks == (CheckRow("q1", "check_a", 6, 2, 1, "exact", "12.5x"),)
    (row,) = kept.budgets
    assert (row.allowed, row.worst_alternate, row.cheapest_mutant) == ("5", "–", "12,345")
    assert is_of_now(kept, hw2)
    assert not is_of_now(kept, course.assignments["hw1"])


@pytest.mark.parametrize("text", ["", "{", "{}", '{"at": 1}'])
def test_what_can_not_be_read_is_not_known(course: Course, store: Store, text: str):
    check(course, store)
    (store.folder / "checked" / "hw2.json").write_text(text)
    (store.folder / "last-backup.json").write_text(text)
    assert found_of(store.folder, course.assignments["hw2"]) is None
    assert last_backup(store.folder) is None


def test_the_last_backup_is_known(store: Store, tmp_path: Path):
    assert last_backup(store.folder) is None
    note_backup(store.folder, tmp_path / "b.tar.gz", submissions=3, left_out=1)
    found = last_backup(store.folder)
    assert found is not None
    assert (found.file, found.submissions, found.left_out) == (str(tmp_path / "b.tar.gz"), 3, 1)
    assert datetime.now(UTC) - found.at < timedelta(minutes=1)
    note_backup(tmp_path / "nowhere", tmp_path / "b", submissions=0, left_out=0)  # no matter
