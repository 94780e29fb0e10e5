"""`expect(...)`: what a check asks of a received value, and the record that it leaves."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.checks.closeness import (
    Comparison,
    compare,
    describe,
    is_finite,
    leaf_problem,
    plain,
)
from grader.checks.declare import AuthoringError
from grader.checks.diagnosis import diagnose, diagnose_shape
from grader.checks.programs import Program, ProgramRefused
from grader.outcomes import GraderError, Outcome


@dataclass(frozen=True)
class Finding:
    """What one expectation found. `measured` of `allowed` was used up, where that has a meaning.

    `unit` tells what was counted of a program (gradients, bytes); an error has none.
    """

    index: int
    outcome: Outcome
    message: str = ""
    points: float | None = None
    measured: float | None = None
    allowed: float | None = None
    got: Any = None
    unit: str = ""

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.PASSED

    @property
    def used(self) -> float | None:
        """The share of its allowance that the value used up: above 1 is too much."""
        return self.measured / self.allowed if self.measured is not None and self.allowed else None


class ExpectationFailed(Exception):
    """A required expectation failed: the check ends here. The recorder has the finding."""


class Recorder:
    """Collects one run's findings; `expected` answers thunks, from a batch's cache perhaps.

    `told` are the values that were expected, in order: what nobody else may learn.
    """

    def __init__(self, expected: Callable[[int, Callable[[], Any]], Any]) -> None:
        self.findings: list[Finding] = []
        self.told: list[Any] = []
        self.expected = expected

    def add(self, finding: Finding) -> None:
        """Keep a finding; end the check if a required expectation failed."""
        self.findings.append(finding)
        if not finding.passed and finding.points is None:
            raise ExpectationFailed


_RECORDER: ContextVar[Recorder] = ContextVar("recorder")


@contextmanager
def recording(recorder: Recorder) -> Iterator[None]:
    """Let `expect` report to `recorder`."""
    token = _RECORDER.set(recorder)
    try:
        yield
    finally:
        _RECORDER.reset(token)


def expect(value: Any, what: str = "The result") -> "Expectation":
    """Begin a sentence about a value that the student's code returned."""
    return Expectation(value, what)


