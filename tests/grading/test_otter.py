"""Otter's tests give the points that `otter run` gives, or the table says why not."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from grader.checks.otter_cases import run_case
from grader.checks.otter_files import course_name, read_test_file
from grader.course import Limits
from grader.grading import GradingPlan, grade_notebook, plan_grading
from grader.grading.otter import without_otter_calls
from grader.outcomes import CellStatus, CheckResult, Ending, GradedSubmission, Outcome, Shown
from grader.sandbox import conversation
from grader.sandbox.box import Sandbox
from grader.sandbox.docker import DockerSandbox
from grader.sandbox.process import ProcessSandbox
from tests.grading.otter_table import EVERYTHING, TAMPERED, Row, Zip, code, exceptions, ok
from tests.otter_course import write_otter_course

LABELS = {"csc2541.tests": f"otter-{os.getpid()}"}
BOTH = [(zip_, row) for zip_ in (EVERYTHING, TAMPERED) for row in zip_.rows]


def plan(folder: Path, otter_zip: Zip, sandbox: Sandbox) -> GradingPlan:
    course = write_otter_course(folder, {"autograder.zip": otter_zip.autograder()})
    return plan_grading(course, "hw", secret=b"", sandbox=sandbox, labels=LABELS)


def otter_run(folder: Path, otter_zip: Zip) -> dict[str, float]:
    (folder / "autograder.zip").write_bytes(otter_zip.autograder())
    (folder / "homework.ipynb").write_bytes(otter_zip.notebook())
    script = Path(__file__).with_name("otter_run.py")
    done = subprocess.run(
        [sys.executable, str(script), "homework.ipynb", "autograder.zip"],
        cwd=folder,
        env={**os.environ, "IPYTHONDIR": str(folder / "ipython"), "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def by_question(graded: GradedSubmission) -> dict[str, float]:
    earned: dict[str, float] = {}
    for result in graded.checks:
        earned[result.question] = earned.get(result.question, 0.0) + result.earned
    return earned


def named(graded: GradedSubmission, check: str) -> CheckResult:
    return next(result for result in graded.checks if result.check == check)


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    return {
        name: score
        for otter_zip in (EVERYTHING, TAMPERED)
        for name, score in otter_run(tmp_path_factory.mktemp("otter"), otter_zip).items()
    }


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> GradedSubmission:
    made = plan(tmp_path_factory.mktemp("all"), EVERYTHING, ProcessSandbox())
    return grade_notebook(made, EVERYTHING.notebook())


@pytest.fixture(scope="module")
def tampered(tmp_path_factory: pytest.TempPathFactory) -> GradedSubmission:
    made = plan(tmp_path_factory.mktemp("tampered"), TAMPERED, ProcessSandbox())
    return grade_notebook(made, TAMPERED.notebook())


@pytest.mark.parametrize(("otter_zip", "row"), BOTH, ids=[row.name for _, row in BOTH])
def test_a_question_gets_what_otter_run_gives_or_the_table_says_why_not(
    otter_zip: Zip,
    row: Row,
    theirs: dict[str, float],
    everything: GradedSubmission,
    tampered: GradedSubmission,
) -> None:
    ours = by_question(everything if otter_zip is EVERYTHING else tampered)
    assert theirs[row.name] == pytest.approx(row.points if row.otter is None else row.otter)
    assert ours[course_name(row.name)] == pytest.approx(row.points)
    assert (row.otter is None) == (row.why == "")


@pytest.mark.docker
def test_in_a_container_the_points_are_the_same(tmp_path: Path) -> None:
    made = plan(tmp_path, EVERYTHING, DockerSandbox())
    graded = grade_notebook(made, EVERYTHING.notebook())
    assert graded.ending is Ending.FINISHED
    assert by_question(graded) == pytest.approx(
        {course_name(row.name): row.points for row in EVERYTHING.rows}
    )
    assert made.sandbox.remove_leftovers(LABELS) == 0


def test_every_cell_but_those_of_otter_is_recorded_once(everything: GradedSubmission) -> None:
    assert everything.ending is Ending.FINISHED
    assert {cell.status for cell in everything.cells} == {CellStatus.OK}
    indices = [cell.index for cell in everything.cells]
    assert indices == sorted(set(indices))


@pytest.mark.parametrize(
    ("check", "outcome", "message"),
    [
        ("ok_hidden_1", Outcome.PASSED, "Good."),
        ("ok_hidden_2", Outcome.WRONG_VALUE, "Think of 3."),
        ("ok_wrong_1", Outcome.WRONG_VALUE, "    ok_wrong(3)\nExpected:\n    9\nGot:\n    3"),
        ("ok_raises_1", Outcome.RAISED, "ValueError: no"),
        ("ex_arguments_2", Outcome.RAISED, "n1(2)\nNameError"),
        ("ex_partial_2", Outcome.WRONG_VALUE, "Think of zero."),
        ("ex_all_or_nothing", Outcome.WRONG_VALUE, "assert ex_all_or_nothing is not None"),
    ],
)
def test_a_student_reads_the_authors_words_and_the_details_of_public_tests_only(
    everything: GradedSubmission, check: str, outcome: Outcome, message: str
) -> None:
    found = named(everything, check)
    assert found.outcome is outcome
    assert message in found.message
    hidden = check in ("ok_hidden_2", "ex_partial_2")
    assert found.shown is (Shown.AFTER_DUE if hidden else Shown.AT_ONCE)
    if hidden:
        assert found.message == message


def ending_zip(*rows: tuple[str, str, str]) -> Zip:
    return Zip(tuple(Row(name, test, answer, 0) for name, test, answer in rows), settings={})


ONE_PLUS_ONE = ok(">>> 1 + 1\n2", points=1)
FAILING = ending_zip(
    ("a_before", ONE_PLUS_ONE, "x = 1"),
    ("b_endless", ok(">>> b()", ">>> x\n1", points=2), "def b():\n    while True: pass"),
    (
        "c_endless",
        exceptions("@test_case()\ndef test_a(c):\n    c()", points=1),
        "import time\ndef c():\n    time.sleep(60)",
    ),
    ("d_exits", ok(">>> d()", ">>> x\n1", points=2), "import os\ndef d():\n    os._exit(0)"),
    ("e_after", ok(">>> x\n2", points=1), "x += 1"),
    ("f_floods", ok(">>> for i in range(40): print('é' * 32_000)\n", *[">>> 1\n1"], points=2), ""),
)


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> GradedSubmission:
    made = plan(tmp_path_factory.mktemp("failing"), FAILING, ProcessSandbox())
    limits = made.limits.model_copy(update={"call_seconds": 1.0})
    return grade_notebook(limited(made, limits), FAILING.notebook())


def limited(made: GradingPlan, limits: Limits) -> GradingPlan:
    return replace(made, assignment=made.assignment.model_copy(update={"limits": limits}))


@pytest.mark.parametrize(
    ("check", "outcome"),
    [
        ("a_before_1", Outcome.PASSED),
        ("b_endless_1", Outcome.TIMEOUT),
        ("b_endless_2", Outcome.PASSED),
        ("c_endless_1", Outcome.TIMEOUT),
        ("d_exits_1", Outcome.STOPPED),
        ("d_exits_2", Outcome.PASSED),
        ("e_after_1", Outcome.PASSED),
        ("f_floods_2", Outcome.PASSED),
    ],
)
def test_a_case_that_ends_badly_costs_itself_alone(
    failing: GradedSubmission, check: str, outcome: Outcome
) -> None:
    assert failing.ending is Ending.FINISHED
    assert named(failing, check).outcome is outcome


def test_a_cell_that_ends_the_program_ends_the_submission(tmp_path: Path) -> None:
    rows = ending_zip(("a_before", ONE_PLUS_ONE, "x = 1"), ("b", ONE_PLUS_ONE, "exit = 1"))
    dying = Zip(rows.rows[:1], before=(), settings={})
    made = plan(tmp_path, rows, ProcessSandbox())
    notebook = json.loads(dying.notebook())
    notebook["cells"].append(code("import os\nos._exit(0)") | {"id": "last"})
    graded = grade_notebook(made, json.dumps(notebook).encode())
    assert graded.ending is Ending.EXITED
    assert [result.outcome for result in graded.checks] == [Outcome.STOPPED] * 2
    assert graded.earned == 0
    assert graded.points == 2


@pytest.mark.parametrize(
    "answer",
    [
        "None",
        "[]",
        "[('1', None, 3)]",
        "[(1, None)]",
        "[('2\\n', None), ('2\\n', None)]",
        "'2'",
        "{'passed': True}",
        "float('nan')",
    ],
)
def test_an_answer_that_is_no_result_earns_nothing(answer: str) -> None:
    """What a program could send in the runner's place."""

    class Forger:
        def call(self, kind: str, **_: object) -> object:
            return eval(answer)  # noqa: S307 -- a literal of this test

    test = read_test_file(ONE_PLUS_ONE.replace("NAME", "q1"), "q1.py")
    assert run_case(test.cases[0], Forger(), seconds=1.0)[0] is Outcome.WRONG_TYPE


