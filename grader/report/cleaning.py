"""Strangers' text made fit to show: no escape codes, no invisible tricks, no endless lines.

This is not what keeps HTML safe (the template engine escapes everything); it keeps
text readable, and terminals and XML free of control characters.
"""

import re

_SCANNED_CHARACTERS = 200_000  # a traceback may be as large as the output limit allows
_LINE_CHARACTERS = 240
_BLOCK_LINES = 60

_ESCAPE_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC, DCS, ...: titles, links
    r"|\x1b[ -/]*[0-~]?"
)
# C0 and C1 except tab and newline, the marks that reorder text, and what XML cannot hold.
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]"
)


def clean_text(text: str) -> str:
    """`text` without terminal escapes, control characters and direction marks.

    A carriage return overwrites its line, as it does in a terminal.
    """
    text = text.encode("utf-8", "replace").decode("utf-8")
    text = _ESCAPE_SEQUENCE.sub("", text).replace("\r\n", "\n").replace("\u2028", "\n")
    lines = (line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return _UNPRINTABLE.sub("", "\n".join(lines))


def clean_line(text: str, limit: int = _LINE_CHARACTERS) -> str:
    """`text` cleaned, on one line, with its middle left out beyond `limit` characters."""
    return _fold_line(" ".join(clean_text(text[:_SCANNED_CHARACTERS]).split()), limit)


def clean_block(text: str, lines: int = _BLOCK_LINES) -> str:
    """A traceback or output, cleaned and folded: long lines and many lines lose their middle.

    The end is kept longest, since that is where Python says what went wrong.
    """
    if len(text) > _SCANNED_CHARACTERS:
        half = _SCANNED_CHARACTERS // 2
        left_out = len(text) - 2 * half
        text = f"{text[:half]}\n[… {left_out:,} characters left out …]\n{text[-half:]}"
    kept = [_fold_line(line.rstrip(), _LINE_CHARACTERS) for line in clean_text(text).split("\n")]
    while kept and not kept[-1]:
        kept.pop()
    if len(kept) > lines:
        head = lines // 3
        tail = lines - head - 1
        middle = f"[… {len(kept) - head - tail:,} lines left out …]"
        kept = [*kept[:head], middle, *kept[-tail:]]
    return "\n".join(kept)


def _fold_line(line: str, limit: int) -> str:
    if len(line) <= limit:
        return line
    tail = limit // 4
    head = limit - tail
    return f"{line[:head]} [… {len(line) - limit:,} characters …] {line[-tail:]}"
