"""Why a file is refused, and the limits that all notebooks are held to."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Bounds of what a notebook file may be."""

    file_bytes: int = 20 * MIB
    cells: int = 5_000
    source_bytes: int = 4 * MIB
    """All cells' sources together; outputs are not counted, since they are dropped."""
    depth: int = 200
    """Lists and objects within each other. Below what Python's JSON parser can stand."""
    values: int = 1_000_000
    """JSON values in the file. An empty list takes 3 bytes there and 56 in memory."""
    digits: int = 1_000
    """Of one number. Python refuses to read integers of more than 4,300."""


class Refused(Exception):
    """A file that is not taken: what was seen, where, and what to do about it."""

    def __init__(self, reason: str, *, place: str = "", hint: str = "") -> None:
        self.reason = reason
        self.place = place
        self.hint = hint
        super().__init__(reason, place, hint)

    def __str__(self) -> str:
        start = f"{self.place}: {self.reason}" if self.place else self.reason
        return f"{start} {self.hint}" if self.hint else start


SAVE_AGAIN = "Open it in Jupyter, save it, and submit the saved file."


def show(value: object, limit: int = 40) -> str:
    """A stranger's value on one short line of plain characters."""
    # Cut before repr: a value may be megabytes long. Only ever called on strings and scalars.
    text = ascii(value[: limit + 1] if isinstance(value, str) else value)
    return text if len(text) <= limit + 2 else f"{text[:limit]}..."
