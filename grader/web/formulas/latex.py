r"""A formula's LaTeX as MathML that is safe to show to anybody, or nothing.

Whatever a converter can't read, reads otherwise than LaTeX, or takes long over is not converted:
then the LaTeX itself is shown. What may be in a formula is listed: no macros (they multiply), no
links, styles, classes or characters by number.
"""

import re
from functools import lru_cache

from latex2mathml.converter import Converter
from latex2mathml.symbols_parser import SYMBOLS

from grader.web.formulas.letters import Unshowable
from grader.web.formulas.writing import written

# Of LaTeX: a page of derivation has some 1,500 characters.
MOST_CHARACTERS = 3_000
_DEEPEST = 24  # braces, environments
_KEPT_CHARACTERS = 300  # longer formulas are rare, and would fill the cache
_KEPT_FORMULAS = 2_000

# What the converter knows that isn't the name of one character.
_COMMANDS = frozenset(
    r"""
    \frac \dfrac \tfrac \cfrac \binom \dbinom \tbinom \over \choose \atop \sqrt \root \of
    \overset \underset \stackrel \limits \nolimits \left \middle \right \not
    \big \Big \bigg \Bigg \bigl \Bigl \biggl \Biggl \bigm \Bigm \biggm \Biggm
    \bigr \Bigr \biggr \Biggr \begin \end \cr \hline \hdashline
    \mathbb \mathbf \mathcal \mathfrak \mathit \mathnormal \mathrm \mathscr \mathsf \mathtt
    \Bbb \bm \bold \boldsymbol \pmb \rm \bf \it \sf \tt \cal
    \mathbin \mathclose \mathinner \mathop \mathopen \mathord \mathpunct \mathrel
    \text \textbf \textit \textmd \textnormal \textrm \textsf \texttt \textup \mbox \hbox \emph
    \fbox \boxed \cancel \bcancel \xcancel \sout \phantom \hphantom \vphantom \mathstrut \strut
    \color \textcolor \displaystyle \textstyle \scriptstyle \scriptscriptstyle
    \arccos \arcsin \arctan \cos \cosh \cot \coth \csc \deg \dim \exp \hom \ker \lg \ln \log
    \sec \sin \sinh \tan \tanh \operatorname \operatornamewithlimits
    \argmax \argmin \det \gcd \inf \lim \liminf \limsup \max \min \Pr \sup
    \mod \pmod \bmod \pod \bra \ket \braket
    \enspace \hskip \hspace \kern \mkern \mskip \mspace \nobreakspace \qquad \quad \space
    \thickspace \thinspace \negthinspace \negmedspace \negthickspace
    \acute \bar \breve \check \ddot \dddot \ddddot \dot \grave \hat \mathring \tilde \vec
    \widehat \widecheck \widetilde \overbrace \underbrace \overbracket \underbracket
    \overline \underline \underbar \overleftarrow \overrightarrow \overleftrightarrow
    \underleftarrow \underrightarrow \underleftrightarrow
    \xleftarrow \xrightarrow \xleftrightarrow \xLeftarrow \xRightarrow \xmapsto \xlongequal
    """.split()
)
_CONVERTED = frozenset(
    "matrix pmatrix bmatrix Bmatrix vmatrix Vmatrix smallmatrix array cases displaylines "
    "align* split substack".split()
)
# Environments by those that are laid out alike. Equations have no numbers here.
_ALIKE = {
    **dict.fromkeys("equation equation* math displaymath".split(), ""),
    **dict.fromkeys("align aligned alignat alignedat eqnarray flalign".split(), "align*"),
    **dict.fromkeys("alignat* eqnarray* flalign*".split(), "align*"),
    **dict.fromkeys("gather gather* gathered multline multline*".split(), "displaylines"),
    "dcases": "cases",
}

