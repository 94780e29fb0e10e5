"""A term's report as HTML: the page to read, and the gradebook beside it."""

from django.utils.safestring import SafeString

from grader.report.pages import render, safe_drawing
from grader.report.term.records import TermReport
from grader.report.term.statistics import summarise_assignments, totals
from grader.report.term.view import gradebook_view, term_view


def term_page(report: TermReport) -> str:
    """The page with totals, assignments, what is missing and grace days."""
    return render("term.html", {"page": term_view(report), "plots": _drawings(report)})


def gradebook_page(report: TermReport) -> str:
    """Everybody's scores and totals."""
    return render("gradebook.html", {"page": gradebook_view(report)})


def _drawings(report: TermReport) -> dict[str, list[SafeString]]:
    """The plots, wide and narrow; none where there is nothing to draw."""
    spread = totals(report)
    summaries = [one for one in summarise_assignments(report) if one.shares.values]
    if not spread.values and not summaries:
        return {"histogram": [], "ranges": []}
    # Altair takes a second to import, and only this page draws.
    from grader.report import plots
    from grader.report.term.plots import score_ranges

    of = "what is final so far"
    return {
        "histogram": safe_drawing(plots.score_histogram(spread, of)) if spread.values else [],
        "ranges": safe_drawing(score_ranges(summaries)) if summaries else [],
    }
