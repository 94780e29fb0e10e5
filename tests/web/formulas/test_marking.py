"""The formulas of a Markdown text are found as Jupyter finds them; money and code are none."""

import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.web.formulas import marked
from grader.web.markdown import Room, safe_markdown
from grader.web.uploaded_outputs import Pictures

# What a cell's author writes, and the formulas in it: those on lines of their own after `=`.
FOUND: list[tuple[str, list[str]]] = [
    ("Let $x_1$ be $y$.", ["x_1", "y"]),
    ("$a +\n b$", ["a +\n b"]),
    ("$ x $ and $ y$", ["x", "y"]),
    ("$a$$b$", ["a$$b"]),  # shown as it is written
    (r"\(a\) and \\(b\\)", ["a", "b"]),
    (r"\[a\] and \\[b\\]", ["=a", "=b"]),
    (r"\[a \\[2pt] b\]", [r"=a \\[2pt] b"]),
    ("so $$x$$ and $$\ny\n$$", ["=x", "=y"]),
    ("$$\na\n\nb\n$$", ["=a\n\nb"]),
    ("\\begin{align}\na&=b\\\\\n\\end{align}", ["=\\begin{align}\na&=b\\\\\n\\end{align}"]),
    (
        r"\begin{aligned}\begin{aligned}a\end{aligned}\end{aligned} $b$",
        [r"=\begin{aligned}\begin{aligned}a\end{aligned}\end{aligned}", "b"],
    ),
    (r"$\text{if $x$ is}$", [r"\text{if $x$ is}"]),
    (r"$\{a\}$ and $\$5$", [r"\{a\}", r"\$5"]),
    ("> $$\n> a\n> b\n> $$", ["=a\nb"]),
    ("> so $a\n> b$", ["a\nb"]),
    ("1. $x$\n\n   $$y$$", ["x", "=y"]),
    ("|a|\n|-|\n|$|x|$|", ["|x|"]),
    ("$5$ or $10^{-3}$ or $x$2", ["5", "10^{-3}", "x"]),
    # Money, and dollars that are nothing else.
    ("costs $5 and $6", []),
    ("costs $5/$6", []),
    ("costs 5$ and 6$", []),
    ("US$ 5 and US$ 6", []),
    ("costs $5, and $x$ is free", ["x"]),
    (r"costs \$5, and $x$ is free", ["x"]),
    ("$a\n\nb$", []),
    ("$ $", []),
    ("$$ $$ and $", []),
    (r"\(a and \begin{align} b \end{aligned}", []),
    # Code.
    ("`$a$` and ``$b` $c$`` and $d$", ["d"]),
    ("`$foo` and `$bar`", []),
    ("a ` b $c$", ["c"]),
    ("costs $5, `x = $y` and $z$", ["z"]),
    ("```\n$a$\n```\n$b$", ["b"]),
    ("- ~~~python\n  $a$\n  ```\n  $b$\n  ~~~\n$c$", ["c"]),
    ("````\n```\n$a$\n````\n$b$", ["b"]),
    ("```\n$a$", []),
]


@pytest.mark.parametrize(("text", "formulas"), FOUND)
def test_formulas_are_found_and_nothing_else_is_one(text: str, formulas: list[str]) -> None:
    found = marked(text)
    assert [f"{'=' * one.display}{one.latex}" for one in found.formulas] == formulas
    assert found.unmarked(found.text) == text


def html_of(text: str) -> str:
    room = Room(time.thread_time() + 5)
    html = safe_markdown(text, {}, Pictures(), room)
    return re.sub(r"<math display=\"(.).*?</math>", _shortened, html).strip()


def _shortened(found: re.Match[str]) -> str:
    return f"[{found[1]} {re.sub('<[^>]*>', '', found[0])}]"


