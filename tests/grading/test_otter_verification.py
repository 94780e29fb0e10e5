"""`course check` of an otter assignment: its solution, its starter, and points that agree."""

from pathlib import Path

import pytest

from grader.grading import plan_grading
from grader.grading.otter_verification import OtterVerification, complaints_of_points, verify_otter
from grader.sandbox.process import ProcessSandbox
from tests.grading.otter_table import Row, Zip, code, notebook_of, ok
from tests.otter_course import write_otter_course

ONE = Zip((Row("q1", ok(">>> x\n1", points=3), "", 3), Row("q0", ok(">>> 1\n1", points=0), "", 0)))
ANSWER = notebook_of([code("x = 1")])
STARTER = notebook_of([code("x = ...")])


def verify(folder: Path, files: dict[str, bytes]) -> OtterVerification:
    course = write_otter_course(folder, files)
    return verify_otter(plan_grading(course, "hw", secret=b"", sandbox=ProcessSandbox()))


@pytest.mark.parametrize(
    ("files", "complaints", "unchecked"),
    [
        ({"solution.ipynb": ANSWER, "starter.ipynb": STARTER}, [], []),
        ({"solution.ipynb": STARTER}, ["q1_1: the solution gets 0 of 3 points"], ["starter"]),
        ({"starter.ipynb": ANSWER}, ["the starter gets all 3 points"], ["solution"]),
    ],
)
def test_a_zip_is_checked_as_far_as_there_are_notebooks_beside_it(
    tmp_path: Path, files: dict[str, bytes], complaints: list[str], unchecked: list[str]
) -> None:
    found = verify(tmp_path, {"autograder.zip": ONE.autograder(), **files})
    assert len(found.complaints) == len(complaints), found.complaints
    for complaint, said in zip(found.complaints, complaints, strict=True):
        assert said in complaint
    for sentence, missing in zip(found.unchecked, unchecked, strict=True):
        assert f"there is no {missing}.ipynb" in sentence


def test_a_zip_alone_says_that_nothing_was_tried(tmp_path: Path) -> None:
    found = verify(tmp_path, {"autograder.zip": ONE.autograder()})
    assert (found.solution, found.starter, found.complaints) == (None, None, ())
    assert len(found.unchecked) == 2


@pytest.mark.parametrize(
    ("questions", "complaints"),
    [
        ("{q1: {title: A, points: 3}, q2: {title: B, points: 2, manual: true}}", []),
        (
            "{q1: {title: A, points: 4}, q2: {title: B, points: 1, manual: true}}",
            ["q1: the tests give 3 points, course.yaml says 4"],
        ),
        (
            "{q1: {title: A, points: 3, manual: true}, q2: {title: B, points: 2}}",
            ["q1 is graded by hand, but", "q2: the tests give 0 points, course.yaml says 2"],
        ),
        (
            "{q2: {title: A, points: 5, manual: true}}",
            ["q1 has tests worth 3, but is not in course.yaml"],
        ),
    ],
)
def test_points_must_be_those_of_course_yaml(
    tmp_path: Path, questions: str, complaints: list[str]
) -> None:
    files = {"autograder.zip": ONE.autograder()}
    course = write_otter_course(tmp_path, files, questions=questions)
    plan = plan_grading(course, "hw", secret=b"", sandbox=ProcessSandbox())
    assert plan.otter
    found = list(complaints_of_points(plan.assignment, plan.otter))
    assert len(found) == len(complaints), found
    assert [said for said, one in zip(complaints, found, strict=True) if said not in one] == []
