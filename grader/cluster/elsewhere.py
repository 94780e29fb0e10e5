"""The dispatcher's own sandbox: none."""

from pathlib import Path

from grader.sandbox.box import Box, BoxRequest, SandboxFault


class Elsewhere:
    """The sandbox of a dispatcher: boxes are its workers' business."""

    name = "cluster"
    isolates = True

    def prepare(self, environment: Path, runtime: str | None = None) -> None:
        """Nothing: each worker has its image ready before it grades."""

    def open_box(self, request: BoxRequest) -> Box:
        """Raises `SandboxFault`."""
        raise SandboxFault("a dispatcher opens no box; its workers do")

    def remove_leftovers(self, labels: dict[str, str]) -> int:
        """None: workers remove theirs."""
        return 0
