"""`course check` on a toy: it passes, and each defect of an assignment gets its complaint."""

import os
from pathlib import Path

import pytest

from grader.course import load_course
from grader.grading import GradingPlan, plan_grading
from grader.grading.kept import Kept
from grader.grading.verification import Verification, verify_assignment
from grader.sandbox.docker import DockerSandbox
from tests.toy_course import write_toy_course

pytestmark = pytest.mark.docker

SECRET = b"the toy's hidden inputs".ljust(32, b".")
DRAWS = 6
LABELS = {"csc2541.tests": f"verification-{os.getpid()}"}

RIGHT_MUTANT = """

@mutant("q1", of="step", refused_by="one_step", says="It is right.")
def right_after_all(H, w, rate):
    return w - rate * (H @ w)
"""
LUCKY_MUTANT = """

@mutant("q1", of="step", refused_by="one_step", says="You went twice as far.")
def right_where_positive(H, w, rate):
    return w - rate * (H @ w) * (1 if w[0] > 0 else 2)


@mutant("q1", of="step", refused_by="one_step", says="You walked uphill, twice said.")
def uphill_too(H, w, rate):
    return w + rate * (H @ w)
"""
WRONG_ALTERNATE = """

@alternate("q2", of="gradient", route="of symmetric matrices only")
def half_right(A, w):
    return A @ w
"""
LAST_LINE_OF_CHECKS = '    expect(program, "Your gradient").costs_at_most(3, baseline)\n'
FREE_CHECK = """

@check("q1", points=1, title="It can be called")
def gift(student, inputs):
    student.value("bowl")
    expect(1).equals(1)
"""

# One assignment with a defect of each kind.
DEFECTS = {
    "assignments/toy/mutants.py": (
        "    return jnp.stack(rows)\n",
        "    return jnp.stack(rows)\n" + RIGHT_MUTANT + LUCKY_MUTANT,
    ),
    "assignments/toy/alternates.py": (
        "    return 1.5 * ((A / 3 + A.T / 3) @ w)\n",
        "    return 1.5 * ((A / 3 + A.T / 3) @ w)\n" + WRONG_ALTERNATE,
    ),
    "assignments/toy/checks.py": (LAST_LINE_OF_CHECKS, LAST_LINE_OF_CHECKS + FREE_CHECK),
    "assignments/toy/notebook.py": ("# name: q2\n# points: 2\n", "# name: q2\n# points: 4\n"),
}


def verify(folder: Path, changes: dict[str, tuple[str, str]]) -> tuple[GradingPlan, Verification]:
    course = load_course(write_toy_course(folder / "course", changes=changes))
    plan = plan_grading(course, "toy", secret=SECRET, sandbox=DockerSandbox(), labels=LABELS)
    kept = Kept(folder / "kept", digest="of the toy")
    return plan, verify_assignment(course, plan, kept=kept, secret=SECRET, draws=DRAWS)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[GradingPlan, Verification]:
    return verify(tmp_path_factory.mktemp("sound"), {})


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    return verify(tmp_path_factory.mktemp("defects"), DEFECTS)[1].complaints


def test_a_sound_assignment_has_no_complaints(sound: tuple[GradingPlan, Verification]) -> None:
    _, found = sound
    assert found.complaints == ()
    assert found.solution
    assert found.starter
    assert (found.solution.earned, found.starter.earned) == (5.0, 0.0)
    assert found.draws == DRAWS


def test_both_margins_of_each_check_are_measured(sound: tuple[GradingPlan, Verification]) -> None:
    plan, found = sound
    assert [margins.check for margins in found.margins] == list(plan.loaded.checks)
    for margins in found.margins:
        assert (margins.mutants, margins.alternates) == (1, 1)
        assert margins.accepting is not None
        assert margins.accepting > 1
        if margins.budgets:  # its mutant is refused for its cost alone
            assert margins.refusing is None
        else:
            assert margins.refusing is not None
            assert margins.refusing > 1


def test_a_budget_shows_what_right_and_wrong_programs_take(
    sound: tuple[GradingPlan, Verification],
) -> None:
    budgets = {margins.check.name: margins.budgets for margins in sound[1].margins}
    assert budgets["one_step"] == budgets["gradient_at_a_point"] == ()
    (budget,) = budgets["cost_of_gradient"]
    assert (budget.unit, budget.allowed) == ("gradients", 3)
    assert budget.solution is not None
    assert budget.worst_alternate is not None
    assert budget.cheapest_mutant is not None
    assert max(budget.solution, budget.worst_alternate) <= 3 < budget.cheapest_mutant


def test_no_container_stays(sound: tuple[GradingPlan, Verification]) -> None:
    assert sound[0].sandbox.remove_leftovers(LABELS) == 0


@pytest.mark.parametrize(
    "complaint",
    [
        pytest.param(
            "one_step: accepts the mutant right_after_all", id="a mutant that a check accepts"
        ),
        pytest.param(
            "gradient_at_a_point: refuses the alternate half_right (wrong value: ",
            id="an alternate that is refused",
        ),
        pytest.param(
            "cost_of_gradient: refuses the alternate half_right (wrong value: ",
            id="an alternate that is refused by every check of its question",
        ),
        pytest.param(
            "q1: the checks give 4 points, course.yaml says 3", id="checks' points don't add up"
        ),
        pytest.param("question q2 says 4 points, course.yaml 2", id="the notebook's points differ"),
        pytest.param(
            "one_step: accepts the mutant right_where_positive in ",
            id="a mutant that some draws of the inputs let pass",
        ),
        pytest.param(
            "one_step: nobody reads the sentence of uphill_too: that of uphill is shown",
            id="two mutants with the same values",
        ),
        pytest.param("gift: no mutant needs this check", id="a check that no mutant needs"),
        pytest.param("gift: the starter gets 1 of 1 points", id="a starter that earns points"),
    ],
)
def test_each_defect_gets_its_complaint(complaints: tuple[str, ...], complaint: str) -> None:
    assert [complaint in one for one in complaints].count(True) == 1, complaints


def test_nothing_else_is_complained_about(complaints: tuple[str, ...]) -> None:
    assert len(complaints) == 9, "\n".join(complaints)
