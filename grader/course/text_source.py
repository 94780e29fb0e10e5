"""The bytes of a file that staff wrote, read as text, or a plain word on why that can't be."""

import codecs
import re
from pathlib import Path

from grader.course.complaints import Complaint, CourseFileError

LARGEST_BYTES = 1 << 18

# Control characters, the line breaks that editors don't count as such, invisible marks that
# turn the reading direction, and a byte order mark in mid-text.
HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
_UTF_16_OR_32 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)


def read_text(path: Path, *, largest_bytes: int = LARGEST_BYTES) -> str:
    """The text of a UTF-8 file of at most `largest_bytes`.

    Raises:
        CourseFileError: it can't be opened, is too large, or isn't clean UTF-8.
    """
    try:
        with path.open("rb") as file:
            content = file.read(largest_bytes + 1)
    except OSError as error:
        raise _refusal(path, 1, 1, f"can't read this file: {error.strerror}") from error
    return text_of(path, content, largest_bytes=largest_bytes)


def text_of(path: Path, content: bytes, *, largest_bytes: int = LARGEST_BYTES) -> str:
    """The text of what a file at `path` has or shall have.

    Raises:
        CourseFileError: it is too large, or isn't clean UTF-8.
    """
    if len(content) > largest_bytes:
        what = f"saw more than {largest_bytes >> 10} KiB, expected a small text file"
        raise _refusal(path, 1, 1, what)
    return _decode(path, content)


def _decode(path: Path, content: bytes) -> str:
    if content.startswith(codecs.BOM_UTF8):
        what = (
            "saw a byte order mark (BOM) before the text, expected none; "
            "save the file as UTF-8 without BOM"
        )
        raise _refusal(path, 1, 1, what)
    if content.startswith(_UTF_16_OR_32) or content[:4].count(0) >= 2:
        raise _refusal(path, 1, 1, "saw UTF-16 or UTF-32, expected UTF-8; save the file as UTF-8")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = _place(content[: error.start].decode("utf-8"))
        what = (
            f"saw the byte 0x{content[error.start]:02x}, which is not UTF-8; "
            "save the file as UTF-8, not Latin-1 or Windows-1252"
        )
        raise _refusal(path, line, column, what) from error
    if hidden := HIDDEN.search(text):
        line, column = _place(text[: hidden.start()])
        what = f"saw the invisible character U+{ord(hidden[0]):04X}; delete it"
        raise _refusal(path, line, column, what)
    return text


def _place(before: str) -> tuple[int, int]:
    """Line and column, from 1, of what follows `before`."""
    lines = re.split("\r\n|\r|\n", before)
    return len(lines), len(lines[-1]) + 1


def _refusal(path: Path, line: int, column: int, what: str) -> CourseFileError:
    return CourseFileError(path, [Complaint(line, column, "", what)])
