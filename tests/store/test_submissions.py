"""Receipts, what counts, and the roster."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from grader.outcomes import GraderError
from grader.store import State, Store, StudentRow, UnknownStudent, UnknownSubmission

NOON = datetime(2026, 9, 21, 12, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def test_a_receipt_holds_what_was_received(store: Store) -> None:
    toronto = timezone(timedelta(hours=-4))
    accepted = store.accept("ada", "ps1", b"bytes", "a.ipynb", NOON.astimezone(toronto))
    row = store.submission(accepted.submission.id)
    assert not accepted.repeated
    assert (row.student, row.assignment, row.file_name) == ("ada", "ps1", "a.ipynb")
    assert (row.size_bytes, row.state, row.received_at) == (5, State.QUEUED, NOON)
    assert row.received_at.utcoffset() == timedelta(0)
    assert store.read_notebook_bytes(row) == b"bytes"


@pytest.mark.parametrize(
    ("sent", "new", "counts"),
    [
        pytest.param([("A", 0), ("A", 5)], [True, False], 0, id="the same again"),
        pytest.param([("A", 0), ("B", 5)], [True, True], 1, id="a newer one"),
        pytest.param([("A", 0), ("B", 5), ("A", 9)], [True, True, True], 2, id="back to the old"),
        pytest.param([("A", 0), ("B", 5), ("A", 0)], [True, True, False], 1, id="imported twice"),
        pytest.param([("B", 5), ("A", 0)], [True, True], 0, id="an older one found later"),
        pytest.param([("A", 0), ("B", 0)], [True, True], 1, id="equal times"),
    ],
)
def test_the_newest_by_time_of_receipt_counts_and_repeats_are_told(
    store: Store, sent: list[tuple[str, int]], new: list[bool], counts: int
) -> None:
    receipts = [store.accept("ada", "ps1", b.encode(), "a.ipynb", at(m)) for b, m in sent]
    assert [not receipt.repeated for receipt in receipts] == new
    (latest,) = store.latest_submissions("ps1")
    assert latest.id == receipts[counts].submission.id
    assert latest.state == State.QUEUED
    assert len(store.submissions("ps1")) == sum(new)
    older = [row.state for row in store.submissions("ps1") if row.id != latest.id]
    assert set(older) <= {State.SUPERSEDED}


def test_students_and_assignments_do_not_mix(store: Store) -> None:
    for student in ("ada", "bob"):
        for assignment in ("ps1", "ps2"):
            assert not store.accept(student, assignment, b"same", "a.ipynb", NOON).repeated
    assert [row.student for row in store.latest_submissions("ps1")] == ["ada", "bob"]


def test_a_submission_of_nobody_in_the_roster_is_refused(store: Store) -> None:
    with pytest.raises(UnknownStudent, match="'mallory'"):
        store.accept("mallory", "ps1", b"x", "a.ipynb", NOON)
    assert store.submissions("ps1") == ()


def test_a_time_without_zone_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="time zone"):
        store.accept("ada", "ps1", b"x", "a.ipynb", NOON.replace(tzinfo=None))


def test_a_number_of_no_submission_is_said_so(store: Store) -> None:
    with pytest.raises(UnknownSubmission, match="77"):
        store.submission(77)


@pytest.mark.parametrize("name", ["a\0b", "a\nb", "\udcff", "\u202ebad", "x" * 5000])
def test_any_file_name_can_be_kept_as_text(store: Store, name: str) -> None:
    row = store.accept("ada", "ps1", b"x", name, NOON).submission
    assert store.submission(row.id).file_name == row.file_name
    assert row.file_name.isprintable()
    assert len(row.file_name) <= 255


def test_the_roster_adds_changes_and_keeps_who_left(store: Store) -> None:
    store.accept("eve", "ps1", b"x", "a.ipynb", NOON)
    change = store.roster.update(
        [StudentRow("ada", "Ada Lovelace"), StudentRow("bob"), StudentRow("zoe")]
    )
    assert change.added == ("zoe",)
    assert change.changed == ("ada",)
    assert change.left == ("eve",)
    assert [student.identifier for student in store.roster.students()] == ["ada", "bob", "zoe"]
    assert [row.student for row in store.submissions("ps1")] == ["eve"]
    assert store.roster.update([StudentRow("eve")]).changed == ("eve",)


def test_a_roster_with_a_student_twice_changes_nothing(store: Store) -> None:
    before = store.roster.students()
    with pytest.raises(ValueError, match="twice"):
        store.roster.update([StudentRow("zoe"), StudentRow("zoe")])
    assert store.roster.students() == before


def test_a_full_disk_is_our_failure_and_leaves_no_row(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(GraderError, match="No space left"):
        store.accept("ada", "ps1", b"x", "a.ipynb", NOON)
    monkeypatch.undo()
    assert store.submissions("ps1") == ()
    assert [path for path in store.blobs.folder.rglob("*") if path.is_file()] == []
