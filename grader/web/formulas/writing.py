"""A tree of MathML, as a converter made it, mended for browsers and written as HTML that is safe.

Browsers know MathML Core: letters of an alphabet are characters of their own, spaces are lengths,
limits move by `movablelimits`. Nothing is written but the elements and attributes listed here.
"""

import re
from html import escape
from xml.etree.ElementTree import Element

import nh3

from grader.web.formulas.letters import Unshowable
from grader.web.formulas.spacing import LENGTH, mend

# Browsers take long for what is deeper, and for more than this of one formula.
_DEEPEST = 48
_MOST_CHARACTERS = 60_000

_YES_OR_NO = re.compile("true|false")
_NONE = re.compile("0(?:px)?")
_KEPT: dict[str, dict[str, re.Pattern[str]]] = {
    "math": {"display": re.compile("block|inline")},
    "mrow": {"class": re.compile("boxed|struck|cancelled")},
    "mi": {"mathvariant": re.compile("normal")},
    "mn": {},
    "mo": {
        **dict.fromkeys("stretchy fence separator movablelimits largeop".split(), _YES_OR_NO),
        **dict.fromkeys("minsize maxsize lspace rspace".split(), LENGTH),
        "form": re.compile("prefix|infix|postfix"),
    },
    "mtext": {"class": re.compile("bold|italic|sans|mono")},
    "mspace": {"width": LENGTH},
    "mfrac": {"linethickness": re.compile("0")},
    "mstyle": {"displaystyle": _YES_OR_NO, "scriptlevel": re.compile("[012]")},
    "mpadded": {"width": _NONE, "height": _NONE, "depth": _NONE},
    "mtable": {"displaystyle": _YES_OR_NO, "class": re.compile("pairs|tight")},
    "mtr": {"class": re.compile("ruled")},
    "mtd": {"columnalign": re.compile("left|right"), "class": re.compile("ruled")},
    "mover": {"accent": _YES_OR_NO},
    "munder": {"accentunder": _YES_OR_NO},
    **{tag: {} for tag in ("msqrt", "mroot", "msub", "msup", "msubsup", "munderover", "mphantom")},
}
# How many children an element has whose children mean something by their place.
_PLACES = {
    **dict.fromkeys(("mfrac", "mroot", "msub", "msup", "munder", "mover"), 2),
    **dict.fromkeys(("msubsup", "munderover"), 3),
    **dict.fromkeys(("mi", "mn", "mo", "mtext", "mspace"), 0),
}
_WITHIN = {"mtable": {"mtr"}, "mtr": {"mtd"}}


def written(tree: Element) -> str:
    """The tree as HTML. Raises Unshowable where it has more in it, or less, than it may."""
    _measure(tree, 1)
    mend(tree)
    pieces: list[str] = []
    _write(tree, pieces)
    html = "".join(pieces)
    if len(html) > _MOST_CHARACTERS:
        raise Unshowable("too long")
    # Once more by the same lists, but by a parser of HTML. No page cleans strangers' HTML with
    # these: tags of MathML among others are what attacks on such parsers are made of.
    return nh3.clean(
        html,
        tags=set(_KEPT),
        attributes={tag: set(kept) for tag, kept in _KEPT.items()},
        attribute_filter=_kept,
        link_rel=None,
    )


def _measure(element: Element, depth: int) -> None:
    if depth > _DEEPEST:
        raise Unshowable("too deep")
    for child in element:
        _measure(child, depth + 1)


def _write(element: Element, pieces: list[str]) -> None:
    tag, children = element.tag, list(element)
    if tag not in _KEPT:
        raise Unshowable(f"<{tag}>")
    if len(children) != _PLACES.get(tag, len(children)):
        raise Unshowable(f"{len(children)} in <{tag}>")
    if tag in _WITHIN and {child.tag for child in children} - _WITHIN[tag]:
        raise Unshowable(f"not a table: <{tag}>")
    pieces.append(f"<{tag}")
    for name, value in element.items():
        if _kept(tag, name, value) is not None:
            pieces.append(f' {name}="{escape(value)}"')
    pieces.append(f">{escape(element.text or '', quote=False)}")
    for child in children:
        _write(child, pieces)
    pieces.append(f"</{tag}>")


def _kept(tag: str, name: str, value: str) -> str | None:
    """An attribute's value if it may stay."""
    pattern = _KEPT.get(tag, {}).get(name)
    return value if pattern and pattern.fullmatch(value) else None
