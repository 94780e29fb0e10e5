"""The staff report's plots: Altair drawings, made into SVG once, without a browser.

Colours are stand-ins here; `PAINTS` says which CSS variable each becomes on the page, with
the colour to use where there is no style sheet. Every plot is drawn twice, for a wide and
a narrow page, so that its text is never scaled below reading size.
"""

import textwrap
from collections.abc import Sequence
from typing import Any

import altair as alt
import vl_convert

from grader.outcomes import Ending
from grader.report.cleaning import clean_line
from grader.report.records import AssignmentReport
from grader.report.statistics import CheckSummary, Family, Spread, histogram
from grader.report.svg import dress_svg
from grader.report.wording import percent_text

NARROW, _HALF, _FULL = 310, 520, 1150  # drawing areas in CSS pixels

_INK, _MUTED, _GRID, _ACCENT, _ALERT = "#010101", "#010102", "#010103", "#010104", "#010105"
_FAMILY_FILL = {family: f"#0200{i:02x}" for i, family in enumerate(Family)}
_FAMILY_TEXT = {family: f"#0300{i:02x}" for i, family in enumerate(Family)}

# The palette is Okabe and Ito's, told apart under the common colour blindnesses; the page's
# style sheet repeats it, with a lighter set for dark screens.
_FALLBACK = ("#009e73", "#56b4e9", "#d55e00", "#e69f00", "#cc79a7", "#0072b2", "#3d3d3d", "#a0a0a0")
PAINTS: dict[str, str] = {
    _INK: "var(--ink, #1f2328)",
    _MUTED: "var(--muted, #59636e)",
    _GRID: "var(--line, #d9dde1)",
    _ACCENT: "var(--accent, #0072b2)",
    _ALERT: "var(--alert, #d55e00)",
    **{
        fill: f"var(--family-{i}, {_FALLBACK[i]})" for i, fill in enumerate(_FAMILY_FILL.values())
    },
    **{fill: f"var(--on-family-{i}, #000)" for i, fill in enumerate(_FAMILY_TEXT.values())},
}


def score_histogram(spread: Spread) -> list[str]:
    """Students per tenth of the points, wide and narrow."""
    bins = histogram(spread)
    bars = [
        {"from": 10 * i + 0.4, "to": 10 * i + 9.6, "middle": 10 * i + 5, "students": number}
        for i, (_, number) in enumerate(bins)
    ]
    described = ", ".join(f"{label} %: {number}" for label, number in bins if number)
    return [
        _draw(
            _histogram_chart(bars, width, spread.kind),
            f"scores-{width}",
            f"Histogram of the {spread.kind}, in percent of all points",
            f"Students per tenth of the points. {described}.",
        )
        for width in (_HALF, NARROW)
    ]


def check_bars(checks: Sequence[CheckSummary]) -> list[str]:
    """What became of each check, one stacked bar a check, wide and narrow."""
    described = "; ".join(
        f"{_check_label(c)}: {percent_text(c.pass_rate)} of {c.graded} passed" for c in checks
    )
    return [
        _draw(
            _check_chart(checks, width),
            f"checks-{width}",
            "Outcomes of each check",
            f"{described}. The table below gives every number.",
        )
        for width in (_FULL, NARROW)
    ]


def usage_scatter(report: AssignmentReport) -> list[str]:
    """Wall-clock time and peak memory, one mark a graded submission, wide and narrow."""
    marks = [
        {
            "seconds": row.graded.usage.wall_seconds,
            "mebibytes": row.graded.usage.memory_peak_bytes / 2**20,
            "ending": str(row.graded.ending),
        }
        for row in report.rows
        if row.graded is not None
    ]
    longest = max((mark["seconds"] for mark in marks), default=0.0)
    return [
        _draw(
            _usage_chart(marks, width),
            f"usage-{width}",
            "Time and memory of each submission",
            f"{len(marks)} submissions; the longest took {longest:.0f} seconds. "
            "The table of students gives every number.",
        )
        for width in (_HALF, NARROW)
    ]


