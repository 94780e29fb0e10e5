"""What a changed course file changes: dates and points, and then whose grades."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from grader.course import Assignment, Course
from grader.gradebook.evidence import Evidence
from grader.gradebook.term import StudentTerm, grade_term


@dataclass(frozen=True)
class FieldChange:
    """One setting that grades follow from, as it was and as it is; "" where there is none."""

    place: str
    before: str
    after: str


@dataclass(frozen=True)
class GradeChange:
    """A score or a total (`assignment` "") that a student has by one course file and not the other.

    None where there is none.
    """

    student: str
    assignment: str
    before: float | None
    after: float | None


def digest_of(course: Course) -> str:
    """A digest of all that grades follow from, which titles and limits are no part of."""
    return hashlib.sha256(json.dumps(settings_of(course), sort_keys=True).encode()).hexdigest()


def settings_of(course: Course) -> dict[str, str]:
    """Each setting that grades follow from, by its place in course.yaml, as text."""
    found = {"zone": course.zone.key, "missing": course.missing}
    found |= _flat("late_policy", _plain(course.late_policy))
    for part in course.weights:
        found |= _flat(f"weights.{part.name}", _plain(part))
    for name, assignment in course.assignments.items():
        found |= _flat(f"assignments.{name}", _graded_part(assignment))
    return found


def setting_changes(before: Course, after: Course) -> tuple[FieldChange, ...]:
    """The settings that differ, by place."""
    old, new = settings_of(before), settings_of(after)
    places = sorted(place for place in old | new if old.get(place) != new.get(place))
    return tuple(FieldChange(place, old.get(place, ""), new.get(place, "")) for place in places)


def grade_changes(
    before: Course, after: Course, evidence: Evidence, now: datetime
) -> tuple[GradeChange, ...]:
    """Whose scores and totals differ at a time, by student."""
    old, new = grade_term(before, evidence, now), grade_term(after, evidence, now)
    return tuple(change for student in new for change in _changes(old[student], new[student]))


def _changes(old: StudentTerm, new: StudentTerm) -> Iterator[GradeChange]:
    for name in dict.fromkeys([*old.grades, *new.grades]):
        was, now = (_final(term, name) for term in (old, new))
        if was != now:
            yield GradeChange(new.student, name, was, now)
    totals = [
        None if term.total.percent is None else round(term.total.percent, 2) for term in (old, new)
    ]
    if totals[0] != totals[1]:
        yield GradeChange(new.student, "", totals[0], totals[1])


def _final(term: StudentTerm, name: str) -> float | None:
    grade = term.grades.get(name)
    return grade.score.final if grade else None


def _graded_part(assignment: Assignment) -> dict[str, Any]:
    """What of an assignment grades follow from."""
    told = assignment.model_dump(
        mode="json",
        include={
            "release", "due", "lock", "sections", "late_policy", "feedback", "points", "group",
            "attempts", "time_allowed", "submit",
        },
    )  # fmt: skip
    told["questions"] = {
        question.name: {
            "points": question.points,
            "manual": question.manual,
            "rubric": {
                item.name: {"points": item.points, "text": item.text} for item in question.rubric
            },
        }
        for question in assignment.questions
    }
    return told


def _plain(model: Any) -> dict[str, Any]:
    return json.loads(model.model_dump_json())


def _flat(place: str, value: Any) -> dict[str, str]:
    """The leaves of nested fields by their dotted places."""
    if isinstance(value, Mapping):
        found: dict[str, str] = {}
        for key, inner in value.items():
            found |= _flat(f"{place}.{key}", inner)
        return found
    return {} if value is None else {place: str(value)}
