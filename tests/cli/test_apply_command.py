"""`course apply`: all of an edit is in force and on record, or nothing of it."""

from pathlib import Path

import pytest
from django.db import DatabaseError

from grader.course import load_course
from grader.gradebook.versions import digest_of
from grader.store import ActionRow, CourseVersionRow, Store, open_store
from tests.cli.term_command import Term, change_course, hand_in


def store_of(term: Term) -> Store:
    return open_store(term.folder / "data")


def in_force(term: Term) -> CourseVersionRow:
    with store_of(term) as store:
        version = store.record.version_in_force()
    assert version is not None
    return version


def changes_on_record(term: Term) -> list[ActionRow]:
    with store_of(term) as store:
        return [row for row in store.record.actions() if row.what == "setting changed"]


def edit_twice(term: Term) -> None:
    """An edit of two settings."""
    change_course(term, "due: 2027-01-28 23:59", "due: 2027-01-30 23:59")
    change_course(term, "percent: 10,", "percent: 20,")


def fail_at(patched: pytest.MonkeyPatch, subject: str) -> None:
    """Have the database refuse the record's line about that."""
    from grader.store.tables import Tables

    act = Tables.act

    def refuse(tables: Tables, by: str, what: str, of: str, *more: str) -> None:
        if of == subject:
            raise DatabaseError("fault")
        act(tables, by, what, of, *more)

    patched.setattr(Tables, "act", refuse)


def test_every_changed_setting_is_kept_with_who_and_why(term: Term):
    assert term("gradebook").code == 0
    edit_twice(term)
    assert term("apply", "--reason", "a strike").code == 0
    assert [(row.by, row.subject, row.detail, row.reason) for row in changes_on_record(term)] == [
        (
            "prof",
            "assignments.hw1.due",
            "2027-01-28T23:59:00-05:00 -> 2027-01-30T23:59:00-05:00",
            "a strike",
        ),
        ("prof", "late_policy.percent", "10.0 -> 20.0", "a strike"),
    ]
    assert in_force(term).text == (term.folder / "course.yaml").read_text()


def test_what_fails_half_way_puts_nothing_in_force(term: Term, monkeypatch: pytest.MonkeyPatch):
    assert term("gradebook").code == 0
    before = in_force(term)
    edit_twice(term)
    with monkeypatch.context() as patched:
        fail_at(patched, "late_policy.percent")
        ran = term("apply", "--reason", "a strike")
    assert (ran.code, "in force from now on" in ran.out) == (2, False)
    assert in_force(term) == before
    assert changes_on_record(term) == []
    assert term("gradebook").code == 1
    assert term("apply", "--reason", "a strike").code == 0
    assert len(changes_on_record(term)) == 2


def test_what_is_put_in_force_is_what_was_read_though_the_file_changes_meanwhile(
    term: Term, monkeypatch: pytest.MonkeyPatch
):
    assert term("gradebook").code == 0
    change_course(term, "due: 2027-01-28 23:59", "due: 2027-01-30 23:59")
    file = term.folder / "course.yaml"
    read = file.read_text()

    def read_and_edit(path: Path) -> str:
        text = path.read_text()
        file.write_text(read.replace("due: 2027-01-30 23:59", "due: 2027-01-31 23:59"))
        return text

    for module in ("grader.cli.workplace", "grader.course.load"):
        monkeypatch.setattr(f"{module}.read_text", read_and_edit)
    assert term("apply", "--reason", "a strike").code == 0
    version = in_force(term)
    assert version.text == read
    assert version.digest == digest_of(load_course(file, text=read))
    assert [row.detail[-25:] for row in changes_on_record(term)] == ["2027-01-30T23:59:00-05:00"]


def test_changes_are_told_and_applied_beside_the_same_version(
    term: Term, monkeypatch: pytest.MonkeyPatch
):
    assert term("gradebook").code == 0
    change_course(term, "due: 2027-01-28 23:59", "due: 2027-01-30 23:59")

    def somebody_applies(*_: object) -> None:
        with store_of(term) as store:
            version = store.record.version_in_force()
            assert version is not None
            text = version.text.replace("percent: 10,", "percent: 30,")
            digest = digest_of(load_course(term.folder / "course.yaml", text=text))
            store.record.apply(text, digest, instead_of=version.id, reason="mine", by="ta")

    monkeypatch.setattr("grader.cli.versions.say", somebody_applies)
    ran = term("apply", "--reason", "a strike")
    assert (ran.code, "put in force meanwhile" in ran.words) == (1, True)
    assert in_force(term).reason == "mine"


def test_the_first_course_file_can_be_applied_and_titles_without_changes(term: Term):
    first = term("apply", "--reason", "the term begins")
    assert (first.code, "no course file is in force yet" in first.words) == (0, True)
    assert in_force(term).reason == "the term begins"
    change_course(term, "title: Second homework", "title: Homework 2")
    assert term("apply", "--reason", "shorter").code == 0
    assert (in_force(term).reason, changes_on_record(term)) == ("shorter", [])
    again = term("apply", "--reason", "again")
    assert (again.code, "in force already" in again.words) == (0, True)
    assert in_force(term).reason == "shorter"


def test_a_grade_that_goes_with_its_assignment_is_shown(term: Term):
    hand_in(term)
    term.grade("hw1", ("q1", 6, 6), ("q2", 2, 4))
    assert term("gradebook").code == 0
    file = term.folder / "course.yaml"
    text = file.read_text()
    start, end = text.index("  hw1:\n"), text.index("  hw2:\n")
    file.write_text((text[:start] + text[end:]).replace("[hw1, hw2], drop_lowest: 1", "[hw2]"))
    shown = term("diff").words
    assert "ada hw1 8 –" in shown
    assert "ada total 80 –" in shown
