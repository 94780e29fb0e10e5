"""What staff look through: counts, lists in an order, what runs, and whether anything changed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from grader.outcomes import GradedSubmission
from grader.store import State, Store, StudentRow
from grader.store.browsing import Earned, Order, Wanted
from tests.term_course import graded

NOON = datetime(2027, 1, 20, 17, tzinfo=UTC)
FULL, HALF, NONE = (graded(("q1", points, 4)) for points in (4, 2, 0))


def hand_in(store: Store, student: str, text: str = "", minutes: int = 0, **options: str) -> int:
    data = f"{student} {text}".encode()
    at = NOON + timedelta(minutes=minutes)
    return store.accept(student, "hw1", data, "a.ipynb", at, **options).submission.id  # type: ignore[arg-type]


def grade(store: Store, number: int, found: GradedSubmission) -> None:
    batch = store.start_batch("hw1")
    lease = store.claim(batch, only=[number])
    assert lease is not None
    store.finish(lease, found)
    store.end_batch(batch.id)


@pytest.fixture
def cohort(either: Store) -> Store:
    """1: ada's older one, zero; 2: ada's, full marks; 3: bob's, partial; 4: eve's, queued."""
    for student, text, found in (("ada", "", NONE), ("ada", "more", FULL), ("bob", "", HALF)):
        number = hand_in(either, student, text, minutes=int(bool(text)))
        grade(either, number, found)
    hand_in(either, "eve", minutes=2)
    return either


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Wanted(("hw1",)), (4, 2, 3)),
        (Wanted(("hw1",), newest=False), (4, 2, 3, 1)),
        (Wanted(("hw2",)), ()),
        (Wanted(()), ()),
        (Wanted(("hw1",), students=frozenset({"ada", "eve"})), (4, 2)),
        (Wanted(("hw1",), students=frozenset()), ()),
        (Wanted(("hw1",), states=(State.QUEUED,)), (4,)),
        (Wanted(("hw1",), earned=Earned.ALL), (2,)),
        (Wanted(("hw1",), earned=Earned.SOME), (3,)),
        (Wanted(("hw1",), earned=Earned.NOTHING), ()),
        (Wanted(("hw1",), earned=Earned.NOTHING, newest=False), (1,)),
        (Wanted(("hw1",), only=frozenset({1, 3})), (3,)),
        (Wanted(("hw1",), order=Order.OLDEST), (3, 2, 4)),
        (Wanted(("hw1",), order=Order.STUDENT), (2, 3, 4)),
        (Wanted(("hw1",), order=Order.HIGHEST), (2, 3, 4)),
        (Wanted(("hw1",), order=Order.LOWEST), (3, 2, 4)),
    ],
)
def test_what_is_wanted_is_found_in_its_order(
    cohort: Store, wanted: Wanted, numbers: tuple[int, ...]
) -> None:
    # Two came at noon: of these the later number is the newer.
    assert cohort.browsing.find(wanted) == numbers


def test_work_of_a_group_is_found_for_each_who_has_a_share(either: Store) -> None:
    group = either.groups.form("set", "Team", ("ada", "bob"), largest=3, by="prof")
    number = hand_in(either, "ada", group_set="set")
    either.groups.leave(group.id, "bob", by="prof")
    either.groups.join(group.id, "eve", largest=3, by="prof")
    found = {
        name: either.browsing.find(Wanted(("hw1",), students=frozenset({name})))
        for name in ("ada", "bob", "eve")
    }
    assert found == {"ada": (number,), "bob": (number,), "eve": ()}
    assert either.browsing.counts({"bob"}) == {"hw1": {State.QUEUED: 1}}
    assert either.browsing.counts({"eve"}) == {}


def test_a_line_tells_the_current_result_and_that_another_is_proposed(cohort: Store) -> None:
    grade(cohort, cohort.queue_submission(2).id, HALF)
    cohort.regrades.queue([3])
    grade(cohort, 3, FULL)
    lines = {line.submission.id: line for line in cohort.browsing.listed([3, 2, 4, 99])}
    assert list(lines) == [3, 2, 4]
    assert cohort.browsing.proposals() == {"hw1": 1}
    assert {n: (line.earned, line.has_proposal) for n, line in lines.items()} == {
        3: (2, True),
        2: (2, False),
        4: (None, False),
    }
    cohort.regrades.drop("hw1", by="prof", reason="a mistake")
    assert not cohort.browsing.listed([3])[0].has_proposal
    assert cohort.browsing.proposals() == {}


def test_current_results_and_their_records_are_told(cohort: Store) -> None:
    grade(cohort, cohort.queue_submission(2).id, HALF)
    current = cohort.browsing.current(["hw1"])
    assert current == {number: cohort.results(number)[-1].id for number in (1, 2, 3)}
    records = dict(cohort.browsing.records(current.values()))
    assert records == {cohort.results(n)[-1].id: cohort.results(n)[-1].record for n in (1, 2, 3)}


def test_submissions_are_counted_by_assignment_and_state(cohort: Store) -> None:
    cohort.accept("ada", "hw2", b"x", "x.ipynb", NOON)
    assert cohort.browsing.counts() == {
        "hw1": {State.GRADED: 3, State.QUEUED: 1},
        "hw2": {State.QUEUED: 1},
    }
    assert cohort.browsing.counts(["bob"]) == {"hw1": {State.GRADED: 1}}


def test_what_runs_is_told_with_the_run_that_grades_it(cohort: Store) -> None:
    cohort.start_batch("hw1")  # killed
    batch = cohort.start_batch("hw1")
    lease = cohort.claim(batch)
    assert lease is not None
    assert [row.id for row in cohort.browsing.running()] == [4]
    assert cohort.browsing.batches_at_work() == {"hw1": batch}
    cohort.finish(lease, FULL)
    cohort.end_batch(batch.id)
    assert cohort.browsing.running() == ()
    assert cohort.browsing.batches_at_work() == {}


CHANGES: dict[str, Callable[[Store], object]] = {
    "received": lambda store: hand_in(store, "bob", "again", 9),
    "graded": lambda store: grade(store, 4, FULL),
    "proposed": lambda store: store.regrades.queue([3]),
    "marked": lambda store: store.marks.give(3, "q1", 1, by="ta"),
    "set": lambda store: store.marks.override("ada", "hw1", 1, reason="so", by="ta"),
    "extended": lambda store: store.extensions.grant(
        "hw1", student="ada", days=1, reason="ill", by="ta"
    ),
    "withdrawn": lambda store: store.withdrawals.withdraw(4, reason="a mistake", by="ta"),
    "grouped": lambda store: store.groups.form("set", "G", ["ada"], largest=2, by="ta"),
    "begun": lambda store: store.starts.begin("hw1", "ada", NOON, by="ada"),
    "asked": lambda store: store.requests.ask(3, "bob", "q1", "Why?"),
    "enrolled": lambda store: store.roster.update([StudentRow("ada", "Ada L.")]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_seen_and_a_look_is_none(
    cohort: Store, change: Callable[[Store], object]
) -> None:
    before = cohort.changes.stamp()
    assert cohort.changes.stamp() == before
    change(cohort)
    after = cohort.changes.stamp()
    assert after != before


def test_an_answer_to_a_request_is_a_change(cohort: Store) -> None:
    asked = cohort.requests.ask(3, "bob", "q1", "Why?")
    before = cohort.changes.stamp()
    cohort.requests.reply(asked.id, "Because.", by="ta")
    assert cohort.changes.stamp() != before


def test_the_first_roster_is_a_change(store: Store) -> None:
    store._tables.students().delete()
    before = store.changes.stamp()
    store.roster.update([StudentRow("ann")])
    assert store.changes.stamp() != before


def test_marks_and_work_of_some_are_those_of_each(cohort: Store) -> None:
    for number in (1, 2, 3):
        cohort.marks.give(number, "q1", 1, by="ta")
    assert [row.submission_id for row in cohort.marks.of("hw1", only=[3, 1])] == [1, 3]
    assert cohort.marks.of_submissions([3, 1]) == cohort.marks.of("hw1", only=[3, 1])
    assert cohort.browsing.summaries_of([3, 4]) == cohort.summaries("hw1", only=[3])
    assert {row.id for row in cohort.work_of("ada", "eve")} == {1, 2, 4}
