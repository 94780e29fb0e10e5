"""One submission's program in its box: started, run, called, and started again if it fell.

A call that ends the box costs the check that made it. The next check gets a fresh box in
which the notebook has run again, in each question as often as the course's limit `restarts`
says; so one function that crashes doesn't take the others' points. All runs and calls together
may take `submission_seconds`, so that no program holds the queue up by falling slowly.
"""

import time
from collections.abc import Callable
from typing import Any

from grader.checks.messages import ENDED_TOO_OFTEN, OUT_OF_TIME
from grader.course import Limits
from grader.outcomes import CellRecord, Usage
from grader.sandbox.box import BoxRequest, Sandbox
from grader.sandbox.conversation import BoxEnded, Conversation

CodeCell = tuple[int, str]


class NotebookSession:
    """Use `start`, then `ready_for_check` before each check, `call` within it, then `close`.

    A notebook may be run in pieces, with checks between them: `start` runs the first `cells`
    cells and `run_on` those that follow.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        request: BoxRequest,
        limits: Limits,
        cells: list[CodeCell],
        files: dict[str, bytes],
        on_cell: Callable[[CellRecord], None] = lambda _: None,
    ) -> None:
        self._sandbox = sandbox
        self._request = request
        self._limits = limits
        self._cells = cells
        self._files = files
        self._on_cell = on_cell
        self._conversation: Conversation | None = None
        self._question = ""
        self._restarts_left = 0
        self._reached = len(cells)
        self._seconds_left = limits.notebook_seconds
        self._submission_left = limits.submission_seconds
        self.cells: list[CellRecord] = []
        self.usage = Usage()
        self.phases: dict[str, float] = {}

    def start(self, cells: int | None = None) -> None:
        """Open the box and run the notebook, or its first `cells` cells.

        Raises `BoxEnded` or `SandboxFault`.
        """
        self._reached = len(self._cells) if cells is None else cells
        self._seconds_left = self._limits.notebook_seconds
        started = time.monotonic()
        box = self._sandbox.open_box(self._request)
        self._conversation = Conversation(box, self._limits.message_bytes)
        self.spend("container start", started)
        started = time.monotonic()
        self._conversation.greet()
        self.spend("imports", started)
        self._run(self._cells[: self._reached], self._files)

    def run_on(self, cells: int) -> None:
        """Run the cells that follow, `cells` in all. Raises `BoxEnded`.

        Where a check has ended the program, they run when it is started again.
        """
        following = self._cells[self._reached : cells]
        self._reached = cells
        if following and self._conversation and not self._conversation.ended:
            self._run(following, {})

    def _run(self, cells: list[CodeCell], files: dict[str, bytes]) -> None:
        """Run cells in the open box; a cell's first run is the one that is recorded."""
        assert self._conversation is not None
        seen = {record.index for record in self.cells}

        def note(record: CellRecord) -> None:
            if record.index not in seen:
                self.cells.append(record)
            self._on_cell(record)

        started = time.monotonic()
        try:
            self._conversation.run_notebook(
                cells,
                files,
                notebook_seconds=max(self._seconds_left, 0.0),
                cell_seconds=self._limits.cell_seconds,
                on_cell=note,
            )
        finally:
            self._seconds_left -= time.monotonic() - started
            self._submission_left -= time.monotonic() - started
            self.spend("notebook", started)

    def ready_for_check(self, question: str) -> str | None:
        """Have a live program for a check of `question`, starting it again if it may be.

        Returns why not where it may not, as the student is told.
        """
        if self._submission_left <= 0:
            return OUT_OF_TIME
        if question != self._question:
            self._question, self._restarts_left = question, self._limits.restarts
        if self._conversation and self._conversation.ended and self._restarts_left:
            self._restarts_left -= 1
            self._close_box()
            try:
                self.start(self._reached)
            except BoxEnded:
                self._restarts_left = 0
                return ENDED_TOO_OFTEN
        alive = self._conversation is not None and not self._conversation.ended
        return None if alive else ENDED_TOO_OFTEN

    def call(self, kind: str, *, seconds: float, x64: bool | None = True, **parts: Any) -> Any:
        """See `Conversation.call`."""
        assert self._conversation is not None
        started = time.monotonic()
        try:
            return self._conversation.call(kind, seconds=seconds, x64=x64, **parts)
        finally:
            self._submission_left -= time.monotonic() - started

    def close(self) -> None:
        """Destroy the box; `usage` then holds what all boxes of this session used."""
        started = time.monotonic()
        self._close_box()
        self.spend("teardown", started)

    def _close_box(self) -> None:
        if self._conversation is None:
            return
        used = self._conversation.finish().usage
        self._conversation = None
        self.usage = Usage(
            self.usage.wall_seconds + used.wall_seconds,
            self.usage.cpu_seconds + used.cpu_seconds,
            max(self.usage.memory_peak_bytes, used.memory_peak_bytes),
        )

    def spend(self, phase: str, started: float) -> None:
        """Add the time since `started` (time.monotonic seconds) to a phase."""
        self.phases[phase] = self.phases.get(phase, 0.0) + time.monotonic() - started
