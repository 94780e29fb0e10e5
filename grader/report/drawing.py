"""How the staff report's plots look, and how one becomes SVG: Altair, once, with no browser.

Colours are stand-ins here; `PAINTS` says which CSS variable each becomes on the page, with
the colour to use where there is no style sheet.
"""

from collections.abc import Sequence
from typing import Any

import altair as alt
import vl_convert

from grader.report.statistics import Family
from grader.report.svg import dress_svg

Drawing = alt.LayerChart | alt.FacetChart

NARROW, HALF, FULL = 310, 520, 1150  # drawing areas in CSS pixels

INK, MUTED, GRID, ACCENT, ALERT = "#010101", "#010102", "#010103", "#010104", "#010105"
FAMILY_FILL = {family: f"#0200{i:02x}" for i, family in enumerate(Family)}
FAMILY_TEXT = {family: f"#0300{i:02x}" for i, family in enumerate(Family)}

# The palette is Okabe and Ito's, told apart under the common colour blindnesses; the page's
# style sheet repeats it, with a lighter set for dark screens.
_FALLBACK = ("#009e73", "#56b4e9", "#d55e00", "#e69f00", "#cc79a7", "#0072b2", "#3d3d3d", "#a0a0a0")
PAINTS: dict[str, str] = {
    INK: "var(--ink, #1f2328)",
    MUTED: "var(--muted, #59636e)",
    GRID: "var(--line, #d9dde1)",
    ACCENT: "var(--accent, #0072b2)",
    ALERT: "var(--alert, #d55e00)",
    **{fill: f"var(--family-{i}, {_FALLBACK[i]})" for i, fill in enumerate(FAMILY_FILL.values())},
    **{fill: f"var(--on-family-{i}, #000)" for i, fill in enumerate(FAMILY_TEXT.values())},
}


def draw(chart: Drawing, name: str, title: str, description: str) -> str:
    """The chart as SVG for a page, in the page's colours; `name` prefixes its ids."""
    spec = chart.configure(
        background="transparent",
        font="sans-serif",
        padding={"left": 6, "right": 14, "top": 4, "bottom": 4},
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(
            labelColor=MUTED,
            labelFontSize=12,
            titleColor=MUTED,
            titleFontSize=12.5,
            titleFontWeight="normal",
            titlePadding=8,
            gridColor=GRID,
            domainColor=GRID,
            tickColor=GRID,
            labelFlush=False,
        ),
    ).to_dict()
    svg = vl_convert.vegalite_to_svg(spec)
    return dress_svg(svg, name=name, title=title, description=description, colours=PAINTS)


def canvas(rows: Sequence[dict[str, Any]], width: int, height: int) -> alt.Chart:
    """An empty chart of the rows; the size is that of the drawing area."""
    return alt.Chart(alt.Data(values=list(rows))).properties(width=width, height=height)
