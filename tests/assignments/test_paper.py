"""The paper assignment in a container: each of its papers, and none of them."""

import json

import pytest

from grader.checks.choices import choices_of
from grader.checks.loading import load_assignment
from grader.grading import grade_notebook
from grader.outcomes import CheckResult, Ending, Outcome
from grader.release import solution_notebook
from tests.assignments.test_students import course, plan

FOLDER = course().assignments["paper"].folder
PAPERS = [choice["PAPER"] for choice, _ in choices_of(load_assignment(FOLDER).checks)]

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]


def graded(declaration: str) -> tuple[CheckResult, ...]:
    """The results of the solution notebook with another declaration."""
    notebook = json.loads(solution_notebook(FOLDER))
    (cell,) = (c for c in notebook["cells"] if "".join(c["source"]).startswith("PAPER = "))
    cell["source"] = declaration
    found = grade_notebook(plan("paper"), json.dumps(notebook).encode())
    assert found.ending is Ending.FINISHED
    raised = [cell.error for cell in found.cells if cell.error]
    assert raised == []
    return found.checks


def test_there_are_twelve():
    assert len(PAPERS) == 12


@pytest.mark.nightly
@pytest.mark.parametrize("paper", PAPERS)
def test_each_papers_solution_gets_everything(paper: str):
    results = graded(f"PAPER = '{paper}'")
    assert [r.message for r in results if r.earned < r.points] == []
    assert sum(r.points for r in results) == 30
    expected = [c.name for c in plan("paper").loaded.checks if c.where == {"PAPER": paper}]
    assert [r.check for r in results] == expected


def test_an_unknown_paper_earns_nothing_and_is_told_the_known_ones():
    (result,) = graded("PAPER = 'mmal'")
    assert (result.outcome, result.earned, result.points) == (Outcome.MISSING, 0, 30)
    assert "`PAPER` is 'mmal', which is no known choice." in result.message
    assert all(f"PAPER = '{paper}'" in result.message for paper in PAPERS)
