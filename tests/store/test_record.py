"""The course's record: one course file is in force, and what changed it is there with it."""

from threading import Thread
from typing import Any

import pytest

from grader.store import Store
from grader.store.record import AnotherInForce


def test_the_first_course_file_stays_in_force_whoever_puts_another_there_at_once(store: Store):
    first = store.record.put_in_force("one", "1", reason="first", by="prof")
    assert store.record.put_in_force("two", "2", reason="also first", by="ta") == first
    assert store.record.version_in_force() == first


@pytest.mark.parametrize("name", ["put_in_force", "apply"])
def test_two_first_course_files_at_the_same_moment_are_put_in_force_one_after_the_other(
    either: Store, name: str
):
    told: list[object] = []

    def second() -> None:
        more = {"instead_of": None} if name == "apply" else {}
        try:
            told.append(getattr(either.record, name)("two", "2", reason="x", by="ta", **more))
        except AnotherInForce as error:
            told.append(error)

    thread = Thread(target=second)
    with either._tables.transaction():
        first = either.record.put_in_force("one", "1", reason="first", by="prof")
        thread.start()
        thread.join(1)
        assert told == []
    thread.join(60)
    assert told == [first] if name == "put_in_force" else isinstance(told[0], AnotherInForce)
    assert either.record.version_in_force() == first


def test_a_file_is_applied_with_a_line_for_each_setting(store: Store):
    first = store.record.put_in_force("one", "1", reason="first", by="prof")
    store.record.apply(
        "two", "2", [("a.due", "1 -> 2"), ("b.due", "3 -> 4")],
        instead_of=first.id, reason="a strike", by="ta",
    )  # fmt: skip
    found = store.record.version_in_force()
    assert found is not None
    assert (found.text, found.digest, found.reason, found.by) == ("two", "2", "a strike", "ta")
    assert [
        (row.what, row.subject, row.detail, row.by, row.reason)
        for row in store.record.actions()[-3:]
    ] == [
        ("course file in force", "course.yaml", "2", "ta", "a strike"),
        ("setting changed", "a.due", "1 -> 2", "ta", "a strike"),
        ("setting changed", "b.due", "3 -> 4", "ta", "a strike"),
    ]


@pytest.mark.parametrize("first", [True, False])
def test_what_was_told_beside_another_version_is_not_applied(store: Store, first: bool):
    stale = store.record.put_in_force("one", "1", reason="first", by="prof").id
    store.record.apply("two", "2", instead_of=stale, reason="second", by="prof")
    before = store.record.actions()
    with pytest.raises(AnotherInForce):
        store.record.apply(
            "three", "3", [("a", "b")], instead_of=None if first else stale, reason="x", by="ta"
        )
    found = store.record.version_in_force()
    assert (found and found.text, store.record.actions()) == ("two", before)


@pytest.fixture
def noted(store: Store) -> Store:
    """Four changes by two people."""
    for by, what, subject in (
        ("prof", "released", "hw1"),
        ("ta", "extension granted", "hw1 ada"),
        ("prof", "released", "hw2"),
        ("prof", "released", "hw1"),
    ):
        store.record.note(by=by, what=what, subject=subject, detail=f"of {by}")
    return store


@pytest.mark.parametrize(
    ("wanted", "subjects"),
    [
        ({}, ["hw1", "hw2", "hw1 ada", "hw1"]),
        ({"by": "prof"}, ["hw1", "hw2", "hw1"]),
        ({"by": "pro"}, []),
        ({"what": "released", "about": "2"}, ["hw2"]),
        ({"about": "HW1"}, ["hw1", "hw1 ada", "hw1"]),
    ],
)
def test_changes_are_found_by_who_what_and_about_what(
    noted: Store, wanted: dict[str, Any], subjects: list[str]
):
    rows, count = noted.record.find(**wanted)
    assert [row.subject for row in rows] == subjects
    assert count == len(subjects)


def test_changes_are_given_a_page_at_a_time(noted: Store):
    rows, count = noted.record.find(skip=1, most=2)
    assert ([row.subject for row in rows], count) == (["hw2", "hw1 ada"], 4)
    assert noted.record.find(skip=4, most=2) == ((), 4)


def test_the_newest_change_of_a_kind_is_known_by_what_it_was_about(noted: Store):
    newest = noted.record.newest("released")
    assert sorted(newest) == ["hw1", "hw2"]
    assert newest["hw1"] == noted.record.actions()[-1]


def test_who_and_what_there_is_to_choose_from(noted: Store):
    assert noted.record.choices() == (("prof", "ta"), ("extension granted", "released"))
