"""Taking back a submission that was a mistake, and what counts after that for whom."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime

from grader.course import Course
from grader.gradebook.evidence import Evidence, gather_dates, gather_student
from grader.gradebook.term import Grade, Sheets
from grader.store import State, Store, SubmissionRow


def grades_for(course: Course, store: Store, row: SubmissionRow, now: datetime) -> dict[str, Grade]:
    """The grades, in its assignment, of everybody in the course whom the submission is for."""
    if row.assignment not in course.assignments:
        return {}
    dates = gather_dates(store, course)
    found: dict[str, Grade] = {}
    for student in concerned(row, dates):
        evidence = gather_student(store, course, student, dates=dates)
        found[student] = Sheets(course, evidence, now).term(student).grades[row.assignment]
    return found


def concerned(row: SubmissionRow, dates: Evidence) -> list[str]:
    """Whose work it is, and who joined the group since and may have it from there."""
    groups = (group for groups in dates.groups.values() for group in groups)
    members = {one for group in groups if group.id == row.group for one in group.members}
    here = {student.identifier for student in dates.students}
    return sorted(here.intersection({*row.credited, *members}))


def lines_on_what_counts(
    store: Store, row: SubmissionRow, grades: Mapping[str, Grade]
) -> Iterator[str]:
    """What counts now that it was taken back, or given back: a line for all for whom it is so."""
    alike: dict[str, list[str]] = defaultdict(list)
    for student, grade in grades.items():
        alike[_what_counts(store, row, student, grade)].append(student)
    for text, students in alike.items():
        yield text if len(grades) == 1 else f"for {', '.join(students)}: {text}"


def _what_counts(store: Store, row: SubmissionRow, student: str, grade: Grade) -> str:
    if grade.submission is not None:
        return f"submission {grade.submission.id} counts now"
    handed = any(
        one.assignment == row.assignment
        and one.state is not State.WITHDRAWN
        and student in one.credited
        for one in store.work_of(student)
    )
    if handed:
        return "nothing that was handed in counts"
    is_zero = grade.score.final == 0 and grade.score.override is None
    return "nothing else was handed in" + (", which counts 0" if is_zero else "")
