"""Tests an assignment's tests: `course check`.

The solution must get everything and the starter nothing, both in a real box. Over many draws of
the hidden inputs, each mutant must be refused by every check that names it, and the solution and
each alternate accepted by every check of their question. Each tolerance's room is measured on
both sides: how far the worst right answer stays below it, and how far the nearest wrong answer
lies above it.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter

from grader.checks.choices import choices_of, spoken_choice
from grader.checks.declare import Check
from grader.course import Course
from grader.grading.kept import Kept
from grader.grading.own_programs import CompiledPrograms
from grader.grading.plan import GradingPlan
from grader.grading.submission import grade_notebook
from grader.grading.trials import TRIALS, Role, Trial, run_trials
from grader.outcomes import CheckResult, Ending, GradedSubmission
from grader.release import check_master, check_starter, solution_notebook, starter_notebook

DRAWS = 20
GRADED: TypeAdapter[GradedSubmission] = TypeAdapter(GradedSubmission)


@dataclass(frozen=True)
class Budget:
    """What programs took of one budget of a check, in `unit`; None where none was counted."""

    unit: str
    allowed: float
    solution: float | None
    worst_alternate: float | None
    cheapest_mutant: float | None


@dataclass(frozen=True)
class CheckMargins:
    """One check's room. Both are factors above 1 where all is well; None where not measured.

    `accepting` is tolerance over the worst right answer's error, infinite where all are exact;
    `refusing` is the nearest refused mutant's error over the tolerance. Both over all draws.
    """

    check: Check
    accepting: float | None
    refusing: float | None
    mutants: int
    alternates: int
    budgets: tuple[Budget, ...] = ()


@dataclass(frozen=True)
class Verification:
    """What `course check` found; `complaints` is empty when the assignment may be used.

    `solution` and `starter` are None where only some questions' checks were tried.
    """

    solution: GradedSubmission | None
    starter: GradedSubmission | None
    margins: tuple[CheckMargins, ...]
    draws: int
    complaints: tuple[str, ...]


def verify_assignment(
    course: Course,
    plan: GradingPlan,
    *,
    kept: Kept,
    secret: bytes,
    draws: int = DRAWS,
    jobs: int = 2,
    on_step: Callable[[str], None] = lambda _: None,
) -> Verification:
    """Run all of an assignment's own tests. Raises a `GraderError` when our side fails."""
    folder = plan.assignment.folder
    questions = [(q.name, q.points, q.manual) for q in plan.assignment.questions]
    complaints = [str(complaint) for complaint in check_master(folder, questions)]
    if not complaints:
        complaints += map(str, check_starter(folder, starter_notebook(folder)))
    complaints += check_points(plan)
    on_step("the solution")
    solution = kept.find(
        "solution",
        GRADED,
        lambda: grade_notebook(plan, solution_notebook(folder)),
        lambda graded: not any(_judge_solution(graded)),
    )
    complaints += _judge_solution(solution)
    on_step("the starter")
    starter = kept.find(
        "starter",
        GRADED,
        lambda: grade_notebook(plan, starter_notebook(folder)),
        lambda graded: not any(_judge_starter(graded)),
    )
    complaints += _judge_starter(starter)
    # The trials run in other processes, beside which this one would sit on gigabytes.
    CompiledPrograms().forget()
    tried = try_checks(
        course,
        plan,
        plan.loaded.checks,
        kept=kept,
        secret=secret,
        draws=draws,
        jobs=jobs,
        on_step=on_step,
    )
    return Verification(solution, starter, tried.margins, draws, (*complaints, *tried.complaints))


