"""An engine that runs nothing: it says what grading found, after what a test has it do first."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from grader.outcomes import CheckResult, Ending, GradedSubmission, Outcome
from grader.store import SubmissionRow
from tests.faults.light import SCORES


@dataclass
class StandIn:
    """Calls `first` with the student and how often they were graded; what it raises passes on."""

    first: Callable[[str, int], None] = lambda student, times: None
    times: Counter[str] = field(default_factory=Counter[str])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def grade(self, submission: SubmissionRow, on_step: Callable[[str], None]) -> GradedSubmission:
        """Each student's score."""
        on_step("cell 1")
        with self._lock:
            self.times[submission.student] += 1
            times = self.times[submission.student]
        self.first(submission.student, times)
        earned = SCORES[submission.student]
        found = CheckResult("one", "q1", "One", 5.0, earned, Outcome.PARTIAL)
        return GradedSubmission(Ending.FINISHED, "", (), (found,), checks_version="1")
