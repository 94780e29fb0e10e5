"""Whether the rows of a submission fit together: owner, receipt, state, results and history."""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from grader.outcomes import GradedSubmission
from grader.store.findings import Check, Finding
from grader.store.losses import ENGINE_LOST
from grader.store.receipts import is_genuine, receipt_of
from grader.store.records import State

if TYPE_CHECKING:
    from grader.store.models import Result, Submission
    from grader.store.tables import Tables

_ROWS_AT_ONCE = 500
_Problem = tuple[Check, str]

# The states that a submission may be in after each line of history that moves it.
_STATES_AFTER = {
    "received": {State.QUEUED, State.SUPERSEDED},
    "by hand": {State.BY_HAND, State.SUPERSEDED},
    "superseded": {State.SUPERSEDED},
    "queued": {State.QUEUED},
    "released": {State.QUEUED},
    "failed": {State.QUEUED, State.DELAYED},
    ENGINE_LOST: {State.QUEUED, State.DELAYED},
    "claimed": {State.RUNNING},
    "graded": {State.GRADED},
    "regrade dropped": {State.GRADED},
    "withdrawn": {State.WITHDRAWN},
    "reinstated": {State.GRADED, State.QUEUED, State.BY_HAND},
}


@dataclass(frozen=True)
class _Graded:
    """A result as the checks of its submission need it."""

    id: int
    proposed: bool


def check_submissions(
    frozen: "Tables", secret: bytes | None, seen: Counter[str]
) -> Iterator[Finding]:
    """Check every submission against its results and its history, in portions."""
    for rows in _portions(frozen):
        span = {"submission__gte": rows[0].pk, "submission__lte": rows[-1].pk}
        history: defaultdict[int, list[str]] = defaultdict(list)
        events = frozen.events().filter(**span).order_by("pk")
        for number, what in events.values_list("submission_id", "what"):
            history[number].append(what)
        results: defaultdict[int, list[_Graded]] = defaultdict(list)
        problems: defaultdict[int, list[_Problem]] = defaultdict(list)
        for result in frozen.results().filter(**span).order_by("pk").iterator(50):
            number = result.submission.pk
            results[number].append(_Graded(result.pk, result.proposed))
            problems[number] += [(Check.RESULT, told) for told in _check_result(result)]
            seen["results"] += 1
        for row in rows:
            seen["submissions"] += 1
            found = _check_row(row, history[row.pk], results[row.pk], secret)
            where = place(row.pk, row.assignment, row.student.identifier)
            for check, what in (*found, *problems[row.pk]):
                yield Finding(check, where, what)


def _portions(frozen: "Tables") -> "Iterator[list[Submission]]":
    every = frozen.submissions().order_by("pk").iterator(_ROWS_AT_ONCE)
    while portion := list(islice(every, _ROWS_AT_ONCE)):
        yield portion


def check_superseded(frozen: "Tables") -> Iterator[Finding]:
    """Find what is superseded though nothing newer of the same owner is there.

    Something newer that was withdrawn isn't there.
    """
    from django.db.models import Exists, OuterRef, Q

    later = Q(received_at__gt=OuterRef("received_at"))
    later |= Q(received_at=OuterRef("received_at"), pk__gt=OuterRef("pk"))
    same = {"owner": OuterRef("owner"), "assignment": OuterRef("assignment")}
    newer = frozen.standing_submissions().filter(later, **same)
    for row in frozen.submissions().filter(~Exists(newer), state=State.SUPERSEDED):
        where = place(row.pk, row.assignment, row.student.identifier)
        yield Finding(
            Check.STATE, where, "it is superseded, and nothing newer of the same owner is there"
        )


def _check_row(
    row: "Submission", history: Sequence[str], results: Sequence[_Graded], secret: bytes | None
) -> Iterator[_Problem]:
    if row.state not in list(State):
        yield Check.STATE, f"its state is {row.state!r}, which there is not"
        return
    if secret and not is_genuine(receipt_of(row.as_row()), secret):
        yield (
            Check.RECEIPT,
            "its receipt is not the one of this row" if row.receipt else "it has none",
        )
    owner = f"group {row.group.pk}" if row.group else f"student {row.student.pk}"
    if row.owner != owner:
        yield Check.OWNER, f"it is kept as that of {row.owner!r}, and was handed in for {owner!r}"
    if row.group and row.student.identifier not in row.members:
        yield Check.OWNER, f"{row.student.identifier} handed it in and is not one of its members"
    yield from _check_history(row, history, results)
    yield from _check_state(row, results)
    yield from _check_proposals(row, results)


def _check_history(
    row: "Submission", history: Sequence[str], results: Sequence[_Graded]
) -> Iterator[_Problem]:
    if history[:1] != ["received"] or history.count("received") > 1:
        yield Check.HISTORY, "its history does not begin with its receipt"
    moves = [what for what in history if what in _STATES_AFTER]
    if moves and row.state not in _STATES_AFTER[moves[-1]]:
        yield Check.HISTORY, f"it is {row.state}, and its history ends with {moves[-1]!r}"
    # Gradings that were proposed and then dropped leave their lines.
    if history.count("graded") < len(results):
        told = history.count("graded")
        yield Check.HISTORY, f"it has {len(results)} results, and its history tells of {told}"


def _check_state(row: "Submission", results: Sequence[_Graded]) -> Iterator[_Problem]:
    counting = [result for result in results if not result.proposed]
    if row.state == State.GRADED and not counting:
        yield Check.RESULT, "it is graded, and has no result that counts"
    if row.state == State.BY_HAND and results:
        yield Check.STATE, "people grade it, and it has a result of the grader"
    if bool(row.lease) != (row.state == State.RUNNING):
        yield Check.STATE, f"it is {row.state}, and its lease is {row.lease!r}"


def _check_proposals(row: "Submission", results: Sequence[_Graded]) -> Iterator[_Problem]:
    counting = [result.id for result in results if not result.proposed]
    for result in results:
        if result.proposed and not any(number < result.id for number in counting):
            yield Check.PROPOSAL, f"result {result.id} is proposed in place of none"
    if row.regrade and row.state not in {State.QUEUED, State.RUNNING, State.DELAYED}:
        yield Check.PROPOSAL, f"it is to be graded again as a proposal, and is {row.state}"


def _check_result(result: "Result") -> Iterator[str]:
    """Whether the columns that grades are computed from say what the finding says."""
    try:
        graded = GradedSubmission.from_json(result.record)
        questions = json.loads(result.questions)
        wanted = graded.points_by_question()
        same = questions.keys() == wanted.keys() and all(
            _close(questions[name], wanted[name]) for name in wanted
        )
    except (ValueError, TypeError, AttributeError) as error:
        yield f"result {result.pk} can't be read: {str(error).partition(chr(10))[0]}"
        return
    if not same:
        yield f"result {result.pk}: its points by question are not those of its checks"
    if not _close((result.earned, result.points), (graded.earned, graded.points)):
        yield (
            f"result {result.pk} says {result.earned:g} of {result.points:g}, and its checks "
            f"{graded.earned:g} of {graded.points:g}"
        )
    if (result.ending, result.checks_version) != (graded.ending, graded.checks_version):
        yield f"result {result.pk}: its ending or its checks' version is not that of its record"


def _close(one: Sequence[float], other: Sequence[float]) -> bool:
    # Sums of floats in another order differ in the last digits.
    return len(one) == len(other) and all(map(math.isclose, one, other))


def place(number: int, assignment: str, student: str) -> str:
    """Which submission, in words."""
    return f"submission {number}, {assignment} of {student}"
