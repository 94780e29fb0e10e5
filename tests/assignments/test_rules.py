"""What every assignment with hidden checks promises, as far as reading it shows."""

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from grader.checks.choices import choices_of
from grader.checks.loading import LoadedAssignment, load_assignment
from grader.course import Course, load_course
from grader.course.hidden import hidden_files
from grader.grading.plan import plan_grading
from grader.grading.verification import check_points
from grader.release import check_master
from grader.sandbox.process import ProcessSandbox

ROOT = Path(__file__).parents[2]


@cache
def course() -> Course:
    return load_course(ROOT / "course.yaml")


def with_checks() -> list[str]:
    found = course().assignments.items()
    return [name for name, one in found if hidden_files(one.folder, "checks")]


@cache
def loaded(assignment: str) -> LoadedAssignment:
    return load_assignment(course().assignments[assignment].folder)


every_assignment = pytest.mark.parametrize("assignment", with_checks())


@every_assignment
def test_a_question_has_six_mutants_and_two_alternates_at_least(assignment: str):
    checks = loaded(assignment).checks
    for question in {check.question for check in checks}:
        for choice, applying in choices_of([c for c in checks if c.question == question]):
            place = f"{question} {dict(choice)}"
            mutants = [m for m in loaded(assignment).mutants if any(map(m.suits, applying))]
            assert len(mutants) >= 6, place
            alternates = [a for a in loaded(assignment).alternates if any(map(a.suits, applying))]
            assert len(alternates) >= 2, place


@every_assignment
def test_every_check_is_named_by_a_mutant(assignment: str):
    named = {name for mutant in loaded(assignment).mutants for name in mutant.refused_by}
    assert named == {check.name for check in loaded(assignment).checks}


@every_assignment
def test_every_sentence_is_its_own(assignment: str):
    sentences = Counter((m.of, m.says) for m in loaded(assignment).mutants)
    assert [says for (_, says), times in sentences.items() if times > 1] == []


@every_assignment
def test_master_course_and_checks_agree(assignment: str):
    plan = plan_grading(
        course(), assignment, secret=b"", sandbox=ProcessSandbox(), with_files=False
    )
    questions = [(q.name, q.points, q.manual) for q in plan.assignment.questions]
    assert check_master(plan.assignment.folder, questions) == []
    assert check_points(plan) == []