_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*")
_UNSEEN = re.compile(r"\\(?:label\s*\{[^{}]*\}|(?:nonumber|notag|displaylimits)(?![A-Za-z]))")
_ENVIRONMENT = re.compile(
    r"\\(begin|end)\s*\{([A-Za-z]+\*?)\}(?:\s*\[[tbc]\])?((?<=at\})\s*\{\d+\}|(?<=at\*\})\s*\{\d+\})?"
)
_STRANGE_ARRAY = re.compile(r"\\begin\{array\}(?!\s*\{[lcr|\s]+\})")
_ROW_SPACE = re.compile(r"(\\\\)(?:\*|\s*\[\s*-?[\d.]+\s*[a-z]{2}\s*\])")
_STACK = re.compile(r"\\substack\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_TAG = re.compile(r"\\tag(\*?)\s*\{([^{}$]*)\}")
_TEXT = re.compile(r"(\\(?:text(?:bf|it|md|normal|rm|sf|tt|up)?|[mh]box|emph|fbox))\s*\{([^{}]*)\}")
_ESCAPED = re.compile(r"\\([_%&#$ ])")
_LETTERS = r"((?:[A-Za-z\s]|\\[,;:! ])+)"
_NAME = re.compile(
    r"\\(operatorname\*?|mathop)\s*\{\s*(?:\\(?:mathrm|rm|text|operatorname)(?![A-Za-z])\s*)?"
    rf"(?:\{{{_LETTERS}\}}|{_LETTERS})\s*\}}"
)
_NO_NAME = re.compile(r"\\operatorname(?!\*?\{[A-Za-z]+\})\*?")
_UPRIGHT = re.compile(r"\\mathrm\s*\{([A-Za-z])\}")
_SMALL_SPACE = re.compile(r"\\[,;:! ]|\s")
_RENAMED = {
    r"\arg": r"\operatorname{arg}",
    r"\mathbbm": r"\mathbb",
    r"\mathds": r"\mathbb",
    r"\dotsb": r"\cdots",
}
_COMMAND = re.compile(r"\\[A-Za-z]+")
_PART = re.compile(r"\\(begin|end)\{([a-zA-Z*]*)\}|\\(?:[A-Za-z]+|.)|[{}]", re.DOTALL)


def mathml(source: str, *, display: bool) -> str | None:
    """A formula, without its dollars, as one `<math>` element; None where it can't be made.

    >>> mathml("x^2", display=False)
    '<math display="inline"><msup><mi>x</mi><mn>2</mn></msup></math>'
    """
    if len(source) <= _KEPT_CHARACTERS:
        return _kept(source, display)
    return _converted(source, display) if len(source) <= MOST_CHARACTERS else None


@lru_cache(_KEPT_FORMULAS)
def _kept(source: str, display: bool) -> str | None:
    return _converted(source, display)


def _converted(source: str, display: bool) -> str | None:
    try:
        latex = _rewritten(source)
        if _has_lines(latex):
            latex = rf"\begin{{displaylines}}{latex}\end{{displaylines}}"
        converter = Converter(display="block" if display else "inline")
        return written(converter.convert_to_element(latex))
    except Exception:  # whatever strangers' LaTeX makes the converter raise
        return None


def _rewritten(source: str) -> str:
    """The same formula in words that the converter knows."""
    if "&#" in source:  # the converter's own way to write characters
        raise Unshowable("&#")
    latex = _COMMENT.sub(r"\1", source).replace("\n", " ")
    latex = _UNSEEN.sub("", latex)
    latex = _TAG.sub(lambda tag: rf"\qquad\text{{{tag[2] if tag[1] else f'({tag[2]})'}}}", latex)
    latex = _TEXT.sub(_text, latex)
    latex = _STACK.sub(r"{\\begin{substack}\1\\end{substack}}", latex)
    latex = _ENVIRONMENT.sub(_environment, latex)
    if _STRANGE_ARRAY.search(latex):
        raise Unshowable("columns of an array")
    latex = _ROW_SPACE.sub(r"\1", latex)
    latex = _COMMAND.sub(lambda command: _RENAMED.get(command[0], command[0]), latex)
    latex = _NO_NAME.sub(r"\\mathrm", _NAME.sub(_name, latex))
    return _UPRIGHT.sub(r"\\mathrm{{\1}}", latex)  # which the converter takes for an italic one


def _environment(found: re.Match[str]) -> str:
    environment = _ALIKE.get(found[2], found[2])
    if not environment:
        return " "
    # In braces: the converter puts a matrix's brackets beside it, also where it has a power.
    return rf"{{\begin{{{environment}}}" if found[1] == "begin" else rf"\end{{{environment}}}}}"


def _text(found: re.Match[str]) -> str:
    r"""Text, with the formulas that are in it beside it: `\text{for all $i$}`."""
    pieces = _ESCAPED.sub(lambda escaped: escaped[1] if escaped[1] != "$" else "＄", found[2])
    written = ""
    for number, piece in enumerate(pieces.replace("~", "\u00a0").split("$")):
        if number % 2:
            written += f"{{{piece}}}"
        elif piece:
            # A converter would take what follows % for a comment.
            written += rf"{found[1]}{{{' ' if piece[0] == '%' else ''}{piece}}}"
    return written


def _name(found: re.Match[str]) -> str:
    name = _SMALL_SPACE.sub("", found[2] or found[3])
    if found[1] == "operatorname":
        return rf"\operatorname{{{name}}}"
    return rf"\{name} " if name in ("argmin", "argmax") else rf"\operatorname*{{{name}}}"


def _has_lines(latex: str) -> bool:
    """Whether lines are broken outside of any table. Raises Unshowable for what isn't known."""
    lines = False
    within: list[str] = []
    for part in _PART.finditer(latex):
        if part[1] == "begin" or part[0] in ("{", r"\left"):
            within.append(part[2] or part[0])
            if part[2] is not None and part[2] not in _CONVERTED:
                raise Unshowable(part[2])
        elif part[1] == "end" or part[0] in ("}", r"\right"):
            if not within or within.pop() != (part[2] or {"}": "{"}.get(part[0], r"\left")):
                raise Unshowable(f"unbalanced {part[0]}")
        elif part[0] == r"\\":
            lines |= not within
        elif part[0][1].isalpha() and part[0] not in _COMMANDS and part[0] not in SYMBOLS:
            raise Unshowable(part[0])
        if len(within) > _DEEPEST:
            raise Unshowable("too deep")
    if within:
        raise Unshowable(f"unbalanced {within[-1]}")
    return lines
