"""Pydantic's errors about `course.yaml`, told by place and in the file's own words."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from grader.course.complaints import Parts, did_you_mean, near_word, quoted
from grader.course.yaml_source import Document, Refused

_YES_NO = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
_NUMBERS = ("int_type", "float_type", "int_from_float")


def explain(document: Document, model: type[BaseModel], errors: Sequence[ErrorDetails]) -> None:
    """Add a complaint to `document` for each error that validating it as `model` gave."""
    misspelt: set[Parts] = set()
    for error in sorted(errors, key=lambda error: error["type"] == "missing"):
        path = _path_in(document, error)
        # A refused value has its complaint, and so has a field that was looked for by a typo.
        if isinstance(error["input"], Refused) or path in misspelt:
            continue
        fields = _fields_at(model, path[:-1]) if path else {}
        is_unknown = error["type"] == "extra_forbidden"
        if is_unknown and (meant := near_word(str(path[-1]), fields)):
            misspelt.add((*path[:-1], meant))
        is_key = is_unknown or error["loc"][-1:] == ("[key]",)
        document.complain(path, _what(document, path, error, fields), of_key=is_key)


def _what(
    document: Document, path: Parts, error: ErrorDetails, fields: dict[str, FieldInfo]
) -> str:
    field = fields.get(str(path[-1])) if path else None
    expected = (field and field.description) or ""
    match error["type"]:
        case "missing" | "union_tag_not_found":
            return f"missing, expected {expected}"
        case "extra_forbidden":
            return _unknown(str(path[-1]), set(fields))
        case "value_error":
            return f"saw {_seen(document, path, error)}, {error.get('ctx', {}).get('error')}"
        case "too_short" | "dict_type" | "model_type" if not path:
            return "expected fields such as `zone: America/Toronto` at the top of the file"
    if error["loc"][-1:] == ("[key]",):
        names = _SECTIONS if "sections" in path else _NAMES
        return f"a name that can't be used, expected {names}"
    expected = expected or _PLAIN.get(error["type"], error["msg"])
    said = f"saw {_seen(document, path, error)}, expected {expected}"
    hint = _hint(document, path, error)
    return f"{said}; {hint}" if hint else said


_NAMES = "lower-case letters, digits, `_` (and `-`, except in questions), first a letter"
_SECTIONS = "letters, digits, spaces, `.`, `_` and `-`, as in the roster"
_PLAIN = {
    "dict_type": "indented fields (`name: value`)",
    "model_type": "indented fields (`name: value`)",
    "list_type": "a list (lines that begin with `- `)",
    "string_type": "text",
}


def _unknown(name: str, known: set[str]) -> str:
    if name in known:
        return "not a field of this kind; delete it, or change `kind`"
    hint = did_you_mean(name, known)
    if not hint:
        hint = "expected one of " + ", ".join(f"`{field}`" for field in sorted(known))
    return f"unknown field; {hint}"


def _seen(document: Document, path: Parts, error: ErrorDetails) -> str:
    if not document.texts.get(path):
        return quoted(error["input"])
    mark = '"' if path in document.in_quotes else ""
    return quoted(f"{mark}{document.texts[path]}{mark}")


def _hint(document: Document, path: Parts, error: ErrorDetails) -> str:
    value, kind = error["input"], error["type"]
    if kind == "string_type" and isinstance(value, int | float):
        return f'put it in quotes if it is text: `"{document.texts.get(path, value)}"`'
    if not isinstance(value, str):
        return ""
    if kind in _NUMBERS and path in document.in_quotes:
        return "leave out the quotes"
    if kind == "bool_type" and (meant := _YES_NO.get(value.lower())):
        return f"write `{meant}`"
    return ""


def _path_in(document: Document, error: ErrorDetails) -> Parts:
    """The part of the file that pydantic's location means.

    Pydantic adds parts of its own (a policy's kind, `[key]`), and for a missing field its name.
    """
    path: Parts = ()
    loc = error["loc"]
    for index, part in enumerate(loc):
        is_last = index == len(loc) - 1
        if (*path, part) in document.values or (is_last and part != "[key]"):
            path = (*path, part)
    return (*path, "kind") if error["type"].startswith("union_tag_") else path


def _fields_at(model: Any, path: Parts) -> dict[str, FieldInfo]:
    """The fields that the file may have at `path`."""
    kinds = [model]
    for part in path:
        kinds = [child for kind in kinds for child in _children(kind, part)]
    return {
        name: field
        for kind in kinds
        if isinstance(kind, type) and issubclass(kind, BaseModel)
        for name, field in kind.model_fields.items()
    }


def _children(kind: Any, part: str | int) -> Iterator[Any]:
    if isinstance(kind, type) and get_origin(kind) is None and issubclass(kind, BaseModel):
        if part in kind.model_fields:
            yield from _alternatives(kind.model_fields[str(part)].annotation)
    elif get_origin(kind) in (dict, list):
        yield from _alternatives(get_args(kind)[-1])


def _alternatives(annotation: Any) -> Iterator[Any]:
    """The types that a value of this annotation may have, without their metadata."""
    if get_origin(annotation) is Annotated:
        yield from _alternatives(get_args(annotation)[0])
    elif get_origin(annotation) in (dict, list) or isinstance(annotation, type):
        yield annotation
    else:
        for argument in get_args(annotation):
            yield from _alternatives(argument)