class Expectation:
    """One value under test. With `points=`, failing costs those points and the check goes on."""

    def __init__(self, value: Any, what: str) -> None:
        self._value = value
        self._what = what
        self._recorder = _RECORDER.get(None)
        if self._recorder is None:
            raise AuthoringError("expect(...) only works inside a check that is being run")
        self._index = len(self._recorder.findings)

    def close_to(
        self,
        expected: Any,
        *,
        rtol: float,
        atol: float = 0.0,
        why: str = "",
        points: float | None = None,
    ) -> None:
        """Shape, kind of dtype, finiteness, then max|x - y| <= atol + rtol max|y| leaf by leaf.

        `expected` is a value or, better, a function without arguments that makes it from
        trusted code only: then it is computed once a batch. `why` is the tolerance's reason.
        """
        assert self._recorder is not None
        if callable(expected):
            expected = self._recorder.expected(self._index, expected)
        self._recorder.told.append(expected)
        if not is_finite(expected):
            raise ValueError(f"the expected value of {self._what!r} is not finite")
        comparison = compare(self._value, expected, rtol=rtol, atol=atol)
        self._add(
            comparison.outcome,
            self._explain(comparison, expected),
            points,
            comparison.error,
            comparison.allowed,
        )

    def _explain(self, comparison: Comparison, expected: Any) -> str:
        if comparison.passed:
            return ""
        if comparison.outcome is Outcome.WRONG_VALUE:
            return f"{self._what} is wrong. {diagnose(self._value, expected)}"
        hint = ""
        if comparison.outcome is Outcome.WRONG_SHAPE and isinstance(self._value, np.ndarray):
            hint = diagnose_shape(self._value.shape, np.shape(expected))
        return f"{self._what} {comparison.message}. {hint}".strip()

    def array(self, shape: tuple[int, ...], kind: str = "f") -> np.ndarray:
        """The value, known to be a finite array of this shape and kind (f, i, b or c)."""
        like = np.zeros(shape, {"f": float, "i": int, "b": bool, "c": complex}[kind])
        problem = leaf_problem(plain(self._value), like)
        if problem:
            self._add(problem.outcome, self._explain(problem, like), None)
        return np.asarray(self._value)

    def items(self, count: int) -> list[Any]:
        """The items of the value, known to be a tuple or list of so many."""
        value = self._value
        if not isinstance(value, tuple | list) or len(value) != count:
            words = f"{self._what} is {describe(value)} where a tuple of {count} is expected."
            self._add(Outcome.WRONG_TYPE, words, None)
        return list(value)

    def equals(self, expected: Any, *, points: float | None = None) -> None:
        """The same whole number, truth value, text, or array of whole numbers."""
        assert self._recorder is not None
        if callable(expected):
            expected = self._recorder.expected(self._index, expected)
        if isinstance(expected, str) or expected is None:
            same = type(self._value) is type(expected) and self._value == expected
            outcome = Outcome.PASSED if same else Outcome.WRONG_VALUE
            words = f"{self._what} is {describe(self._value)} and not the expected one."
            self._add(outcome, "" if same else words, points)
        else:
            self.close_to(expected, rtol=0.0, points=points)

    def between(
        self, low: float, high: float, *, says: str = "", points: float | None = None
    ) -> None:
        """A finite number in [low, high]; `says` is the student's sentence otherwise."""
        problem = leaf_problem(plain(self._value), np.zeros(()))
        if problem:
            self._add(problem.outcome, self._explain(problem, 0.0), points)
            return
        inside = low <= float(self._value) <= high
        outcome = Outcome.PASSED if inside else Outcome.WRONG_VALUE
        self._add(outcome, "" if inside else says or f"{self._what} is out of range.", points)

    def is_true(
        self, condition: Callable[[Any], bool], *, says: str, points: float | None = None
    ) -> None:
        """`condition(value)` holds; `says` is the student's sentence otherwise."""
        holds = bool(condition(self._value))
        self._add(Outcome.PASSED if holds else Outcome.WRONG_VALUE, "" if holds else says, points)

    def costs_at_most(
        self,
        ratio: float,
        baseline: Program,
        *,
        unit: str = "gradients",
        per_iteration: bool = False,
        says: str = "",
        points: float | None = None,
    ) -> None:
        """The program's FLOPs are at most `ratio` times the baseline program's.

        A loop without a constant number of trips has no total and is refused, unless
        `per_iteration`: then the body of one such loop counts once. `says` goes after the count.
        """
        program = self._program()
        try:
            ours = Program(baseline.serialised, baseline.args, program.analyst).facts
        except ProgramRefused as refused:
            raise GraderError(f"the baseline of a cost check {refused}") from refused
        try:
            facts = program.facts
        except ProgramRefused as refused:
            self._add(Outcome.NOT_EXPORTABLE, f"{self._what} {refused}", points)
            return
        cost = facts.flops / ours.flops
        if facts.refused_calls:
            calls = ", ".join(facts.refused_calls)
            words = f"{self._what} calls out of JAX ({calls}), which can't be counted."
            self._add(Outcome.NOT_EXPORTABLE, words, points)
        elif facts.unbounded_loops > int(per_iteration):
            words = (
                f"{self._what} has a loop whose number of steps depends on the data, "
                "so its cost can't be bounded."
            )
            self._add(Outcome.OVER_BUDGET, words, points)
        else:
            found = f"costs {cost:,.1f} {unit}' worth of work; {ratio:g} are enough."
            words = f"{self._what} {found} {says}"
            over = cost > ratio
            outcome = Outcome.OVER_BUDGET if over else Outcome.PASSED
            self._add(outcome, words.strip() if over else "", points, cost, ratio, unit)

    def uses_at_most(self, bytes_: int, *, says: str = "", points: float | None = None) -> None:
        """XLA's plan for the program needs at most so many bytes of temporary memory."""
        try:
            used = self._program().facts.temporary_bytes
        except ProgramRefused as refused:
            self._add(Outcome.NOT_EXPORTABLE, f"{self._what} {refused}", points)
            return
        words = (
            f"{self._what} needs {used:,} bytes of temporary memory; {bytes_:,} are enough. {says}"
        )
        over = used > bytes_
        outcome = Outcome.OVER_BUDGET if over else Outcome.PASSED
        self._add(outcome, words.strip() if over else "", points, used, bytes_, "bytes")

    def _program(self) -> Program:
        if not isinstance(self._value, Program):
            raise AuthoringError("cost and memory are asked of student.program(...) only")
        return self._value

    def _add(
        self,
        outcome: Outcome,
        message: str,
        points: float | None,
        measured: float | None = None,
        allowed: float | None = None,
        unit: str = "",
    ) -> None:
        assert self._recorder is not None
        got = None if isinstance(self._value, Program) else self._value
        self._recorder.add(
            Finding(self._index, outcome, message, points, measured, allowed, got, unit)
        )
