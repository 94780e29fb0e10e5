"""What papers are called: by the names of whose they are, or so that nobody can tell."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from grader.course import Assignment
from grader.desk.papers import nameless
from grader.store import StudentRow, SubmissionRow
from grader.web.visits import Visit


@dataclass(frozen=True)
class Names:
    """How the papers of an assignment are called on one page.

    `may_show` says that names are hidden, and that this visitor may see them. Of a group, those
    are named whom the visitor `may_see`.
    """

    shown: bool
    may_show: bool
    secret: bytes
    may_see: Callable[[StudentRow], bool]

    def title(self, row: SubmissionRow, people: Iterable[StudentRow]) -> str:
        """What a paper is called."""
        if not self.shown:
            return f"Paper {nameless(self.secret, row)}"
        return ", ".join(one.name or one.identifier for one in filter(self.may_see, people))

    def identifiers(self, people: Iterable[StudentRow]) -> str:
        """The students' identifiers, or nothing."""
        return ", ".join(self.students(people))

    def students(self, people: Iterable[StudentRow]) -> list[str]:
        """The same as a list."""
        return [one.identifier for one in filter(self.may_see, people)] if self.shown else []


def names_for(visit: Visit, assignment: Assignment) -> Names:
    """Names are hidden where the course says so; an instructor may ask for them."""
    may_see = visit.visitor.may_see
    if not assignment.anonymous:
        return Names(shown=True, may_show=False, secret=b"", may_see=may_see)
    may_show = visit.visitor.is_instructor
    shown = may_show and visit.request.GET.get("names") == "1"
    return Names(shown, may_show, visit.store.secret(), may_see)


def people_of(visit: Visit, row: SubmissionRow) -> tuple[StudentRow, ...]:
    """Whose work it is."""
    found = map(visit.store.roster.find, dict.fromkeys((row.student, *row.credited)))
    return tuple(one for one in found if one is not None)
