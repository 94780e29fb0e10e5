"""Who has handed in nothing that counts, or may once it is graded."""

from datetime import datetime

from grader.course import Course
from grader.gradebook.evidence import gather_evidence
from grader.gradebook.term import Sheets
from grader.store import Store


def without_submission(course: Course, store: Store, name: str, now: datetime) -> frozenset[str]:
    """The students whose row in the assignment's report says `not submitted`."""
    evidence = gather_evidence(store, course, only={name})
    sheets = Sheets(course, evidence, now)
    everybody = (row.identifier for row in evidence.students)
    return frozenset(student for student in everybody if not sheets.may_count(student, name))
