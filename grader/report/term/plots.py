"""The plot of a term's assignments: where the middle of the class is with each."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from grader.report.cleaning import clean_line
from grader.report.drawing import ACCENT, GRID, HALF, INK, NARROW, Drawing, canvas, draw
from grader.report.term.statistics import AssignmentSummary
from grader.report.wording import points_text

_ROW_PIXELS = 26


def score_ranges(summaries: Sequence[AssignmentSummary]) -> list[str]:
    """For each assignment a bar from quartile to quartile and the median, wide and narrow."""
    rows = [_range(place, summary) for place, summary in enumerate(summaries)]
    described = "; ".join(
        f"{row['name']}: median {points_text(row['median'])} %, "
        f"half of all from {points_text(row['lower'])} to {points_text(row['upper'])} %"
        for row in rows
    )
    return [
        draw(
            _chart(rows, width),
            f"ranges-{width}",
            "Final scores of each assignment, in percent of its points",
            f"{described}. The table below gives every number.",
        )
        for width in (HALF, NARROW)
    ]


def _range(place: int, summary: AssignmentSummary) -> dict[str, Any]:
    lower, upper = summary.shares.quartiles or (0.0, 0.0)
    return {
        "row": place + 0.5,
        "name": clean_line(summary.assignment.name, 24),
        "low": summary.shares.low,
        "lower": lower,
        "median": summary.shares.middle,
        "upper": upper,
        "high": summary.shares.high,
    }


def _chart(rows: list[dict[str, Any]], width: int) -> Drawing:
    names_width = 8 * max(len(row["name"]) for row in rows)
    base = canvas(rows, width - names_width, _ROW_PIXELS * len(rows))
    top = max(100.0, *(row["high"] for row in rows))
    scale = alt.Scale(domain=[0, top], nice=False)
    axis = alt.Axis(values=[0, 25, 50, 75, 100], labelExpr="datum.value + ' %'")
    title = "lowest to highest, quartiles, median"
    y = alt.Y("row:Q", axis=None, scale=alt.Scale(domain=[0, len(rows)], reverse=True))
    x = {name: alt.X(f"{name}:Q", scale=scale, axis=axis, title=title) for name in rows[0]}
    return alt.layer(
        base.mark_rule(color=GRID, strokeWidth=2).encode(x=x["low"], x2="high:Q", y=y),
        base.mark_rule(color=ACCENT, strokeWidth=10).encode(x=x["lower"], x2="upper:Q", y=y),
        base.mark_tick(color=INK, thickness=3, size=18, orient="vertical").encode(
            x=x["median"], y=y
        ),
        base.mark_text(align="right", dx=-8, fontSize=12, color=INK).encode(
            x=alt.datum(0), y=y, text="name:N"
        ),
    )
