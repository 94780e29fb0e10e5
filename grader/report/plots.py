"""The staff report's plots: scores, checks, time and memory.

Every plot is drawn twice, for a wide and
a narrow page, so that its text is never scaled below reading size.
"""

import textwrap
from collections.abc import Sequence
from typing import Any

import altair as alt

from grader.outcomes import Ending
from grader.report.cleaning import clean_line
from grader.report.drawing import (
    ACCENT,
    ALERT,
    FAMILY_FILL,
    FAMILY_TEXT,
    FULL,
    HALF,
    INK,
    MUTED,
    NARROW,
    Drawing,
    canvas,
    draw,
)
from grader.report.records import AssignmentReport
from grader.report.statistics import CheckSummary, Spread, histogram, one_a_submission
from grader.report.wording import percent_text

_CHECKS_A_DRAWING = 10


def score_histogram(spread: Spread, of: str = "all points") -> list[str]:
    """Students per tenth of what the scores are out of, wide and narrow."""
    title = f"{spread.kind}, in percent of {of}"
    bins = histogram(spread)
    bars = [
        {"from": 10 * i + 0.4, "to": 10 * i + 9.6, "middle": 10 * i + 5, "students": number}
        for i, (_, number) in enumerate(bins)
    ]
    described = ", ".join(f"{label} %: {number}" for label, number in bins if number)
    return [
        draw(
            _histogram_chart(bars, width, title),
            f"scores-{width}",
            f"Histogram of the {title}",
            f"Students per tenth of it. {described}.",
        )
        for width in (HALF, NARROW)
    ]


def check_bars(checks: Sequence[CheckSummary]) -> list[list[str]]:
    """What became of each check, one stacked bar a check; some checks a drawing.

    Each drawing is there wide and narrow, and a page of paper is high enough for it.
    """
    most = max([1, *(c.graded for c in checks)])
    starts = range(0, len(checks), _CHECKS_A_DRAWING)
    return [_check_drawing(checks[i : i + _CHECKS_A_DRAWING], i, most) for i in starts]


def usage_scatter(report: AssignmentReport) -> list[str]:
    """Wall-clock time and peak memory, one mark a graded submission, wide and narrow."""
    marks = [
        {
            "seconds": row.graded.usage.wall_seconds,
            "mebibytes": row.graded.usage.memory_peak_bytes / 2**20,
            "ending": str(row.graded.ending),
        }
        for row in one_a_submission(report.rows)
        if row.graded is not None
    ]
    longest = max((mark["seconds"] for mark in marks), default=0.0)
    return [
        draw(
            _usage_chart(marks, width),
            f"usage-{width}",
            "Time and memory of each submission",
            f"{len(marks)} submissions; the longest took {longest:.0f} seconds. "
            "The table of students gives every number.",
        )
        for width in (HALF, NARROW)
    ]


def _histogram_chart(bars: list[dict[str, Any]], width: int, title: str) -> Drawing:
    step = 10 if width > NARROW else 20
    x_axis = alt.Axis(values=list(range(0, 101, step)), grid=False, labelExpr="datum.value + ' %'")
    top = max([1, *(bar["students"] for bar in bars)])
    y = alt.Y("students:Q", axis=None, scale=alt.Scale(domain=[0, 1.12 * top]))
    base = canvas(bars, width, 210)
    rects = base.mark_rect(color=ACCENT).encode(
        x=alt.X(
            "from:Q",
            scale=alt.Scale(domain=[0, 100]),
            axis=x_axis,
            title=title,
        ),
        x2="to:Q",
        y=y,
        y2=alt.datum(0),
    )
    labels = (
        base.transform_filter("datum.students > 0")
        .mark_text(baseline="bottom", dy=-4, fontSize=13, color=INK)
        .encode(x="middle:Q", y=y, text="students:Q")
    )
    return alt.layer(rects, labels)


def _check_drawing(checks: Sequence[CheckSummary], start: int, most: int) -> list[str]:
    described = "; ".join(
        f"{_check_label(c)}: {percent_text(c.pass_rate)} of {c.graded} passed" for c in checks
    )
    return [
        draw(
            _check_chart(checks, width, most),
            f"checks-{start}-{width}",
            f"Outcomes of checks {start + 1} to {start + len(checks)}",
            f"{described}. The table below gives every number.",
        )
        for width in (FULL, NARROW)
    ]


def _check_chart(checks: Sequence[CheckSummary], width: int, most: int) -> Drawing:
    """One row a check: its title above its bar, so that long titles need no margin.

    All bars are out of `most` submissions.
    """
    titles = [textwrap.wrap(_check_label(c), (width - 70) // 7) for c in checks]
    row_pixels = 40 + 16 * max((len(lines) for lines in titles), default=1)
    x_scale = alt.Scale(domain=[0, most], nice=False)
    y_scale = alt.Scale(domain=[0, max(len(checks), 1)], reverse=True)
    height = row_pixels * max(len(checks), 1)
    labels = _title_lines(checks, titles, row_pixels)
    parts = [part for i, c in enumerate(checks) for part in _stack(c, i, row_pixels, most, width)]
    y = alt.Y("row:Q", axis=None, scale=y_scale)
    bars = canvas(parts, width, height).mark_rect()
    text = canvas(labels, width, height)
    numbers = canvas([part for part in parts if part["room"]], width, height)
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
        text.mark_text(align="left", baseline="bottom", fontSize=13, color=INK)
        .encode(x=alt.datum(0), y=y, text="text:N"),
        text.mark_text(align="right", baseline="bottom", fontSize=13, color=MUTED)
        .encode(x=alt.datum(most), y=y, text="rate:N"),
    )  # fmt: skip


def _title_lines(
    checks: Sequence[CheckSummary], titles: list[list[str]], row_pixels: int
) -> list[dict[str, Any]]:
    """The lines of each check's title, the last just above its bar, with the pass rate."""
    return [
        {
            "row": i + 1 - (32 + 16 * (len(lines) - 1 - j)) / row_pixels,
            "text": line,
            "rate": "" if j < len(lines) - 1 else percent_text(checks[i].pass_rate),
        }
        for i, lines in enumerate(titles)
        for j, line in enumerate(lines)
    ]


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
                "fill": FAMILY_FILL[family],
                "text": FAMILY_TEXT[family],
            }
        )
        start += number
    return parts


def _check_label(check: CheckSummary) -> str:
    return clean_line(f"{check.question} · {check.title}", 140)


def _usage_chart(marks: list[dict[str, Any]], width: int) -> Drawing:
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
    width, height = width - 50, 210  # the axis takes the rest
    labels = canvas(_ending_labels(stopped, right, top), width, height)
    return alt.layer(
        canvas(finished, width, height)
        .mark_point(shape="circle", size=55, color=ACCENT, strokeWidth=1.6)
        .encode(x=x, y=y),
        canvas(stopped, width, height)
        .mark_point(shape="triangle-up", size=70, color=ALERT, filled=True, opacity=1)
        .encode(x=x, y=y),
        *(
            labels.transform_filter(alt.datum.left == left)
            .mark_text(
                align="right" if left else "left", dx=-9 if left else 9, fontSize=12, color=INK
            )
            .encode(x=x, y=y, text="label:N")
            for left in (True, False)
        ),
    )


def _ending_labels(stopped: list[dict[str, Any]], right: float, top: float) -> list[dict[str, Any]]:
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
