"""Reads what a container used from its control group, versions 1 and 2.

The engine's own statistics call takes a second and doesn't count refused processes; the
kernel's files give both at once. Where they can't be read (an engine on another machine), all
is zero and nothing is blamed.
"""

import contextlib
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
NANOSECONDS = 1e-9
MICROSECONDS = 1e-6


@dataclass
class ControlGroup:
    """The folders of one process's group by controller, and the largest values seen."""

    folders: dict[str, Path] = field(default_factory=dict[str, Path])
    cpu_seconds: float = 0.0
    memory_peak_bytes: int = 0
    refused_processes: int = 0

    @classmethod
    def of_process(cls, pid: int) -> "ControlGroup":
        """The group that process `pid` is in."""
        group = cls()
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
                _, controllers, path = line.split(":", 2)
                for controller in controllers.split(","):
                    group.folders[controller] = ROOT / controller / path.lstrip("/")
                if not controllers:
                    group.folders[""] = ROOT / path.lstrip("/")
        return group

    def sample(self) -> None:
        """Read the counters, while the group is there; they only ever grow."""
        cpu = self._number("cpuacct", "cpuacct.usage") * NANOSECONDS
        cpu = cpu or self._keyed("", "cpu.stat", "usage_usec") * MICROSECONDS
        peak = self._number("memory", "memory.max_usage_in_bytes")
        peak = peak or self._number("", "memory.peak")
        refused = self._keyed("pids", "pids.events", "max") or self._keyed("", "pids.events", "max")
        self.cpu_seconds = max(self.cpu_seconds, cpu)
        self.memory_peak_bytes = max(self.memory_peak_bytes, peak)
        self.refused_processes = max(self.refused_processes, refused)

    def _number(self, controller: str, name: str) -> int:
        text = self._text(controller, name)
        return int(text) if text.isdigit() else 0

    def _keyed(self, controller: str, name: str, key: str) -> int:
        for line in self._text(controller, name).splitlines():
            found, _, value = line.partition(" ")
            if found == key and value.isdigit():
                return int(value)
        return 0

    def _text(self, controller: str, name: str) -> str:
        folder = self.folders.get(controller)
        if folder is None:
            return ""
        try:
            return (folder / name).read_text().strip()
        except OSError:
            return ""
