"""The demo cohort, graded for real: each notebook gets what its name says, attacks nothing."""

from dataclasses import replace
from pathlib import Path

import pytest

from grader.checks.loading import load_assignment
from grader.course import Course
from grader.grading import grade_batch
from grader.intake import Refused, import_folder, read_notebook
from grader.outcomes import CellStatus, CheckResult, GradedSubmission, Outcome
from grader.sandbox.docker import DockerSandbox
from grader.store import State, StudentRow
from tests.cohort.build import HOSTILE, ROSTER, files
from tests.grading.cohort_table import ATTACKS, FULL_MARKS, ROWS, Row
from tests.grading.conftest import (
    LABELS,
    SUBMISSIONS,
    GradedCohort,
    count_processes,
    notebook_of,
    plan,
)

# The first test that needs the cohort waits until all of it is graded.
pytestmark = pytest.mark.timeout(1500)

needs_docker = pytest.mark.docker
behaviours = pytest.mark.parametrize("behaviour", ROWS)


def test_the_notebooks_are_those_that_the_problem_set_makes():
    paths = [path for path in SUBMISSIONS.rglob("*") if path.is_file()]
    there = {path: path.read_bytes() for path in [*paths, ROSTER]}
    made = files()
    changed = sorted(str(path) for path in there | made if there.get(path) != made.get(path))
    assert not changed, "run: python -m tests.cohort.build"


def test_every_notebook_of_the_cohort_has_its_row():
    assert {path.parent.name for path in SUBMISSIONS.glob("*/*")} == set(ROWS)
    assert set(HOSTILE) == set(ATTACKS)


def test_only_the_file_that_is_no_notebook_is_refused_on_the_way_in():
    students = [StudentRow(name) for name in ROWS]
    collected = import_folder(SUBMISSIONS, students)
    assert {found.student for found in collected.found} == set(ROWS) - {"not-json"}
    assert {file.file for file in collected.refused} == {"not-json/notebook.ipynb"}
    with pytest.raises(Refused, match="line 1, column 1"):
        read_notebook(notebook_of("not-json"))


@needs_docker
@behaviours
def test_a_notebook_earns_what_its_name_says(cohort: GradedCohort, behaviour: str):
    row, graded = ROWS[behaviour], cohort.results[behaviour]
    assert graded.ending is row.ending, graded.message
    earned = dict.fromkeys(FULL_MARKS, 0.0)
    for result in graded.checks:
        earned[result.question] += result.earned
    assert earned == {**FULL_MARKS, **row.earned}, told(graded)
    assert graded.earned == sum(earned.values())


@needs_docker
@behaviours
def test_checks_find_what_the_name_says(cohort: GradedCohort, behaviour: str):
    row = ROWS[behaviour]
    for result in cohort.results[behaviour].checks:
        wanted = expected_outcome(row, result)
        if wanted is None:
            assert result.outcome is not Outcome.PASSED, told(cohort.results[behaviour])
        else:
            assert result.outcome is wanted, told(cohort.results[behaviour])
        assert (result.outcome is Outcome.PASSED) == (result.message == "")


@needs_docker
@pytest.mark.parametrize(
    ("behaviour", "check", "mistake"),
    [(name, check, m) for name, row in ROWS.items() for check, m in row.mistakes.items()],
)
def test_a_known_mistake_is_told_in_its_own_words(
    cohort: GradedCohort, course: Course, behaviour: str, check: str, mistake: str
):
    mutants = {m.name: m for m in load_assignment(course.assignments["ps1"].folder).mutants}
    found = {result.check: result for result in cohort.results[behaviour].checks}[check]
    assert found.mutant == mistake
    assert found.message == mutants[mistake].says


@needs_docker
@pytest.mark.parametrize(
    ("behaviour", "status"),
    [
        ("crashing-cell", CellStatus.RAISED),
        ("syntax-error", CellStatus.RAISED),
        ("endless-loop-in-cell", CellStatus.INTERRUPTED),
    ],
)
def test_one_bad_cell_is_named_and_stops_no_other(
    cohort: GradedCohort, behaviour: str, status: CellStatus
):
    graded = cohort.results[behaviour]
    bad = [record for record in graded.cells if record.status is not CellStatus.OK]
    assert [record.status for record in bad] == [status]
    assert f'"cell {bad[0].index + 1}"' in bad[0].error


@needs_docker
def test_no_socket_leads_anywhere(cohort: GradedCohort):
    lines = cohort.results["opens-a-socket"].cells[-1].output.splitlines()
    assert len(lines) == 19
    assert all(line.startswith("refused: ") for line in lines)


@needs_docker
def test_whoever_is_not_graded_is_told_why(cohort: GradedCohort):
    assert "line 1" in cohort.results["not-json"].message
    for behaviour in ("ignores-interrupts", "eats-memory", "fork-bomb", "exits-early"):
        graded = cohort.results[behaviour]
        assert graded.message
        assert {result.message for result in graded.checks} != {""}


@needs_docker
def test_the_batch_grades_each_submission_once_and_fails_at_none(cohort: GradedCohort):
    assert cohort.summary.failures == ()
    assert cohort.summary.graded == len(ROWS)
    assert cohort.store.status("ps1")[State.GRADED] == len(ROWS)


@needs_docker
def test_nothing_is_left_on_the_machine(cohort: GradedCohort):
    assert DockerSandbox().remove_leftovers(LABELS) == 0
    commands = [read_command(path) for path in Path("/proc").glob("[0-9]*/cmdline")]
    assert not [command for command in commands if "cohort-daemon" in command]
    # Some 60 for whatever else starts here meanwhile; the fork bomb alone made 128.
    assert count_processes() < cohort.processes_before + 60


@needs_docker
def test_grading_again_finds_the_same(cohort: GradedCohort, course: Course):
    again = ("float32", "wrong-sign", "crashing-cell", "forges-messages", "eats-memory", "not-json")
    chosen = [row.id for row in cohort.store.submissions("ps1") if row.student in again]
    cohort.store.regrades.queue(chosen)
    with cohort.store.grading_lock():
        summary = grade_batch(plan(course), cohort.store, jobs=2)
    assert summary.graded == len(again)
    results = {row.student: row.graded for row in cohort.store.regrades.results("ps1")}
    assert set(results) == set(again)
    for behaviour in again:
        assert repeatable(results[behaviour]) == repeatable(cohort.results[behaviour])


def expected_outcome(row: Row, result: CheckResult) -> Outcome | None:
    """What the row says of a check, or else of its question; else that it passed."""
    for name in (result.check, result.question):
        if name in row.fails:
            return row.fails[name]
    return Outcome.PASSED


def repeatable(graded: GradedSubmission) -> GradedSubmission:
    """The record without what a clock or the machine's load decides."""
    return replace(
        graded,
        cells=tuple(replace(record, seconds=0.0) for record in graded.cells),
        checks=tuple(replace(result, seconds=0.0) for result in graded.checks),
        usage=GradedSubmission.__dataclass_fields__["usage"].default,
        phases={},
    )


def told(graded: GradedSubmission) -> str:
    """What a submission lost and why, for the message of a failing test."""
    lost = [result for result in graded.checks if result.earned < result.points]
    lines = [f"{r.check}: {r.earned:g}/{r.points:g} {r.outcome}: {r.message}" for r in lost]
    return "\n".join([f"{graded.ending} {graded.message}", *lines])


def read_command(path: Path) -> str:
    """A process's command line; empty where it has gone meanwhile."""
    try:
        return path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
