"""What a check of the store finds, each damage by its name and place, and nothing else."""

import json
import os
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from grader.store import State, Store, coherence
from grader.store.findings import ADVICE, Check
from grader.store.fsck import check_store
from tests.store.full_store import NOON, fill

# Of the full store: ada's three of hw1 (the last is graded, with a proposal), bob's, eve's, and
# an essay of a group.
OLD, ADA, BOB, EVE, ESSAY = 1, 3, 4, 5, 6


@pytest.fixture
def full(store: Store) -> Store:
    fill(store)
    return store


def found(store: Store) -> list[tuple[Check, str]]:
    """Each finding's kind, and the words of where and what."""
    findings = check_store(store).findings
    return [(finding.check, f"{finding.where}: {finding.what}") for finding in findings]


def test_a_sound_store_is_found_sound(full: Store) -> None:
    checked = check_store(full)
    assert (checked.findings, checked.is_sound) == ((), True)
    # Two have the same bytes.
    assert (checked.submissions, checked.files, checked.results) == (6, 5, 4)


def test_an_empty_store_is_sound_and_gets_no_secret(store: Store) -> None:
    assert check_store(store).findings == ()
    assert not (store.folder / "secret").exists()


def change(number: int, **values: object) -> Callable[[Store], None]:
    """Write into a submission's row by other means."""

    def damage(store: Store) -> None:
        assert store._tables.submissions().filter(pk=number).update(**values) == 1

    return damage


def result(number: int, **values: object) -> Callable[[Store], None]:
    """Write into the row of a submission's first result."""

    def damage(store: Store) -> None:
        row = store.results(number)[0].id
        assert store._tables.results().filter(pk=row).update(**values) == 1

    return damage


def record(**values: Any) -> Callable[[Store], None]:
    """Change what the record of eve's result says."""

    def damage(store: Store) -> None:
        (row,) = store.results(EVE)
        changed = json.dumps(json.loads(row.record) | values)
        store._tables.results().filter(pk=row.id).update(record=changed)

    return damage


def no_results(store: Store) -> None:
    store._tables.results().filter(submission=EVE).delete()


def no_results_that_count(store: Store) -> None:
    store._tables.results().filter(submission=ADA, proposed=False).delete()


def no_history(store: Store) -> None:
    store._tables.events().filter(submission=BOB).delete()


def received_twice(store: Store) -> None:
    with store._tables.transaction():
        store._tables.note(store._tables.submission(BOB), "received", "again")


def nothing_newer(store: Store) -> None:
    """Let ada's newest two be bob's, so that her oldest is superseded by nothing."""
    bob = store._tables.submission(BOB)
    store._tables.submissions().filter(pk__in=(2, 3)).update(
        student=bob.student, owner=bob.owner, state=State.SUPERSEDED, received_at=NOON
    )


def bytes_of(number: int, damage: Callable[[Path], object]) -> Callable[[Store], None]:
    def damage_them(store: Store) -> None:
        damage(store.blobs.path(store.submission(number).sha256))

    return damage_them


