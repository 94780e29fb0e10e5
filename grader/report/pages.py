"""The report's HTML: pages that stand alone, with their plots."""

from collections.abc import Sequence
from pathlib import Path

from django.utils.safestring import SafeString, mark_safe

from grader.report.feedback import feedback_view
from grader.report.records import AssignmentReport, ReportRow
from grader.report.staff import staff_view
from grader.report.statistics import score_spread, summarise_checks
from grader.standalone import StandalonePages

render = StandalonePages(Path(__file__).parent / "templates").render


def index_page(report: AssignmentReport) -> str:
    """The staff's page."""
    return render("index.html", {"page": staff_view(report), "plots": _drawings(report)})


def safe_drawing(widths: Sequence[str]) -> list[SafeString]:
    """A plot, wide and narrow, as a template may have it.

    Safe: it was parsed and written again as XML, which escapes all text.
    """
    return [mark_safe(svg) for svg in widths]


def _drawings(report: AssignmentReport) -> dict[str, Sequence[object]]:
    """The plots, wide and narrow; none where there is nothing to draw."""
    spread, checks = score_spread(report), summarise_checks(report)
    ran = any(row.graded for row in report.rows)
    if not ran and not spread.values:
        return {"histogram": [], "usage": [], "checks": []}
    # Altair takes a second to import, and only this page draws.
    from grader.report import plots

    return {
        "histogram": safe_drawing(plots.score_histogram(spread)) if spread.values else [],
        "usage": safe_drawing(plots.usage_scatter(report)) if ran else [],
        "checks": [safe_drawing(widths) for widths in plots.check_bars(checks)],
    }


def feedback_page(report: AssignmentReport, row: ReportRow) -> str:
    """One student's page."""
    return render("feedback.html", {"page": feedback_view(report, row)})
