"""PDFs: taken if they look whole, refused with what they are instead."""

import io
import json
import zipfile

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.intake import NOTEBOOK, PDF, Pdf, PdfLimits, Refused, read_file, read_pdf
from tests.intake.pdfs import pdf

NOTEBOOK_BYTES = json.dumps(
    {"nbformat": 4, "metadata": {"language_info": {"name": "python"}}, "cells": []}
).encode()


def zipped(*names: str, first: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, first)
    return buffer.getvalue()


GOOD = [
    pytest.param(pdf(), "1.7", id="plain"),
    pytest.param(pdf(version="2.0", stream=True), "2.0", id="with its table in a stream"),
    pytest.param(pdf() + b"\0" * 5000, "1.7", id="padded with zeros"),
    pytest.param(pdf() + b"\r\n" * 900, "1.7", id="padded with empty lines"),
    pytest.param(pdf() + b"x" * 900, "1.7", id="something after its end"),
    pytest.param(pdf(body=b"/Encrypt " * 10), "1.7", id="the word in its pages"),
    pytest.param(pdf(trailer="/EncryptMetadata false"), "1.7", id="another word in its trailer"),
    pytest.param(b"%PDF-1.4\n%%EOF", "1.4", id="hardly anything"),
    pytest.param(pdf() + pdf()[9:], "1.7", id="updated at its end"),
]


@pytest.mark.parametrize(("data", "version"), GOOD)
def test_a_whole_pdf_is_taken(data: bytes, version: str) -> None:
    assert read_pdf(data) == Pdf(version)


@pytest.mark.parametrize("junk", [b"\n", b"HTTP/1.1 200 OK\r\n\r\n", b"\xef\xbb\xbf", b"x" * 1019])
def test_a_pdf_that_begins_late_is_taken_with_a_remark(junk: bytes) -> None:
    (problem,) = read_pdf(junk + pdf()).problems
    assert f"begins at byte {len(junk)} " in problem


REFUSED = [
    pytest.param(b"", "the file is empty", "", id="empty"),
    pytest.param(b"\0\r\n " * 500, "the file is empty", "", id="blank"),
    pytest.param(pdf() + b"x" * 1100, "no end", "last 1,024 bytes", id="a page after its end"),
    pytest.param(pdf()[:-7], "no end", "bytes", id="its last line cut off"),
    pytest.param(pdf()[:40], "no end", "last 40 bytes", id="cut off near its beginning"),
    pytest.param(b"%%EOF %PDF-1.4", "no end", "bytes", id="its end before its beginning"),
    pytest.param(b"x" * 1020 + pdf(), "no mark %PDF-", "first 1,024 bytes", id="begins too late"),
    pytest.param(b"%PDF 1.7\n%%EOF", "no mark %PDF-", "", id="a mark with a blank"),
    pytest.param(b"\x00\x01\x02", "no mark %PDF-", "first 3 bytes", id="unknown bytes"),
    pytest.param(b"My proposal", "no mark %PDF-", "", id="text"),
    pytest.param(zipped("x", "word/document.xml"), "a Word document", "", id="docx"),
    pytest.param(zipped("x", "ppt/presentation.xml"), "PowerPoint", "", id="pptx"),
    pytest.param(zipped("x", "xl/workbook.xml"), "Excel", "", id="xlsx"),
    pytest.param(
        zipped("mimetype", first=b"application/vnd.oasis.opendocument.text"), "OpenDocument", "",
        id="odt",
    ),
    pytest.param(zipped("essay.pdf", first=pdf()), "a zip archive", "", id="a zip of the PDF"),
    pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "old Word", "", id="doc"),
    pytest.param(b"{\\rtf1\\ansi}", "rich text", "", id="rtf"),
    pytest.param(b"\x89PNG\r\n\x1a\n", "image (PNG)", "", id="png"),
    pytest.param(b"\xff\xd8\xff\xe0", "image (JPEG)", "", id="jpeg"),
    pytest.param(b"RIFF\x10\0\0\0WEBPVP8 ", "image (WebP)", "", id="webp"),
    pytest.param(b"\0\0\0\x18ftypheic", "image (HEIC", "", id="heic"),
    pytest.param(b"\n<!DOCTYPE HTML>\n<p>", "HTML", "", id="html"),
    pytest.param(b"<!doctype html>" + pdf(), "HTML", "", id="html with a PDF in it"),
    pytest.param(b"{" + b'"nbformat": 4, "x": "' + pdf(), "a notebook", "", id="a notebook first"),
    pytest.param(b"%!PS-Adobe-3.0\n", "PostScript", "", id="ps"),
    pytest.param(b"\\documentclass{article}", "LaTeX source", "", id="tex"),
    pytest.param(b"\xef\xbb\xbf" + NOTEBOOK_BYTES, "a notebook", "", id="notebook"),
    pytest.param(b"\x1f\x8b\x08\0", "gzip", "", id="gzip"),
    pytest.param(pdf(trailer="/Encrypt 5 0 R"), "encrypted", "trailer", id="encrypted"),
    pytest.param(pdf(trailer="/Encrypt<</V 5>>"), "encrypted", "trailer", id="encrypted in place"),
    pytest.param(pdf(trailer="/Encrypt 5 0 R", stream=True), "encrypted", "", id="in a stream"),
    pytest.param(b"\n\n" + pdf(trailer="/Encrypt 5 0 R", stream=True), "encrypted", "trailer",
                 id="in a stream, offsets counted from the header"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "says", "place"), REFUSED)
