"""The stored inputs of each target: the shortest that reach what code its seeds don't."""

import hashlib
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType
from typing import Any

from tests.fuzz.targets import Target

STORED_BYTES = 26_000
"""Of a target's inputs together: they are in every checkout."""

Step = tuple[str, int, int]
_OURS = ("/grader/", "/yaml/", "/zipfile", "/tarfile", "/gzip", "/icalendar/")


def digest(data: bytes) -> str:
    """The name of an input."""
    return hashlib.sha256(data).hexdigest()[:16]


def keep(target: Target, found: Iterable[Path]) -> list[Path]:
    """Store what reaches new code, the shortest first, as far as there is room; the new files."""
    target.corpus.mkdir(parents=True, exist_ok=True)
    stored = sorted(target.corpus.iterdir())
    reached: set[Step] = set()
    for data in (*target.seeds, *(path.read_bytes() for path in stored)):
        reached |= steps(target.check, data)
    room = STORED_BYTES - sum(path.stat().st_size for path in stored)
    kept: list[Path] = []
    for data in sorted({path.read_bytes() for path in found}, key=lambda data: (len(data), data)):
        if len(data) > room:
            break
        new = steps(target.check, data) - reached
        if new:
            reached |= new
            room -= len(data)
            kept.append(target.corpus / digest(data))
            kept[-1].write_bytes(data)
    return kept


def steps(check: Callable[[bytes], None], data: bytes) -> set[Step]:
    """From which line to which the code went."""
    seen: set[Step] = set()

    def entered(frame: FrameType, event: str, argument: Any) -> Any:
        name = frame.f_code.co_filename
        if not any(part in name for part in _OURS):
            return None
        last = frame.f_lineno

        def went(frame: FrameType, event: str, argument: Any) -> Any:
            nonlocal last
            seen.add((name, last, frame.f_lineno))
            last = frame.f_lineno
            return went

        return went

    before = sys.gettrace()
    sys.settrace(entered)
    try:
        check(data)
    finally:
        sys.settrace(before)
    return seen
