import sys
import types
from pathlib import Path

import jax
import numpy as np
import pytest

from grader.checks.declare import AuthoringError
from grader.checks.loading import load_assignment
from grader.checks.running import run_check
from grader.checks.student import LocalBackend
from grader.outcomes import Outcome
from tests.checks.toy import ALTERNATES, CHECKS, MUTANTS, load_toy, solution, toy_oracle, write_toy


def test_all_that_an_assignment_declares_is_found(tmp_path: Path) -> None:
    loaded = load_toy(tmp_path)
    assert [check.name for check in loaded.checks] == ["gradient_of_a_bowl", "two_parts"]
    assert [mutant.name for mutant in loaded.mutants] == ["shifted"]
    assert [alternate.route for alternate in loaded.alternates] == ["forward mode"]
    assert loaded.given_module is not None
    assert loaded.given_module.__name__ == "bowl_given"


@pytest.mark.parametrize("missing", ["mutants", "alternates"])
def test_what_tests_the_checks_may_be_missing(tmp_path: Path, missing: str) -> None:
    folder = write_toy(tmp_path)
    (folder / f"{missing}.py").unlink()
    assert getattr(load_assignment(folder), missing) == ()


def test_the_checks_themselves_may_not(tmp_path: Path) -> None:
    folder = write_toy(tmp_path)
    (folder / "checks.py").unlink()
    with pytest.raises(AuthoringError, match=r"checks\.py: not found"):
        load_assignment(folder)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"mutants": MUTANTS.replace('"two_parts"', '"two_part"')}, "'two_part'"),
        ({"mutants": MUTANTS.replace('"q1"', '"q2"')}, "a check of q1"),
        (
            {"mutants": MUTANTS.replace('("gradient_of_a_bowl", "two_parts")', "()")},
            "names no check",
        ),
        ({"alternates": ALTERNATES.replace('"q1"', '"q7"')}, "'q7'"),
        (
            {"alternates": ALTERNATES.replace("def forward(", "def shifted(")},
            "2 mutants and alternates of q1 are called 'shifted'",
        ),
        (
            {"checks": f"{CHECKS}\n\nanother_name = two_parts\n"},
            "2 checks are called 'two_parts'",
        ),
        (
            {
                "checks": CHECKS.replace("points=", "where={'METHOD': 'exact'}, points="),
                "mutants": MUTANTS.replace("of=", "where={'METHOD': 'fast'}, of="),
            },
            r"shifted is of {'METHOD': 'fast'} and names .* of {'METHOD': 'exact'}",
        ),
    ],
)
def test_a_name_that_leads_nowhere_is_an_authors_mistake(
    tmp_path: Path, files: dict[str, str], words: str
) -> None:
    with pytest.raises(AuthoringError, match=words):
        load_toy(tmp_path, **files)


@pytest.mark.parametrize("changed", ["checks.py", "mutants.py", "given/bowl_given.py"])
def test_the_version_changes_with_any_trusted_file(tmp_path: Path, changed: str) -> None:
    folder = write_toy(tmp_path)
    before = load_assignment(folder).version
    assert load_assignment(folder).version == before
    with (folder / changed).open("a") as file:
        file.write("# changed\n")
    assert load_assignment(folder).version != before


def test_the_version_goes_by_what_is_imported_and_not_by_who_was_loaded_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_toy(tmp_path, checks=f"import reference.used\n{CHECKS}")
    reference = tmp_path / "reference"
    reference.mkdir()
    for name in ("__init__", "used", "unused"):
        (reference / f"{name}.py").write_text("")
        full = "reference" if name == "__init__" else f"reference.{name}"
        module = types.ModuleType(full)
        module.__file__ = str(reference / f"{name}.py")
        monkeypatch.setitem(sys.modules, full, module)
    before = load_assignment(folder).version
    (reference / "unused.py").write_text("# another assignment's\n")
    assert load_assignment(folder).version == before
    (reference / "used.py").write_text("# changed\n")
    assert load_assignment(folder).version != before


def results_of(tmp_path: Path, function: object, **files: str) -> dict[str, Outcome]:
    loaded = load_toy(tmp_path, **files)
    oracle = toy_oracle(loaded)
    namespace = {"gradient": function}
    return {
        check.name: run_check(check, LocalBackend(namespace, check), oracle)[0].outcome
        for check in loaded.checks
    }


def test_the_solution_and_the_alternate_pass_every_check(tmp_path: Path) -> None:
    loaded = load_toy(tmp_path)
    oracle = toy_oracle(loaded)
    for function in (solution()["gradient"], loaded.alternates[0].function):
        for check in loaded.checks:
            result, _ = run_check(check, LocalBackend({"gradient": function}, check), oracle)
            assert (result.outcome, result.earned) == (Outcome.PASSED, check.points)


def test_a_known_mistake_is_named_and_an_unknown_one_is_not(tmp_path: Path) -> None:
    loaded = load_toy(tmp_path)
    oracle = toy_oracle(loaded)
    check = loaded.checks[0]
    same = {"gradient": lambda cost, w: np.asarray(jax.grad(cost)(w)) + np.asarray(w) ** 3}
    other = {"gradient": lambda cost, w: 2 * jax.grad(cost)(w)}
    known, _ = run_check(check, LocalBackend(same, check), oracle)
    assert (known.mutant, known.message) == ("shifted", loaded.mutants[0].says)
    unknown, _ = run_check(check, LocalBackend(other, check), oracle)
    assert unknown.mutant is None
    assert "2 times what it should be" in unknown.message


def test_a_mutant_that_breaks_the_check_itself_breaks_no_grading(tmp_path: Path) -> None:
    breaking = MUTANTS.replace("return jax.grad(cost)(w) + w ** 3", "return None")
    fussy = CHECKS.replace(
        'expect(student.gradient(bowl.cost, w), "The gradient")',
        'expect(student.gradient(bowl.cost, w)[:], "The gradient")',
    )
    outcomes = results_of(tmp_path, lambda cost, w: w, checks=fussy, mutants=breaking)
    assert outcomes["gradient_of_a_bowl"] is Outcome.WRONG_VALUE


def test_expected_values_are_computed_once_a_batch(tmp_path: Path) -> None:
    oracle = toy_oracle(load_toy(tmp_path))
    check = oracle.assignment.checks[0]
    count: list[int] = []
    for _ in range(3):
        assert oracle.expected(check, 0, lambda: count.append(1) or 5.0) == 5.0
    assert count == [1]


def test_another_secret_gives_other_expected_values(tmp_path: Path) -> None:
    loaded = load_toy(tmp_path)
    check = loaded.checks[0]
    drawn = [toy_oracle(loaded, secret).inputs(check).normal(3) for secret in (b"one", b"two")]
    assert not np.array_equal(drawn[0], drawn[1])
