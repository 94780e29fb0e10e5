"""A small strict YAML reader that remembers where everything was written.

PyYAML scans and parses; its resolver and constructor are not used, because they follow YAML
1.1: `23:59` would become 1439, `open: no` False, `010` eight, and a date a date without zone.
Here a plain scalar is null, a boolean, an integer or a float by the YAML 1.2 core schema, and
text otherwise; keys are always text. Tags, anchors, aliases, merge keys and repeated keys are
refused, so a document can't grow beyond its file.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml import events

from grader.course.complaints import (
    MORE,
    MOST_COMPLAINTS,
    Complaint,
    EnoughComplaints,
    Parts,
    dotted,
)
from grader.course.text_source import HIDDEN
from grader.course.yaml_syntax import explain_syntax

DEEPEST = 12
LONGEST_NUMBER = 18
LONGEST_NAME = 100
_TOO_DEEP = f"nested deeper than {DEEPEST} levels; is this the file?"

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")

Place = tuple[int, int]


class Refused:
    """Stands where a value was refused: one complaint about it is enough."""

    def __repr__(self) -> str:
        return "<refused>"


@dataclass
class Document:
    """A YAML document as plain data, and where each part of it was written.

    `keys` and `values` map a path to (line, column), from 1; `texts` holds a scalar as typed.
    """

    data: Any = None
    keys: dict[Parts, Place] = field(default_factory=dict[Parts, Place])
    values: dict[Parts, Place] = field(default_factory=dict[Parts, Place])
    texts: dict[Parts, str] = field(default_factory=dict[Parts, str])
    in_quotes: set[Parts] = field(default_factory=set[Parts])
    complaints: list[Complaint] = field(default_factory=list[Complaint])

    def complain(self, path: Parts, what: str, *, of_key: bool = False) -> None:
        """Note a mistake at a value, or at its key; at the nearest part above if there is none.

        Raises as `note`.
        """
        line, column = self._place(path, of_key=of_key)
        self.note(Complaint(line, column, dotted(path), what))

    def note(self, complaint: Complaint) -> None:
        """Note a mistake. Raises `EnoughComplaints` where there are too many already."""
        if len(self.complaints) >= MOST_COMPLAINTS:
            self.complaints.append(Complaint(1, 1, "", MORE))
            raise EnoughComplaints
        self.complaints.append(complaint)

    def _place(self, path: Parts, *, of_key: bool) -> Place:
        if path in self.values:
            is_block = path not in self.texts
            return (
                self.keys.get(path, self.values[path]) if of_key or is_block else self.values[path]
            )
        return self._place(path[:-1], of_key=True) if path else (1, 1)


class _UnreadableError(Exception):
    """The rest of the document can't be read."""


def read_yaml(text: str) -> tuple[Document, bool]:
    """The document in `text`, and whether it could be read to its end.

    What it may not contain is in the document's `complaints`; nothing is raised.
    """
    reader = _Reader(text)
    try:
        reader.read()
    except yaml.MarkedYAMLError as error:
        reader.document.complaints.append(explain_syntax(error, text))
        return reader.document, False
    except (_UnreadableError, EnoughComplaints):
        return reader.document, False
    return reader.document, True