@pytest.mark.parametrize(
    ("damage", "findings"),
    [
        pytest.param(
            bytes_of(EVE, Path.unlink),
            [(Check.BYTES, "submission 5, hw1 of eve: .*/e3/e3b0c4.* is missing")],
            id="lost bytes",
        ),
        pytest.param(
            bytes_of(BOB, lambda path: path.write_bytes(b"ada 9")),
            [
                (Check.BYTES, "submission 2, hw1 of ada: .* is damaged: its hash is"),
                (Check.BYTES, "submission 4, hw1 of bob: .* is damaged: its hash is"),
            ],
            id="damaged bytes of two",
        ),
        pytest.param(
            bytes_of(EVE, lambda path: (path.unlink(), path.mkdir())),
            [(Check.BYTES, "submission 5, hw1 of eve: .*Is a directory")],
            id="a folder",
        ),
        pytest.param(
            change(EVE, size_bytes=7),
            [
                (Check.BYTES, "submission 5.*has 0 bytes, and 7 were received"),
                (Check.RECEIPT, "submission 5.*not the one of this row"),
            ],
            id="size",
        ),
        pytest.param(
            change(EVE, sha256="../../etc/passwd"),
            [(Check.BYTES, "submission 5.*not a SHA-256"), (Check.RECEIPT, "submission 5")],
            id="no hash",
        ),
        pytest.param(
            change(EVE, received_at=NOON - timedelta(days=1)),
            [(Check.RECEIPT, "submission 5, hw1 of eve: its receipt is not the one of this row")],
            id="an earlier time",
        ),
        pytest.param(
            change(EVE, assignment="hw2"), [(Check.RECEIPT, "submission 5")], id="another"
        ),
        pytest.param(
            change(EVE, receipt=""), [(Check.RECEIPT, "submission 5.*it has none")], id="no receipt"
        ),
        pytest.param(
            lambda store: (store.folder / "secret").write_bytes(bytes(32)),
            [(Check.RECEIPT, f"submission {number}") for number in range(1, 7)],
            id="another secret",
        ),
        pytest.param(
            lambda store: (store.folder / "secret").unlink(),
            [(Check.SECRET, "it is missing")],
            id="no secret",
        ),
        pytest.param(
            lambda store: (store.folder / "secret").write_bytes(b"short"),
            [(Check.SECRET, "has 5 bytes, not 32")],
            id="damaged secret",
        ),
        pytest.param(
            change(EVE, owner="student 1"),
            [(Check.OWNER, "submission 5.*kept as that of 'student 1', and was .*'student 3'")],
            id="owner",
        ),
        pytest.param(
            change(ESSAY, owner="student 1"),
            [(Check.OWNER, "submission 6.*'student 1', and was handed in for 'group 1'")],
            id="owner of a group's",
        ),
        pytest.param(
            no_history,
            [
                (Check.HISTORY, "submission 4.*does not begin with its receipt"),
                (Check.HISTORY, "submission 4.*has 1 results, and its history tells of 0"),
            ],
            id="no history",
        ),
        pytest.param(
            received_twice,
            [
                (Check.HISTORY, "submission 4.*does not begin"),
                (Check.HISTORY, "submission 4.*it is graded, and its history ends with 'received'"),
            ],
            id="received twice",
        ),
        pytest.param(
            change(EVE, state="lost"), [(Check.STATE, "submission 5.*'lost'")], id="no state"
        ),
        pytest.param(
            change(OLD, state=State.QUEUED),
            [(Check.HISTORY, "submission 1.*it is queued, and its history ends with 'superseded'")],
            id="state",
        ),
        pytest.param(
            change(EVE, state=State.DELAYED),
            [(Check.HISTORY, "submission 5.*it is delayed, and its history ends with 'graded'")],
            id="a graded one delayed",
        ),
        pytest.param(
            change(EVE, lease="token"),
            [(Check.STATE, "submission 5.*its lease is 'token'")],
            id="lease",
        ),
        pytest.param(
            nothing_newer,
            [
                (Check.STATE, "submission 1, hw1 of ada: .*nothing newer"),
                (Check.RECEIPT, "submission 2"),
                (Check.RECEIPT, "submission 3"),
                (Check.HISTORY, "submission 3"),
            ],
            id="superseded by nothing",
        ),
        pytest.param(
            no_results, [(Check.RESULT, "submission 5.*no result that counts")], id="ungraded"
        ),
        pytest.param(
            no_results_that_count,
            [
                (Check.RESULT, "submission 3.*no result that counts"),
                (Check.PROPOSAL, "submission 3.*is proposed in place of none"),
            ],
            id="proposed in place of none",
        ),
        pytest.param(
            change(EVE, regrade=True),
            [(Check.PROPOSAL, "submission 5.*to be graded again as a proposal, and is graded")],
            id="regrade of nothing queued",
        ),
        pytest.param(
            result(EVE, submission=ESSAY),
            [
                (Check.RESULT, "submission 5.*no result that counts"),
                (Check.STATE, "submission 6.*people grade it"),
                (Check.HISTORY, "submission 6.*has 1 results, and its history tells of 0"),
            ],
            id="a result of what people grade",
        ),
        pytest.param(
            result(EVE, questions='{"q1": [6, 6], "q2": [0.1, 4]}'),
            [(Check.RESULT, "submission 5.*points by question are not those of its checks")],
            id="points by question",
        ),
        pytest.param(
            result(EVE, questions='{"q1": [1, 6]}'),
            [(Check.RESULT, "submission 5")],
            id="questions",
        ),
        pytest.param(
            result(EVE, questions="[1]"),
            [(Check.RESULT, "submission 5.*can't be read")],
            id="no questions",
        ),
        pytest.param(
            result(EVE, earned=10),
            [(Check.RESULT, r"submission 5.*says 10 of 10, and its checks 1\.1 of 10")],
            id="points",
        ),
        pytest.param(
            result(EVE, ending="timeout"), [(Check.RESULT, "submission 5.*ending")], id="ending"
        ),
        pytest.param(
            record(checks=[]),
            [(Check.RESULT, "submission 5.*by question"), (Check.RESULT, "submission 5.*says 1.1")],
            id="checks",
        ),
        pytest.param(
            record(ending="fine"), [(Check.RESULT, "submission 5.*can't be read")], id="record"
        ),
    ],
)
def test_each_damage_is_found(
    full: Store, damage: Callable[[Store], object], findings: list[tuple[Check, str]]
) -> None:
    damage(full)
    assert not check_store(full).is_sound
    told = found(full)
    assert sorted(check for check, _ in told) == sorted(check for check, _ in findings)
    for check, pattern in findings:
        assert any(kind == check and re.search(pattern, words) for kind, words in told), told


