"""A PDF that students hand in: a look at its ends, or a `Refused` that says what, where, why.

It is data, and people read it: nothing in it is followed further than from the end of the file to
the trailer, which says whether it is encrypted. Whether all pages can be drawn, a reader finds out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from grader.intake.refusals import MIB, Refused

EXPORT_AGAIN = "Export the PDF again, open it to see that it is whole, and submit that file."

# Readers look for both marks so far from the ends, and no further.
_HEAD_BYTES = 1024
_TAIL_BYTES = 1024
# The trailer of a PDF is some hundred bytes; more than this is read of none.
_TRAILER_BYTES = 64 * 1024
_PADDING = b"\0\t\n\f\r "

_HEADER = b"%PDF-"
_END = b"%%EOF"
_ENCRYPT = re.compile(rb"/Encrypt(?![A-Za-z0-9])")
_START_OF_TABLE = re.compile(rb"startxref\s+([0-9]{1,10})\s")


@dataclass(frozen=True)
class PdfLimits:
    """Bounds of what a PDF may be."""

    file_bytes: int = 20 * MIB


@dataclass(frozen=True)
class Pdf:
    """A PDF that was accepted. `problems` are sentences for whoever submitted it."""

    version: str
    problems: tuple[str, ...] = ()


def read_pdf(data: bytes, limits: PdfLimits = PdfLimits()) -> Pdf:
    """Look at a PDF as data. Raises `Refused`, and nothing else, for any bytes."""
    if not data.strip(_PADDING):
        raise Refused("the file is empty.", hint=EXPORT_AGAIN)
    if len(data) > limits.file_bytes:
        raise Refused(
            f"the file has {len(data):,} bytes; {limits.file_bytes:,} is the limit.",
            hint="Make its pictures smaller (vector plots, or fewer pixels) and export it again.",
        )
    start = _find_header(data)
    end = len(data.rstrip(_PADDING))
    if data.rfind(_END, max(start, end - _TAIL_BYTES), end) < 0:
        raise Refused(
            "the PDF has no end (%%EOF): it was cut off, as by an interrupted upload.",
            place=f"the last {min(end - start, _TAIL_BYTES):,} bytes",
            hint=EXPORT_AGAIN,
        )
    if any(_ENCRYPT.search(trailer) for trailer in _trailers(data, start)):
        raise Refused(
            "the PDF is encrypted (it has a password or forbids printing or copying).",
            place="the trailer",
            hint="Export it again without a password and without restrictions.",
        )
    return Pdf(_version(data, start), _problems(start))


def _find_header(data: bytes) -> int:
    """Where the PDF begins. Raises `Refused` for what is none, also if a PDF follows in it."""
    start = data.find(_HEADER, 0, _HEAD_BYTES)
    other = None if start == 0 else _other_kind(data)
    if start >= 0 and other is None:
        return start
    what, hint = other or (None, "Submit a PDF: export or print your document as one.")
    seen = f"this is no PDF but {what}." if what else "this is no PDF: it has no mark %PDF-."
    raise Refused(seen, place=f"the first {min(len(data), _HEAD_BYTES):,} bytes", hint=hint)


def _trailers(data: bytes, start: int) -> Iterator[bytes]:
    """The last trailer, and what the end of the file says lies where the newest one begins.

    Older files have a `trailer` after their table of objects; since PDF 1.5 the table may be a
    stream, and then the dictionary before it is the trailer. Files made for the web have theirs
    near the beginning. Where junk comes before the header, writers count from either.
    """
    last = data.rfind(b"trailer")
    if last >= start:
        yield _until(data, last, b"startxref")
    named = data.rfind(b"startxref", start)
    found = _START_OF_TABLE.match(data, named) if named >= 0 else None
    for table in {int(found[1]), int(found[1]) + start} if found else ():
        if data.startswith(b"xref", table):
            trailer = data.find(b"trailer", table)
            if trailer >= 0:
                yield _until(data, trailer, b"startxref")
        else:
            yield _until(data, table, b"stream")


def _until(data: bytes, start: int, mark: bytes) -> bytes:
    """From `start` up to the mark, or as much as a trailer can have."""
    region = data[start : start + _TRAILER_BYTES]
    return region.partition(mark)[0]


def _version(data: bytes, start: int) -> str:
    found = re.match(rb"[0-9]\.[0-9]", data[start + len(_HEADER) : start + len(_HEADER) + 3])
    return found[0].decode() if found else ""


def _problems(start: int) -> tuple[str, ...]:
    if start == 0:
        return ()
    return (f"The PDF begins at byte {start} of the file only; some programs can't open it.",)


_EXPORT = "Export or print it as PDF and submit that."
_UNPACK = "Submit the PDF itself, not packed."
_STARTS = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Word or Office document", _EXPORT),
    (b"{\\rtf", "a rich text document", _EXPORT),
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"\x89PNG", "an image (PNG)", _EXPORT),
    (b"\xff\xd8\xff", "an image (JPEG)", _EXPORT),
    (b"GIF8", "an image (GIF)", _EXPORT),
    (b"II*\0", "an image (TIFF)", _EXPORT),
    (b"MM\0*", "an image (TIFF)", _EXPORT),
    (b"<svg", "an image (SVG)", _EXPORT),
    (b"%!PS", "PostScript", _EXPORT),
    (b"\\documentclass", "LaTeX source", "Compile it and submit the PDF."),
)
# By the name of a file that each kind of packed document has.
_PACKED = (
    (b"word/document", "a Word document", _EXPORT),
    (b"ppt/presentation", "a PowerPoint document", _EXPORT),
    (b"xl/workbook", "an Excel document", _EXPORT),
    (b"mimetypeapplication/vnd.oasis.opendocument", "an OpenDocument file", _EXPORT),
)


def _other_kind(data: bytes) -> tuple[str, str] | None:
    """What a file that doesn't begin as a PDF looks like, and what to do; None if like nothing."""
    start = data[:_HEAD_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"PK\x03\x04"):
        named = data[:_TRAILER_BYTES] + data[-_TRAILER_BYTES:]
        packed = ((what, hint) for mark, what, hint in _PACKED if mark in named)
        return next(packed, ("a zip archive", _UNPACK))
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "an image (WebP)", _EXPORT
    if start[4:8] == b"ftyp" and start[8:10] in (b"he", b"mi", b"av"):
        return "an image (HEIC or AVIF)", _EXPORT
    if start.startswith(b"{") and (b'"nbformat"' in data or b'"cells"' in data):
        return "a notebook", "This assignment takes a PDF; is it another assignment's file?"
    if re.match(rb"<!doctype html|<html|<head|<\?xml[^>]*>\s*<(!doctype )?html", start, re.I):
        return "HTML", "Submit the PDF itself, not a saved web page."
    found = ((what, hint) for mark, what, hint in _STARTS if start.startswith(mark))
    return next(found, None)
