"""A plot's SVG made fit for a page: themed by CSS variables, described, with its own ids."""

import re
from collections.abc import Mapping
from xml.etree import ElementTree

_SVG = "http://www.w3.org/2000/svg"
_PAINT = ("fill", "stroke")
_DROPPED = ("font-family", "role", "aria-roledescription", "aria-label", "aria-hidden", "class")


def dress_svg(
    svg: str, *, name: str, title: str, description: str, colours: Mapping[str, str]
) -> str:
    """`svg` as one image that scales, with `title` and `description` for who can't see it.

    `colours` maps each stand-in colour of the drawing to the paint that the page shall use
    (`var(--ink, #222)`), so that one drawing serves light, dark and paper. `name` prefixes
    all ids, since several drawings share a page.
    """
    root = ElementTree.fromstring(svg)
    width, height = root.attrib.pop("width"), root.attrib.pop("height")
    root.attrib.update({"viewBox": f"0 0 {width} {height}", "role": "img"})
    root.set("aria-labelledby", f"{name}-title {name}-description")
    for element in root.iter():
        element.tag = element.tag.removeprefix(f"{{{_SVG}}}")
        _dress_element(element, name, colours, is_root=element is root)
    _insert_text(root, "desc", f"{name}-description", description)
    _insert_text(root, "title", f"{name}-title", title)
    root.set("class", f"plot plot-{int(float(width))}")
    root.set("xmlns", _SVG)
    return ElementTree.tostring(root, encoding="unicode")


def _dress_element(
    element: ElementTree.Element, name: str, colours: Mapping[str, str], *, is_root: bool
) -> None:
    for attribute in _DROPPED if not is_root else ("class",):
        element.attrib.pop(attribute, None)
    for attribute in _PAINT:
        if (paint := element.get(attribute, "")) in colours:
            element.set(attribute, colours[paint])
    if "id" in element.attrib:
        element.set("id", f"{name}-{element.attrib['id']}")
    for attribute, value in element.attrib.items():
        if "url(#" in value:
            element.set(attribute, re.sub(r"url\(#", f"url(#{name}-", value))


def _insert_text(root: ElementTree.Element, tag: str, identifier: str, text: str) -> None:
    child = ElementTree.Element(tag, {"id": identifier})
    child.text = text
    root.insert(0, child)
