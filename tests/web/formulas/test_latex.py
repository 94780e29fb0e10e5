"""LaTeX becomes the MathML that a browser shows as LaTeX shows it, or nothing."""

import time

import pytest

from grader.release.cells import CellKind, read_cells
from grader.web.formulas import marked, mathml
from tests.test_layers import ROOT

# Letters and operators alone, as <math><mrow> holds them.
PLAIN: list[tuple[str, str]] = [
    ("a_1^2", "<msubsup><mi>a</mi><mn>1</mn><mn>2</mn></msubsup>"),
    (r"\frac{a}{b}", "<mfrac><mi>a</mi><mi>b</mi></mfrac>"),
    (r"\sqrt[3]{x}", "<mroot><mi>x</mi><mn>3</mn></mroot>"),
    # Alphabets are characters.
    (r"\mathbb{R}", "<mi>ℝ</mi>"),
    (r"\mathbb R", "<mi>ℝ</mi>"),
    (r"\mathcal L", "<mi>ℒ</mi>"),
    (r"\mathbf{xy}", "<mi>𝐱</mi><mi>𝐲</mi>"),
    (r"\bm{\theta}", "<mi>𝜽</mi>"),
    (r"\boldsymbol\theta", "<mi>𝜽</mi>"),
    (r"\mathbbm{1}", "<mn>𝟙</mn>"),
    # Upright: words, and large Greek letters.
    (r"\mathrm{Var}", "<mi>Var</mi>"),
    (r"{\rm tr}", "<mi>tr</mi>"),
    (r"\mathrm{d}x", '<mi mathvariant="normal">d</mi><mi>x</mi>'),
    (r"\Phi", '<mi mathvariant="normal">Φ</mi>'),
    (r"\phi", "<mi>ϕ</mi>"),
    # Letters by their look that a converter takes for operators, and the other way round.
    (r"\nabla", '<mi mathvariant="normal">∇</mi>'),
    (r"\partial", '<mi mathvariant="normal">∂</mi>'),
    (r"A^\top", "<msup><mi>A</mi><mi>⊤</mi></msup>"),
    (r"\infty", "<mi>∞</mi>"),
    ("a≤b", "<mi>a</mi><mo>≤</mo><mi>b</mi>"),
    (r"a\pm b", "<mi>a</mi><mo>±</mo><mi>b</mi>"),
    (r"a\implies b", "<mi>a</mi><mo>⟹</mo><mi>b</mi>"),
    (r"a\sim b", "<mi>a</mi><mo>∼</mo><mi>b</mi>"),
    ("a:=b", "<mi>a</mi><mo>:=</mo><mi>b</mi>"),
    (r"a\not= b", "<mi>a</mi><mo>≠</mo><mi>b</mi>"),
    # A sign stands before its number, or between two.
    ("a=-1", '<mi>a</mi><mo>=</mo><mo form="prefix">−</mo><mn>1</mn>'),
    ("a-1", "<mi>a</mi><mo>−</mo><mn>1</mn>"),
    ("10{,}000", '<mn>10</mn><mrow><mo lspace="0" rspace="0">,</mo></mrow><mn>000</mn>'),
    # Words are spaced as functions are.
    (r"\log x", '<mo lspace="0" rspace="0.167em">log</mo><mi>x</mi>'),
    (
        r"a\operatorname{tr}(A)",
        '<mi>a</mi><mo lspace="0.167em" rspace="0">tr</mo><mo stretchy="false">(</mo><mi>A</mi>'
        '<mo stretchy="false">)</mo>',
    ),
    (r"\arg", '<mo lspace="0" rspace="0">arg</mo>'),
    # Bars are as high as what stands there by \left alone, or around a table.
    (
        r"\|x\|",
        '<mo fence="false" stretchy="false" lspace="0" rspace="0">‖</mo><mi>x</mi>'
        '<mo fence="false" stretchy="false" lspace="0" rspace="0">‖</mo>',
    ),
    (
        r"\big\|x",
        '<mo minsize="1.2em" maxsize="1.2em" stretchy="true">‖</mo><mi>x</mi>',
    ),
    # Primes are read, not raised to tininess.
    ("f'", "<mi>f</mi><mi>′</mi>"),
    ("f'_i", "<msub><mrow><mi>f</mi><mi>′</mi></mrow><mi>i</mi></msub>"),
    # Accents.
    (r"\tilde x", '<mover accent="true"><mi>x</mi><mo stretchy="false">~</mo></mover>'),
    (r"\hat x", '<mover accent="true"><mi>x</mi><mo>^</mo></mover>'),
    (
        r"\bar x",
        '<mover accent="true"><mi>x</mi><mo stretchy="true">¯</mo></mover>',
    ),
    # Text, with formulas in it.
    (r"\text{if $x$ is}", "<mtext>if&nbsp;</mtext><mi>x</mi><mtext>&nbsp;is</mtext>"),
    (r"\text{a\_b 5\% \& more}", "<mtext>a_b&nbsp;5%&nbsp;&amp;&nbsp;more</mtext>"),
    (r"\textbf{a}", '<mtext class="bold">a</mtext>'),
    # What is only about print is left out.
    (r"\label{eq:a} a \nonumber", "<mi>a</mi>"),
    ("a % why\n+ b", "<mi>a</mi><mo>+</mo><mi>b</mi>"),
    ("a\\\nb", "<mi>a</mi><mtext>&nbsp;</mtext><mi>b</mi>"),
    (r"\color{red} a", "<mstyle><mi>a</mi></mstyle>"),
    (r"\boxed{a}", '<mrow class="boxed"><mi>a</mi></mrow>'),
    (r"\cancel{a}", '<mrow class="cancelled"><mi>a</mi></mrow>'),
]


