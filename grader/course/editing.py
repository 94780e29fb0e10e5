"""Sets one field in the text of `course.yaml`; all else stays as it was written.

Comments, blank lines, quotes and line ends are kept byte for byte. What comes out says what came
in, but for that field, or the edit is refused with the line and what to write there.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

import yaml

from grader.course.complaints import Parts, dotted
from grader.course.dates import in_zone, parse_local_time
from grader.course.yaml_source import Document, core_scalar, read_yaml

# After which of these a field of an assignment is put that isn't there yet: the last before it.
ORDER = ("title", "release", "due", "lock", "feedback", "solution")


class CannotEdit(Exception):
    """The field can't be set by itself. The message says where it is and what to write."""


@dataclass(frozen=True)
class Edited:
    """The text with a field set. `line` counts from 1; `before` is empty where none was there."""

    text: str
    line: int
    before: str
    after: str


def with_field(text: str, path: Parts, value: str, *, order: Sequence[str] = ORDER) -> Edited:
    """The text with the field at `path` set to a plain value, such as a time.

    A field that is there is replaced where it stands. One that isn't gets a line of its own after
    the last of those that come before it in `order`. Raises `CannotEdit`.
    """
    document, is_whole = read_yaml(text)
    if not is_whole or document.complaints:
        first = min(document.complaints, default=None)
        where = f"line {first.line}: {first}" if first else "it can't be read to its end"
        raise CannotEdit(f"course.yaml has mistakes ({where}); mend them first")
    if path in document.values:
        found = _replaced(text, document, path, value)
    else:
        found = _inserted(text, document, path, value, order)
    if _data_of(found.text) != _with(document.data, path, core_scalar(value)):
        raise _refusal(document, path, value, "the line would mean something else")
    return found


def written_time(moment: datetime, zone: tzinfo) -> str:
    """A moment as `course.yaml` has it: by the zone's clocks, to the second where it has any.

    With the offset where the clocks show that time twice.
    """
    local = moment.astimezone(zone)
    text = local.replace(tzinfo=None).isoformat(" ", "seconds" if local.second else "minutes")
    try:
        in_zone(parse_local_time(text), zone)
    except ValueError:
        return f"{text} {local.isoformat()[-6:]}"
    return text


def _replaced(text: str, document: Document, path: Parts, value: str) -> Edited:
    node = _node(text, path)
    if not isinstance(node, yaml.ScalarNode):
        raise _refusal(document, path, value, "it is more than one value")
    start, end = node.start_mark.index, node.end_mark.index
    changed = text[:start] + value + text[end:]
    return Edited(
        changed,
        node.start_mark.line + 1,
        _line_at(text, start).strip(),
        _line_at(changed, start).strip(),
    )


def _inserted(
    text: str, document: Document, path: Parts, value: str, order: Sequence[str]
) -> Edited:
    above, name = path[:-1], str(path[-1])

    def refused(why: str) -> CannotEdit:
        return _refusal(document, above, value, why, field=name)

    block = _node(text, above) if above in document.values else None
    if not isinstance(block, yaml.MappingNode) or block.flow_style:
        raise refused("its fields are in braces")
    before = order[: order.index(name)] if name in order else order
    there = [one for one in before if (*above, one) in document.texts]
    if not there:
        raise refused(f"none of {', '.join(before)} is there")
    node = _node(text, (*above, there[-1]))
    start = text.rfind("\n", 0, node.start_mark.index) + 1
    indent = text[start : start + document.keys[*above, there[-1]][1] - 1]
    if indent.strip() or "\n" in text[start : node.end_mark.index]:
        raise refused("its fields share a line, or one takes several")
    line = f"{indent}{name}: {value}"
    end = text.find("\n", node.end_mark.index) + 1
    ending = "\r\n" if text[:end].endswith("\r\n") else "\n"
    if end == 0:  # the file's last line, which nothing ends
        changed, at = f"{text}{ending}{line}", len(text) + len(ending)
    else:
        changed, at = f"{text[:end]}{line}{ending}{text[end:]}", end
    return Edited(changed, changed.count("\n", 0, at) + 1, "", line.strip())


def _refusal(
    document: Document, path: Parts, value: str, why: str, *, field: str = ""
) -> CannotEdit:
    line = document.keys.get(path, document.values.get(path, (1, 1)))[0]
    name = field or str(path[-1])
    return CannotEdit(
        f"course.yaml, line {line}: {dotted(path)} can't be edited by itself, as {why}. Open the "
        f"file and write `{name}: {value}` there."
    )


def _node(text: str, path: Parts) -> Any:
    """PyYAML's node at a path that is there; it knows where a value ends."""
    node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    for part in path:
        if isinstance(part, int):
            node = node.value[part]
        else:
            node = next(value for key, value in node.value if key.value == part)
    return node


def _line_at(text: str, index: int) -> str:
    end = text.find("\n", index)
    return text[text.rfind("\n", 0, index) + 1 : end if end >= 0 else len(text)]


def _data_of(text: str) -> Any:
    document, is_whole = read_yaml(text)
    return document.data if is_whole and not document.complaints else None


def _with(data: Any, path: Parts, value: Any) -> Any:
    changed = copy.deepcopy(data)
    inner: Any = changed
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    return changed
