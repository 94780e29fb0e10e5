"""JSON of strangers: bytes -> text -> plain values, in bounded time and memory.

Python's parser alone takes NaN and duplicate keys, dies of nesting, and makes 25 times the
file's size of empty lists. So one linear scan over the tokens comes first. It also knows the
line and column of whatever it refuses.
"""

import codecs
import json
import re
from dataclasses import dataclass
from typing import Any

from grader.intake.refusals import SAVE_AGAIN, Limits, Refused, show

# Possessive quantifiers: an unterminated string is one token up to the end of the text, never
# a second attempt from each of its quotes.
_TOKEN = re.compile(
    r'(?P<string>"[^"\\]*+(?:\\.[^"\\]*+)*+"?)(?P<colon>[ \t\n\r]*+:)?'
    r"|(?P<open>[\[{])|(?P<close>[\]}])|(?P<comma>,)|(?P<digits>[0-9]++)|(?P<word>NaN|Infinity)",
    re.DOTALL,
)

_BOMS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
    (codecs.BOM_UTF8, "UTF-8 with a byte order mark"),
)

_OTHER_FILES = (
    (b"PK\x03\x04", "a zip archive (or a Word file)", "Submit the .ipynb file that is in it."),
    (b"%PDF", "a PDF", "Submit the .ipynb file, not its printout."),
    (b"<", "HTML or XML", "Submit the .ipynb file, not its export or a saved login page."),
    (b"\x1f\x8b", "a gzip archive", "Submit the .ipynb file that is in it."),
    (b"\x89PNG", "a picture", "Submit the .ipynb file."),
)


def decode_text(data: bytes, limits: Limits) -> str:
    """The file's text. Raises `Refused` unless it is UTF-8 that can begin a JSON object."""
    if len(data) > limits.file_bytes:
        raise Refused(
            f"the file has {len(data):,} bytes; {limits.file_bytes:,} is the limit.",
            hint="Clear the outputs (Kernel > Restart and clear all outputs), save, submit again.",
        )
    if not data.strip():
        raise Refused("the file is empty.", hint=SAVE_AGAIN)
    for mark, name in _BOMS:
        if data.startswith(mark):
            raise Refused(
                f"the file is saved as {name}, and notebooks are plain UTF-8.",
                place="line 1, column 1",
                hint="Save it from Jupyter, or as UTF-8 (without mark) from the editor.",
            )
    _refuse_other_files(data)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        raise Refused(
            f"byte 0x{data[error.start]:02x} is not UTF-8.",
            place=_place(before, len(before)),
            hint=SAVE_AGAIN,
        ) from None
    nul = text.find("\0")
    if nul >= 0:
        hint = f"The file is damaged or UTF-16. {SAVE_AGAIN}"
        raise Refused("there is a NUL character.", place=_place(text, nul), hint=hint)
    return text


def parse_object(text: str, limits: Limits) -> dict[str, Any]:
    """The text as a JSON object. Raises `Refused` with line and column."""
    _Scan(text, limits).run()
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise _not_json(text, error) from None
    except (RecursionError, ValueError) as error:
        raise Refused(f"it cannot be read as JSON ({show(str(error))}).", hint=SAVE_AGAIN) from None
    if not isinstance(value, dict):
        raise Refused(
            f"it is JSON, but a {type(value).__name__}, and a notebook is an object.",
            place="line 1, column 1",
            hint=SAVE_AGAIN,
        )
    return value


def _refuse_other_files(data: bytes) -> None:
    start = data.lstrip()[:8]
    for magic, what, hint in _OTHER_FILES:
        if start.startswith(magic):
            raise Refused(f"this is no notebook but {what}.", place="line 1, column 1", hint=hint)
    if start[:1] not in {b"{", b"["}:
        raise Refused(
            f"this is no notebook: a notebook begins with '{{', this with {ascii(start)[1:]}.",
            place="line 1, column 1",
            hint="Submit the .ipynb file that Jupyter saved.",
        )


def _not_json(text: str, error: json.JSONDecodeError) -> Refused:
    place = _place(text, error.pos)
    rest = text[error.pos :].strip()
    # An unterminated string is reported at its beginning.
    if not rest or error.msg.startswith("Unterminated string"):
        hint = f"The file was cut off, as by an interrupted download. {SAVE_AGAIN}"
        return Refused("the file ends in the middle of the notebook.", place=place, hint=hint)
    seen = f"the file is not JSON from here on ({error.msg}; seen: {show(rest, 20)})."
    return Refused(seen, place=place, hint=SAVE_AGAIN)


def _place(text: str, offset: int) -> str:
    line = text.count("\n", 0, offset) + 1
    return f"line {line}, column {offset - text.rfind(chr(10), 0, offset)}"


@dataclass
class _Scan:
    """One pass over the tokens. What is no JSON at all is left for the parser to say."""

    text: str
    limits: Limits

    def run(self) -> None:
        values = 1
        within: list[set[str]] = []
        for token in _TOKEN.finditer(self.text):
            kind = token.lastgroup
            if kind == "open":
                within.append(set())
                values += 1
            elif kind == "close":
                if not within:
                    return
                within.pop()
            elif kind == "comma":
                values += 1
            elif kind == "colon":
                self._check_key(token, within)
            elif kind == "digits" and token.end() - token.start() > self.limits.digits:
                length = token.end() - token.start()
                raise self._refused(token, f"there is a number of {length:,} digits.")
            elif kind == "word":
                seen = f"there is {token[0]}, which is not JSON."
                raise self._refused(token, seen)
            if len(within) > self.limits.depth:
                seen = f"lists and objects are nested more than {self.limits.depth} deep."
                raise self._refused(token, seen)
            if values > self.limits.values:
                raise self._refused(token, f"there are over {self.limits.values:,} JSON values.")

    def _check_key(self, token: re.Match[str], within: list[set[str]]) -> None:
        literal = token["string"]
        try:
            key = json.loads(literal) if "\\" in literal else literal[1:-1]
        except ValueError:
            return  # the parser will say what is wrong with it
        if within and key in within[-1]:
            raise self._refused(token, f"the key {show(key)} is twice in one object.")
        if within:
            within[-1].add(key)

    def _refused(self, token: re.Match[str], reason: str) -> Refused:
        hint = f"Clear the outputs. {SAVE_AGAIN}"
        return Refused(reason, place=_place(self.text, token.start()), hint=hint)
