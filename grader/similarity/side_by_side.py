"""What the pages of a similarity report say, as texts, numbers and blocks of code."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from grader.course.text_source import HIDDEN
from grader.similarity.records import Lines, Pair, Passage, Side, SimilarityReport

_CONTEXT = 3  # lines shown before and after what is shared
_LONGEST_LINE = 200
_ESCAPED = re.compile("[\x1b\u200b-\u200f]")


@dataclass(frozen=True)
class Block:
    """Lines of one cell that belong together: shared, beside it, or left out.

    `marks` are the passages, such as `A2`, each with those that are like it on the other side.
    """

    first: int
    last: int
    text: str
    marks: tuple[tuple[str, tuple[str, ...]], ...] = ()
    left_out: bool = False


@dataclass(frozen=True)
class CellView:
    """A code cell with something shared in it."""

    number: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class SideView:
    """One column of a pair's page; `letter` begins the names of its passages."""

    letter: str
    label: str
    authors: str
    share: str
    cells: tuple[CellView, ...]


@dataclass(frozen=True)
class PairView:
    """A pair's page, and its row in the table."""

    page: str
    title: str
    left: SideView
    right: SideView
    characters: int
    passages: int


def pair_views(report: SimilarityReport) -> tuple[PairView, ...]:
    """All pairs of the report, in its order."""
    return tuple(_pair_view(report, pair, n) for n, pair in enumerate(report.pairs, 1))


def percent_text(share: float) -> str:
    """A share in whole percent, rounded down: 100 % is all of it."""
    return f"{int(100 * share + 1e-9)} %"


def shown(text: str, longest: int = _LONGEST_LINE) -> str:
    """A stranger's line as people can read it: no invisible marks, its middle cut if it is long.

    It isn't what keeps HTML safe; the template engine escapes all text.
    """
    if len(text) > longest:
        text = f"{text[: longest - 40]} [… {len(text) - longest:,} characters …] {text[-40:]}"
    return _ESCAPED.sub("\ufffd", HIDDEN.sub("\ufffd", text))


def _pair_view(report: SimilarityReport, pair: Pair, number: int) -> PairView:
    return PairView(
        page=f"pair-{number}.html",
        title=shown(report.title),
        left=_side_view(pair.left, "A", "B"),
        right=_side_view(pair.right, "B", "A"),
        characters=min(pair.left.characters, pair.right.characters),
        passages=max(len(pair.left.passages), len(pair.right.passages)),
    )


def _side_view(side: Side, letter: str, other: str) -> SideView:
    marks = _marks(side.passages)
    names = {
        number: (f"{letter}{number}", tuple(f"{other}{like}" for like in passage.like))
        for number, passage in enumerate(side.passages, 1)
    }
    cells = side.work.notebook.cells
    return SideView(
        letter=letter,
        label=shown(side.work.label, 80),
        authors=", ".join(shown(author, 80) for author in sorted(side.work.authors)),
        share=percent_text(side.share),
        cells=tuple(
            CellView(number, tuple(_blocks(cells[number - 1].source, marks[number], names)))
            for number in sorted(marks)
        ),
    )


def _marks(passages: Sequence[Passage]) -> dict[int, list[tuple[int, Lines]]]:
    """For each cell, the passages in it and the lines that they take."""
    marks: dict[int, list[tuple[int, Lines]]] = defaultdict(list)
    for number, passage in enumerate(passages, 1):
        marks[passage.lines.cell].append((number, passage.lines))
    return marks


def _blocks(
    source: str,
    marks: Sequence[tuple[int, Lines]],
    names: dict[int, tuple[str, tuple[str, ...]]],
) -> Iterator[Block]:
    lines = source.split("\n")
    of_line: dict[int, list[int]] = defaultdict(list)
    near: set[int] = set()
    for number, place in marks:
        for line in range(place.first, place.last + 1):
            of_line[line].append(number)
        near.update(range(place.first - _CONTEXT, place.last + _CONTEXT + 1))
    numbered = range(1, len(lines) + 1)
    for (passages, kept), group in groupby(
        numbered, key=lambda line: (tuple(of_line.get(line, ())), line in near)
    ):
        numbers = list(group)
        first, last = numbers[0], numbers[-1]
        if not kept and len(numbers) >= _CONTEXT:
            yield Block(first, last, "", left_out=True)
            continue
        text = "\n".join(shown(line) for line in lines[first - 1 : last])
        yield Block(first, last, text, tuple(names[number] for number in passages))
