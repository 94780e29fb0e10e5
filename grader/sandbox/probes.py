"""Containers as grading makes them, in which a trial of ours runs in place of the runner."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.sandbox import inside
from grader.sandbox.box import Box, BoxLimits, BoxRequest, Exit
from grader.sandbox.docker import DockerBox, remove_container

# Small, so that going beyond them takes no time and does no harm.
LIMITS = BoxLimits(cpus=0.5, memory_bytes=64 << 20, processes=16, tmp_bytes=4 << 20)
SECONDS = 8.0


@dataclass(frozen=True)
class Tried:
    """How a trial went: what it printed, None if nothing, and how its container ended."""

    answer: dict[str, Any] | None
    exit: Exit


@dataclass(frozen=True)
class Probes:
    """Makes containers of the image `tag` with a runtime, None for the engine's own."""

    client: Any
    environment: Path
    tag: str
    runtime: str | None
    labels: dict[str, str]
    options_of: Callable[[BoxRequest], dict[str, Any]]

    def run(self, trial: str, size: int, limits: BoxLimits = LIMITS) -> Tried:
        """One trial of `grader.sandbox.inside`.

        Raises Docker's errors, TimeoutError where it has no end, ValueError where it breaks off.
        """
        request = BoxRequest(self.environment, limits, runtime=self.runtime)
        program = ["python3", "-I", "-c", Path(inside.__file__).read_text(encoding="utf-8")]
        container = self.client.containers.create(
            self.tag,
            entrypoint=[*program, trial, str(size)],
            labels=self.labels,
            **self.options_of(request),
        )
        try:
            with DockerBox(self.client, container, limits) as box:
                printed = _all_of(box)
                ended = box.close()
        finally:
            remove_container(self.client, container.id)
        if not printed and ended.exit_code == 1:
            raise ValueError(f"the trial ended early: {ended.diagnostics[-300:]}")
        return Tried(json.loads(printed) if printed else None, ended)

    def look(self) -> dict[str, Any]:
        """What a container finds on looking around."""
        tried = self.run("look", LIMITS.tmp_bytes)
        if tried.answer is None:
            raise ValueError(f"a container ended without a word: {tried.exit}")
        return tried.answer


def _all_of(box: Box) -> bytes:
    deadline = time.monotonic() + SECONDS
    printed = bytearray()
    while piece := box.read(deadline):
        printed += piece
    return bytes(printed)
