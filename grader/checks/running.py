"""Runs one check against one student and says what it found."""

import time
from collections.abc import Sequence

import jax

from grader.checks.declare import AuthoringError, Check, Mutant
from grader.checks.expect import ExpectationFailed, Finding, Recorder, recording
from grader.checks.messages import stopped
from grader.checks.oracle import Oracle
from grader.checks.programs import ProgramRefused
from grader.checks.student import Backend, Student, StudentFailure
from grader.outcomes import CheckResult, GraderError, Outcome
from grader.sandbox.conversation import BoxEnded


class CheckFault(GraderError):
    """A check itself broke, whatever the student did: not scored, shown to staff."""


def run_check(check: Check, backend: Backend, oracle: Oracle) -> tuple[CheckResult, list[Finding]]:
    """The check's result and its findings in order. Raises `CheckFault`.

    A box that ends meanwhile is a result too: its outcome is timeout or stopped.
    """
    recorder = Recorder(lambda index, thunk: oracle.expected(check, index, thunk))
    started = time.monotonic()
    failure: tuple[Outcome, str] | None = None
    with recording(recorder), jax.enable_x64(True):
        try:
            check.body(Student(backend), oracle.inputs(check))
        except ExpectationFailed:
            pass
        except StudentFailure as failed:
            failure = failed.outcome, failed.message
        except ProgramRefused as refused:
            failure = Outcome.NOT_EXPORTABLE, f"The exported program {refused}"
        except BoxEnded as ended:
            failure = stopped(ended.ending, ended.detail)
        except (GraderError, AuthoringError):
            raise
        except Exception as error:
            raise CheckFault(f"the check {check.name} failed: {error!r}") from error
    if not failure and not recorder.findings:
        raise CheckFault(f"the check {check.name} expects nothing")
    failed = next((finding for finding in recorder.findings if not finding.passed), None)
    # What time it takes to find the mistake's name is ours, not the student's.
    seconds = time.monotonic() - started
    mutant = None
    if failed and not failure:
        mutant = oracle.mistake(check, failed, backend.analyst)
    result = _result(check, failure, recorder.findings, mutant, seconds)
    return result, recorder.findings


def _result(
    check: Check,
    failure: tuple[Outcome, str] | None,
    findings: Sequence[Finding],
    mutant: Mutant | None,
    seconds: float,
) -> CheckResult:
    earned = _earned(check, failure, findings)
    failed = [finding for finding in findings if not finding.passed]
    outcome, message = failure or (Outcome.PASSED, "")
    if not failure and failed:
        outcome, message = failed[0].outcome, failed[0].message
    if mutant and outcome is Outcome.OVER_BUDGET:
        message = f"{message} {mutant.says}"  # the count says how much too dear it is
    elif mutant:
        message = mutant.says
    if outcome is not Outcome.PASSED and 0 < earned < check.points:
        outcome = Outcome.PARTIAL
    measured = failed[0] if failed else _tightest(findings)
    return CheckResult(
        check=check.name,
        question=check.question,
        title=check.title,
        points=check.points,
        earned=earned,
        outcome=outcome,
        message=message,
        mutant=mutant.name if mutant else None,
        error=measured.measured if measured else None,
        allowed=measured.allowed if measured else None,
        seconds=seconds,
        shown=check.shown,
    )


def _earned(
    check: Check, failure: tuple[Outcome, str] | None, findings: Sequence[Finding]
) -> float:
    """All or nothing, or the points of the parts that passed where the check has parts."""
    required_failed = any(not f.passed for f in findings if f.points is None)
    parts = [finding for finding in findings if finding.points is not None]
    if parts:
        return sum(f.points or 0.0 for f in parts if f.passed)
    return 0.0 if failure or required_failed else check.points


def _tightest(findings: Sequence[Finding]) -> Finding | None:
    """The finding that used up most of what it was allowed."""
    measured = [finding for finding in findings if finding.used is not None]
    return max(measured, key=lambda finding: finding.used or 0.0, default=None)
