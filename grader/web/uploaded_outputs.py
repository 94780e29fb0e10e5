"""What a notebook file says that came out when its author ran it: text, and PNG or JPEG pictures.

Whatever else there is (HTML, SVG, scripts, widgets) is named and not shown.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from grader.intake import Limits, Refused
from grader.intake.json_text import decode_text, parse_object
from grader.report.cleaning import clean_block, clean_line

_MOST_PIECES = 30  # of one cell
_PICTURE_BYTES = 4 << 20
_PICTURES_BYTES = 12 << 20  # of all of a notebook's together
# Characters that are decoded for a page: twice what a file may have. A cell may show one picture a
# thousand times.
_MOST_DECODED = 40 << 20
_MOST_PIXELS = 50_000_000
_TEXT_LINES = 100
_STARTS = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
_WHITE = re.compile(r"\s+")


@dataclass(frozen=True)
class Piece:
    """One output: text, or a picture's `data:` address; `note` names what is not shown."""

    text: str = ""
    picture: str = ""
    note: str = ""


@dataclass(frozen=True)
class Uploaded:
    """The outputs and the attached pictures of a notebook's cells, by the cell's index from 0."""

    outputs: dict[int, tuple[Piece, ...]] = field(default_factory=dict[int, tuple[Piece, ...]])
    attached: dict[int, dict[str, dict[str, Any]]] = field(
        default_factory=dict[int, dict[str, dict[str, Any]]]
    )


class Pictures:
    """Lets pictures through that are what they say, as long as there is room on the page."""

    def __init__(self) -> None:
        self._left = _PICTURES_BYTES
        self._undecoded = _MOST_DECODED

    def address(self, bundle: dict[str, Any]) -> str:
        """The `data:` address of the picture in a bundle of data by kind; empty if none is good."""
        for kind, start in _STARTS.items():
            if self._undecoded <= 0:
                return ""
            self._undecoded -= _size(bundle.get(kind))
            data = _decoded(_joined(bundle.get(kind)))
            if data.startswith(start) and _is_small(data) and len(data) <= self._left:
                self._left -= len(data)
                # Written anew: what is in the address is what was looked at.
                return f"data:{kind};base64,{base64.b64encode(data).decode()}"
        return ""


def outputs_by_cell(data: bytes, pictures: Pictures) -> Uploaded:
    """The outputs in a notebook file of nbformat 4. Of anything else, none."""
    limits = Limits()
    try:
        top = parse_object(decode_text(data, limits), limits)
    except Refused:
        return Uploaded()
    found = Uploaded()
    cells: Any = top.get("cells")
    for index, cell in enumerate(cells) if isinstance(cells, list) else ():
        if not isinstance(cell, dict):
            continue
        outputs, attached = cell.get("outputs"), cell.get("attachments")
        if isinstance(outputs, list) and outputs:
            found.outputs[index] = tuple(_pieces(outputs, pictures))
        if isinstance(attached, dict):
            named = {name: each for name, each in attached.items() if isinstance(each, dict)}
            found.attached[index] = named
    return found


def _pieces(outputs: list[Any], pictures: Pictures) -> Iterator[Piece]:
    for output in outputs[:_MOST_PIECES]:
        if isinstance(output, dict):
            piece = _piece(output, pictures)
            if piece != Piece():
                yield piece
    if len(outputs) > _MOST_PIECES:
        yield Piece(note=f"{len(outputs) - _MOST_PIECES:,} more outputs are not shown.")


def _piece(output: dict[str, Any], pictures: Pictures) -> Piece:
    match output.get("output_type"):
        case "stream":
            return Piece(text=_text(output.get("text")))
        case "error":
            return Piece(text=_text(output.get("traceback"), between="\n"))
        case "display_data" | "execute_result":
            data = output.get("data")
            return _shown(data, pictures) if isinstance(data, dict) else Piece()
        case _:
            return Piece()


def _shown(data: dict[str, Any], pictures: Pictures) -> Piece:
    """The best of the forms that an output has and that may be shown."""
    picture = pictures.address(data)
    if picture:
        return Piece(picture=picture)
    text = _text(data.get("text/plain"))
    kinds = ", ".join(clean_line(kind, 40) for kind in list(data)[:4] if kind != "text/plain")
    return Piece(text=text, note=f"Not shown: {kinds}." if kinds else "")


def _text(value: Any, between: str = "") -> str:
    return clean_block(_joined(value, between), _TEXT_LINES)


def _joined(value: Any, between: str = "") -> str:
    """The text of a field that is a text or a list of lines; empty for anything else."""
    if isinstance(value, list):
        return between.join(line for line in value if isinstance(line, str))
    return value if isinstance(value, str) else ""


def _size(value: Any) -> int:
    """About how long it takes to read a field, in characters."""
    if isinstance(value, list):
        return sum(len(line) + 10 for line in value if isinstance(line, str))
    return len(value) if isinstance(value, str) else 0


def _decoded(text: str) -> bytes:
    if len(text) > 2 * _PICTURE_BYTES:
        return b""
    try:
        return base64.b64decode(_WHITE.sub("", text), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _is_small(data: bytes) -> bool:
    """Whether a browser can draw it: a PNG of a few bytes may say that it is as large as a city."""
    if len(data) > _PICTURE_BYTES:
        return False
    if data.startswith(_STARTS["image/png"]):
        width, height = int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
        return 0 < width * height <= _MOST_PIXELS
    return True
