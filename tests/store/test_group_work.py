"""Whose work a group's file is: of who is in it when it is received, for good."""

from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest

from grader.store import CannotGroup, GroupRow, Store, StudentRow, SubmissionRow

NOON = datetime(2027, 1, 20, 12, tzinfo=UTC)


def team(store: Store, name: str = "A", *members: str, largest: int = 2) -> GroupRow:
    return store.groups.form("pairs", name, members, largest=largest, by="prof")


def sent(store: Store, student: str, minute: int = 0) -> SubmissionRow:
    at, data = NOON + timedelta(minutes=minute), b"%d" % minute
    return store.accept(student, "essay", data, "a", at, group_set="pairs").submission


def numbers(store: Store, student: str) -> list[int]:
    return [row.id for row in store.work_of(student)]


def test_a_file_is_of_who_is_in_the_group_when_it_is_received(store: Store):
    group = team(store, "A", "ada", "bob")
    first = sent(store, "ada")
    store.groups.leave(group.id, "bob", by="prof")
    second = sent(store, "ada", 1)
    assert (first.members, second.members) == (("ada", "bob"), ("ada",))
    assert (first.credited, second.credited) == (("ada", "bob"), ("ada",))
    assert store.submission(first.id).members == ("ada", "bob")
    assert store.groups.work("essay") == {group.id: frozenset({"ada", "bob"})}
    alone = sent(store, "eve", 2)
    assert (alone.group, alone.members, alone.credited) == (None, (), ("eve",))


def test_a_file_that_is_taken_in_later_is_of_who_was_in_the_group_when_it_was_received(
    store: Store,
):
    group = team(store, "A", "ada", "bob")
    between = datetime.now(UTC)
    store.groups.leave(group.id, "bob", by="prof")
    store.groups.join(group.id, "eve", largest=3, by="prof")
    store.groups.form("pairs", "B", ["bob"], largest=2, by="prof")
    for student in ("ada", "bob"):
        row = store.accept(
            student, f"essay of {student}", b"x", "a", between, group_set="pairs",
            staff=("prof", "it lay in the mail"),
        ).submission  # fmt: skip
        assert (row.group, row.members) == (group.id, ("ada", "bob"))
    action = store.record.actions()[-1]
    assert (action.by, action.what, action.reason) == (
        "prof",
        "taken in by staff",
        "it lay in the mail",
    )
    assert (action.subject, between.isoformat() in action.detail) == ("essay of bob bob", True)


def test_the_same_bytes_from_who_has_no_share_in_them_are_a_new_submission(store: Store):
    group = team(store, "A", "ada", "bob", largest=3)
    first = sent(store, "ada")
    store.groups.join(group.id, "eve", largest=3, by="prof")
    at = NOON + timedelta(hours=1)
    again = store.accept("eve", "essay", b"0", "a", at, group_set="pairs")
    assert not again.repeated
    assert again.submission.members == ("ada", "bob", "eve")
    assert store.accept("ada", "essay", b"0", "a", at, group_set="pairs").repeated
    assert first.id != again.submission.id


def test_who_left_a_group_still_sees_its_work(store: Store):
    group = team(store, "A", "ada", "bob")
    row = sent(store, "ada")
    store.groups.leave(group.id, "bob", by="prof")
    store.groups.form("pairs", "B", ["bob", "eve"], largest=2, by="prof")
    other = sent(store, "eve", 1)
    assert numbers(store, "bob") == [row.id, other.id]
    assert numbers(store, "ada") == [row.id]


def test_who_has_left_the_course_takes_no_place_and_has_it_again_on_coming_back(store: Store):
    group = team(store, "A", "ada", "bob")
    with pytest.raises(CannotGroup, match="is full"):
        store.groups.join(group.id, "eve", largest=2, by="prof")
    store.roster.update([StudentRow("ada"), StudentRow("eve")])
    assert store.groups.all("pairs")[0].members == ("ada",)
    assert store.groups.join(group.id, "eve", largest=2, by="prof").members == ("ada", "eve")
    store.roster.update([StudentRow(name) for name in ("ada", "bob", "eve")])
    assert store.groups.all("pairs")[0].members == ("ada", "bob", "eve")


def test_what_may_be_handed_in_is_asked_of_the_group_as_it_is_then(store: Store):
    seen: list[GroupRow | None] = []
    group = team(store, "A", "ada", "bob")
    store.accept(
        "ada", "essay", b"x", "a", NOON, group_set="pairs",
        allow=lambda before, of: seen.append(of),
    )  # fmt: skip
    store.accept("ada", "hw1", b"x", "a", NOON, allow=lambda before, of: seen.append(of))
    assert seen == [group, None]


def test_what_is_refused_leaves_no_bytes(store: Store):
    def refuse(before: object, group: object) -> None:
        raise ValueError("not now")

    with pytest.raises(ValueError, match="not now"):
        store.accept("ada", "hw1", b"refused", "a", NOON, allow=refuse)
    assert list(store.blobs.folder.glob("*/*")) == []


def test_members_who_move_while_others_hand_in_lose_nothing(either: Store):
    """Each file's members are those of one moment, whatever order the moves come in.

    Nobody waits for each other either: all take the student's row before the group's.
    """
    store = either
    group = team(store, "A", "ada", "bob", largest=3)

    def move() -> None:
        for _ in range(15):
            store.groups.leave(group.id, "bob", by="prof")
            store.groups.join(group.id, "bob", largest=3, by="prof")

    def hand_in(student: str, first: int) -> None:
        for minute in range(first, first + 15):
            sent(store, student, minute)

    threads = [
        Thread(target=move),
        Thread(target=hand_in, args=("ada", 0)),
        Thread(target=hand_in, args=("ada", 100)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    rows = store.submissions("essay")
    assert len(rows) == 30
    assert {row.members for row in rows} <= {("ada", "bob"), ("ada",)}
    assert {row.group for row in rows} == {group.id}