def inside(latex: str, *, display: bool = False) -> str:
    html = mathml(latex, display=display)
    assert html is not None
    kind = "block" if display else "inline"
    assert html.startswith(f'<math display="{kind}">')
    return (
        html.partition(">")[2]
        .removesuffix("</math>")
        .removeprefix("<mrow>")
        .removesuffix("</mrow>")
    )


@pytest.mark.parametrize(("latex", "html"), PLAIN)
def test_a_formula_is_made_of_what_browsers_show(latex: str, html: str) -> None:
    whole = mathml(latex, display=False)
    assert whole in {
        f'<math display="inline">{row}</math>' for row in (html, f"<mrow>{html}</mrow>")
    }


UNDER: list[tuple[str, bool, str]] = [
    (r"\sum_i^n", True, "munderover"),
    (r"\sum_i^n", False, "munderover"),  # browsers move its limits beside it there
    (r"\min_x", True, "munder"),
    (r"\argmin_x", True, "munder"),
    (r"\operatorname*{arg\,min}_x", True, "munder"),
    (r"\mathop{\mathrm{argmax}}_x", True, "munder"),
    (r"\operatorname{tr}_x", True, "msub"),
    (r"\underset{x}{\operatorname{argmin}}", True, "munder"),
    (r"\begin{bmatrix}a\end{bmatrix}^\top", True, "msup"),
    (r"\int_0^1", True, "msubsup"),
    (r"\underbrace{a}_b", False, "munder"),
]


@pytest.mark.parametrize(("latex", "display", "tag"), UNDER)
def test_limits_stand_where_they_do_in_latex(latex: str, display: bool, tag: str) -> None:
    assert inside(latex, display=display).startswith(f"<{tag}>")


TABLES: list[tuple[str, int, int]] = [
    # LaTeX, rows, cells
    (r"\begin{align} a &= b \\ &= c \end{align}", 2, 4),
    (r"\begin{align*} a &= b & c &= d \end{align*}", 1, 4),
    (r"\begin{aligned}[t] a &= b \\[2pt] &= c \end{aligned}", 2, 4),
    (r"\begin{alignat}{2} a &= b \\ &= c \end{alignat}", 2, 4),
    (r"\begin{gather} a \\ b \end{gather}", 2, 2),
    (r"\begin{equation}\begin{split} a &= b \\ &= c \end{split}\end{equation}", 2, 4),
    (r"\begin{cases} a & \text{if } b \\ c \end{cases}", 2, 3),
    (r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}", 2, 4),
    (r"\begin{bmatrix} 1 \\ 2 \\ 3 \end{bmatrix}", 3, 3),
    (r"\begin{array}{c|c} a & b \\ \hline c & d \end{array}", 2, 4),
    (r"\sum_{\substack{i<n\\j<m}}", 2, 2),
    (r"a \\ b", 2, 2),
]


@pytest.mark.parametrize(("latex", "rows", "cells"), TABLES)
def test_tables_have_their_rows_and_cells(latex: str, rows: int, cells: int) -> None:
    html = inside(latex, display=True)
    assert (html.count("<mtr"), html.count("<mtd")) == (rows, cells)
    assert "&amp;" not in html
    assert "\\" not in html


def test_equations_have_no_numbers_but_those_given() -> None:
    assert "mtext" not in inside(r"\begin{align} a \end{align}", display=True)
    assert inside(r"a \tag{7}").endswith("<mtext>(7)</mtext>")


NOT_SHOWN = [
    *(r"\unknown", r"a \foo{b}", r"\begin{itemize} a \end{itemize}", r"\ref{eq:a}"),
    *("{a", "a}", r"\left( a", r"\begin{align} a", r"\begin{align} a \end{cases}"),
    *(
        "a & b",
        r"\frac{a}",
        "a^b^c",
        "^",
        r"\text{a {b} c}",
        "a # b",
        r"{a \\ b}",
        r"\text{a \\ b}",
    ),
    *(r"\hspace{wide} a", r"\sqrt", r"\big", r"\begin{array}{c@{}c} a \end{array}", "&#x41;"),
]


@pytest.mark.parametrize("latex", NOT_SHOWN)
def test_what_is_unknown_or_broken_is_not_converted(latex: str) -> None:
    assert mathml(latex, display=True) is None


ASSIGNMENTS = sorted(path.parent for path in (ROOT / "assignments").glob("*/notebook.py"))


@pytest.mark.parametrize("folder", ASSIGNMENTS, ids=lambda folder: folder.name)
def test_every_formula_of_the_course_is_converted(folder: object) -> None:
    assert isinstance(folder, type(ROOT))
    cells = [cell for cell in read_cells(folder) if cell.kind is CellKind.MARKDOWN]
    formulas = [one for cell in cells for one in marked(cell.source).formulas]
    assert [one.latex for one in formulas if mathml(one.latex, display=one.display) is None] == []


def test_twenty_formulas_take_some_milliseconds() -> None:
    formulas = [
        rf"\frac{{a_{{{number}}}}}{{\sqrt{{x^2+1}}}} \le \sum_i b_i" for number in range(20)
    ]
    began = time.thread_time()
    assert all(mathml(latex, display=False) for latex in formulas)
    assert time.thread_time() - began < 0.1
