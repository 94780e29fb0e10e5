"""Whatever LaTeX a stranger writes: only listed MathML comes out, in bounded time and size."""

import re
import time
from html.parser import HTMLParser

import nh3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.web.formulas.latex import MOST_CHARACTERS, mathml
from grader.web.formulas.marking import Formula
from grader.web.markdown import Room
from grader.web.strangers import notebook_page
from tests.web.story_course import browser
from tests.web.student.test_strangers import MATHML, TAGS, as_bytes, assert_harmless, cell

VALUES = {
    "display": "block|inline",
    "class": "boxed|struck|cancelled|bold|italic|sans|mono|pairs|tight|ruled",
    "mathvariant": "normal",
    "form": "prefix|infix|postfix",
    "columnalign": "left|right",
    "scriptlevel": "[012]",
    "linethickness": "0",
    **dict.fromkeys(
        "stretchy fence separator movablelimits largeop accent accentunder displaystyle".split(),
        "true|false",
    ),
    **dict.fromkeys(
        "minsize maxsize lspace rspace width height depth".split(),
        r"-?\d{0,2}(\.\d{1,4})?(em|ex|px|pt|mm|cm)?",
    ),
}

ATTACKS = {
    "link": r"\href{javascript:alert(1)}{x}",
    "address": r"\url{javascript:alert(1)}",
    "class": r"\class{x}{y}",
    "style": r"\style{position:fixed;inset:0}{y}",
    "class of html": r"\htmlClass{x}{y} \htmlData{a=b}{y} \htmlStyle{color:red}{y} \htmlId{x}{y}",
    "picture": r"\includegraphics{https://e.example/x.png}",
    "script in text": r"\text{<script>alert(1)</script>}",
    "picture in text": r"\text{<img src=x onerror=alert(1)>}",
    "the text's end": r"\text{</mtext><img src=x onerror=alert(1)>}",
    "the formula's end": r"\text{</math><script>alert(1)</script>}",
    "style's end": r"\text{<style></style><img src=x onerror=alert(1)>}",
    "foreign": r"\text{<mglyph><svg><style><img src=x onerror=alert(1)>}",
    "annotation": r"\text{<annotation-xml encoding='text/html'><script>alert(1)</script>}",
    "entities in text": r"\text{&lt;script&gt;alert(1)&lt;/script&gt;}",
    "entities of the converter": r"\text{&#x3c;script&#x3e;} &#x3c;img src=x onerror=1&#x3e;",
    "tags of letters": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "name": r"\operatorname{<img src=x onerror=alert(1)>}",
    "verbatim": r"\verb|<script>alert(1)</script>|",
    "character by number": r"\unicode{x3c} \unicode{x202e} \unicode{<script>}",
    "colour": r'\color{red" onclick="alert(1)}x \textcolor{"><script>}{y} \colorbox{x}{<b>}',
    "colour of the page": r"\color{var(--page)}x",
    "space": r"\hspace{1em;color:red} \kern<script> \rule{99999em}{99999em}",
    "columns": r"\begin{array}{c\"><script>} a \end{array}",
    "environment": r"\begin{<script>} a \end{<script>}",
    "macro": r"\def\a{<script>}\a \newcommand{\b}{\text{<img src=x onerror=1>}}\b",
    "macros that multiply": "".join(
        rf"\def\{one}{{{{\{two}}}{{\{two}}}}}"
        for one, two in zip("abcdefghij", "bcdefghijk", strict=True)
    )
    + r"\a",
    "operator by macro": r"\DeclareMathOperator{\x}{<script>}\x \newenvironment{y}{<b>}{}",
    "loop": r"\def\a{\a\a}\a",
    "tag": r"a \tag{<script>alert(1)</script>}",
    "box": r"\fbox{<script>} \colorbox{red}{<script>} \mbox{$<script>$}",
    "row": r"\begin{matrix}<script>&</script>\\<img src=x onerror=1>\end{matrix}",
    "direction": "\\text{\u202eevil\u202c}",
    "nothing to see": "\u200f\u2066",
}
FLOODS = {
    "braces": "{" * 10_000 + "}" * 10_000,
    "some braces": "{" * 1_400 + "x" + "}" * 1_400,
    "fractions": r"\frac{" * 250 + "x" + "}{y}" * 250,
    "roots without braces": r"\sqrt" * 600,
    "powers": "x^{" * 500 + "x" + "}" * 500,
    "brackets": r"\left(" * 200 + r"\right)" * 200,
    "tables in tables": r"\begin{matrix}" * 90 + r"\end{matrix}" * 90,
    "cells": "\\begin{matrix}" + "&" * 2_900 + "\\end{matrix}",
    "rows": r"\\" * 1_500,
    "styles": r"\displaystyle" * 230,
    "primes": "x" + "'" * 2_900,
    "letters": "x" * 3_000,
    "spaces": "~" * 3_000,
    "accents": r"\hat" * 750,
    "open texts": r"\text{" * 500,
    "open names": r"\operatorname{\mathrm{" * 130,
    "open stacks": r"\substack{{" * 270,
    "much of all": (r"\begin{aligned}a&=\sqrt{b}\\&=\frac12\end{aligned}" * 60),
}


