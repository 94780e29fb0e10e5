"""Talks with the runner in a box: messages, time limits, and how it ended.

A time limit is kept in two steps, both from outside and on a monotonic clock: the program is
interrupted, as with Ctrl-C, and goes on with the next cell or call; if it doesn't listen
within a grace period, the box is killed.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, TypeVar

from grader.outcomes import CellRecord, CellStatus, Ending
from grader.sandbox.box import Box, Exit, OutputLimit, SandboxFault
from grader.sandbox.frames import FrameReader, Garbled, pack_frame
from grader.sandbox.messages import (
    Answer,
    CellFinished,
    CellStarted,
    Failure,
    Hello,
    Message,
    Ready,
    read_message,
)
from grader.sandbox.values import Encoder

GRACE_SECONDS = 3.0
START_SECONDS = 120.0
WRITE_SECONDS = 60.0

Said = TypeVar("Said", CellStarted, CellFinished, Ready)


class BoxEnded(Exception):
    """The student's program is over, for this reason; no call can be answered any more."""

    def __init__(self, ending: Ending, detail: str = "") -> None:
        super().__init__(detail or ending.value)
        self.ending = ending
        self.detail = detail


@dataclass(eq=False)  # not frozen: Python hangs its traceback on it
class CallFailed(Exception):
    """A call gave no value: `kind` is missing, raised, interrupted or unsendable."""

    kind: str
    text: str


