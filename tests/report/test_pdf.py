"""The PDF: made of the page, the same each time, without a fetch; and what is said without one."""

import builtins
import re
import zlib
from pathlib import Path
from typing import Any

import pytest

from grader.report import write_report
from grader.report.pages import index_page
from grader.report.pdf import NoPdf, pdf_of
from tests.report.cohort import BEHAVIOURS, cohort_report


def why_not() -> str:
    """What is missing for a PDF on this machine, or nothing."""
    try:
        pdf_of("<p>one line</p>")
    except NoPdf as error:
        return str(error)
    return ""


def unpacked(data: bytes) -> bytes:
    """What the compressed streams of a PDF hold."""
    packed = re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL)
    return b"".join(zlib.decompressobj().decompress(one) for one in packed if one[:1] == b"\x78")


needs_weasyprint = pytest.mark.skipif(bool(why_not()), reason=why_not())


@needs_weasyprint
def test_the_staffs_page_becomes_a_pdf_of_landscape_pages(tmp_path: Path) -> None:
    paths = write_report(cohort_report(BEHAVIOURS[:3]), tmp_path / "report", pdf=True)
    assert paths.pdf
    data = paths.pdf.read_bytes()
    assert data.startswith(b"%PDF-")
    boxes = re.findall(rb"/MediaBox \[\s*0 0 ([0-9.]+) ([0-9.]+)\s*\]", unpacked(data))
    assert boxes
    assert all(float(width) > float(height) for width, height in boxes)


@needs_weasyprint
def test_the_same_page_makes_the_same_bytes() -> None:
    html = index_page(cohort_report(BEHAVIOURS[:1]))
    assert pdf_of(html) == pdf_of(html)


@needs_weasyprint
@pytest.mark.parametrize(
    "tag",
    [
        '<img src="http://elsewhere.example/x.png">',
        '<img src="file:///etc/hostname">',
        '<link rel="stylesheet" href="http://elsewhere.example/x.css">',
        '<style>p { background: url("http://elsewhere.example/y.png") }</style><p>x</p>',
    ],
)
def test_nothing_is_fetched(tag: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Any] = []

    def note(_: object, *args: Any, **__: Any) -> None:
        opened.append(args)

    monkeypatch.setattr("urllib.request.OpenerDirector.open", note)
    assert pdf_of(f"<p>before</p>{tag}").startswith(b"%PDF-")
    assert opened == []


@needs_weasyprint
def test_paints_of_the_style_sheet_become_colours_and_texts_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[str] = []

    class Page:
        def __init__(self, *, string: str, url_fetcher: object) -> None:
            seen.append(string)

        def write_pdf(self) -> bytes:
            return b""

    monkeypatch.setattr("weasyprint.HTML", Page)
    pdf_of('<rect fill="var(--ink, #1f2328)"/><p>var(--ink, #fff) fill=&quot;var(--ink, #fff)</p>')
    assert seen == ['<rect fill="#1f2328"/><p>var(--ink, #fff) fill=&quot;var(--ink, #fff)</p>']


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ModuleNotFoundError("No module", name="weasyprint"), "pip install 'csc2541[pdf]'"),
        (OSError("cannot load library 'libpango-1.0-0'"), "apt-get install libpango-1.0-0"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_written(
    error: Exception, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_it = builtins.__import__

    def fail(name: str, *args: Any, **options: Any) -> Any:
        if name.startswith("weasyprint"):
            raise error
        return import_it(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", fail)
    with pytest.raises(NoPdf, match=re.escape(words)):
        write_report(cohort_report(BEHAVIOURS[:1]), tmp_path / "report", pdf=True)
    assert list(tmp_path.iterdir()) == []