class _Reader:
    def __init__(self, text: str) -> None:
        self.document = Document()
        self.events: Iterator[Any] = _parsed(text)

    def read(self) -> None:
        next(self.events)
        first = next(self.events)
        if isinstance(first, events.StreamEndEvent):
            self._complain(first, (), "the file is empty, expected a course")
            raise _UnreadableError
        self.document.data = self._value(next(self.events), ())
        next(self.events)
        after = next(self.events)
        if isinstance(after, events.DocumentStartEvent):
            self._complain(after, (), "saw a second document (`---`), expected one in the file")
            raise _UnreadableError

    def _value(self, event: Any, path: Parts) -> Any:
        self.document.values[path] = _place_of(event)
        refused = self._refuse_marks(event, path)
        match event:
            case events.ScalarEvent():
                value = self._scalar(event, path)
            case events.SequenceStartEvent():
                value = self._sequence(path)
            case events.MappingStartEvent():
                value = self._mapping(path)
            case _:
                value = Refused()
        return Refused() if refused else value

    def _refuse_marks(self, event: Any, path: Parts) -> bool:
        """Complain of an alias, tag or anchor; true when the value itself is unusable."""
        if isinstance(event, events.AliasEvent):
            self._complain(event, path, f"saw the alias `*{event.anchor}`; write the value itself")
            return True
        if event.anchor is not None:
            what = f"saw the anchor `&{event.anchor}`, which this file may not have; delete it"
            self._complain(event, path, what)
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            what = f"saw the tag `{tag}`, which this file may not have; delete it"
            self._complain(event, path, what)
        if len(path) > DEEPEST:
            self._complain(event, path, _TOO_DEEP)
            raise _UnreadableError
        return event.tag is not None

    def _sequence(self, path: Parts) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self.events), events.SequenceEndEvent):
            items.append(self._value(event, (*path, len(items))))
        return items

    def _mapping(self, path: Parts) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        while not isinstance(event := next(self.events), events.MappingEndEvent):
            name = self._key(event, path)
            if name is None or not self._is_new(event, path, name):
                self._skip(next(self.events))
                continue
            self.document.keys[(*path, name)] = _place_of(event)
            fields[name] = self._value(next(self.events), (*path, name))
        return fields

    def _key(self, event: Any, path: Parts) -> str | None:
        if not isinstance(event, events.ScalarEvent):
            self._complain(
                event, path, "saw a key that is not a plain word, expected `name: value`"
            )
            self._skip(event)
            return None
        if event.value == "<<" and event.style is None:
            self._complain(event, path, "saw the merge key `<<`; write the fields themselves")
            return None
        if fault := _fault_of_name(event.value):
            self._complain(event, path, fault)
            return None
        if not event.value.strip():
            self._complain(event, path, "saw a colon without a name before it")
            return None
        self._refuse_marks(event, (*path, event.value))
        return event.value

    def _is_new(self, event: Any, path: Parts, name: str) -> bool:
        first = self.document.keys.get((*path, name))
        if first is None:
            return True
        what = f"written twice, first on line {first[0]}; keep one of them"
        self._complain(event, (*path, name), what)
        return False

    def _skip(self, event: Any) -> None:
        """Read past a value that has no place in the document."""
        depth = 0
        while True:
            depth += isinstance(event, events.CollectionStartEvent)
            depth -= isinstance(event, events.CollectionEndEvent)
            if depth == 0:
                return
            # PyYAML takes the longer for each bracket the deeper it is.
            if depth > DEEPEST:
                self._complain(event, (), _TOO_DEEP)
                raise _UnreadableError
            event = next(self.events)

    def _scalar(self, event: Any, path: Parts) -> Any:
        self.document.texts[path] = event.value
        if event.style is not None:
            self.document.in_quotes.add(path)
            return self._visible(event, path)
        if _INT.fullmatch(event.value) and len(event.value) > LONGEST_NUMBER:
            what = f"a number of {len(event.value)} digits, expected at most {LONGEST_NUMBER}"
            self._complain(event, path, what)
            return Refused()
        return core_scalar(event.value)

    def _visible(self, event: Any, path: Parts) -> Any:
        """A text in quotes, unless an escape in it makes a character that no text may hold."""
        hidden = HIDDEN.search(event.value)
        if hidden is None:
            return event.value
        self.document.texts[path] = ""
        self._complain(event, path, f"holds the invisible character U+{ord(hidden[0]):04X}")
        return Refused()

    def _complain(self, event: Any, path: Parts, what: str) -> None:
        self.document.note(Complaint(*_place_of(event), dotted(path), what))


def _fault_of_name(name: str) -> str | None:
    """Why a key can't even be named in a complaint, which is one line of plain characters."""
    if "\n" in name or len(name) > LONGEST_NAME:
        return f"saw a name over several lines or {LONGEST_NAME} characters; is a colon misplaced?"
    hidden = HIDDEN.search(name)
    return f"a name holds the invisible character U+{ord(hidden[0]):04X}" if hidden else None


def _parsed(text: str) -> Iterator[Any]:
    """PyYAML's events. Whatever it makes nothing of is its `MarkedYAMLError`."""
    loader = yaml.SafeLoader(text)
    try:
        while loader.check_event():
            yield loader.get_event()
    except (ValueError, OverflowError) as error:
        # It takes any digits for a character's number, and for that of YAML's version.
        problem = "an escape or a version whose number can't be"
        raise yaml.MarkedYAMLError(problem=problem, problem_mark=loader.get_mark()) from error


def core_scalar(text: str) -> str | int | float | bool | None:
    """A plain scalar's value by the YAML 1.2 core schema.

    >>> [core_scalar(text) for text in ("23:59", "no", "010", "1e3", "2027-01-14", "")]
    ['23:59', 'no', 10, 1000.0, '2027-01-14', None]
    """
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INT.fullmatch(text):
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _NOT_FINITE.fullmatch(text):
        return float(text.replace(".", ""))
    return text


def _place_of(event: Any) -> Place:
    return event.start_mark.line + 1, event.start_mark.column + 1
