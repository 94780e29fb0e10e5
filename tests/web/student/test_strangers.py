"""Whatever a notebook holds, its page holds nothing that runs, loads or leads anywhere."""

import base64
import json
import re
import time
from html.parser import HTMLParser
from typing import Any

import pytest

from grader.outcomes import CellRecord, CellStatus, Ending, GradedSubmission
from grader.web.strangers import notebook_page

PNG = base64.b64encode(
    b"\x89PNG\r\n\x1a\n" + bytes(8) + (2).to_bytes(4) + (2).to_bytes(4) + bytes(20)
).decode()
JPEG = base64.b64encode(b"\xff\xd8\xff\xe0" + bytes(20)).decode()
HUGE = base64.b64encode(
    b"\x89PNG\r\n\x1a\n" + bytes(8) + (99_999).to_bytes(4) + (99_999).to_bytes(4)
).decode()
SVG = '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
MARK = "<script>alert('here')</script>"

TAGS = set(
    "html head meta title style body main section div p pre span img code em strong h1 h2 "
    "h3 h4 h5 h6 hr b i ol li ul br table thead tbody tr th td blockquote del "
    "summary details".split()
)
# Of formulas; test_hostile_formulas.py looks at these and their attributes more closely.
MATHML = set(
    "math mrow mi mn mo mtext mspace mfrac msqrt mroot mstyle mpadded mphantom msub msup msubsup "
    "munder mover munderover mtable mtr mtd".split()
)
OF_MATHML = set(
    "display mathvariant form columnalign scriptlevel linethickness stretchy fence separator class "
    "movablelimits largeop accent accentunder displaystyle minsize maxsize lspace rspace width "
    "height depth".split()
)
ATTRIBUTES = {
    *("lang", "charset", "name", "content", "class", "aria-label", "tabindex", "alt", "src"),
    *("start", "colspan", "rowspan"),
}


