"""Of whom a TA sees what: of the students of their sections only, everywhere."""

from collections.abc import Collection, Iterable

from django.core.exceptions import PermissionDenied

from grader.course import Assignment
from grader.desk.papers import nameless
from grader.store import StudentRow, SubmissionRow
from grader.web.visits import Visit


def sees_everybody(visit: Visit) -> bool:
    """Whether the visitor is staff of the whole course."""
    return visit.visitor.sections is None


def require_everybody(visit: Visit) -> None:
    """Raises `PermissionDenied` for TAs of some sections: what is asked for concerns the others."""
    if not sees_everybody(visit):
        raise PermissionDenied("this is for staff of the whole course")


def students_seen(visit: Visit) -> tuple[StudentRow, ...]:
    """The students of the course whom the visitor may see, by identifier."""
    return tuple(filter(visit.visitor.may_see, visit.store.roster.students()))


def people_seen(visit: Visit) -> dict[str, StudentRow]:
    """Whom the visitor may see, by identifier: those who left the course too."""
    roster = visit.store.roster
    rows = (*roster.students(active=False), *roster.students())
    return {row.identifier: row for row in rows if visit.visitor.may_see(row)}


def seen_of(row: SubmissionRow, people: Iterable[str]) -> tuple[str, ...]:
    """Whose work it is, of those who may be seen; a visitor of other sections sees only theirs."""
    known = frozenset(people)
    return tuple(name for name in row.credited if name in known)


def require_names(visit: Visit, assignment: Assignment) -> None:
    """Raises `PermissionDenied` where names are hidden: what is asked for has them."""
    if hides_names(visit, assignment):
        raise PermissionDenied(f"{assignment.name} is marked without names")


def called(visit: Visit, row: SubmissionRow, names: str) -> str:
    """What a paper is called: by the names of whose it is, where they are not hidden."""
    if hides_names(visit, visit.course.assignments[row.assignment]):
        return f"Paper {nameless(visit.store.secret(), row)}"
    return names


def names_told(visit: Visit, row: SubmissionRow, people: Collection[str]) -> tuple[str, ...]:
    """Whose work it is, as far as the visitor may be told; `people` are those who may be seen.

    Who has a share in it knows with whom; where names are hidden, other TAs are told of nobody.
    """
    own = visit.visitor.student
    if not visit.visitor.is_staff or (own is not None and own.identifier in row.credited):
        return row.credited
    if hides_names(visit, visit.course.assignments[row.assignment]):
        return ()
    return seen_of(row, people)


def hides_names(visit: Visit, assignment: Assignment) -> bool:
    """Whether the visitor is not to know whose papers of the assignment are which."""
    return assignment.anonymous and not visit.visitor.is_instructor