class Conversation:
    """One box's conversation, from hello to the last call."""

    def __init__(self, box: Box, message_bytes: int) -> None:
        self._box = box
        self._message_bytes = message_bytes
        self._reader = FrameReader(message_bytes)
        self._ended: BoxEnded | None = None

    def greet(self) -> Hello:
        """Wait until the runner has imported what it needs. Raises `SandboxFault`.

        No student's code has run yet, so whatever goes wrong here is ours.
        """
        try:
            message = self._receive(time.monotonic() + START_SECONDS)
        except (TimeoutError, BoxEnded) as error:
            detail = self._box.close().diagnostics[-500:]
            raise SandboxFault(f"the runner did not start ({error}): {detail}") from error
        if not isinstance(message, Hello):
            raise SandboxFault(f"the runner began with {type(message).__name__}, not Hello")
        return message

    def run_notebook(
        self,
        cells: Sequence[tuple[int, str]],
        files: dict[str, bytes],
        *,
        notebook_seconds: float,
        cell_seconds: float,
        on_cell: Callable[[CellRecord], None],
    ) -> None:
        """Run cells `(index, source)` in order beside `files`; each record goes to `on_cell`.

        Raises `BoxEnded`. A cell over its time is interrupted and recorded so; when all cells
        together are, each that is left is interrupted at once, for one more grace period. The
        messages must be about these cells, in this order: a program that invents more of them
        can't prolong its time. A notebook may be run in pieces, with calls between them.
        """
        self._send({"type": "notebook", "cells": [list(cell) for cell in cells], "files": files})
        end = time.monotonic() + notebook_seconds
        for index, _ in cells:
            self._next_of(CellStarted, end, end, index=index)
            cell_end = min(end, time.monotonic() + cell_seconds)
            try:
                finished = self._next_of(CellFinished, cell_end, end, index=index)
            except BoxEnded:
                on_cell(CellRecord(index, CellStatus.INTERRUPTED))
                raise
            on_cell(_record(finished))
        self._next_of(Ready, end, end)

    def _next_of(
        self, kind: type[Said], deadline: float, end: float, *, index: int | None = None
    ) -> Said:
        """The next message of a notebook's run, which must be of this kind, about this cell."""
        try:
            message = self._receive_or_interrupt(deadline, last=end + GRACE_SECONDS)
        except TimeoutError:
            place = "" if index is None else f"in cell {index + 1}"
            raise self._end(Ending.TIMEOUT, place) from None
        if not isinstance(message, kind) or getattr(message, "index", None) != index:
            raise self._end(Ending.GARBLED, f"{type(message).__name__} out of turn")
        return message

    def call(self, kind: str, *, seconds: float, x64: bool | None = True, **parts: Any) -> Any:
        """Ask for one value within `seconds`. Raises `CallFailed` or `BoxEnded`.

        `kind` is call, value, export, program, examples or test_function; `parts` are its fields
        (see runner.calls). An `x64` of None leaves JAX as the notebook has set it.
        """
        encoder = Encoder()
        fields = {name: _encode_part(encoder, part) for name, part in parts.items()}
        number = secrets.token_hex(8)
        fixed = {"type": kind, "id": number, "x64": x64, "most_bytes": self._message_bytes}
        self._send(fixed | fields, encoder.chunks)
        try:
            message = self._receive_or_interrupt(time.monotonic() + seconds)
        except TimeoutError:
            raise self._end(Ending.TIMEOUT, "in a call") from None
        if not isinstance(message, Answer | Failure) or message.id != number:
            raise self._end(Ending.GARBLED, "an answer to no question")
        if isinstance(message, Failure):
            raise CallFailed(message.kind, message.text)
        return message.value

    @property
    def ended(self) -> BoxEnded | None:
        """How the program ended, once it has."""
        return self._ended

    def finish(self) -> Exit:
        """Kill the box and say what it used."""
        return self._box.close()

    def _send(self, fields: dict[str, Any], chunks: Sequence[bytes] = ()) -> None:
        if self._ended:
            raise self._ended
        try:
            self._box.write(pack_frame(fields, chunks), time.monotonic() + WRITE_SECONDS)
        except TimeoutError:
            raise self._end(Ending.TIMEOUT, "it did not read its input") from None
        except OSError:
            raise self._end(None) from None

    def _receive_or_interrupt(self, deadline: float, *, last: float = inf) -> Message:
        """The next message. At `deadline` the program is interrupted; `last` ends the grace."""
        try:
            return self._receive(min(deadline, last))
        except TimeoutError:
            self._box.interrupt()
            return self._receive(min(time.monotonic() + GRACE_SECONDS, last))

    def _receive(self, deadline: float) -> Message:
        try:
            while (frame := self._reader.next_frame()) is None:
                chunk = self._box.read(deadline)
                if not chunk:
                    raise self._end(None)
                self._reader.feed(chunk)
            return read_message(frame)
        except OutputLimit:
            raise self._end(Ending.OUTPUT_LIMIT) from None
        except Garbled as error:
            raise self._end(Ending.GARBLED, str(error)) from None

    def _end(self, ending: Ending | None, detail: str = "") -> BoxEnded:
        """Close the box; the engine's blame goes before ours, except for what we measured."""
        found = self._box.close()
        # A garbled stream stays one, whether or not the program has exited by now.
        raced = ending is Ending.GARBLED and found.ending is Ending.EXITED
        if ending in (None, Ending.GARBLED) and found.ending and not raced:
            ending = found.ending
        # A fork bomb that goes on trying only looks like an endless loop from here.
        bomb = ending is Ending.TIMEOUT and found.ending is Ending.TOO_MANY_PROCESSES
        if found.ending is Ending.OUT_OF_MEMORY or bomb:
            ending = found.ending
        self._ended = BoxEnded(ending or Ending.EXITED, detail)
        return self._ended


def _encode_part(encoder: Encoder, part: Any) -> Any:
    """Targets and programs are forms or handles; args are a list, kwargs a dict of values."""
    if isinstance(part, list):
        return [encoder.encode(item) for item in part]
    if isinstance(part, dict):
        return {name: encoder.encode(item) for name, item in part.items()}
    return encoder.encode(part)


def _record(message: CellFinished) -> CellRecord:
    return CellRecord(
        index=message.index,
        status=CellStatus(message.status),
        seconds=message.seconds,
        output=message.output,
        error=message.error,
    )
