"""A student's PDF."""

from collections.abc import Iterator

from grader.intake import PdfLimits, Refused, read_pdf
from tests.fuzz.bounds import in_time
from tests.intake.pdfs import pdf

WORDS = (
    *("%PDF-1.7", "%%EOF", "trailer", "startxref", "xref", "/Encrypt", "<<", ">>", "stream"),
    *("endobj", "/Root", "PK\3\4", "word/document", "{\\rtf", "<html"),
)
LIMITS = PdfLimits(file_bytes=3_000)


def check(data: bytes) -> None:
    """A PDF, or a refusal with a reason and what to do."""
    with in_time():
        try:
            found = read_pdf(data, LIMITS)
        except Refused as why:
            told(why)
        else:
            assert b"%PDF-" in data
            assert len(data) <= LIMITS.file_bytes
            assert len(found.version) in (0, 3)


def told(why: Refused) -> None:
    """A reason, a place in the file, and what to do."""
    assert why.reason
    assert why.hint
    assert why.place or why.reason.startswith(("the file is empty", "the file has"))
    assert len(str(why).encode()) < 1_000


def seeds() -> Iterator[bytes]:
    """Small PDFs, whole and broken."""
    good = pdf()
    yield from (good, pdf(stream=True), b"junk\r\n" + good, pdf(trailer="/Encrypt 9 0 R"))
    yield from (good[:-9], pdf(trailer="/Encrypt 9 0 R", stream=True, version="1.5"))
    yield from (b"", b"\0\n", b"{\\rtf1", b"RIFF0000WEBP", b"    ftypheic", b"<!DOCTYPE html>")
    yield from (b'{"nbformat": 4}', b"PK\x03\x04word/document.xml", b"%!PS-Adobe", b"II*\0")
