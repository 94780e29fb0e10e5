"""A known mistake is recognised by its values, its form or its program's count, and no other is."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jax import export

from grader.checks.declare import Check, Mutant
from grader.checks.expect import expect
from grader.checks.loading import LoadedAssignment
from grader.checks.oracle import Oracle
from grader.checks.programs import Program, ProgramFacts
from grader.checks.running import run_check
from grader.checks.student import LocalBackend
from grader.outcomes import CheckResult
from tests.checks.toy import SECRET

ANSWERS = {
    "right": lambda x: 2 * x,
    "halved": lambda x: x / 2,
    "reversed": lambda x: 2 * x[::-1],
    "in a tuple": lambda x: (2 * x,),
    "in a dict": lambda x: {"y": 2 * x},
    "first is nan": lambda x: (2 * x).at[0].set(np.nan),
    "in a tuple and tripled": lambda x: (3 * x,),
    "dear": lambda x: sum(x * (k / 18) for k in range(9)),
    "dearer": lambda x: sum(x * (k / 52.5) for k in range(15)),
    "cheap": lambda x: x + x,
    "said": lambda x: "by two",
    "said otherwise": lambda x: "by one half",
    "said so too": lambda x: "by one half",
}


def double(student: Any, inputs: Any) -> None:
    x = inputs.normal(5)
    expect(student.f(x), "twice x").close_to(lambda: 2 * x, rtol=1e-9)


def words(student: Any, inputs: Any) -> None:
    expect(student.f(inputs.normal(5)), "what f says").equals("by two")


def cost(student: Any, inputs: Any) -> None:
    x = inputs.normal(5)
    program = student.program("f", x)
    baseline = inputs.program(lambda x: 2 * x, x)
    expect(program, "f").costs_at_most(4, baseline, says="One product is enough.")


class CountingAnalyst:
    """Takes the number of a program's operations for its work."""

    def facts(self, program: Program) -> ProgramFacts:
        module = export.deserialize(bytearray(program.serialised)).mlir_module()
        return ProgramFacts(float(module.count("stablehlo.")), 0, (), 0)

    def run(self, program: Program, args: Any) -> Any:
        raise AssertionError("no program is run here")


def result(
    body: Any, answer: Any, *mutants: str, explains: bool = True, others: tuple[str, ...] = ()
) -> CheckResult:
    """What a check finds of `answer` where these answers are known mistakes.

    Those among `others` are for another check to refuse.
    """
    check = Check("a_check", "q1", 1.0, "A check", body, None, True)
    known = tuple(
        Mutant(
            name,
            "q1",
            "f",
            ANSWERS[name],
            ("another_check",) if name in others else ("a_check",),
            f"You did this: {name}.",
        )
        for name in mutants
    )
    loaded = LoadedAssignment("toy", Path(), (check,), known, (), None, "1")
    oracle = Oracle(loaded, {"f": ANSWERS["right"]}, SECRET, explains=explains)
    return run_check(check, LocalBackend({"f": answer}, check, CountingAnalyst()), oracle)[0]


KNOWN = ("halved", "reversed", "in a tuple", "in a dict", "first is nan")


@pytest.mark.parametrize("name", KNOWN)
def test_a_mistake_is_told_in_its_own_words(name: str):
    found = result(double, ANSWERS[name], *KNOWN)
    assert found.mutant == name
    assert found.message == f"You did this: {name}."


def test_a_wrong_text_is_known_by_itself():
    assert result(words, ANSWERS["said otherwise"], "said otherwise").mutant == "said otherwise"
    assert result(words, lambda x: "by three", "said otherwise").mutant is None
    assert result(words, ANSWERS["said so too"], "said otherwise", "said so too").mutant is None


def test_two_mistakes_of_one_form_are_not_told_apart():
    known = ("in a tuple", "in a tuple and tripled")
    assert result(double, ANSWERS["in a tuple"], *known).mutant is None


def test_of_two_mistakes_of_one_form_the_one_is_told_that_the_check_is_for():
    known = ("in a tuple", "in a tuple and tripled")
    found = result(double, ANSWERS["in a tuple"], *known, others=("in a tuple",))
    assert found.mutant == "in a tuple and tripled"


def test_a_new_mistake_is_given_no_name():
    found = result(double, lambda x: x**2, "halved", "reversed", "in a tuple")
    assert found.mutant is None
    assert "twice x is wrong" in found.message


def test_nothing_is_explained_where_the_oracle_does_not():
    assert result(double, ANSWERS["halved"], "halved", explains=False).mutant is None


def test_a_right_answer_is_no_mistake():
    assert result(double, ANSWERS["right"], "halved").mutant is None


def test_a_program_over_the_budget_is_known_by_its_count():
    found = result(cost, ANSWERS["dear"], "dear", "dearer")
    assert found.mutant == "dear"
    assert "gradients' worth of work; 4 are enough. One product is enough." in found.message
    assert found.message.endswith("You did this: dear.")


def test_a_program_within_the_budget_passes():
    assert result(cost, ANSWERS["cheap"], "dear").message == ""
