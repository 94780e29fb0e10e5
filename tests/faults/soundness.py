"""What must hold whatever failed: nobody is graded twice or for our fault, nothing is left."""

from datetime import UTC, datetime

from grader.grading import GradingPlan, grade_batch
from grader.store import State, Store
from grader.store.fsck import check_store
from tests.faults.light import NAME, SCORES

SECRET = b"the light inputs".ljust(32, b".")
RECEIVED = datetime(2027, 2, 1, 12, tzinfo=UTC)


def check_nothing_is_left(store: Store) -> None:
    """No half file, no lease, no lock, and rows that fit together."""
    assert [path.name for path in store.folder.rglob("*.part")] == []
    with store.grading_lock():
        assert store.status(NAME)[State.RUNNING] == 0
    found = check_store(store)
    assert found.findings == ()


def check_each_is_graded_once(store: Store) -> None:
    """Every student has one result, the right one, and no failure counts against anybody."""
    rows = {row.student: row for row in store.submissions(NAME)}
    found = {who: [one.earned for one in store.results(row.id)] for who, row in rows.items()}
    assert found == {who: [score] for who, score in SCORES.items()}
    assert {(row.state, row.attempts) for row in rows.values()} == {(State.GRADED, 0)}


def failed_attempts(store: Store) -> list[str]:
    """Who was ever said to have failed by our fault, once for each time."""
    return [
        row.student
        for row in store.submissions(NAME)
        for event in store.history(row.id)
        if event.what == "failed"
    ]


def finish(plan: GradingPlan, store: Store) -> None:
    """The next run, when all is well again."""
    with store.grading_lock():
        store.queue_unfinished(NAME)
        summary = grade_batch(plan, store, jobs=2)
    assert (summary.failures, summary.gave_up) == ((), False)
    check_each_is_graded_once(store)
