"""Tests an otter assignment: its points, its solution and its starter.

Otter knows no mutants and no tolerances; what can be tried is that the solution gets everything,
the starter does not, and course.yaml promises what the test files give.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from grader.checks.otter_files import OtterTests
from grader.course import Assignment
from grader.grading.plan import GradingPlan
from grader.grading.submission import grade_notebook
from grader.outcomes import Ending, GradedSubmission
from grader.release import read_otter_assignment


@dataclass(frozen=True)
class OtterVerification:
    """What `course check` found of an otter assignment; without `complaints` it may be used.

    `unchecked` says what could not be checked, for want of a solution or a starter.
    """

    solution: GradedSubmission | None
    starter: GradedSubmission | None
    complaints: tuple[str, ...]
    unchecked: tuple[str, ...]


def verify_otter(
    plan: GradingPlan, *, on_step: Callable[[str], None] = lambda _: None
) -> OtterVerification:
    """Try an otter assignment's tests. Raises a `GraderError` when our side fails."""
    assert plan.otter is not None
    found = read_otter_assignment(plan.assignment.folder)
    complaints = list(complaints_of_points(plan.assignment, plan.otter))
    graded: dict[str, GradedSubmission | None] = {"solution": None, "starter": None}
    unchecked: list[str] = []
    for who, notebook in (("solution", found.solution), ("starter", found.starter)):
        if notebook is None:
            what = {
                "solution": "that a solution gets all points",
                "starter": "that a starter doesn't",
            }
            unchecked.append(f"there is no {who}.ipynb: not checked {what[who]}")
            continue
        on_step(f"the {who}")
        graded[who] = grade_notebook(plan, notebook)
    complaints += _judge_solution(graded["solution"])
    complaints += _judge_starter(graded["starter"])
    return OtterVerification(
        graded["solution"], graded["starter"], tuple(complaints), tuple(unchecked)
    )


def complaints_of_points(assignment: Assignment, otter: OtterTests) -> Iterator[str]:
    """Where the test files' points are not those of course.yaml.

    A question worth nothing need not be in course.yaml, and could not be.
    """
    questions = {question.name: question for question in assignment.questions}
    for test in otter.tests:
        if test.question not in questions and test.points:
            named = (
                test.question if test.question == test.name else f"{test.question} ({test.name})"
            )
            yield f"{named} has tests worth {test.points:g}, but is not in course.yaml"
    for question in questions.values():
        points = sum(test.points for test in otter.tests if test.question == question.name)
        if question.manual and points:
            yield f"{question.name} is graded by hand, but its tests give {points:g} points"
        if not question.manual and not math.isclose(points, question.points):
            yield (
                f"{question.name}: the tests give {points:g} points, "
                f"course.yaml says {question.points:g}"
            )


def _judge_solution(graded: GradedSubmission | None) -> Iterator[str]:
    if graded is None:
        return
    if graded.ending is not Ending.FINISHED:
        yield f"the solution ended with {graded.ending}: {graded.message}"
    for result in graded.checks:
        if not math.isclose(result.earned, result.points):
            yield (
                f"{result.check}: the solution gets {result.earned:g} of {result.points:g} points "
                f"({result.outcome}: {result.message})"
            )


def _judge_starter(graded: GradedSubmission | None) -> Iterator[str]:
    if graded is None:
        return
    if graded.ending is not Ending.FINISHED:
        yield f"the starter ended with {graded.ending}: {graded.message}"
    if math.isclose(graded.earned, graded.points):
        yield f"the starter gets all {graded.points:g} points: the tests ask for nothing"
