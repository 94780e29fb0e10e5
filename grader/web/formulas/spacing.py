"""What of a converter's MathML browsers show otherwise than LaTeX does: made alike, in place."""

import re
import unicodedata
from itertools import pairwise
from xml.etree.ElementTree import Element

from grader.web.formulas.letters import BARS, WORD, Unshowable, become, mend_letters

# Not of any size: what is wide can be scrolled to, but mustn't be lost behind other things.
LENGTH = re.compile(r"(?:-[0-2]?|\d{0,2})(?:\.\d{1,4}|(?<=\d))(?:em|ex|px|pt|mm|cm)|0")
_SIGNS = set("+-−±∓")
_OPENING, _CLOSING = set("([{⟨⌊⌈"), set(")]}⟩⌋⌉!|‖")
_LIMITS = set("∑∏∐⋂⋃⋀⋁⨀⨁⨂⨄⨆") | {
    *("lim", "lim\u2006inf", "lim\u2006sup", "max", "min", "sup", "inf", "det", "gcd", "Pr"),
    *("arg\u2009max", "arg\u2009min"),
}
_MOVED = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}
_SCRIPTS = {*_MOVED, *_MOVED.values()}
_PRIMES = set("′″‴⁗")
_LINE, _STROKE, _LOW_LINE, _HAT = "―", "⧸", "\u0332", "\u0302"
_OVER = set("´¯˘ˇ˙¨\u20db\u20dc`^˚⏞⎴←↔―⏜→~")
_UNDER = set("―⏟⎵←↔⏝→")
_ROWS = {"math", "mrow", "mstyle", "mpadded", "mphantom", "msqrt", "mtd"}
_STROKES = {"box": "boxed", "horizontalstrike": "struck"}
_SPACES = {
    "thinmathspace": "0.167em",
    "thickmathspace": "0.278em",
    "negativethinmathspace": "-0.167em",
    "negativemediummathspace": "-0.222em",
    "negativethickmathspace": "-0.278em",
}


def mend(element: Element) -> None:
    """Mend an element and all in it. Raises Unshowable for what LaTeX wouldn't show either."""
    element.tail = None
    for child in element:
        mend(child)
    for index, child in enumerate(list(element)):
        if _only_holds(child):
            element[index] = child[0]
    if element.tag in ("mi", "mn", "mo", "mtext"):
        mend_letters(element)
    elif element.tag == "menclose":
        _mend_stroke(element)
    elif element.tag == "mspace":
        _mend_space(element)
    elif element.tag == "mtable":
        _mend_table(element)
    elif element.tag in _SCRIPTS:
        _mend_limits(element)
        _mend_primes(element)
        _mend_accent(element)
    if element.tag in _ROWS:
        _join_words(element)
        _join_signs(element)
        _space(list(element))


def _only_holds(element: Element) -> bool:
    """Whether it is a group of one thing. That of an operator says how it is spaced."""
    return (
        element.tag == "mrow"
        and not element.attrib
        and len(element) == 1
        and element[0].tag != "mo"
    )


def _mend_stroke(element: Element) -> None:
    notation = element.get("notation", "")
    become(element, "mrow", "")
    element.set("class", _STROKES.get(notation, "cancelled"))


def _mend_space(element: Element) -> None:
    if "linebreak" in element.attrib:
        raise Unshowable("a line break outside of a table")
    width = element.get("width", "")
    if width.endswith("mu"):
        width = f"{float(width.removesuffix('mu')) / 18:.3f}em"
    width = _SPACES.get(width, width)
    if width and not LENGTH.fullmatch(width):
        raise Unshowable(f"a width of {width}")
    element.set("width", width)


def _mend_table(element: Element) -> None:
    spacing = element.get("columnspacing", "")
    lines = element.get("columnlines", "").split()
    rules = element.get("rowlines", "").split()
    if spacing.startswith("0"):
        element.set("class", "pairs" if spacing.startswith("0em") else "tight")
    for number, row in enumerate(element):
        if rules[number : number + 1] not in ([], ["none"]):
            row.set("class", "ruled")
        for cell, line in zip(row, lines, strict=False):
            if line != "none":
                cell.set("class", "ruled")