class Tags(HTMLParser):
    """What is in a page, as a browser would see it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def cell(kind: str, source: str, **more: Any) -> dict[str, Any]:
    extra = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "metadata": {}, "source": source, **extra, **more}


def shown(**data: Any) -> list[dict[str, Any]]:
    kinds = {kind.replace("_", "/", 1): value for kind, value in data.items()}
    return [{"output_type": "display_data", "metadata": {}, "data": kinds}]


def as_bytes(*cells: dict[str, Any], **top: Any) -> bytes:
    return json.dumps(
        {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": list(cells), **top}
    ).encode()


def ran(*records: CellRecord) -> GradedSubmission:
    return GradedSubmission(Ending.FINISHED, "", records, ())


def output(kind: str, data: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": {kind: data}}


HOSTILE_CELLS = {
    "html": cell("code", "x", outputs=[output("text/html", MARK)]),
    "html beside text": cell(
        "code", "x", outputs=shown(text_html=MARK, text_plain=f"a table {MARK}")
    ),
    "svg": cell("code", "x", outputs=[output("image/svg+xml", SVG)]),
    "script": cell("code", "x", outputs=[output("application/javascript", "alert(1)")]),
    "vega": cell("code", "x", outputs=[output("application/vnd.vega.v5+json", {"data": MARK})]),
    "plotly": cell("code", "x", outputs=[output("application/vnd.plotly.v1+json", {"a": MARK})]),
    "latex": cell("code", "x", outputs=[output("text/latex", r"$\href{javascript:alert(1)}{x}$")]),
    "kind of output": cell("code", "x", outputs=[output(f'"><img src=x onerror=1>{MARK}', "x")]),
    "png that is svg": cell(
        "code", "x", outputs=[output("image/png", base64.b64encode(SVG.encode()).decode())]
    ),
    "png with more": cell("code", "x", outputs=[output("image/png", f'{PNG}" onerror="alert(1)')]),
    "png of a city's size": cell("code", "x", outputs=[output("image/png", HUGE)]),
    "stream": cell("code", "x", outputs=[{"output_type": "stream", "name": "o", "text": MARK}]),
    "traceback": cell(
        "code", "x", outputs=[{"output_type": "error", "traceback": [f"\x1b[31m{MARK}\x1b[0m"]}]
    ),
    "odd outputs": cell("code", "x", outputs=[1, None, {"output_type": "display_data"}, {}]),
    "code": cell("code", f"print('''{MARK}''') # </span></pre><img src=x onerror=alert(1)>"),
    "long code": cell("code", f"{MARK}\n" * 3_000),
    "raw": cell("raw", MARK),
    "markdown html": cell("markdown", f"{MARK}<img src=x onerror=alert(1)><iframe src=//e>"),
    "markdown svg": cell("markdown", SVG + "<math><mtext><style><img src=x onerror=alert(1)>"),
    "link": cell(
        "markdown", "[a](javascript:alert(1)) [b](data:text/html,x) <javascript:alert(1)>"
    ),
    "link by reference": cell("markdown", "[a]\n\n[a]: javascript:alert(1) 'x'"),
    "link in html": cell("markdown", '<a href="javascript:alert(1)" onclick="x()">a</a>'),
    "form": cell("markdown", '<form action="//e"><input name="a"><button>Log in</button></form>'),
    "picture from elsewhere": cell("markdown", "![a](https://e.example/x.png)![b](//e/x.png)"),
    "picture with a quote": cell(
        "markdown", f'![" onerror="alert(1)](data:image/png;base64,{PNG})'
    ),
    "svg as a picture": cell(
        "markdown", f"![a](data:image/svg+xml;base64,{base64.b64encode(SVG.encode()).decode()})"
    ),
    "style": cell("markdown", '<style>body{display:none}</style><p style="position:fixed">x</p>'),
    "mathematics": cell("markdown", r"$\href{javascript:alert(1)}{<img src=x onerror=1>}$ $$<b$$"),
    "ansi": cell("markdown", "\x1b]8;;http://e.example\x07click\x1b]8;;\x07 \u202eevil"),
    "long markdown": cell("markdown", f"{MARK} [a](javascript:1)\n" * 2_000),
    "attachment": cell(
        "markdown",
        "![a](attachment:x.png)",
        attachments={"x.png": {"image/svg+xml": SVG, "image/png": f'{PNG}"'}},
    ),
}


def assert_harmless(page: str) -> Tags:
    found = Tags(page)
    assert found.tags <= TAGS | MATHML, found.tags - TAGS - MATHML
    for tag, name, value in found.attributes:
        assert name in (OF_MATHML if tag in MATHML else ATTRIBUTES), (tag, name, value)
        if name == "src":
            assert re.fullmatch(r"data:image/(png|jpeg);base64,[A-Za-z0-9+/]+=*", value), value
    # What is between tags that are not meant: a style sheet of ours, and no other.
    assert page.count("<style") == 1
    return found


@pytest.mark.parametrize("hostile", HOSTILE_CELLS.values(), ids=HOSTILE_CELLS)
def test_nothing_that_runs_comes_out(hostile: dict[str, Any]):
    assert_harmless(notebook_page(as_bytes(hostile), None))


def test_nothing_that_runs_comes_out_of_all_of_them_together_or_of_our_run():
    record = CellRecord(
        0, CellStatus.RAISED, 0.2, f"\x1b[1m{MARK}\x1b[0m\x1b]0;title\x07", f"Traceback {MARK}"
    )
    found = assert_harmless(notebook_page(as_bytes(*HOSTILE_CELLS.values()), ran(record)))
    assert f"Traceback {MARK}" in found.text
    assert "\x1b" not in found.text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("*a* **b** `c`", "<em>a</em> <strong>b</strong> <code>c</code>"),
        ("# Title", "<h1>Title</h1>"),
        ("|a|b|\n|-|-|\n|1|2|", "<td>1</td>"),
        ("[a](https://e.example/x)", '<span class="address">(https://e.example/x)</span>'),
        ("<https://e.example/x>", "https://e.example/x"),
        ("<!-- BEGIN QUESTION -->\n\nText", "<p>Text</p>"),
        ("$a < b$", "<mi>a</mi><mo>&lt;</mo><mi>b</mi>"),
        (r"$\mine < b_2$", r'<code class="math">\mine &lt; b_2</code>'),
        ("$$\na_1\n$$", '<math display="block"><msub><mi>a</mi><mn>1</mn></msub></math>'),
        ("$$\n\\mine\n$$", r'<code class="math block">\mine</code>'),
        (f"![x](data:image/png;base64,{PNG})", f'<img src="data:image/png;base64,{PNG}" alt="x">'),
    ],
)
def test_markdown_is_rendered(source: str, text: str):
    page = notebook_page(as_bytes(cell("markdown", source)), None)
    assert text in page
    assert_harmless(page)


def test_a_page_has_code_by_line_what_we_ran_and_what_was_uploaded():
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": ["same\n"]},
        {"output_type": "stream", "name": "stdout", "text": ["other\n"]},
        *shown(image_png=[PNG[:9] + "\n", PNG[9:]], text_plain="<Figure>"),
        *shown(image_jpeg=JPEG),
        *shown(text_html="<b>x</b>", text_plain="   a\n0  1"),
    ]
    data = as_bytes(
        cell("markdown", "Text"),
        cell("code", "import jax\nprint('same')", outputs=outputs),
        cell("code", "1 / 0"),
    )
    graded = ran(
        CellRecord(1, CellStatus.OK, 0.3, "same\n"),
        CellRecord(2, CellStatus.RAISED, 0.1, "", "ZeroDivisionError: division by zero"),
    )
    page = notebook_page(data, graded)
    found = assert_harmless(page)
    assert page.count('class="line"') == 3
    assert "ran in 0.3 s" in found.text
    assert "ZeroDivisionError: division by zero" in found.text
    assert found.text.count("same") == 2  # in the code and by our run; not uploaded again
    assert "other" in found.text
    assert f"data:image/png;base64,{PNG}" in page
    assert f"data:image/jpeg;base64,{JPEG}" in page
    assert "Not shown: text/html." in found.text
    assert "0  1" in found.text


def test_pictures_stop_where_the_page_is_full():
    large = base64.b64encode(base64.b64decode(PNG) + bytes(3_700_000)).decode()
    page = notebook_page(as_bytes(*[cell("code", "x", outputs=shown(image_png=large))] * 4), None)
    assert page.count("<img") == 3


LARGE = base64.b64encode(base64.b64decode(PNG) + bytes(1_000_000)).decode()
SLOW_CELLS = {
    "one picture a thousand times": [
        cell("markdown", "![](attachment:x)" * 1_000, attachments={"x": {"image/png": LARGE}})
    ],
    "one that is none, in lines": [
        cell(
            "markdown", "![](attachment:x)" * 1_000, attachments={"x": {"image/png": ["A"] * 9**5}}
        )
    ],
    "lists in lists": [cell("markdown", "- - \n" * 4_000)] * 10,
}


@pytest.mark.parametrize("cells", SLOW_CELLS.values(), ids=SLOW_CELLS)
def test_no_notebook_keeps_us_busy(cells: list[dict[str, Any]]):
    began = time.thread_time()
    assert_harmless(notebook_page(as_bytes(*cells), None))
    assert time.thread_time() - began < 5


def test_what_is_longer_than_the_page_takes_is_told():
    data = as_bytes(*[cell("code", "x = 1\n" * 2_500) for _ in range(12)])
    page = notebook_page(data, None)
    assert page.count('class="line"') == 20_000
    assert "500 more lines: see the file." in page
    many = notebook_page(as_bytes(*[cell("raw", "x")] * 1_002), None)
    assert "2 more cells: see the file." in many


def test_an_old_notebook_is_shown_without_its_outputs():
    code = {"cell_type": "code", "input": "x = 1", "outputs": [output("text/html", MARK)]}
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": [code]}]}
    found = assert_harmless(notebook_page(json.dumps(old).encode(), None))
    assert "x = 1" in found.text


def test_a_file_that_is_no_notebook_is_told_so():
    found = assert_harmless(notebook_page(b"<script>alert(1)</script>", None))
    assert "can't be read as a notebook" in found.text
