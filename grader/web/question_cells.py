"""Which cells of a submitted notebook belong to a question, by its heading."""

import re
from collections.abc import Iterable, Sequence

from grader.intake import Cell, CellKind


def cells_of_question(cells: Sequence[Cell], question: str, others: Iterable[str]) -> range:
    """The indices from the question's heading up to the next question's; all without a heading.

    A heading names it (`q9`) or its number (`Question 9`), as those of a released notebook do.

    >>> text = ["# Start", "### Question 1 (2 points)", "answer", "## About q2", "more"]
    >>> cells = [Cell(CellKind.MARKDOWN, line) for line in text]
    >>> cells_of_question(cells, "q1", ["q1", "q2"]), cells_of_question(cells, "q9", ["q1"])
    (range(1, 3), range(0, 5))
    """
    its, next_ones = _heading(question), [_heading(one) for one in others if one != question]
    start = next((at for at, cell in enumerate(cells) if _has(cell, its)), None)
    if start is None:
        return range(len(cells))
    after = range(start + 1, len(cells))
    stop = next((at for at in after if any(_has(cells[at], one) for one in next_ones)), len(cells))
    return range(start, stop)


def _heading(question: str) -> re.Pattern[str]:
    number = re.fullmatch(r"[A-Za-z]*?(\d+)", question)
    names = [re.escape(question), *([rf"question\s+{number[1]}"] if number else [])]
    return re.compile(rf"^#{{1,6}}\s[^\n]*\b(?:{'|'.join(names)})\b", re.IGNORECASE | re.MULTILINE)


def _has(cell: Cell, heading: re.Pattern[str]) -> bool:
    return cell.kind is CellKind.MARKDOWN and heading.search(cell.source) is not None
