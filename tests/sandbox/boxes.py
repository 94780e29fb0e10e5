"""Boxes for tests: requests with small limits, notebooks from lines, and how they end."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grader.outcomes import CellRecord
from grader.sandbox.box import BoxLimits, BoxRequest, Sandbox
from grader.sandbox.conversation import BoxEnded, Conversation

ROOT = Path(__file__).parent.parent.parent
CPU = ROOT / "environments" / "cpu"
SMALL = BoxLimits(
    cpus=1.0,
    memory_bytes=512 << 20,
    processes=64,
    tmp_bytes=8 << 20,
    output_bytes=1 << 20,
    message_bytes=4 << 20,
)


def request(limits: BoxLimits = SMALL, **labels: str) -> BoxRequest:
    """A box of the cpu environment; every one is labelled as a test's."""
    return BoxRequest(CPU, limits, labels={"csc2541.test": "sandbox"} | labels)


@contextmanager
def opened(sandbox: Sandbox, box_request: BoxRequest | None = None) -> Iterator[Conversation]:
    """A conversation with a fresh box, after its greeting."""
    wanted = box_request or request()
    with sandbox.open_box(wanted) as box:
        conversation = Conversation(box, wanted.limits.message_bytes)
        conversation.greet()
        yield conversation


def run_cells(
    conversation: Conversation,
    *sources: str,
    notebook_seconds: float = 30.0,
    cell_seconds: float = 20.0,
    files: dict[str, bytes] | None = None,
) -> list[CellRecord]:
    """Run a notebook of these cells; a box that ends keeps what was recorded until then."""
    records: list[CellRecord] = []
    conversation.run_notebook(
        list(enumerate(sources)),
        files or {},
        notebook_seconds=notebook_seconds,
        cell_seconds=cell_seconds,
        on_cell=records.append,
    )
    return records


def ending_of(conversation: Conversation, *sources: str, **seconds: float) -> BoxEnded:
    """How the box ends when it runs these cells. Fails if it doesn't."""
    try:
        records = run_cells(conversation, *sources, **seconds)  # type: ignore[arg-type]
    except BoxEnded as ended:
        return ended
    raise AssertionError(f"the box goes on: {records}")


def eventually(condition: object, seconds: float = 5.0) -> bool:
    """Whether a condition (a function) comes true within some seconds."""
    assert callable(condition)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return bool(condition())
