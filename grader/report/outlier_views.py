"""What the staff's page says of submissions that took far more time or memory than the others."""

from collections.abc import Callable
from dataclasses import dataclass

from grader.report.links import Link, row_link
from grader.report.outliers import (
    LEAST_EXCESS,
    MADS,
    Outliers,
    memory_outliers,
    peak_bytes,
    time_outliers,
    wall_seconds,
)
from grader.report.records import AssignmentReport, ReportRow
from grader.report.wording import bytes_text, counted, percent_text, seconds_text


@dataclass(frozen=True)
class OutlierView:
    """The submissions beyond one limit, and how the limit came about."""

    title: str
    rule: str
    rows: tuple[tuple[Link, str, str], ...]


def outlier_views(report: AssignmentReport) -> tuple[OutlierView, ...]:
    """Time, then memory; neither where too few were graded to tell."""
    each = (
        _view("time", time_outliers(report), wall_seconds, seconds_text),
        _view(
            "memory", memory_outliers(report), peak_bytes, lambda number: bytes_text(int(number))
        ),
    )
    return tuple(view for view in each if view)


def _view(
    what: str, found: Outliers, measure: Callable[[ReportRow], float], text: Callable[[float], str]
) -> OutlierView | None:
    limit = found.limit
    if limit is None:
        return None
    return OutlierView(
        title=f"{counted(len(found.rows), 'submission')} with far more {what}",
        rule=(
            f"Listed is what exceeds {text(limit.highest)}: the median, {text(limit.middle)}, and "
            f"{MADS:g} times the median absolute deviation from it, {text(limit.mad)}, but at "
            f"least {percent_text(LEAST_EXCESS)} more than the median."
        ),
        rows=tuple(
            (row_link(row), text(measure(row)), str(row.graded.ending) if row.graded else "")
            for row in found.rows
        ),
    )
