"""Which submissions a list is of: what staff choose in the address, and what it finds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from urllib.parse import urlencode

from grader.store import State, StudentRow, SubmissionRow
from grader.store.browsing import Earned, Order, Wanted
from grader.web.staff.kinds import Kinds, kinds_of
from grader.web.staff.reach import hides_names, people_seen, sees_everybody
from grader.web.visits import Visit


class Outcome(StrEnum):
    """What became of a submission; of nobody's, that there is none."""

    FULL = Earned.ALL.value
    PARTIAL = Earned.SOME.value
    ZERO = Earned.NOTHING.value
    QUEUED = State.QUEUED.value
    RUNNING = State.RUNNING.value
    DELAYED = State.DELAYED.value
    GRADED = State.GRADED.value
    BY_HAND = State.BY_HAND.value
    SUPERSEDED = State.SUPERSEDED.value
    WITHDRAWN = State.WITHDRAWN.value
    MISSING = "not submitted"


_OUTCOMES = {one.value: one for one in Outcome}
_ORDERS = {one.value: one for one in Order}
_EARNED = {one.value: one for one in Earned}
# By these submissions are chosen that are not the newest of anybody, or not standing.
_OLDER = (Outcome.SUPERSEDED, Outcome.WITHDRAWN)


@dataclass(frozen=True)
class Choice:
    """What was chosen; "" is no limit. `older` lists all that somebody handed in, not the newest.

    `kind` is a key of `grader.web.staff.kinds`, and needs an assignment.
    """

    assignment: str = ""
    section: str = ""
    outcome: Outcome | None = None
    kind: str = ""
    text: str = ""
    older: bool = False
    order: Order = Order.NEWEST

    @cached_property
    def query(self) -> str:
        """The choice as it stands in an address, without what is as always."""
        values = {
            "assignment": self.assignment,
            "section": self.section,
            "outcome": self.outcome or "",
            "kind": self.kind,
            "text": self.text,
            "older": "yes" if self.older else "",
            "order": "" if self.order is Order.NEWEST else self.order,
        }
        return urlencode({name: value for name, value in values.items() if value})


def read_choice(visit: Visit, given: Mapping[str, str]) -> Choice:
    """What an address chooses; what it names that isn't there is no limit."""
    assignment = given.get("assignment", "")
    outcome, order = given.get("outcome", ""), given.get("order", "")
    known = assignment in visit.course.assignments
    return Choice(
        assignment=assignment if known else "",
        section=given.get("section", "").strip()[:64],
        outcome=_OUTCOMES.get(outcome),
        kind=given.get("kind", "")[:255] if known else "",
        text=given.get("text", "").strip()[:128],
        older=bool(given.get("older")),
        order=_ORDERS.get(order, Order.NEWEST),
    )


class Chosen:
    """The submissions that a choice finds among those that the visitor may see."""

    def __init__(self, visit: Visit, choice: Choice) -> None:
        self._visit = visit
        self.choice = choice
        self.people = people_seen(visit)

    @cached_property
    def students(self) -> list[StudentRow]:
        """Whose submissions are wanted, of those who may be seen."""
        choice, folded = self.choice, self.choice.text.casefold()
        return [
            row
            for row in self.people.values()
            if choice.section in ("", row.section)
            and folded in f"{row.identifier}\n{row.name}\n{row.email}".casefold()
        ]

    @cached_property
    def before_kind(self) -> tuple[int, ...]:
        """The numbers, whatever failed in them."""
        return self._visit.store.browsing.find(self._wanted)

    @cached_property
    def kinds(self) -> dict[int, Kinds]:
        """The kinds of failure in all submissions of the assignment; none without one."""
        if not self.choice.assignment:
            return {}
        return kinds_of(self._visit.store, self.choice.assignment)

    @cached_property
    def numbers(self) -> tuple[int, ...]:
        """The numbers that were found, in their order."""
        kind = self.choice.kind
        if not kind:
            return self.before_kind
        return tuple(one for one in self.before_kind if kind in self.kinds.get(one, ()))

    def around(self, row: SubmissionRow) -> tuple[int | None, int | None, int]:
        """The numbers before and after a submission, and its place from 1; 0 if it isn't there."""
        if row.id not in self.numbers:
            return None, None, 0
        place = self.numbers.index(row.id)
        before = self.numbers[place - 1] if place else None
        after = self.numbers[place + 1] if place + 1 < len(self.numbers) else None
        return before, after, place + 1

    def _assignments(self) -> Iterator[str]:
        """The assignment that is wanted, or all; none whose names are hidden where one is named."""
        for name, assignment in self._visit.course.assignments.items():
            if self.choice.text and hides_names(self._visit, assignment):
                continue
            if self.choice.assignment in ("", name):
                yield name

    @property
    def _wanted(self) -> Wanted:
        choice, outcome = self.choice, self.choice.outcome
        is_all = sees_everybody(self._visit) and not choice.section and not choice.text
        wanted = Wanted(
            assignments=tuple(self._assignments()),
            students=None if is_all else frozenset(row.identifier for row in self.students),
            newest=not choice.older and outcome not in _OLDER,
            order=choice.order,
        )
        if outcome is None or outcome is Outcome.MISSING:
            return wanted
        if outcome.value in _EARNED:
            return replace(wanted, earned=_EARNED[outcome.value])
        return replace(wanted, states=(State(outcome.value),))