def test_what_is_no_good_pdf_is_refused_with_the_reason(data: bytes, says: str, place: str) -> None:
    with pytest.raises(Refused) as caught:
        read_pdf(data)
    assert says in caught.value.reason
    assert place in caught.value.place
    assert caught.value.hint.endswith((".", "?"))


def test_a_pdf_made_for_the_web_has_its_trailer_at_its_beginning() -> None:
    encrypted = pdf(trailer="/Encrypt 5 0 R", stream=True)
    table = encrypted.index(b"4 0 obj")
    padding = b"5 0 obj\n<< >>\nstream\n" + b"x" * 200_000 + b"\nendstream\nendobj\n"
    data = encrypted[: encrypted.rindex(b"startxref")] + padding
    data += f"startxref\n{table}\n%%EOF\n".encode()
    with pytest.raises(Refused, match="encrypted"):
        read_pdf(data)


def test_the_size_is_bounded() -> None:
    limits = PdfLimits(file_bytes=len(pdf()))
    assert read_pdf(pdf(), limits).version == "1.7"
    with pytest.raises(Refused, match=f"{len(pdf()) + 1:,} bytes; {len(pdf()):,} is the limit"):
        read_pdf(pdf() + b"\n", limits)
    assert PdfLimits().file_bytes == 20 * 1024 * 1024


def test_one_kind_in_the_place_of_the_other_is_refused_in_a_sentence() -> None:
    with pytest.raises(Refused, match=r"this is no PDF but a notebook\. .*takes a PDF"):
        read_file(NOTEBOOK_BYTES, PDF)
    with pytest.raises(Refused, match="this is no notebook but a PDF"):
        read_file(pdf(), NOTEBOOK)
    assert read_file(NOTEBOOK_BYTES, NOTEBOOK) == ("The notebook has no code cell.",)
    assert read_file(pdf(), PDF) == ()


def attempt(data: bytes) -> Pdf | Refused:
    try:
        return read_pdf(data)
    except Refused as refused:
        return refused


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, len(pdf())), cut=st.integers(0, 400), into=st.binary(max_size=20))
@example(at=len(pdf()) - 10, cut=3, into=b"startxref\n9999999999\n")
@example(at=len(pdf()) - 10, cut=3, into=b"startxref\n-1\n")
def test_any_damage_is_taken_or_refused(at: int, cut: int, into: bytes) -> None:
    data = bytearray(pdf())
    data[at : at + cut] = into
    answer = attempt(bytes(data))
    assert isinstance(answer, Pdf) or answer.reason
    assert len(str(answer).encode()) < 500