@pytest.mark.parametrize(
    ("source", "left", "asked"),
    [
        ('grader.check("q1")', "", ["q1"]),
        ('# why\ngrader.check("q1")\n', "", ["q1"]),
        ("grader.check_all()", "", []),
        ("grader.export(pdf=False,\n  run_tests=True)", "", []),
        ('x = 1\ngrader.check("q1")\ny = 2', "x = 1\nNone\ny = 2", ["q1"]),
        ('x = "é"; grader.check("q1"); y = 2', 'x = "é"; None; y = 2', ["q1"]),
        ("x = 1\ngrader.export(\n  pdf=False\n)\ny = 2", "x = 1\nNone\n\n\ny = 2", []),
        ('x = grader.check("q1")', 'x = grader.check("q1")', []),
        ('other.check("q1")', 'other.check("q1")', []),
        ('%time grader.check("q1")', '%time grader.check("q1")', []),
        ("", "", []),
    ],
)
def test_calls_of_otter_are_taken_out_of_a_cell(source: str, left: str, asked: list[str]) -> None:
    assert without_otter_calls(source) == (left, asked)


@pytest.fixture(autouse=True, scope="module")
def short_grace() -> None:
    patch = pytest.MonkeyPatch()
    patch.setattr(conversation, "GRACE_SECONDS", 2.0)
