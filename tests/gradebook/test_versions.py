"""What a changed course file changes, and whose grades."""

from dataclasses import replace
from pathlib import Path

import pytest

from grader.gradebook.evidence import Evidence, Handed
from grader.gradebook.versions import (
    FieldChange,
    GradeChange,
    digest_of,
    grade_changes,
    setting_changes,
)
from grader.store import State, StudentRow, SubmissionRow, SummaryRow
from tests.term_course import at, term_course

LATE = at("2027-01-30 12:00")
NOW = at("2027-01-31 12:00")


def evidence() -> Evidence:
    row = SubmissionRow(1, "ada", "hw1", "0" * 64, "a", 1, LATE, State.GRADED, 0, "")
    found = SummaryRow(1, 1, "1", {"q1": (6.0, 6.0), "q2": (2.0, 4.0)}, LATE)
    students = (StudentRow("ada"), StudentRow("bob"))
    return replace(Evidence(students), handed={"hw1": Handed((row,), (found,))})


def test_a_later_due_time_changes_the_grades_of_who_was_late(tmp_path: Path):
    before = term_course(tmp_path / "a")
    after = term_course(tmp_path / "b", ("due: 2027-01-28 23:59", "due: 2027-01-30 23:59"))
    assert setting_changes(before, after) == (
        FieldChange(
            "assignments.hw1.due", "2027-01-28T23:59:00-05:00", "2027-01-30T23:59:00-05:00"
        ),
    )
    assert grade_changes(before, after, evidence(), NOW) == (
        GradeChange("ada", "hw1", 6.4, 8.0),
        GradeChange("ada", "", 64.0, 80.0),
    )


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("percent: 10,", "percent: 20,", "late_policy.percent"),
        ("{percent: 60,", "{percent: 50,", "weights.homework.percent"),
        ("drop_lowest: 1}", "drop_lowest: 0}", "weights.homework.drop_lowest"),
        ("question, points: 2", "question, points: 1", "idea.rubric.question.points"),
        ("text: A question", "text: The question", "idea.rubric.question.text"),
        ("zone: America/Toronto", "zone: America/New_York", "zone"),
        ("group: {min: 2, max: 3}", "group: {min: 1, max: 3}", "assignments.essay.group.min"),
    ],
)
def test_whatever_grades_follow_from_is_a_change(tmp_path: Path, old: str, new: str, place: str):
    before = term_course(tmp_path / "a")
    fixes = {
        "{percent: 60,": ("essay: {percent: 40}", "essay: {percent: 50}"),
        "question, points: 2": ("why, points: 1", "why, points: 2"),
    }
    more = [fixes[old]] if old in fixes else []
    after = term_course(tmp_path / "b", *more, (old, new))
    assert any(place in change.place for change in setting_changes(before, after))
    assert digest_of(before) != digest_of(after)


def test_a_title_or_a_limit_is_none(tmp_path: Path):
    before = term_course(tmp_path / "a")
    after = term_course(
        tmp_path / "b",
        ("title: First homework", "title: Homework 1"),
        ("late_policy:", "limits: {cell: 20 s}\nlate_policy:"),
    )
    assert setting_changes(before, after) == ()
    assert digest_of(before) == digest_of(after)