def test_every_kind_of_finding_comes_with_what_to_do() -> None:
    assert ADVICE.keys() == set(Check)


@pytest.mark.sqlite  # PostgreSQL lets no key go
def test_a_row_that_names_another_that_is_gone_is_found(full: Store) -> None:
    from django.db import connections

    with connections[full._tables.alias].cursor() as cursor:
        cursor.execute("PRAGMA foreign_keys = OFF")
        cursor.execute("DELETE FROM store_reply")
        cursor.execute("DELETE FROM store_regraderequest")
        cursor.execute("INSERT INTO store_reply VALUES (1, 'Because.', 'prof', '2027-01-20', 9)")
        cursor.execute("PRAGMA foreign_keys = ON")
    ((check, words),) = found(full)
    assert check is Check.DATABASE
    assert "row 1 of store_reply names a row of store_regraderequest that is not there" in words


@pytest.mark.sqlite
def test_a_damaged_database_is_found(full: Store) -> None:
    from django.db import connections

    with connections[full._tables.alias].cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    full.close()
    path = full.folder / "course.sqlite3"
    data = path.read_bytes()
    path.write_bytes(data[:8192] + bytes([255]) * (len(data) - 8192))
    ((check, words),) = [one for one in found(full) if one[0] is Check.DATABASE][:1]
    assert check is Check.DATABASE
    assert "malformed" in words or "Tree" in words


def test_what_runs_is_in_order_while_somebody_grades(full: Store) -> None:
    full.accept("eve", "hw1", b"new", "a.ipynb", NOON + timedelta(hours=1))
    assert full.claim(full.start_batch("hw1"))
    with full.grading_lock():
        assert found(full) == []
    checked = check_store(full)
    assert [finding.check for finding in checked.findings] == [Check.RUNNING]
    assert checked.is_sound
    with full.grading_lock():
        full.requeue_stale()
    assert found(full) == []


def test_what_no_row_names_is_a_leftover_once_it_is_old(full: Store) -> None:
    blob = full.blobs.path(full.blobs.write(b"nobody's"))
    aside = [blob.with_suffix(".part"), full.folder / "secret.x.part"]
    for path in aside:
        path.write_bytes(b"half")
    assert found(full) == []
    for path in (blob, *aside):
        os.utime(path, (0, 0))
    checked = check_store(full)
    assert {finding.check for finding in checked.findings} == {Check.LEFTOVER}
    assert {finding.where for finding in checked.findings} == {str(blob), *map(str, aside)}
    assert checked.is_sound
    full.accept("eve", "hw1", b"nobody's", "a.ipynb", NOON + timedelta(hours=1))
    assert {finding.where for finding in check_store(full).findings} == set(map(str, aside))


def test_what_happens_meanwhile_is_not_taken_for_damage(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = coherence._portions
    hours = iter(range(1, 10))

    def hand_in() -> None:
        hour = next(hours)
        at = NOON + timedelta(hours=hour)
        store.accept("ada", "hw1", str(hour).encode(), "a.ipynb", at)

    def meanwhile(*args: Any) -> Iterator[Any]:
        for rows in real(*args):
            # What was read as queued is superseded before its history is read.
            hand_in()
            yield rows

    hand_in()
    monkeypatch.setattr("grader.store.coherence._portions", meanwhile)
    assert check_store(store).findings == ()
    assert [row.state for row in store.submissions("hw1")] == [State.SUPERSEDED, State.QUEUED]
