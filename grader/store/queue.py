"""What waits to be graded, of all assignments at once. Claiming is the store's."""

from collections import defaultdict
from typing import TYPE_CHECKING

from grader.store.records import State
from grader.store.waits import Clock

if TYPE_CHECKING:
    from grader.store.tables import Tables


class Queue:
    """A look at the queue; it changes nothing."""

    def __init__(self, tables: "Tables", clock: Clock) -> None:
        self._tables = tables
        self._clock = clock

    def due(self) -> dict[str, tuple[int, ...]]:
        """The submissions that may be graded now, by assignment.

        In the order in which they are claimed, and the assignments by what each would give first.
        Those of a paused assignment, and those that wait after a failure, are left out.
        """
        with self._tables.reading():
            rows = self._tables.due(self._tables.queued(None), self._clock())
            found: defaultdict[str, list[int]] = defaultdict(list)
            for assignment, number in rows.values_list("assignment", "pk"):
                found[assignment].append(number)
        return {assignment: tuple(numbers) for assignment, numbers in found.items()}

    def ahead_of(self, submission_id: int) -> int | None:
        """How many submissions are graded before a queued one; None if it isn't queued.

        Of its own assignment: others take turns with it.
        """
        with self._tables.reading():
            row = self._tables.submissions().filter(pk=submission_id).first()
            if row is None or row.state != State.QUEUED:
                return None
            numbers = self._tables.queued(row.assignment).values_list("pk", flat=True)
            return next((at for at, number in enumerate(numbers) if number == submission_id), 0)