def check(html: str) -> None:
    """One `<math>`, whose tags are closed and whose attributes are listed."""

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag in MATHML, tag
            for name, value in attrs:
                assert re.fullmatch(VALUES.get(name, "none is"), value or ""), (tag, name, value)

        def handle_comment(self, data: str) -> None:
            raise AssertionError(data)

    Reader().feed(html)
    assert html.startswith("<math display=")
    assert html.endswith("</math>")
    assert html.count("<math") == 1
    kept = {tag: set(VALUES) for tag in MATHML}
    # A parser of HTML reads what was written, and nothing else.
    assert nh3.clean(html, tags=MATHML, attributes=kept, link_rel=None) == html


@pytest.mark.parametrize("display", [False, True])
@pytest.mark.parametrize("latex", ATTACKS.values(), ids=ATTACKS)
def test_an_attack_becomes_letters_or_stays_latex(latex: str, display: bool) -> None:
    html = mathml(latex, display=display)
    if html is not None:
        check(html)
        assert "\u202e" not in html


@pytest.mark.parametrize("latex", FLOODS.values(), ids=FLOODS)
def test_a_flood_takes_no_time_and_no_room(latex: str) -> None:
    began = time.thread_time()
    html = mathml(latex, display=True)
    assert time.thread_time() - began < 0.5
    if html is not None:
        check(html)
        assert len(html) <= 80_000


PIECES = st.sampled_from(
    r"""
    \frac \sqrt \text{ \operatorname{ \left( \right) \left| \right. \begin{matrix} \end{matrix}
    \begin{align} \end{align} \begin{array} {cc|c} \hline \\ & { } _ ^ ' \, \hat \mathbb \mathbf
    \mathrm \sum \int \max_ \limits \big \Big( \color{red} \displaystyle \not \over \choose \rm
    \substack{ \hspace{ \tag{ \label{ \mathop{ \underbrace \xrightarrow [ ] \middle \root \of
    \class \style \href \unicode \def \newcommand < > <b> </math> <script> " ' % $ \$ \% # ~ x 1 =
    - | \| ‖ ≤ 𝐱 é 中 &lt; &#x3c; 2em
    """.split()
)


@settings(deadline=None)
@given(st.lists(PIECES | st.text(max_size=4), max_size=30).map("".join), st.booleans())
def test_no_latex_gives_anything_else_than_listed_mathml(latex: str, display: bool) -> None:
    html = mathml(latex, display=display)
    if html is not None:
        check(html)


@settings(deadline=None)
@given(st.lists(PIECES | st.sampled_from(["$", "$$", "\n", "`"]), max_size=30).map("".join))
def test_no_cell_gives_anything_else_than_listed_tags(source: str) -> None:
    page = notebook_page(as_bytes(cell("markdown", source)), None)
    assert_harmless(page)


def test_a_formula_may_be_so_long_and_no_longer() -> None:
    assert mathml("x" * MOST_CHARACTERS, display=False)
    assert mathml("x" * (MOST_CHARACTERS + 1), display=False) is None


FORMULA = Formula("x", "$x$", display=False)
LATEX = '<code class="math">x</code>'


def test_a_page_has_room_for_so_many_formulas() -> None:
    room = Room(until=time.thread_time() + 60, formulas=2)
    assert [room.typeset(FORMULA) == LATEX for _ in range(3)] == [False, False, True]


def test_a_page_has_room_for_so_many_characters() -> None:
    room = Room(until=time.thread_time() + 60, characters=50)
    assert [room.typeset(FORMULA) == LATEX for _ in range(3)] == [False, False, True]


def test_a_page_has_so_much_time_for_formulas() -> None:
    assert Room(until=time.thread_time() - 1).typeset(FORMULA) == LATEX


def test_a_page_full_of_formulas_ends() -> None:
    began = time.thread_time()
    cells = [
        cell("markdown", f"$$\\frac{{x}}{{{number}}}{'+x' * 1_400}$$\n\n" * 6)
        for number in range(40)
    ]
    page = notebook_page(as_bytes(*cells), None)
    assert time.thread_time() - began < 5
    assert 5 < page.count("<math") < 60
    assert len(page) < 2_500_000
    assert_harmless(page)


def test_a_browser_finds_nothing_else_in_the_page() -> None:
    hostile = {**ATTACKS, **FLOODS}
    cells = [
        cell("markdown", f"${latex}$\n\n$$\n{latex}\n$$\n\n|a|\n|-|\n|${latex}$|")
        for latex in hostile.values()
    ]
    cells += [
        cell(
            "markdown",
            "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math> $x$",
        ),
        cell("markdown", "<math><annotation-xml encoding='text/html'>$x$<script>alert(1)</script>"),
        cell("markdown", "<svg><desc>$x$</desc></svg> <table>$x$<tr><td>$y$</table> <select>$x$"),
        cell(
            "markdown", '<p lang="$x$" class="$y$">$z$</p> ![$x" onerror="alert(1)$](attachment:a)'
        ),
    ]
    page_text = notebook_page(as_bytes(*cells), None)
    assert_harmless(page_text)
    with browser() as chromium:
        page = chromium.new_page()
        page.set_content(page_text)
        found = page.evaluate(
            """() => [...document.querySelectorAll("*")].map(e => [
                e.namespaceURI.split("/").pop(), e.localName,
                [...e.attributes].map(a => a.name).join(" ")])"""
        )
    assert {name for space, name, _ in found if space == "MathML"} <= MATHML
    assert {name for space, name, _ in found if space == "xhtml"} <= TAGS
    assert {space for space, _, _ in found} == {"MathML", "xhtml"}
    of_formulas = {one for space, _, names in found if space == "MathML" for one in names.split()}
    assert of_formulas <= VALUES.keys()