def try_checks(
    course: Course,
    plan: GradingPlan,
    checks: Sequence[Check],
    *,
    kept: Kept,
    secret: bytes,
    draws: int,
    jobs: int,
    on_step: Callable[[str], None] = lambda _: None,
) -> Verification:
    """Put our own answers to these checks only; no notebook is run."""
    names = " ".join(check.name for check in checks)
    trials = kept.find(
        f"{draws} draws of {names}",
        TRIALS,
        lambda: run_trials(
            course, plan, secret=secret, checks=checks, draws=draws, jobs=jobs, on_step=on_step
        ),
        lambda trials: not any(judge_trials(trials)),
    )
    return Verification(
        solution=None,
        starter=None,
        margins=tuple(_margins(check, trials) for check in checks),
        draws=draws,
        complaints=(
            *judge_trials(trials),
            *_sentences_unread(trials),
            *_not_needed(checks, trials),
        ),
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
        checks = [check for check in plan.loaded.checks if check.question == question.name]
        if question.manual and checks:
            complaints.append(f"{question.name} is graded by hand, but has {len(checks)} checks")
        for choice, applying in choices_of(checks):
            points = sum(check.points for check in applying)
            if not question.manual and not math.isclose(points, question.points):
                where = f" where {spoken_choice(choice)}" if choice else ""
                complaints.append(
                    f"{question.name}: the checks give {points:g} points{where}, "
                    f"course.yaml says {question.points:g}"
                )
    return complaints


def _judge_solution(graded: GradedSubmission) -> Iterator[str]:
    return _judge_notebook("the solution", graded, lambda result: result.points)


def _judge_starter(graded: GradedSubmission) -> Iterator[str]:
    return _judge_notebook("the starter", graded, lambda _: 0.0)


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


def judge_trials(trials: Iterable[Trial]) -> Iterator[str]:
    """A complaint for each answer that a check judges falsely, with the draws in which it does."""
    pairs: dict[tuple[str, str], list[Trial]] = defaultdict(list)
    for trial in trials:
        pairs[trial.check, trial.answer].append(trial)
    for (check, answer), tried in pairs.items():
        mutant = tried[0].role is Role.MUTANT
        false = [trial for trial in tried if trial.full is mutant]
        if not false:
            continue
        where = _in_draws(len(tried), [trial.draw for trial in false])
        if mutant:
            yield f"{check}: accepts the mutant {answer}{where}"
        else:
            who = answer if tried[0].role is Role.SOLUTION else f"the alternate {answer}"
            yield f"{check}: refuses {who}{where} ({false[0].outcome}: {false[0].message})"


def _in_draws(tried: int, false: Sequence[int]) -> str:
    if len(false) == tried:
        return ""
    return f" in {len(false)} of {tried} draws ({', '.join(map(str, false))})"


def _sentences_unread(trials: Iterable[Trial]) -> Iterator[str]:
    """Mutants whose sentence no student would read, though their answer is told from a right one.

    It has to be found by at least one of the checks that a mutant names.
    """
    tried: dict[str, list[Trial]] = defaultdict(list)
    for trial in trials:
        if trial.role is Role.MUTANT and trial.draw == 0 and not trial.full:
            tried[trial.answer].append(trial)
    for mutant, refused in tried.items():
        explained = {trial.explained_by for trial in refused}
        if mutant in explained:
            continue
        others = sorted(name for name in explained if name)
        instead = f"that of {', '.join(others)} is shown" if others else "no mistake is recognised"
        outcomes = ", ".join(sorted({str(trial.outcome) for trial in refused}))
        yield f"{refused[0].check}: nobody reads the sentence of {mutant}: {instead} ({outcomes})"


def _not_needed(checks: Sequence[Check], trials: Iterable[Trial]) -> Iterator[str]:
    named = {trial.check for trial in trials if trial.role is Role.MUTANT}
    for check in checks:
        if check.name not in named:
            yield f"{check.name}: no mutant needs this check"


def _margins(check: Check, trials: Iterable[Trial]) -> CheckMargins:
    mine = [trial for trial in trials if trial.check == check.name]
    right = [trial.used for trial in mine if trial.role is not Role.MUTANT and trial.full]
    wrong = [trial.used for trial in mine if trial.role is Role.MUTANT]
    shares = [share for share in right if share is not None]
    return CheckMargins(
        check=check,
        accepting=_inverse(max(shares)) if shares else None,
        refusing=min((factor for factor in wrong if factor), default=None),
        mutants=len({trial.answer for trial in mine if trial.role is Role.MUTANT}),
        alternates=len({trial.answer for trial in mine if trial.role is Role.ALTERNATE}),
        budgets=tuple(_budgets(mine)),
    )


def _budgets(trials: Sequence[Trial]) -> Iterator[Budget]:
    """A budget for each kind of count that the check makes."""
    counts = [(trial, count) for trial in trials for count in trial.counts]
    for unit, allowed in dict.fromkeys((count.unit, count.allowed) for _, count in counts):

        def measured(role: Role, unit: str = unit, allowed: float = allowed) -> list[float]:
            return [
                count.measured
                for trial, count in counts
                if (trial.role, count.unit, count.allowed) == (role, unit, allowed)
            ]

        over = [count for count in measured(Role.MUTANT) if count > allowed]
        yield Budget(
            unit=unit,
            allowed=allowed,
            solution=max(measured(Role.SOLUTION), default=None),
            worst_alternate=max(measured(Role.ALTERNATE), default=None),
            cheapest_mutant=min(over, default=None),
        )


def _inverse(share: float) -> float:
    return 1 / share if share else math.inf
