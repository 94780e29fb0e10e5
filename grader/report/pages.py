"""The report's HTML: Django's template engine by itself, everything escaped, no script.

A page carries its style sheet, its plots and a policy that forbids all else, so that it reads
the same from a disk, from a server or in a mail, and a stranger's text can do nothing in it.
"""

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from django.template import Context, Engine
from django.utils.safestring import SafeString, mark_safe

from grader.report.feedback import feedback_view
from grader.report.records import AssignmentReport, ReportRow
from grader.report.staff import staff_view
from grader.report.statistics import score_spread, summarise_checks

_TEMPLATES = Path(__file__).parent / "templates"

# Shown where a template names what its view lacks; a test looks for it in every page.
UNKNOWN_NAME = "⟦unknown name⟧"


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


@cache
def _engine() -> Engine:
    return Engine(dirs=[str(_TEMPLATES)], string_if_invalid=UNKNOWN_NAME)


@cache
def _style() -> tuple[str, str]:
    """The style sheet and the content security policy that allows it and nothing else."""
    css = "\n" + (_TEMPLATES / "style.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return css, policy


def render(template: str, values: dict[str, object]) -> str:
    """A page of these values, with its style sheet and policy."""
    css, policy = _style()
    values = {**values, "css": mark_safe(css), "policy": mark_safe(policy)}
    # Left open, this one would have the engine ask Django's settings, which there may not be.
    context = Context(values, autoescape=True, use_l10n=False)
    return _engine().get_template(template).render(context)