FRAME = '<span class="formula" tabindex="0">[b {}]</span>'
SHOWN: list[tuple[str, str]] = [
    ("*a* $x_1$ and $y_1$ *b*", "<p><em>a</em> [i x1] and [i y1] <em>b</em></p>"),
    ("**$x$** _$y$_", "<p><strong>[i x]</strong> <em>[i y]</em></p>"),
    ("so\n$$x$$\nholds", f"<p>so\n{FRAME.format('x')}\nholds</p>"),
    ("$a<b$ and $c>d$", "<p>[i a&lt;b] and [i c&gt;d]</p>"),
    ("# $x$", "<h1>[i x]</h1>"),
    ("    $x$", "<pre><code>$x$</code></pre>"),
    ("<div>\n$x$\n</div>", "<div>\n[i x]\n</div>"),
    ('<i title="$x$">$y$</i>', '<p><i title="$x$">[i y]</i></p>'),
    ("<code>$x$</code> $y$", "<p><code>$x$</code> [i y]</p>"),
    ("<$x$>", "<p>&lt;[i x]&gt;</p>"),
    (
        "[see](https://e.example/$a$)",
        '<p>see <span class="address">(https://e.example/$a$)</span></p>',
    ),
    (r"$\unknown{<b>}$", r'<p><code class="math">\unknown{&lt;b&gt;}</code></p>'),
    (r"$$\unknown$$", r'<p><code class="math block">\unknown</code></p>'),
]


@pytest.mark.parametrize(("text", "html"), SHOWN)
def test_formulas_are_shown_where_they_stand(text: str, html: str) -> None:
    assert html_of(text) == html


def test_cells_of_a_table_may_have_bars_in_formulas() -> None:
    assert html_of("|a|b|\n|-|-|\n|$|x|$|$y$|").count("<td>[i") == 2


def test_a_formula_in_a_pictures_name_is_its_latex() -> None:
    png = "data:image/png;base64,iVBORw0KGgoAAAAAAAAAAAAAAAIAAAACAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    assert 'alt="$\\alpha &quot;$"' in html_of(f'![$\\alpha "$]({png})')


def test_nobody_can_write_a_mark() -> None:
    first, second = marked("$x$"), marked("$x$")
    assert first.text != second.text
    assert "<math" not in html_of(f"{first.text} &#xE000;0x0&#xE001;")


CROWDED: list[str] = [
    *("$x$" * 6_000, "$" * 20_000, "$5{" * 2_500 + "}" * 2_500 + " $6" * 3_000),
    *("{$ $5" * 4_000, r"\(" * 5_000 + r"\)", r"\({\)\[{" * 2_000, "`" * 20_000),
    *("`$``$```" * 2_000, "~~~\n```\n" * 2_000, r"\begin{a}{" * 2_000 + r"\end{a}"),
    *("> - 1. " * 2_000 + "$x$", "\\begin{a}\n\n" * 1_500, "\n \n" * 6_000, "$5 " * 6_000),
]


@pytest.mark.parametrize("text", CROWDED, ids=lambda text: text[:12])
def test_formulas_are_found_in_a_moment(text: str) -> None:
    began = time.thread_time()
    found = marked(text)
    assert time.thread_time() - began < 1.5
    assert found.unmarked(found.text) == text


PIECES = st.sampled_from(
    [
        *("$", "$$", "\\", "\\(", "\\)", "\\[", "\\]", "{", "}", "`", "```\n", "~~~", "\n", "\n\n"),
        *(
            "\\begin{align}",
            "\\end{align}",
            "> ",
            "- ",
            "x",
            "5",
            " ",
            "_",
            "*",
            "|",
            "<b>",
            "&#36;",
        ),
    ]
)


@settings(deadline=None)
@given(st.lists(PIECES | st.text(max_size=3), max_size=40).map("".join))
@example("$\ue000$")
def test_no_text_is_lost(text: str) -> None:
    found = marked(text)
    assert found.unmarked(found.text) == text
    assert all(one.text in text and one.latex.strip() for one in found.formulas)
