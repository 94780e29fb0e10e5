"""Our own answers put to an assignment's checks, over many draws of the hidden inputs.

A check is tested by the solution, by every mutant that names it and by every alternate of its
question. Draw 0 has the course's own hidden inputs, the others have fixed ones: a tolerance
that a right answer passes by luck, or a mutant by luck, shows in some draw.
"""

import ctypes
import hashlib
import math
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from enum import StrEnum

from pydantic import TypeAdapter

from grader.checks.declare import Alternate, Check, Mutant
from grader.checks.expect import Finding
from grader.checks.oracle import Oracle
from grader.checks.running import CheckFault, run_check
from grader.checks.student import LocalBackend
from grader.course import Course
from grader.grading.analyst import BoxAnalyst
from grader.grading.own_programs import CompiledPrograms, use_own_cache
from grader.grading.plan import GradingPlan, plan_grading
from grader.outcomes import CheckResult, GraderError, Outcome
from grader.sandbox.box import Sandbox

SOLUTION = "the solution"
_PR_SET_PDEATHSIG = 1  # from Linux's sys/prctl.h


class Role(StrEnum):
    """What an answer is to a check."""

    SOLUTION = "solution"
    ALTERNATE = "alternate"
    MUTANT = "mutant"


@dataclass(frozen=True)
class Count:
    """What a program took of a budget; `unit` is what was counted: gradients, bytes."""

    unit: str
    measured: float
    allowed: float


@dataclass(frozen=True)
class Trial:
    """One answer put to one check at one draw.

    `used` is the share of the tolerance that the values took: the most of all of a right answer's
    and of those that gave a mutant away. `explained_by` names the mutant whose sentence a student
    with these values reads; it is looked up in draw 0.
    """

    check: str
    answer: str
    role: Role
    draw: int
    earned: float
    points: float
    outcome: Outcome
    message: str
    explained_by: str | None
    used: float | None
    counts: tuple[Count, ...]

    @property
    def full(self) -> bool:
        """Whether it got all points."""
        return math.isclose(self.earned, self.points)


TRIALS: TypeAdapter[list[Trial]] = TypeAdapter(list[Trial])


def run_trials(
    course: Course,
    plan: GradingPlan,
    *,
    secret: bytes,
    checks: Sequence[Check],
    draws: int,
    jobs: int,
    on_step: Callable[[str], None] = lambda _: None,
) -> list[Trial]:
    """Every trial of these checks, in processes of their own: a check is one piece of work.

    The order is that of the checks, then draws, then answers. Raises a `GraderError`.
    """
    found: dict[str, list[Trial]] = {}
    opening = (course, plan.assignment.name, secret, type(plan.sandbox), plan.request.labels)
    # Not forked: JAX's threads wouldn't come along.
    processes = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, processes, _open_bench, opening) as pool:
        waiting = {pool.submit(_try_on_bench, check.name, draws): check.name for check in checks}
        try:
            for done in as_completed(waiting):
                found[waiting[done]] = done.result()
                on_step(f"{len(found)} of {len(checks)} checks tried")
        except BrokenProcessPool as error:
            left = ", ".join(name for name in waiting.values() if name not in found)
            what = "a process that tried checks crashed or was killed (out of memory?)"
            raise GraderError(f"{what}; not tried to the end: {left}") from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [trial for check in checks for trial in found[check.name]]


_BENCH: list[tuple[GradingPlan, bytes]] = []


def _open_bench(
    course: Course,
    name: str,
    secret: bytes,
    sandbox: Callable[[], Sandbox],
    labels: dict[str, str],
) -> None:
    """Load the assignment once in each process."""
    _end_with_parent()
    use_own_cache()
    plan = plan_grading(
        course, name, secret=secret, sandbox=sandbox(), labels=labels, with_files=False
    )
    _BENCH.append((plan, secret))


def _end_with_parent() -> None:
    """Let the kernel end this process when the one that started it is gone, however that went."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl:  # Linux
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _try_on_bench(check_name: str, draws: int) -> list[Trial]:
    plan, secret = _BENCH[0]
    check = next(check for check in plan.loaded.checks if check.name == check_name)
    return try_check(plan, check, secret=secret, draws=draws)


def try_check(plan: GradingPlan, check: Check, *, secret: bytes, draws: int) -> list[Trial]:
    """All trials of one check, here."""
    answers = list(answers_of(plan, check))
    analyst = BoxAnalyst(plan.sandbox, plan.request, plan.limits)
    programs = CompiledPrograms()
    trials: list[Trial] = []
    try:
        for draw, oracle in oracles(plan, secret, draws):
            for answer in answers:
                programs.forget_if_grown()
                trials.append(_trial(plan, check, oracle, analyst, draw, answer))
    finally:
        analyst.close()
    return trials


def answers_of(plan: GradingPlan, check: Check) -> Iterator[Mutant | Alternate | None]:
    """What tests a check: the solution (None), the alternates it suits, mutants that name it."""
    yield None
    yield from (a for a in plan.loaded.alternates if a.suits(check))
    yield from (m for m in plan.loaded.mutants if check.name in m.refused_by)


def oracles(plan: GradingPlan, secret: bytes, draws: int) -> Iterator[tuple[int, Oracle]]:
    """The number and the hidden inputs of each draw; mistakes are looked up in the first."""
    for draw in range(draws):
        drawn = secret if draw == 0 else hashlib.sha256(f"draw {draw}".encode()).digest()
        yield draw, Oracle(plan.loaded, plan.oracle.solution, drawn, explains=draw == 0)


def _trial(
    plan: GradingPlan,
    check: Check,
    oracle: Oracle,
    analyst: BoxAnalyst,
    draw: int,
    answer: Mutant | Alternate | None,
) -> Trial:
    solution = plan.oracle.solution
    names = answer.over(solution) if answer else solution
    role = _role(answer)
    name = answer.name if answer else SOLUTION
    try:
        result, findings = run_check(check, LocalBackend(names, check, analyst), oracle)
    except CheckFault as fault:
        raise CheckFault(f"{name}, draw {draw}: {fault}") from fault
    return _as_trial(result, findings, role=role, name=name, draw=draw)


def _role(answer: Mutant | Alternate | None) -> Role:
    if answer is None:
        return Role.SOLUTION
    return Role.MUTANT if isinstance(answer, Mutant) else Role.ALTERNATE


def _as_trial(
    result: CheckResult, findings: Sequence[Finding], *, role: Role, name: str, draw: int
) -> Trial:
    telling = [f for f in findings if not f.passed] if role is Role.MUTANT else findings
    shares = [f.used for f in telling if f.used is not None and not f.unit]
    return Trial(
        check=result.check,
        answer=name,
        role=role,
        draw=draw,
        earned=result.earned,
        points=result.points,
        outcome=result.outcome,
        message=result.message,
        explained_by=result.mutant,
        used=max(shares, default=None),
        counts=tuple(
            Count(f.unit, f.measured, f.allowed)
            for f in findings
            if f.unit and f.measured is not None and f.allowed is not None
        ),
    )
