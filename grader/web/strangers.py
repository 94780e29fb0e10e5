"""A submitted notebook as a page that nothing of its author's runs in.

It is shown in a frame that has no origin and loads nothing (`STRANGERS_POLICY`), and still there
is only this in it: text that the template escapes, Markdown that nh3 has cleaned, MathML that we
wrote, pictures that are PNG or JPEG by their own bytes. There are no links: where one leads is
written beside it.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from grader.intake import Cell, CellKind, Refused, read_notebook
from grader.outcomes import CellRecord, CellStatus, GradedSubmission
from grader.report.cleaning import clean_block, clean_line, clean_text
from grader.report.sentences import CELLS
from grader.report.wording import seconds_text
from grader.web.markdown import Room, safe_markdown
from grader.web.uploaded_outputs import Pictures, Piece, outputs_by_cell

# What more there is of a notebook than this, nobody reads in a browser; the file has all of it.
_MOST_CELLS = 1_000
_MOST_LINES = 20_000
_CELL_LINES = 2_000
_OUTPUT_LINES = 200
# Longer cells are shown as they are written: their author could make reading them take long.
_RENDERED_CHARACTERS = 20_000
_RENDERED_IN_ALL = 200_000
# Of the processor, for all cells together: some text takes a second where most takes a millisecond.
_RENDERED_SECONDS = 1.0


@dataclass(frozen=True)
class CellView:
    """One cell. `html` is its Markdown or code, made safe; each code line by itself in `lines`.

    `printed` and `error` are of our run, `uploaded` is what the file says that came out elsewhere.
    """

    number: int
    kind: CellKind
    html: SafeString | str = ""
    lines: tuple[SafeString | str, ...] = ()
    more: str = ""
    state: str = ""
    failed: bool = False
    printed: str = ""
    error: str = ""
    uploaded: tuple[Piece, ...] = ()


def notebook_page(
    data: bytes,
    graded: GradedSubmission | None,
    *,
    part: Callable[[tuple[Cell, ...]], range] = lambda cells: range(len(cells)),
) -> str:
    """The frame's HTML: the cells of a notebook, what our run printed, what was uploaded with it.

    `part` says which cells are shown.
    """
    try:
        cells = read_notebook(data).cells
    except Refused as refused:  # it was taken once, by older rules
        return render_to_string("web/notebook_frame.html", {"refused": clean_line(str(refused))})
    ran = {record.index: record for record in graded.cells} if graded else {}
    chosen = part(cells)
    shown = tuple(_Reading(data).views(cells, chosen[:_MOST_CELLS], ran))
    left_out = len(chosen) - len(shown)
    return render_to_string(
        "web/notebook_frame.html", {"cells": shown, "left_out": left_out, "has_run": bool(graded)}
    )


class _Reading:
    """One pass over a notebook, with what is left of the page's room."""

    def __init__(self, data: bytes) -> None:
        pictures = Pictures()
        self._outputs = outputs_by_cell(data, pictures)
        self._pictures = pictures
        self._lines = _MOST_LINES
        self._rendered = _RENDERED_IN_ALL
        self._until = time.thread_time() + _RENDERED_SECONDS
        self._room = Room(self._until)

    def views(
        self, cells: tuple[Cell, ...], chosen: range, ran: dict[int, CellRecord]
    ) -> Iterator[CellView]:
        for index in chosen:
            cell = cells[index]
            if cell.kind is CellKind.CODE:
                yield self._code(index, cell, ran.get(index))
            else:
                yield self._text(index, cell)

    def _code(self, index: int, cell: Cell, record: CellRecord | None) -> CellView:
        source = clean_text(cell.source).rstrip("\n")
        most = max(0, min(_CELL_LINES, self._lines))
        every = source.split("\n")
        self._lines -= min(len(every), most)
        cut = "\n".join(every[:most])
        lines = code_lines(cut, coloured=self._may_render(cut)) if most else ()
        view = CellView(index + 1, cell.kind, lines=lines, more=_more(len(every) - len(lines)))
        if record is not None:
            view = replace(
                view,
                state=_state(record),
                failed=record.status in (CellStatus.RAISED, CellStatus.INTERRUPTED),
                printed=clean_block(record.output, _OUTPUT_LINES),
                error=clean_block(record.error),
            )
        return replace(view, uploaded=self._uploaded(index, view))

    def _uploaded(self, index: int, view: CellView) -> tuple[Piece, ...]:
        """The outputs in the file, without text that our run printed too."""
        pieces = self._outputs.outputs.get(index, ())
        ours = " ".join(view.printed.split())
        return tuple(
            piece
            for piece in pieces
            if piece.picture or piece.note or " ".join(piece.text.split()) not in ours
        )

    def _text(self, index: int, cell: Cell) -> CellView:
        source = clean_text(cell.source)
        if cell.kind is CellKind.MARKDOWN and self._may_render(source):
            attached = self._outputs.attached.get(index, {})
            html = safe_markdown(source, attached, self._pictures, self._room)
            return CellView(index + 1, cell.kind, html=html)
        lines = source.split("\n")[: max(0, min(_CELL_LINES, self._lines))]
        self._lines -= len(lines)
        more = _more(source.count("\n") + 1 - len(lines))
        return CellView(index + 1, CellKind.RAW, html="\n".join(lines), more=more)

    def _may_render(self, source: str) -> bool:
        if len(source) > min(_RENDERED_CHARACTERS, self._rendered):
            return False
        if time.thread_time() > self._until:
            return False
        self._rendered -= len(source)
        return True


def code_lines(source: str, *, coloured: bool) -> tuple[SafeString | str, ...]:
    """Each line of some code, with its words marked by kind where it is to be coloured."""
    if not coloured:
        return tuple(source.split("\n"))
    lexer = PythonLexer(stripnl=False, ensurenl=False)
    html = highlight(source, lexer, HtmlFormatter(nowrap=True))
    # Safe: the formatter escapes all text, and ends each line's marks on it.
    return tuple(mark_safe(line) for line in html.removesuffix("\n").split("\n"))


def _state(record: CellRecord) -> str:
    if record.status is CellStatus.OK:
        return f"ran in {seconds_text(record.seconds)}" if record.seconds >= 0.1 else ""
    return CELLS[record.status].label


def _more(number: int) -> str:
    if number <= 0:
        return ""
    return f"{number:,} more line{'' if number == 1 else 's'}: see the file."
