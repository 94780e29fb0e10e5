"""The similarity report as HTML: Django's template engine by itself, all escaped, no script.

As in the other reports, each page carries its style sheet and a policy that forbids all else.
"""

import base64
import hashlib
from functools import cache
from pathlib import Path

from django.template import Context, Engine
from django.utils.safestring import mark_safe

from grader.similarity.records import SimilarityReport
from grader.similarity.side_by_side import pair_views, percent_text, shown

_TEMPLATES = Path(__file__).parent / "templates"

# Shown where a template names what its view lacks; a test looks for it in every page.
UNKNOWN_NAME = "⟦unknown name⟧"


def similarity_pages(report: SimilarityReport) -> dict[str, str]:
    """The pages by file name: `index.html`, and one a pair that it links to. For staff only."""
    pairs = pair_views(report)
    left_out = [(shown(left.label, 80), str(left.because)) for left in report.not_compared]
    values = {
        "title": shown(report.title),
        "pairs": pairs,
        "compared": report.compared,
        "left_out": left_out,
        "thresholds": report.thresholds,
        "share": percent_text(report.thresholds.share),
    }
    pages = {"index.html": _render("index.html", values)}
    for pair in pairs:
        pages[pair.page] = _render("pair.html", {"title": pair.title, "pair": pair})
    return pages


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


def _render(template: str, values: dict[str, object]) -> str:
    css, policy = _style()
    values = {**values, "css": mark_safe(css), "policy": mark_safe(policy)}
    # Left open, this one would have the engine ask Django's settings, which there may not be.
    context = Context(values, autoescape=True, use_l10n=False)
    return _engine().get_template(template).render(context)
