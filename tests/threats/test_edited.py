"""Notebooks whose cells were moved, copied, renamed, locked open or turned to prose."""

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from grader.course import load_course
from grader.grading import GradingPlan, grade_notebook, plan_grading
from grader.outcomes import CellStatus, Ending, GradedSubmission, Outcome
from grader.sandbox.docker import DockerSandbox
from tests.toy_course import GRADIENT, STEP, toy_notebook, write_toy_course

pytestmark = pytest.mark.docker

LABELS = {"csc2541.tests": f"edited-{os.getpid()}"}
WRONG_STEP = STEP.replace("-", "+")
# What a student might put in the place of the released tests and of the hidden ones.
OWN_TESTS = """
def test_step_has_a_shape(step): pass
def one_step(student, inputs): return 3.0
gradient_at_a_point = cost_of_gradient = lambda student, inputs: True
"""


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GradingPlan]:
    path = list(sys.path)
    course = load_course(write_toy_course(tmp_path_factory.mktemp("edited")))
    made = plan_grading(course, "toy", secret=bytes(32), sandbox=DockerSandbox(), labels=LABELS)
    made.sandbox.prepare(made.request.environment)
    yield made
    # Another toy has a given module of the same name.
    sys.modules.pop("toy_given", None)
    sys.path[:] = path


def edited(*cells: str, changes: dict[int, dict[str, Any]] | None = None) -> bytes:
    """A notebook of these cells, with other fields in some, by their number after the imports."""
    notebook = json.loads(toy_notebook(*cells))
    for number, fields in (changes or {}).items():
        notebook["cells"][number].update(fields)
    return json.dumps(notebook).encode()


def earned(graded: GradedSubmission) -> dict[str, float]:
    points: dict[str, float] = {}
    for result in graded.checks:
        points[result.question] = points.get(result.question, 0.0) + result.earned
    return points


MOVED = edited(
    "step(1, 2, 3)",  # ran in the student's session, after the cell below
    GRADIENT,
    WRONG_STEP,
    STEP,  # copied and mended: the last one counts, as in Python
    OWN_TESTS,
    changes={
        1: {"id": "../../etc/passwd", "metadata": {"name": "/etc/passwd", "deletable": False}},
        2: {"id": "cell-1", "metadata": {"tags": ["locked"], "editable": False}},
        3: {"attachments": {"../../x.png": {"image/png": "AAAA"}}},
    },
)
PROSE = edited(STEP, GRADIENT, changes={2: {"cell_type": "markdown"}})


def test_what_is_defined_counts_wherever_it_stands_and_own_tests_count_for_nothing(
    plan: GradingPlan,
) -> None:
    graded = grade_notebook(plan, MOVED)
    assert graded.ending is Ending.FINISHED
    assert earned(graded) == {"q1": 3.0, "q2": 2.0}
    early, *others = graded.cells[1:]
    assert early.status is CellStatus.RAISED
    assert "NameError: name 'step' is not defined" in early.error
    assert '"cell 2"' in early.error
    assert {cell.status for cell in others} == {CellStatus.OK}


def test_an_answer_in_a_text_cell_is_missing_and_costs_no_other(plan: GradingPlan) -> None:
    graded = grade_notebook(plan, PROSE)
    assert earned(graded) == {"q1": 3.0, "q2": 0.0}
    lost = [result for result in graded.checks if result.question == "q2"]
    assert {result.outcome for result in lost} == {Outcome.MISSING}
    assert all("gradient" in result.message for result in lost)


def test_nothing_is_left(plan: GradingPlan) -> None:
    assert plan.sandbox.remove_leftovers(LABELS) == 0
