"""Strangers' Markdown as HTML that nothing runs in, loads from or leads to."""

import re
import time
from dataclasses import dataclass
from html import escape
from typing import Any

import mistune
import nh3
from django.utils.safestring import SafeString, mark_safe

from grader.web.formulas import Formula, Marked, marked, mathml
from grader.web.uploaded_outputs import Pictures

_TAGS = set(
    "p br hr h1 h2 h3 h4 h5 h6 em strong b i s del u sub sup small kbd code pre blockquote ul ol "
    "li table thead tbody tfoot tr th td caption dl dt dd div span details summary img".split()
)
_PICTURE = re.compile(r"data:image/(?:png|jpeg);base64,[A-Za-z0-9+/]+=*")
_WEB_ADDRESS = re.compile(r"https?://[^\s\"'<>]{1,500}")
# As nh3 writes them: no < in text, and no " in an attribute's value.
_TAG = r"<(?P<ends>/?)(?P<name>[a-z0-9]+)(?:[^\">]|\"[^\"]*\")*>"


@dataclass
class Room:
    """What a page still has room for: formulas, their characters, and seconds of the processor."""

    until: float
    formulas: int = 2_000
    characters: int = 1_000_000

    def typeset(self, formula: Formula) -> str:
        """A formula as HTML, typeset where that can be done in the room that is left."""
        html = None
        if self.formulas > 0 and self.characters > 0 and time.thread_time() < self.until:
            html = mathml(formula.latex, display=formula.display)
        if html is None:
            kind = "math block" if formula.display else "math"
            return f'<code class="{kind}">{escape(formula.latex)}</code>'
        self.formulas -= 1
        self.characters -= len(html)
        return f'<span class="formula" tabindex="0">{html}</span>' if formula.display else html


def safe_markdown(
    source: str, attached: dict[str, dict[str, Any]], pictures: Pictures, room: Room
) -> SafeString:
    """Markdown as HTML without links, scripts, styles, or pictures from elsewhere.

    `attached` are the pictures of the cell itself, as nbformat has them.
    """
    text = marked(source)
    renderer = _Renderer(attached, pictures, text)
    markdown = mistune.create_markdown(renderer=renderer, plugins=["table", "strikethrough"])
    try:
        html = str(markdown(text.text))
    except RecursionError:
        text, html = marked(""), f"<pre>{escape(source)}</pre>"
    cleaned = nh3.clean(
        html,
        tags=_TAGS,
        attributes={"img": {"src", "alt"}, "ol": {"start"}, "td": {"colspan", "rowspan"}},
        attribute_filter=_kept,
        allowed_classes={"span": {"address"}},
        url_schemes={"data"},
        link_rel=None,
    )
    # Safe: only what nh3 lets through, by these lists alone, and our formulas in its text.
    return mark_safe(_with_formulas(cleaned, text, room))


def _with_formulas(html: str, text: Marked, room: Room) -> str:
    """The HTML with the formulas where their marks are: as they were written in code and tags."""
    inside_code = 0

    def written(found: re.Match[str]) -> str:
        nonlocal inside_code
        if found["name"] is None:
            formula = text.formulas[int(found["number"])]
            return escape(formula.text) if inside_code else room.typeset(formula)
        if found["name"] in ("code", "pre", "kbd"):
            inside_code += -1 if found["ends"] else 1
        return text.pattern.sub(
            lambda mark: escape(text.formulas[int(mark["number"])].text), found[0]
        )

    return re.sub(f"{_TAG}|{text.pattern.pattern}", written, html)


class _Renderer(mistune.HTMLRenderer):
    """HTML in which links are text, and pictures are those that came with the cell."""

    def __init__(
        self, attached: dict[str, dict[str, Any]], pictures: Pictures, text: Marked
    ) -> None:
        super().__init__(escape=False)
        self._attached = attached
        self._pictures = pictures
        self._text = text

    def link(self, text: str, url: str, title: str | None = None) -> str:
        address = self._text.unmarked(url)
        found = _WEB_ADDRESS.fullmatch(address)
        if not found or url in text:
            return text
        return f'{text} <span class="address">({escape(address)})</span>'

    def image(self, text: str, url: str, title: str | None = None) -> str:
        alt = escape(text or "picture")
        if url.startswith("attachment:"):
            bundle = self._attached.get(url.removeprefix("attachment:"), {})
            address = self._pictures.address(bundle)
        else:
            kind, _, data = url.partition(";base64,")
            address = self._pictures.address({kind.removeprefix("data:"): data})
        return f'<img src="{address}" alt="{alt}">' if address else f"[picture: {alt}]"


def _kept(tag: str, attribute: str, value: str) -> str | None:
    """An attribute's value if it may stay."""
    if attribute == "src":
        return value if _PICTURE.fullmatch(value) else None
    if attribute in ("start", "colspan", "rowspan"):
        return value if value.isdecimal() and len(value) < 4 else None
    return value
