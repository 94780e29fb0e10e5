"""The letters, signs and texts of a converter's MathML as browsers show them, mended in place."""

import re
import unicodedata
from xml.etree.ElementTree import Element

from latex2mathml.symbols_parser import convert_symbol

from grader.report.cleaning import clean_text
from grader.web.formulas.alphabets import letters


class Unshowable(Exception):
    """A formula that can't be shown typeset; says why."""


WORD = re.compile("[A-Za-z]{2,}(?:[ \u2006\u2009][a-z]+)?")
BARS = {"|", "‖"}
_SAME = {"~": "∼", "⧵": "∖"}  # as fonts of mathematics draw them
_ENTITY = re.compile(r"&#x([0-9A-Fa-f]{1,6});")
# Operators by their character, but letters to whoever reads a formula.
_LETTERLIKE = set("∂∇∞∅∀∃∄∁⊤⊥∠∡¬∎◻◼§…⋯⋮⋱")
_STANDING = {"∇", "∂"}
_TEXT = {"bold": "bold", "italic": "italic", "sans-serif": "sans", "monospace": "mono"}


def mend_letters(element: Element) -> None:
    """Mend what holds characters. Raises Unshowable for what stands for none."""
    if len(element):  # what \mathbin, \mathrel and such hold
        become(element, "mrow", "")
        return
    raw = element.text or ""
    text = _read(raw, element.tag)
    alphabet = element.attrib.pop("mathvariant", "")
    if element.tag == "mi":
        text = _SAME.get(text, text)
    element.text = text if element.tag == "mtext" else letters(text, alphabet)
    if not text:
        become(element, "mrow", "")
    elif element.tag == "mtext":
        if alphabet:
            element.set("class", _TEXT.get(alphabet, ""))
    elif element.tag == "mi":
        _mend_letter(element, raw, text, alphabet)
    elif element.tag == "mo":
        _mend_operator(element, text)


def _read(raw: str, tag: str) -> str:
    """The characters that a converter's text stands for."""
    if raw.startswith("\\") and tag != "mtext":
        code = convert_symbol(raw)
        if code is None:
            raise Unshowable(raw)
        return chr(int(code, 16))
    if "\\" in raw:
        raise Unshowable(raw)
    text = _ENTITY.sub(lambda found: chr(int(found[1], 16)), raw)
    if clean_text(text) != text:
        raise Unshowable("what can't be printed")
    return text


def _mend_letter(element: Element, raw: str, text: str, alphabet: str) -> None:
    if raw in set("{}&#$^_~"):
        raise Unshowable(f"a stray {raw}")
    if alphabet == "normal" and len(text) == 1:
        element.set("mathvariant", "normal")
    elif not alphabet and WORD.fullmatch(text):  # \log, \exp
        become(element, "mo", text)
    elif text in _STANDING or "Α" <= text <= "Ω":
        element.set("mathvariant", "normal")
    elif text in (";", ":") or (_is_mathematical(text) and text not in _LETTERLIKE):
        become(element, "mo", text)


def _is_mathematical(text: str) -> bool:
    """Whether it is a sign such as ±; the alphabets' ∂ and ∇ have that category too."""
    return len(text) == 1 and ord(text) < 0x1D000 and unicodedata.category(text) == "Sm"


def _mend_operator(element: Element, text: str) -> None:
    if text in _LETTERLIKE:
        become(element, "mi", text)
        if text in _STANDING:
            element.set("mathvariant", "normal")
    elif "minsize" in element.attrib:
        element.set("stretchy", "true")
    elif text == "/":
        element.attrib.update(lspace="0", rspace="0")
    elif text in BARS and "form" not in element.attrib and "lspace" not in element.attrib:
        element.attrib.update(stretchy="false", lspace="0", rspace="0")


def become(element: Element, tag: str, text: str) -> None:
    """Make an element another one that says nothing of itself yet."""
    element.tag, element.text = tag, text
    element.attrib.clear()
