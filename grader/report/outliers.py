"""Submissions that took far more time or memory than the others, by a rule that they can't bend.

Mean and standard deviation would follow the outliers themselves; median and MAD (the median
distance from the median) don't move unless half of all submissions do.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from grader.report.records import AssignmentReport, ReportRow
from grader.report.statistics import one_a_submission

# Of a normal distribution, 5 MAD are 3.4 standard deviations: one in 2,700 lies beyond.
MADS = 5.0
# Where most take the same time MAD is next to nothing, and so is what exceeds it.
LEAST_EXCESS = 0.5
# Of fewer, nobody can say what is usual.
FEWEST = 5


@dataclass(frozen=True)
class Limit:
    """What counts as usual: up to `highest`, which is `middle` and some times `mad` more."""

    middle: float
    mad: float

    @property
    def highest(self) -> float:
        """The most that is no outlier."""
        return self.middle + max(MADS * self.mad, LEAST_EXCESS * self.middle)


@dataclass(frozen=True)
class Outliers:
    """The limit, and the rows beyond it, the largest first. Without a limit there were too few."""

    limit: Limit | None
    rows: tuple[ReportRow, ...]


def time_outliers(report: AssignmentReport) -> Outliers:
    """Submissions that took far longer than the others, in seconds by the clock on the wall."""
    return _outliers(report, wall_seconds)


def memory_outliers(report: AssignmentReport) -> Outliers:
    """Submissions whose memory rose far higher than that of the others, in bytes."""
    return _outliers(report, peak_bytes)


def wall_seconds(row: ReportRow) -> float:
    """What a graded submission took by the clock on the wall."""
    return row.graded.usage.wall_seconds if row.graded else 0.0


def peak_bytes(row: ReportRow) -> float:
    """What a graded submission's memory rose to."""
    return float(row.graded.usage.memory_peak_bytes) if row.graded else 0.0


def limit_of(values: Sequence[float]) -> Limit | None:
    """What is usual among the values, or None if they are too few."""
    if len(values) < FEWEST:
        return None
    middle = median(values)
    return Limit(middle, median(abs(value - middle) for value in values))


def _outliers(report: AssignmentReport, measure: Callable[[ReportRow], float]) -> Outliers:
    rows = one_a_submission(row for row in report.rows if row.graded)
    limit = limit_of([measure(row) for row in rows])
    if limit is None:
        return Outliers(None, ())
    beyond = [row for row in rows if measure(row) > limit.highest]
    return Outliers(limit, tuple(sorted(beyond, key=lambda row: (-measure(row), row.student))))