def _draw(chart: alt.LayerChart, name: str, title: str, description: str) -> str:
    spec = chart.configure(
        background="transparent",
        font="sans-serif",
        padding={"left": 6, "right": 14, "top": 4, "bottom": 4},
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(
            labelColor=_MUTED,
            labelFontSize=12,
            titleColor=_MUTED,
            titleFontSize=12.5,
            titleFontWeight="normal",
            titlePadding=8,
            gridColor=_GRID,
            domainColor=_GRID,
            tickColor=_GRID,
            labelFlush=False,
        ),
    ).to_dict()
    svg = vl_convert.vegalite_to_svg(spec)
    return dress_svg(svg, name=name, title=title, description=description, colours=PAINTS)


def _data(rows: Sequence[dict[str, Any]]) -> alt.Data:
    return alt.Data(values=list(rows))


def _histogram_chart(bars: list[dict[str, Any]], width: int, kind: str) -> alt.LayerChart:
    step = 10 if width > NARROW else 20
    x_axis = alt.Axis(values=list(range(0, 101, step)), grid=False, labelExpr="datum.value + ' %'")
    top = max([1, *(bar["students"] for bar in bars)])
    y = alt.Y("students:Q", axis=None, scale=alt.Scale(domain=[0, 1.12 * top]))
    base = alt.Chart(_data(bars), width=width, height=210)
    rects = base.mark_rect(color=_ACCENT).encode(
        x=alt.X(
            "from:Q", scale=alt.Scale(domain=[0, 100]), axis=x_axis, title=f"{kind}, in percent of all points"
        ),
        x2="to:Q",
        y=y,
        y2=alt.datum(0),
    )
    labels = (
        base.transform_filter("datum.students > 0")
        .mark_text(baseline="bottom", dy=-4, fontSize=13, color=_INK)
        .encode(x="middle:Q", y=y, text="students:Q")
    )
    return alt.layer(rects, labels)


