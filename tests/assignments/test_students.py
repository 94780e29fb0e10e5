"""Notebooks of students of every assignment get what `expected.yaml` beside them says.

Of each assignment one is graded in every run, the notebook with a plausible mistake; the others,
the solution and the starter are for the nightly run.
"""

import html
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader.cli.report import gather
from grader.cli.workplace import Workplace
from grader.course import Course, load_course
from grader.course.hidden import hidden_files
from grader.grading import GradingPlan, grade_batch, grade_notebook, plan_grading
from grader.grading.compiled import with_compiled_operations
from grader.grading.own_programs import use_own_cache
from grader.outcomes import Ending
from grader.release import solution_notebook, starter_notebook
from grader.report.pages import feedback_page
from grader.sandbox.docker import DockerSandbox

ROOT = Path(__file__).parents[2]
STUDENTS = Path(__file__).parent / "students"
SECRET = b"what these students never see".ljust(32, b".")
LABELS = {"csc2541.tests": f"students-{os.getpid()}"}
BEHAVIOURS = ("partly-right", "mistaken", "messy")

pytestmark = pytest.mark.timeout(600)


@cache
def course() -> Course:
    return load_course(ROOT / "course.yaml")


@cache
def plan(assignment: str) -> GradingPlan:
    use_own_cache("tests")  # expected values of thirteen assignments are many programs
    made = plan_grading(course(), assignment, secret=SECRET, sandbox=DockerSandbox(), labels=LABELS)
    return with_compiled_operations(made)


def expected(assignment: str) -> dict[str, Any]:
    return yaml.safe_load((STUDENTS / assignment / "expected.yaml").read_text())


def notebook(assignment: str, behaviour: str) -> bytes:
    return (STUDENTS / assignment / f"{behaviour}.ipynb").read_bytes()


def assignments_with_students() -> list[str]:
    return sorted(path.parent.name for path in STUDENTS.glob("*/expected.yaml"))


def rows() -> list[Any]:
    return [
        pytest.param(
            assignment,
            behaviour,
            marks=[] if behaviour == "mistaken" else [pytest.mark.nightly],
            id=f"{assignment} {behaviour}",
        )
        for assignment in assignments_with_students()
        for behaviour in BEHAVIOURS
    ]


def test_every_assignment_with_hidden_checks_has_its_students():
    graded = {
        name for name, found in course().assignments.items() if hidden_files(found.folder, "checks")
    }
    # Those of problem set 1 are the demo's cohort.
    assert set(assignments_with_students()) == graded - {"ps1"}


@pytest.mark.docker
@pytest.mark.parametrize(("assignment", "behaviour"), rows())
def test_a_student_earns_and_reads_what_is_expected(
    assignment: str, behaviour: str, tmp_path: Path
):
    row = expected(assignment)[behaviour]
    roster = tmp_path / "roster.csv"
    roster.write_text("student,name,email\nsome1,Some One,some1@mail.example\n")
    workplace = Workplace(ROOT / "course.yaml", tmp_path / "data", roster)
    with workplace.store as store:
        received = course().assignments[assignment].release_utc
        data = notebook(assignment, behaviour)
        store.accept("some1", assignment, data, "handed in.ipynb", received)
        with store.grading_lock():
            summary = grade_batch(plan(assignment), store, jobs=1)
        assert summary.failures == ()
        report = gather(workplace, course().assignments[assignment])
    (student,) = report.rows
    assert student.graded
    assert student.graded.ending is Ending.FINISHED
    lost = [
        f"{r.check}: {r.earned:g}/{r.points:g} {r.outcome}: {r.message}"
        for r in student.graded.checks
        if r.earned < r.points
    ]
    earned = dict.fromkeys(row["earned"], 0.0)
    for result in student.graded.checks:
        earned[result.question] += result.earned
    assert earned == row["earned"], "\n".join(lost)
    page = feedback_page(report, student)
    mutants = {mutant.name: mutant for mutant in plan(assignment).loaded.mutants}
    found = {result.check: result for result in student.graded.checks}
    for check, mistake in row.get("mistakes", {}).items():
        assert found[check].mutant == mistake, found[check].message
        assert words(mutants[mistake].says) in words(page)


@pytest.mark.nightly
@pytest.mark.docker
@pytest.mark.parametrize("assignment", assignments_with_students())
def test_the_solution_earns_everything_and_the_starter_nothing(assignment: str):
    folder = course().assignments[assignment].folder
    solution = grade_notebook(plan(assignment), solution_notebook(folder))
    assert solution.earned == solution.points, solution
    starter = grade_notebook(plan(assignment), starter_notebook(folder))
    assert starter.ending is Ending.FINISHED
    assert starter.earned == 0


def words(text: str) -> str:
    """The text as it reads, without what a page wraps or spaces."""
    return "".join(filter(str.isalnum, html.unescape(text)))
