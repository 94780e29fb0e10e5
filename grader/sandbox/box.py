"""A box: the place where one submission's program lives, seen from outside."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Protocol

from grader.outcomes import Ending, GraderError, Usage


class SandboxFault(GraderError):
    """The engine, not the student's program, failed."""


class EngineDown(SandboxFault):
    """No engine answers: whatever is asked of it fails, whichever submission it is for."""


class EngineLost(EngineDown):
    """It went away while a box was open: what ran in the box may have been the cause."""


@dataclass(frozen=True)
class BoxLimits:
    """What one box may use. Sizes in bytes."""

    cpus: float = 1.0
    memory_bytes: int = 2 << 30
    processes: int = 128
    tmp_bytes: int = 64 << 20
    output_bytes: int = 4 << 20
    message_bytes: int = 64 << 20


@dataclass(frozen=True)
class BoxRequest:
    """Which box to make: an environment's folder, its GPUs, limits, and labels to find it by.

    `runtime` is the engine's name of what a container runs with; None is the engine's own.
    `compiled` is a folder of JAX's compilation cache to mount read-only; `collects_compiled`
    says that this box (of our own code only) fills such a cache instead. With a `bare_network` no
    name means the box itself, not even localhost; nothing else can be reached in any of them.
    """

    environment: Path
    limits: BoxLimits
    gpus: int = 0
    runtime: str | None = None
    labels: dict[str, str] = field(default_factory=dict[str, str])
    compiled: Path | None = None
    collects_compiled: bool = False
    bare_network: bool = False


@dataclass(frozen=True)
class Exit:
    """How a box ended. `ending` is what the engine blames, or None where it blames nothing."""

    ending: Ending | None
    exit_code: int | None
    usage: Usage
    diagnostics: str = ""


class Box(ABC):
    """A running program behind two byte streams. Use as a context manager: leaving kills it."""

    @abstractmethod
    def write(self, data: bytes, deadline: float) -> None:
        """Send bytes to its input before `deadline` (time.monotonic seconds).

        Raises TimeoutError when it doesn't read them, BrokenPipeError when it has ended.
        """

    @abstractmethod
    def read(self, deadline: float) -> bytes:
        """The next bytes of its frames. Empty when it has ended.

        Raises TimeoutError at `deadline`, and `OutputLimit` when it printed too much.
        """

    @abstractmethod
    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in its main thread, if it still listens."""

    @abstractmethod
    def close(self) -> Exit:
        """Kill all that runs in it, remove it, and say how it ended. Safe to call again."""

    def __enter__(self) -> "Box":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class OutputLimit(Exception):
    """More was printed than the limit allows."""


class Sandbox(Protocol):
    """Makes boxes. `isolates` tells whether a box keeps a hostile program in."""

    name: str
    isolates: bool

    def prepare(self, environment: Path, runtime: str | None = None) -> None:
        """Have ready what boxes of an environment (its folder) need. Raises `GraderError`.

        Also where none can be started with the `runtime`.
        """
        ...

    def open_box(self, request: BoxRequest) -> Box:
        """A fresh box with a runner starting in it. Raises `SandboxFault`."""
        ...

    def remove_leftovers(self, labels: dict[str, str]) -> int:
        """Remove boxes that a killed grader left behind; how many."""
        ...
