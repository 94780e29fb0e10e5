"""The similarity report as HTML: pages that stand alone."""

from pathlib import Path

from grader.similarity.records import SimilarityReport
from grader.similarity.side_by_side import pair_views, percent_text, shown
from grader.standalone import StandalonePages

_render = StandalonePages(Path(__file__).parent / "templates").render


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
