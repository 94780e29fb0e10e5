"""What the trusted side knows of a batch: inputs, expected values, and what mutants answer.

All of it depends on the course's secret and the assignment only, so it is computed once a
batch, when first needed, and shared by its threads.
"""

import contextlib
import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax

from grader.checks.closeness import compare
from grader.checks.declare import Check, Mutant
from grader.checks.expect import Finding, Recorder, recording
from grader.checks.inputs import Inputs, seed_of
from grader.checks.loading import LoadedAssignment
from grader.checks.programs import Analyst
from grader.checks.student import LocalBackend, Student
from grader.outcomes import Outcome

# How near a submission's values must be to a mutant's to be told that mutant's sentence.
SAME_MISTAKE = 1e-5
# ... and how much nearer to the mutant than to the right answer.
MUCH_NEARER = 0.01
# How near a program's count must be to that of a mutant's program.
SAME_COUNT = 0.02


@dataclass
class _Slot:
    lock: threading.Lock
    filled: bool = False
    value: Any = None


class Oracle:
    """One assignment's hidden inputs and what is known about them.

    One that does not explain knows no mistakes: their values are not computed.
    """

    def __init__(
        self,
        assignment: LoadedAssignment,
        solution: Mapping[str, Any],
        secret: bytes,
        *,
        explains: bool = True,
    ) -> None:
        self.assignment = assignment
        self.solution = solution
        self.explains = explains
        self._secret = secret
        self._slots: dict[tuple[Any, ...], _Slot] = {}
        self._lock = threading.Lock()

    def inputs(self, check: Check) -> Inputs:
        """The check's hidden inputs, from their beginning."""
        seed = seed_of(self._secret, self.assignment.name, check.name, str(check.version))
        return Inputs(seed, self.assignment.given_module)

    def expected(self, check: Check, index: int, compute: Callable[[], Any]) -> Any:
        """The expected value at the check's expectation `index`."""
        return self._once((check.name, index), compute)

    def mistake(self, check: Check, finding: Finding, analyst: Analyst) -> Mutant | None:
        """The mutant whose answer at the same place is that of the failed finding.

        Values are compared; where they are no numbers to compare, what is said of their form must
        be the same; programs over a budget have the same count, which `analyst` reads.
        """
        if not self.explains:
            return None
        if finding.outcome is Outcome.OVER_BUDGET:
            return self._same_count(check, finding, analyst)
        known = self._once((check.name, "mutants"), lambda: self._mutants(check))
        if finding.outcome in (Outcome.WRONG_TYPE, Outcome.NOT_FINITE):
            return _same_form(check, finding, known)
        if finding.outcome not in (Outcome.WRONG_VALUE, Outcome.WRONG_SHAPE):
            return None
        if isinstance(finding.got, str):
            return _same_text(finding, known)
        near = [
            (compare(finding.got, answer.got, rtol=SAME_MISTAKE), mutant)
            for mutant, answers in known
            for answer in answers
            if answer.index == finding.index and not answer.passed
        ]
        # Where every answer is nearly right, near means near to the mutant, not to the truth.
        most = MUCH_NEARER * (finding.measured if finding.measured is not None else math.inf)
        found = [
            (comparison.error, mutant)
            for comparison, mutant in near
            if comparison.passed and comparison.error is not None and comparison.error <= most
        ]
        return min(found, key=lambda pair: pair[0])[1] if found else None

    def _same_count(self, check: Check, finding: Finding, analyst: Analyst) -> Mutant | None:
        dear = [m for m in self.assignment.mutants if check.name in m.refused_by]
        known = self._once(
            (check.name, "counts"), lambda: [(m, self._answers(check, m, analyst)) for m in dear]
        )
        found = [
            mutant
            for mutant, answers in known
            for answer in answers
            if answer.index == finding.index
            and answer.outcome is Outcome.OVER_BUDGET
            and _counts_agree(answer, finding)
        ]
        return found[0] if len(found) == 1 else None

    def _mutants(self, check: Check) -> list[tuple[Mutant, list[Finding]]]:
        mutants = [m for m in self.assignment.mutants if m.suits(check)]
        return [(mutant, self._answers(check, mutant)) for mutant in mutants]

    def _answers(
        self, check: Check, mutant: Mutant, analyst: Analyst | None = None
    ) -> list[Finding]:
        namespace = mutant.over(self.solution)
        recorder = Recorder(lambda index, thunk: self.expected(check, index, thunk))
        # What it answered until an error is kept: a cost check ends early without an analyst, and
        # a mutant's odd value may break the check's own lines. `course check` shows both.
        with contextlib.suppress(Exception), recording(recorder), jax.enable_x64(True):
            check.body(Student(LocalBackend(namespace, check, analyst)), self.inputs(check))
        return recorder.findings

    def _once(self, key: tuple[Any, ...], compute: Callable[[], Any]) -> Any:
        with self._lock:
            slot = self._slots.setdefault(key, _Slot(threading.Lock()))
        with slot.lock:
            if not slot.filled:
                slot.value = compute()
                slot.filled = True
        return slot.value


def _same_text(finding: Finding, known: list[tuple[Mutant, list[Finding]]]) -> Mutant | None:
    """The one mutant that answers with the same text."""
    found = [
        mutant
        for mutant, answers in known
        for answer in answers
        if answer.index == finding.index
        and isinstance(answer.got, str)
        and answer.got == finding.got
    ]
    return found[0] if len(found) == 1 else None


def _same_form(
    check: Check, finding: Finding, known: list[tuple[Mutant, list[Finding]]]
) -> Mutant | None:
    """The one mutant of whose answer the same is said.

    Of several, the one that this check is there to refuse.
    """
    found = [
        mutant
        for mutant, answers in known
        for answer in answers
        if (answer.index, answer.outcome, answer.message)
        == (finding.index, finding.outcome, finding.message)
    ]
    named = [mutant for mutant in found if check.name in mutant.refused_by]
    return named[0] if len(named) == 1 else found[0] if len(found) == 1 else None


def _counts_agree(one: Finding, other: Finding) -> bool:
    if one.measured is None or other.measured is None:  # no total: a loop without a known end
        return one.measured is other.measured
    return one.unit == other.unit and math.isclose(one.measured, other.measured, rel_tol=SAME_COUNT)
