"""Tests an assignment's tests: `course check`.

The solution must get everything and the starter nothing, both in a real box; each mutant must
be refused by every check that it names, and each alternate accepted by every check of its
question. Each tolerance's room is measured on both sides: how far the worst right answer stays
below it, and how far the nearest wrong answer lies above it.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from grader.checks.declare import Alternate, Check, Mutant
from grader.checks.expect import Finding
from grader.checks.running import CheckFault, run_check
from grader.checks.student import LocalBackend
from grader.grading.analyst import BoxAnalyst
from grader.grading.plan import GradingPlan
from grader.grading.submission import grade_notebook
from grader.outcomes import CheckResult, Ending, GradedSubmission
from grader.release import check_master, solution_notebook, starter_notebook


@dataclass(frozen=True)
class CheckMargins:
    """One check's room. Both are factors above 1 where all is well; None where not measured.

    `accepting` is tolerance over the worst right answer's error, infinite where all are exact;
    `refusing` is the nearest refused mutant's error over the tolerance.
    """

    check: Check
    accepting: float | None
    refusing: float | None
    mutants: int
    alternates: int


@dataclass(frozen=True)
class Verification:
    """What `course check` found; `complaints` is empty when the assignment may be used."""

    solution: GradedSubmission
    starter: GradedSubmission
    margins: tuple[CheckMargins, ...]
    complaints: tuple[str, ...]


@dataclass(frozen=True)
class _Trial:
    """One of our own answers put to one check."""

    answer: Mutant | Alternate
    result: CheckResult
    findings: Sequence[Finding]


def verify_assignment(
    plan: GradingPlan, *, jobs: int = 2, on_step: Callable[[str], None] = lambda _: None
) -> Verification:
    """Run all of an assignment's own tests. Raises a `GraderError` when our side fails."""
    folder = plan.assignment.folder
    questions = [(q.name, q.points, q.manual) for q in plan.assignment.questions]
    complaints = [str(complaint) for complaint in check_master(folder, questions)]
    complaints += check_points(plan)
    on_step("the solution")
    solution = grade_notebook(plan, solution_notebook(folder))
    complaints += _judge_notebook("the solution", solution, lambda r: r.points)
    on_step("the starter")
    starter = grade_notebook(plan, starter_notebook(folder))
    complaints += _judge_notebook("the starter", starter, lambda _: 0.0)
    trials = _run_trials(plan, jobs, on_step)
    for trial in trials:
        complaints += _judge_trial(trial)
    named = {name for mutant in plan.loaded.mutants for name in mutant.refused_by}
    complaints += [
        f"{check.name}: no mutant needs this check"
        for check in plan.loaded.checks
        if check.name not in named
    ]
    return Verification(
        solution=solution,
        starter=starter,
        margins=tuple(_margins(check, solution, trials) for check in plan.loaded.checks),
        complaints=tuple(complaints),
    )


def check_points(plan: GradingPlan) -> list[str]:
    """Where the checks' points don't add up to the questions' points in course.yaml."""
    questions = {question.name: question for question in plan.assignment.questions}
    complaints = [
        f"{check.name}: course.yaml has no question {check.question}"
        for check in plan.loaded.checks
        if check.question not in questions
    ]
    for question in questions.values():
        points = [c.points for c in plan.loaded.checks if c.question == question.name]
        if question.manual and points:
            complaints.append(f"{question.name} is graded by hand, but has {len(points)} checks")
        if not question.manual and not math.isclose(sum(points), question.points):
            complaints.append(
                f"{question.name}: the checks give {sum(points):g} points, "
                f"course.yaml says {question.points:g}"
            )
    return complaints


def _judge_notebook(
    who: str, graded: GradedSubmission, due: Callable[[CheckResult], float]
) -> Iterator[str]:
    if graded.ending is not Ending.FINISHED:
        yield f"{who} ended with {graded.ending}: {graded.message}"
    for result in graded.checks:
        if not math.isclose(result.earned, due(result)):
            yield (
                f"{result.check}: {who} gets {result.earned:g} of {result.points:g} points "
                f"({result.outcome}: {result.message})"
            )


def _run_trials(plan: GradingPlan, jobs: int, on_step: Callable[[str], None]) -> list[_Trial]:
    """Every mutant on the checks that it names, every alternate on its question's checks."""
    checks = {check.name: check for check in plan.loaded.checks}
    pairs: list[tuple[Mutant | Alternate, Check]] = [
        (mutant, checks[name]) for mutant in plan.loaded.mutants for name in mutant.refused_by
    ]
    pairs += [
        (alternate, check)
        for alternate in plan.loaded.alternates
        for check in plan.loaded.checks
        if check.question == alternate.question
    ]
    analyst = BoxAnalyst(plan.sandbox, plan.request, plan.limits)

    def run(pair: tuple[Mutant | Alternate, Check]) -> _Trial:
        answer, check = pair
        on_step(f"{answer.name} on {check.name}")
        return _trial(plan, analyst, answer, check)

    try:
        with ThreadPoolExecutor(jobs) as pool:
            return list(pool.map(run, pairs))
    finally:
        analyst.close()


def _trial(
    plan: GradingPlan, analyst: BoxAnalyst, answer: Mutant | Alternate, check: Check
) -> _Trial:
    namespace: Mapping[str, Any] = {**plan.oracle.solution, answer.of: answer.function}
    try:
        result, findings = run_check(check, LocalBackend(namespace, check, analyst), plan.oracle)
    except CheckFault as fault:
        raise CheckFault(f"{answer.name}: {fault}") from fault
    return _Trial(answer, result, findings)


def _judge_trial(trial: _Trial) -> Iterator[str]:
    full = math.isclose(trial.result.earned, trial.result.points)
    if isinstance(trial.answer, Mutant) and full:
        yield f"{trial.result.check}: accepts the mutant {trial.answer.name}"
    if isinstance(trial.answer, Alternate) and not full:
        yield (
            f"{trial.result.check}: refuses the alternate {trial.answer.name} "
            f"({trial.result.outcome}: {trial.result.message})"
        )


def _margins(check: Check, solution: GradedSubmission, trials: Sequence[_Trial]) -> CheckMargins:
    mine = [trial for trial in trials if trial.result.check == check.name]
    mutants = [trial for trial in mine if isinstance(trial.answer, Mutant)]
    alternates = [trial for trial in mine if isinstance(trial.answer, Alternate)]
    right = [
        result.error / result.allowed
        for result in solution.checks
        if result.check == check.name and result.error is not None and result.allowed
    ]
    right += [
        finding.used
        for trial in alternates
        for finding in trial.findings
        if finding.used is not None
    ]
    wrong = [_excess(trial) for trial in mutants]
    return CheckMargins(
        check=check,
        accepting=_inverse(max(right)) if right else None,
        refusing=min((factor for factor in wrong if factor), default=None),
        mutants=len(mutants),
        alternates=len(alternates),
    )


def _excess(trial: _Trial) -> float | None:
    """How many times over its allowance a refused mutant was; None where that isn't a number."""
    return max((f.used for f in trial.findings if not f.passed and f.used), default=None)


def _inverse(share: float) -> float:
    return 1 / share if share else math.inf
