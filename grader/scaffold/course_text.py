"""An assignment's entry put into the text of a course file, which stays as it is otherwise.

The file is never written anew from its data: comments, quotes and order are its author's. So the
entry goes after the last one, and the result is read to see that this is all that changed.
"""

import re
from typing import Any

import yaml

from grader.course.yaml_source import read_yaml

_INDENT = 2


class EntryNotWritten(Exception):
    """The entry can't be put into this text safely; the message says why."""


def with_entry(text: str, name: str, entry: str) -> str:
    """`text` with the lines of `entry` as its last assignment. Raises `EntryNotWritten`."""
    line_break = "\r\n" if "\r\n" in text else "\n"
    head, tail, column, gap = _split(text)
    if head and not head.endswith("\n"):
        head += line_break
    lines = [" " * column + line if line else "" for line in entry.splitlines()]
    changed = head + line_break.join([*[""] * gap, *lines, ""]) + tail
    if not _only_adds(text, changed, name, entry):
        raise EntryNotWritten("what stands below `assignments:` would not be read as before")
    return changed


def _split(text: str) -> tuple[str, str, int, int]:
    """What goes before and after the entry, its column, and how many blank lines before it."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    fields = root.value if isinstance(root, yaml.MappingNode) and not root.flow_style else []
    value = next((value for key, value in fields if key.value == "assignments"), None)
    if not isinstance(value, yaml.MappingNode):
        raise EntryNotWritten("`assignments:` is not on a line of its own")
    if not value.flow_style:
        at = _past_comments(text, _last_index(text, value), value.start_mark.column)
        return text[:at], text[at:], value.start_mark.column, 1
    if value.value:
        raise EntryNotWritten("its assignments are written in braces, `assignments: {...}`")
    start, end = value.start_mark.index, value.end_mark.index
    past = _end_of_line(text, end)
    return text[:start].rstrip(" ") + text[end:past], text[past:], _INDENT, 0


def _last_index(text: str, node: Any) -> int:
    """Where the last thing in a node ends: a block's own end is where the next block begins."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _last_index(text, last[1] if isinstance(last, tuple) else last)
    return len(text[: node.end_mark.index].rstrip())


def _end_of_line(text: str, index: int) -> int:
    """The index after the line break that ends the line of `index`."""
    return text.find("\n", index) + 1 or len(text)


def _past_comments(text: str, index: int, column: int) -> int:
    """The index after this line and the comments directly below that are indented as entries."""
    at = _end_of_line(text, index)
    while re.match(rf" {{{column},}}#", text[at:]):
        at = _end_of_line(text, at)
    return at


def _only_adds(text: str, changed: str, name: str, entry: str) -> bool:
    """Whether the changed text says what the text said, and the entry after it."""
    before, _ = read_yaml(text)
    after, is_whole = read_yaml(changed)
    added, _ = read_yaml(entry)
    if not is_whole or after.complaints or before.complaints:
        return False
    assignments = {**before.data["assignments"], **added.data}
    expected = {**before.data, "assignments": assignments}
    names = list(after.data["assignments"])
    return after.data == expected and names == list(assignments) and names[-1] == name
