"""Every text that can be read out of a file: in notebooks, archives and encodings inside it."""

import base64
import binascii
import gzip
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_DEPTH = 4  # a zip in a notebook's base64 in a zip; deeper than anyone hides by accident
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){12,}")


@dataclass(frozen=True)
class Text:
    """A text found in a file. `file` says where (`a.zip!b.ipynb#cells[3].source`)."""

    file: str
    line: int  # of the first line of `content`, from 1
    content: str


def read_texts(name: str, data: bytes, depth: int = _DEPTH) -> Iterator[Text]:
    """The file's name, its content, and whatever is packed or encoded in it, each as text."""
    yield Text(f"{name} (the name)", 1, name)
    if depth == 0:
        return
    if data[:4] == b"PK\x03\x04":
        yield from _read_zip(name, data, depth)
    elif (unpacked := _decompress(data)) is not None:
        yield from read_texts(f"{name}!unpacked", unpacked, depth - 1)
    elif (pairs := _parse_json(data)) is not None:
        for path, string in _walk(pairs, ""):
            yield from _read_string(f"{name}#{path}", string, depth)
    else:
        yield from _read_string(name, data.decode("utf-8", errors="replace"), depth)


def read_blobs(name: str, data: bytes, depth: int = _DEPTH) -> Iterator[tuple[str, bytes]]:
    """The file's bytes, and those of whatever is packed or encoded in it, each with its place."""
    yield name, data
    if depth == 0:
        return
    if data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                yield from read_blobs(f"{name}!{member.filename}", archive.read(member), depth - 1)
    elif (unpacked := _decompress(data)) is not None:
        yield from read_blobs(f"{name}!unpacked", unpacked, depth - 1)
    else:
        pairs = _parse_json(data)
        text = data.decode("utf-8", errors="replace")
        strings = [(name, text)] if pairs is None else _walk(pairs, "")
        for path, string in strings:
            place = name if pairs is None else f"{name}#{path}"
            for decoded in _decode(string):
                yield from read_blobs(f"{place} (decoded)", decoded, depth - 1)


def _read_zip(name: str, data: bytes, depth: int) -> Iterator[Text]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        yield Text(
            f"{name} (the comment)",
            1,
            archive.comment.decode("utf-8", errors="replace"),
        )
        for member in archive.infolist():
            inner = f"{name}!{member.filename}"
            comment = (member.comment + b"\n" + member.extra).decode("utf-8", errors="replace")
            yield Text(f"{inner} (the comment)", 1, comment)
            yield from read_texts(inner, archive.read(member), depth - 1)


def _decompress(data: bytes) -> bytes | None:
    try:
        if data[:2] == b"\x1f\x8b":
            return gzip.decompress(data)
        if data[:1] == b"\x78":
            return zlib.decompress(data)
    except (OSError, EOFError, zlib.error):
        return None
    return None


def _read_string(name: str, string: str, depth: int) -> Iterator[Text]:
    yield Text(name, 1, string)
    for decoded in _decode(string):
        yield from read_texts(f"{name} (decoded)", decoded, depth - 1)


def _decode(string: str) -> Iterator[bytes]:
    """What the base64 and hexadecimal runs of a string say.

    Runs are looked for with and without line breaks, and base64 at each of the four places where a
    group can begin, since ordinary letters may stand directly before it.
    """
    for text in {string, string.replace("\n", "")}:
        for run in _BASE64.findall(text):
            letters = run.rstrip("=").translate(str.maketrans("-_", "+/"))
            for start in range(4):
                group = letters[start : len(letters) - (len(letters) - start) % 4]
                tail = letters[start + len(group) :]
                whole = group + (tail + "=" * (4 - len(tail)) if len(tail) > 1 else "")
                try:
                    yield base64.b64decode(whole)
                except binascii.Error:
                    continue
        for run in _HEX.findall(text):
            yield bytes.fromhex(run)


def _parse_json(data: bytes) -> Any | None:
    """JSON with every object as a list of pairs: a key that occurs twice keeps both values."""
    if data.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        return json.loads(data, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        return None


class _Pairs(list[tuple[str, Any]]):
    """A JSON object, in order, duplicates kept."""


def _walk(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every string in the JSON, with a path to it; a list of strings as the text it joins to."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, _Pairs):
        for key, inner in value:
            yield f"{path}.{key} (the key)".lstrip("."), key
            yield from _walk(inner, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        if value and all(isinstance(inner, str) for inner in value):
            yield path, "".join(value)
            return
        for index, inner in enumerate(value):
            yield from _walk(inner, f"{path}[{index}]")
