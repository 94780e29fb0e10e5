"""Whose dates are whose: sections, extensions of students and of their groups."""

from collections import defaultdict
from collections.abc import Iterable
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
        self._sections = {row.identifier: row.section for row in evidence.students}
        self._of_student: dict[tuple[str, str], list[Extension]] = defaultdict(list)
        self._of_group: dict[tuple[str, int], list[Extension]] = defaultdict(list)
        self._groups = {
            name: {student: group for group in groups for student in group.members}
            for name, groups in evidence.groups.items()
        }
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
        """When things are due for a student: for a group, the latest of its members' dates."""
        group = self.group_of(assignment, student)
        if group is None:
            return self._own(assignment, student, ())
        granted = self._of_group[assignment.name, group.id]
        # Who has left the course has no section any more, and moves nobody's dates.
        members = [member for member in group.members if member in self._sections] or [student]
        return group_dates(self._own(assignment, member, granted) for member in members)

    def feedback_from(self, assignment: Assignment) -> datetime:
        """When students see what hidden tests found."""
        every = (self.dates(assignment, student) for student in self._sections)
        return feedback_from(assignment, self._course.zone, every)

    def solution_from(self, assignment: Assignment) -> datetime | None:
        """When the solution is released, or None where it never is."""
        every = (self.dates(assignment, student) for student in self._sections)
        return solution_from(assignment, self._course.zone, every)

    def _own(self, assignment: Assignment, student: str, granted: Iterable[Extension]) -> Dates:
        return dates_for(
            assignment,
            self._course.zone,
            section=self._sections.get(student, ""),
            extensions=(*self._of_student[assignment.name, student], *granted),
        )


def _extension(row: ExtensionRow) -> Extension:
    return Extension(row.until, row.days)
