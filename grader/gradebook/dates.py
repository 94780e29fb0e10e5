"""Whose dates are whose: sections, extensions of students and of their groups.

Who handed something in with a group stays one of it for that assignment, so that the dates by
which it was handed in hold on when somebody leaves.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from grader.course import Assignment, Course
from grader.course.student_dates import (
    Dates,
    Extension,
    dates_for,
    feedback_from,
    group_dates,
    solution_from,
)
from grader.gradebook.evidence import Evidence
from grader.store import ExtensionRow, GroupRow


class Calendar:
    """The dates of every student and group, from what is stored now."""

    def __init__(self, course: Course, evidence: Evidence) -> None:
        self._course = course
        self._here = {row.identifier for row in evidence.students}
        everybody = (*evidence.left, *evidence.students)
        self._sections = {row.identifier: row.section for row in everybody}
        self._of_student: dict[tuple[str, str], list[Extension]] = defaultdict(list)
        self._of_group: dict[tuple[str, int], list[Extension]] = defaultdict(list)
        self._groups = {
            name: {student: group for group in groups for student in group.members}
            for name, groups in evidence.groups.items()
        }
        every = (group for groups in evidence.groups.values() for group in groups)
        # Who has left the course moves nobody's dates.
        self._members = {group.id: self._here.intersection(group.members) for group in every}
        self._group_work = evidence.group_work
        self._starts = {(row.assignment, row.student): row.at for row in evidence.starts}
        for row in evidence.extensions:
            if row.student is not None:
                self._of_student[row.assignment, row.student].append(_extension(row))
            elif row.group is not None:
                self._of_group[row.assignment, row.group].append(_extension(row))

    def group_of(self, assignment: Assignment, student: str) -> GroupRow | None:
        """The group that the student works in for the assignment now."""
        if assignment.group_set is None:
            return None
        return self._groups.get(assignment.group_set, {}).get(student)

    def dates(self, assignment: Assignment, student: str) -> Dates:
        """When things are due for what a student, or their group, hands in now."""
        group = self.group_of(assignment, student)
        return self.dates_of(assignment, student, group.id if group else None)

    def dates_of(self, assignment: Assignment, student: str, group: int | None) -> Dates:
        """When things are due for work of the student alone, or of that group.

        Of a group it is the latest of the dates of who is in it, and of whose the work is.
        """
        if group is None:
            return self._own(assignment, student, ())
        granted = self._of_group.get((assignment.name, group), ())
        work = self._group_work.get(assignment.name, {})
        members = {*self._members.get(group, ()), *work.get(group, ())}
        each = sorted(members) or [student]
        return group_dates(self._own(assignment, member, granted) for member in each)

    def feedback_from(self, assignment: Assignment) -> datetime:
        """When students see what hidden tests found."""
        return feedback_from(assignment, self._course.zone, self.extended(assignment))

    def solution_from(self, assignment: Assignment) -> datetime | None:
        """When the solution is released, or None where it never is."""
        return solution_from(assignment, self._course.zone, self.extended(assignment))

    def extended(self, assignment: Assignment) -> Iterator[Dates]:
        """The dates of whoever may hand something in, or has, and has an extension.

        All others are due with everybody, or with their section.
        """
        name = assignment.name
        students = {student for of, student in self._of_student if of == name}
        groups = {group for of, group in self._of_group if of == name}
        for student in sorted(students & self._here):
            yield self.dates(assignment, student)
        for group in sorted(groups):
            if self._members.get(group):
                yield self.dates_of(assignment, "", group)
        for group, work in self._group_work.get(name, {}).items():
            if group in groups or not work.isdisjoint(students):
                yield self.dates_of(assignment, "", group)

    def _own(self, assignment: Assignment, student: str, granted: Iterable[Extension]) -> Dates:
        return dates_for(
            assignment,
            self._course.zone,
            section=self._sections.get(student, ""),
            extensions=(*self._of_student.get((assignment.name, student), ()), *granted),
            started=self._starts.get((assignment.name, student)),
        )


def _extension(row: ExtensionRow) -> Extension:
    return Extension(row.until, row.days, row.time_factor)