def _check_chart(checks: Sequence[CheckSummary], width: int) -> alt.LayerChart:
    """One row a check: its title above its bar, so that long titles need no margin."""
    titles = [textwrap.wrap(_check_label(c), (width - 70) // 7) for c in checks]
    row_pixels = 40 + 16 * max((len(lines) for lines in titles), default=1)
    most = max([1, *(c.graded for c in checks)])
    x_scale = alt.Scale(domain=[0, most], nice=False)
    y_scale = alt.Scale(domain=[0, max(len(checks), 1)], reverse=True)
    size = {"width": width, "height": row_pixels * max(len(checks), 1)}
    labels = [
        {
            "row": i + 1 - (32 + 16 * (len(lines) - 1 - j)) / row_pixels,
            "text": line,
            "rate": "" if j < len(lines) - 1 else percent_text(checks[i].pass_rate),
        }
        for i, lines in enumerate(titles)
        for j, line in enumerate(lines)
    ]
    parts = [part for i, c in enumerate(checks) for part in _stack(c, i, row_pixels, most, width)]
    y = alt.Y("row:Q", axis=None, scale=y_scale)
    bars = alt.Chart(_data(parts), **size).mark_rect()
    text = alt.Chart(_data(labels), **size)
    numbers = alt.Chart(_data([part for part in parts if part["room"]]), **size)
    x_axis = alt.Axis(grid=False, tickMinStep=1, format="d", tickCount=6)
    return alt.layer(
        bars.encode(
            x=alt.X("from:Q", scale=x_scale, axis=x_axis, title="submissions"),
            x2="to:Q",
            y=y,
            y2="bottom:Q",
            color=alt.Color("fill:N", scale=None),
        ),
        numbers.mark_text(fontSize=12).encode(
            x="middle:Q",
            y=alt.Y("centre:Q", scale=y_scale, axis=None),
            text="number:Q",
            color=alt.Color("text:N", scale=None),
        ),
        text.mark_text(align="left", baseline="bottom", fontSize=13, color=_INK)
        .encode(x=alt.datum(0), y=y, text="text:N"),
        text.mark_text(align="right", baseline="bottom", fontSize=13, color=_MUTED)
        .encode(x=alt.datum(most), y=y, text="rate:N"),
    )  # fmt: skip


def _stack(
    check: CheckSummary, row: int, row_pixels: int, most: int, width: int
) -> list[dict[str, Any]]:
    """The segments of one bar, with a number in those that have room for it."""
    parts: list[dict[str, Any]] = []
    start = 0
    gap = 1.5 * most / width
    for family, number in check.families.items():
        parts.append(
            {
                "from": start,
                "to": start + number - gap,
                "middle": start + number / 2,
                "row": row + 1 - 28 / row_pixels,
                "bottom": row + 1 - 8 / row_pixels,
                "centre": row + 1 - 17.5 / row_pixels,
                "number": number,
                "room": number / most * width >= 8 + 8 * len(str(number)),
                "fill": _FAMILY_FILL[family],
                "text": _FAMILY_TEXT[family],
            }
        )
        start += number
    return parts


def _check_label(check: CheckSummary) -> str:
    return clean_line(f"{check.question} · {check.title}", 140)


def _usage_chart(marks: list[dict[str, Any]], width: int) -> alt.LayerChart:
    stopped = [mark for mark in marks if mark["ending"] != Ending.FINISHED]
    finished = [mark for mark in marks if mark["ending"] == Ending.FINISHED]
    top = max([1.0, *(mark["mebibytes"] for mark in marks)])
    right = max([1.0, *(mark["seconds"] for mark in marks)])
    x = alt.X(
        "seconds:Q",
        title="wall-clock time (s)",
        scale=alt.Scale(domain=[0, 1.04 * right], nice=False),
        axis=alt.Axis(tickCount=5),
    )
    y = alt.Y(
        "mebibytes:Q",
        title="peak memory (MiB)",
        scale=alt.Scale(domain=[0, 1.1 * top], nice=False),
        axis=alt.Axis(tickCount=5),
    )
    size = {"width": width - 50, "height": 210}
    labels = alt.Chart(_data(_ending_labels(stopped, right, top)), **size)
    return alt.layer(
        alt.Chart(_data(finished), **size)
        .mark_point(shape="circle", size=55, color=_ACCENT, strokeWidth=1.6)
        .encode(x=x, y=y),
        alt.Chart(_data(stopped), **size)
        .mark_point(shape="triangle-up", size=70, color=_ALERT, filled=True, opacity=1)
        .encode(x=x, y=y),
        *(
            labels.transform_filter(alt.datum.left == left)
            .mark_text(
                align="right" if left else "left", dx=-9 if left else 9, fontSize=12, color=_INK
            )
            .encode(x=x, y=y, text="label:N")
            for left in (True, False)
        ),
    )


def _ending_labels(
    stopped: list[dict[str, Any]], right: float, top: float
) -> list[dict[str, Any]]:
    """One label an ending, beside its highest mark: a batch may hold many of the same."""
    labels: list[dict[str, Any]] = []
    for ending in Ending:
        same = [mark for mark in stopped if mark["ending"] == ending]
        if same:
            highest = max(same, key=lambda mark: (mark["mebibytes"], mark["seconds"]))
            text = str(ending) if len(same) == 1 else f"{ending} (×{len(same)})"
            labels.append({**highest, "label": text, "left": highest["seconds"] > 0.55 * right})
    return _apart(labels, 0.085 * top, 0.3 * right)


def _apart(labels: list[dict[str, Any]], above: float, beside: float) -> list[dict[str, Any]]:
    """`labels` from low to high, each moved up until it is clear of those below it."""
    placed: list[dict[str, Any]] = []
    for label in sorted(labels, key=lambda item: item["mebibytes"]):
        height = label["mebibytes"]
        for other in placed:
            if abs(other["seconds"] - label["seconds"]) < beside:
                height = max(height, other["mebibytes"] + above)
        placed.append({**label, "mebibytes": height})
    return placed
