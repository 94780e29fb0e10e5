"""Submissions as staff look through them: counted, chosen and in an order, a page at a time."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from grader.store.many import newest_summaries, submission_rows
from grader.store.records import BatchRow, State, SubmissionRow, SummaryRow

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from grader.store.models import Result, Submission
    from grader.store.tables import Tables

# Partial credit such as 4/3 + 4/3 + 4/3 sums to 4 only up to rounding.
_SAME_POINTS = 1e-6
# Records are long: so many are held at a time.
_RECORDS_AT_ONCE = 500


class Earned(StrEnum):
    """How much of their points the checks gave."""

    ALL = "full marks"
    SOME = "partial"
    NOTHING = "zero"


class Order(StrEnum):
    """In which order submissions are listed."""

    NEWEST = "newest first"
    OLDEST = "oldest first"
    STUDENT = "by student"
    HIGHEST = "highest points first"
    LOWEST = "lowest points first"


@dataclass(frozen=True)
class Wanted:
    """Which submissions, of these assignments: all that hold for, unless it is None.

    `students` are whose work it may be; `only` are numbers. `newest` leaves out what somebody has
    handed in a newer one of, and what was withdrawn.
    """

    assignments: tuple[str, ...]
    students: frozenset[str] | None = None
    states: tuple[State, ...] | None = None
    earned: Earned | None = None
    only: frozenset[int] | None = None
    newest: bool = True
    order: Order = Order.NEWEST


@dataclass(frozen=True)
class Listed:
    """A submission with what its current result says in short, if it has one."""

    submission: SubmissionRow
    earned: float | None = None
    points: float | None = None
    result: int | None = None
    has_proposal: bool = False


class Browsing:
    """What there is, without reading all that was found."""

    def __init__(self, tables: "Tables") -> None:
        self._tables = tables

    def counts(self, students: Collection[str] | None = None) -> dict[str, Counter[State]]:
        """How many submissions, by assignment and state; of the work of these students only."""
        found: dict[str, Counter[State]] = defaultdict(Counter)
        with self._tables.reading():
            rows = self._tables.submissions().order_by()
            if students is None:
                from django.db.models import Count

                each = rows.values_list("assignment", "state").annotate(number=Count("pk"))
                for assignment, state, number in each:
                    found[assignment][State(state)] += number
                return dict(found)
            theirs = set(self._of(rows, students))
            for number, assignment, state in rows.values_list("pk", "assignment", "state"):
                if number in theirs:
                    found[assignment][State(state)] += 1
            return dict(found)

    def find(self, wanted: Wanted) -> tuple[int, ...]:
        """The numbers of the submissions that are wanted, in their order."""
        with self._tables.reading():
            rows = self._rows(wanted)
            if wanted.students is None:
                numbers: Iterable[int] = rows.values_list("pk", flat=True)
            else:
                numbers = self._of(rows, wanted.students)
            only = wanted.only
            return tuple(one for one in numbers if only is None or one in only)

    def listed(self, numbers: Collection[int]) -> tuple[Listed, ...]:
        """These submissions, in this order; of numbers that none has, nothing."""
        with self._tables.reading():
            rows = {
                row.id: row
                for row in submission_rows(self._tables.submissions().filter(pk__in=list(numbers)))
            }
            results = self._tables.results().filter(submission__in=list(rows)).order_by("pk")
            newest: dict[int, tuple[int, float, float]] = {}
            proposed = set[int]()
            for number, is_proposed, dropped, *result in results.values_list(
                *("submission_id", "proposed", "dropped", "pk", "earned", "points")
            ):
                if not is_proposed:
                    newest[number] = tuple(result)
                    proposed.discard(number)
                elif not dropped:
                    proposed.add(number)
        nothing = (None, None, None)
        found = ((one, newest.get(one, nothing)) for one in numbers if one in rows)
        return tuple(
            Listed(rows[one], earned, points, result, one in proposed)
            for one, (result, earned, points) in found
        )

    def running(self) -> tuple[SubmissionRow, ...]:
        """What is being graded."""
        with self._tables.reading():
            rows = self._tables.submissions().filter(state=State.RUNNING)
            return submission_rows(rows.order_by("pk"))

    def batches_at_work(self) -> dict[str, BatchRow]:
        """The newest run of the grader over each assignment, if it has not ended.

        One that was killed is among them until the next begins.
        """
        from django.db.models import Max

        with self._tables.reading():
            newest = self._tables.batches().order_by().values("assignment").annotate(n=Max("pk"))
            rows = self._tables.batches().filter(finished_at=None)
            rows = rows.filter(pk__in=list(newest.values_list("n", flat=True)))
            return {row.assignment: row.as_row() for row in rows}

    def proposals(self) -> dict[str, int]:
        """How many submissions of each assignment have a proposal that nobody has settled."""
        from django.db.models import Count

        with self._tables.reading():
            rows = self._tables.results().filter(proposed=True, dropped=False).order_by()
            numbers = rows.values_list("submission__assignment")
            return dict(numbers.annotate(number=Count("submission", distinct=True)))

    def current(self, assignments: Collection[str]) -> dict[int, int]:
        """The number of the current result of each submission that has one."""
        with self._tables.reading():
            rows = self._tables.summaries().filter(submission__assignment__in=list(assignments))
            return dict(rows.order_by("pk").values_list("submission_id", "pk"))

    def summaries_of(self, submissions: Collection[int]) -> tuple[SummaryRow, ...]:
        """The current result of each of these submissions that has one, without its findings."""
        with self._tables.reading():
            return newest_summaries(
                self._tables.summaries().filter(submission__in=list(submissions))
            )

    def records(self, results: Collection[int]) -> Iterator[tuple[int, str]]:
        """What was found, as JSON, of each of these results: (result, record)."""
        numbers = list(results)
        for start in range(0, len(numbers), _RECORDS_AT_ONCE):
            part = numbers[start : start + _RECORDS_AT_ONCE]
            with self._tables.reading():
                rows = self._tables.summaries().filter(pk__in=part)
                found = list(rows.values_list("pk", "record"))
            yield from found

    def _rows(self, wanted: Wanted) -> "QuerySet[Submission]":
        """All but what is decided by whose work it is."""
        from django.db.models import F, OuterRef, Subquery

        rows = self._tables.submissions().filter(assignment__in=wanted.assignments)
        if wanted.states is not None:
            rows = rows.filter(state__in=wanted.states)
        if wanted.newest:
            theirs = self._tables.standing_submissions().filter(
                owner=OuterRef("owner"), assignment=OuterRef("assignment")
            )
            newest = theirs.order_by("-received_at", "-pk").values("pk")
            rows = rows.filter(pk=Subquery(newest[:1]))
        if wanted.earned or wanted.order in (Order.HIGHEST, Order.LOWEST):
            current = self._current_of(OuterRef("pk"))
            rows = rows.annotate(
                now_earned=Subquery(current.values("earned")[:1]),
                now_points=Subquery(current.values("points")[:1]),
            )
            full = F("now_points") - _SAME_POINTS
            if wanted.earned is Earned.ALL:
                rows = rows.filter(now_earned__gte=full)
            elif wanted.earned is Earned.SOME:
                rows = rows.filter(now_earned__lt=full, now_earned__gt=_SAME_POINTS)
            elif wanted.earned is Earned.NOTHING:
                rows = rows.filter(now_earned__lte=_SAME_POINTS, now_earned__lt=full)
        earned = F("now_earned")
        match wanted.order:
            case Order.NEWEST:
                return rows.order_by("-received_at", "-pk")
            case Order.OLDEST:
                return rows.order_by("received_at", "pk")
            case Order.STUDENT:
                return rows.order_by("student__identifier", "-received_at", "-pk")
            case Order.HIGHEST:
                return rows.order_by(earned.desc(nulls_last=True), "student__identifier", "pk")
            case Order.LOWEST:
                return rows.order_by(earned.asc(nulls_last=True), "student__identifier", "pk")

    def _current_of(self, submission: object) -> "QuerySet[Result]":
        return self._tables.summaries().filter(submission=submission).order_by("-pk")

    def _of(self, rows: "QuerySet[Submission]", students: Collection[str]) -> list[int]:
        """Those of the rows that one of these students handed in, or has a share in."""
        wanted = frozenset(students)
        shared = dict(rows.exclude(group=None).order_by().values_list("pk", "members"))
        each = list(rows.values_list("pk", "student__identifier"))
        return [
            number
            for number, student in each
            if student in wanted or not wanted.isdisjoint(shared.get(number, ()))
        ]