def _mend_limits(element: Element) -> None:
    if not len(element):
        return
    base = element[0]
    if "minsize" in base.attrib:  # in a row, or else browsers don't stretch it
        element[0] = Element("mrow")
        element[0].append(base)
    if base.tag == "mo" and (base.text in _LIMITS or base.get("movablelimits") == "true"):
        moved = _MOVED.get(element.tag)
        base.set("movablelimits", "true" if moved else "false")
        element.tag = moved or element.tag


def _mend_primes(element: Element) -> None:
    """Primes stand high by themselves: as a power they would be tiny."""
    base, *scripts = element
    if scripts and scripts[-1].tag == "mi" and set(scripts[-1].text or "") <= _PRIMES:
        if element.tag == "msup":
            element.tag = "mrow"
        elif element.tag == "msubsup":
            row = Element("mrow")
            row.extend((base, scripts[-1]))
            element[:] = [row, scripts[0]]
            element.tag = "msub"


def _mend_accent(element: Element) -> None:
    accents = {"mover": ("accent", _OVER), "munder": ("accentunder", _UNDER)}.get(element.tag)
    if not accents or len(element) != 2:
        return
    name, marks = accents
    mark = element[1]
    if mark.tag != "mo" or mark.text not in marks:
        return
    wide = element.get(name) != "true" and element[0].tag == "mrow"
    element.set(name, "true")
    if mark.text == _LINE:
        mark.text = _LOW_LINE
        mark.set("stretchy", "true")
    elif mark.text == "^" and wide:
        mark.text = _HAT


def _join_words(row: Element) -> None:
    """Upright letters beside each other are a word: the Var of a variance."""
    last: Element | None = None
    for child in list(row):
        text = child.text or ""
        upright = child.tag == "mi" and child.get("mathvariant") == "normal"
        letter = upright and text.isascii() and text.isalpha()
        if letter and last is not None:
            last.text = f"{last.text}{text}"
            last.attrib.clear()
            row.remove(child)
        else:
            last = child if letter else None


def _join_signs(row: Element) -> None:
    r"""`:=` is one sign, and so is one with a stroke of `\not` before it."""
    children = list(row)
    for child, after in pairwise(children):
        if child.tag == "mo" and (child.text, after.text) == (":", "="):
            after.text = ":="
            row.remove(child)
        elif child.tag == "mpadded" and len(child) and child[0].text == _STROKE:
            if after.tag not in ("mi", "mo"):
                raise Unshowable("\\not")
            after.text = unicodedata.normalize("NFC", f"{after.text}\u0338")
            row.remove(child)


def _space(row: list[Element]) -> None:
    """Set the spaces that depend on what stands beside: of signs, and of words such as log."""
    before = None
    for index, child in enumerate(row):
        if child.tag == "mrow" and len(child) == 1 and child[0].tag == "mo":  # {=}
            child[0].attrib.update(lspace="0", rspace="0")
        after = row[index + 1] if index + 1 < len(row) else None
        operator = _operator(child)
        text = operator.text or "" if operator is not None else ""
        if operator is not None and WORD.fullmatch(text):
            closed = after is None or _opens(after)
            operator.set("lspace", "0" if before in _OPENING or not index else "0.167em")
            operator.set("rspace", "0" if closed else "0.167em")
        elif operator is child and text in _SIGNS and index and _is_open(before):
            child.set("form", "prefix")
        elif operator is child and text in BARS:
            beside = {row[at].tag for at in (index - 1, index + 1) if 0 <= at < len(row)}
            child.set("stretchy", "true" if "mtable" in beside else child.get("stretchy", "true"))
        if child.tag not in ("mspace", "mtext"):
            before = text if operator is not None else None


def _is_open(before: str | None) -> bool:
    """Whether a sign after this belongs to what follows it, as in `= -1`."""
    return bool(before) and before not in _CLOSING


def _opens(element: Element) -> bool:
    """Whether it is, or begins with, an opening bracket."""
    while len(element) and (element.tag == "mrow" or element.tag in _SCRIPTS):
        element = element[0]
    return element.tag == "mo" and element.text in _OPENING | BARS


def _operator(element: Element) -> Element | None:
    """The operator that an element is, with or without limits."""
    while element.tag in _SCRIPTS and len(element):
        element = element[0]
    return element if element.tag == "mo" else None
