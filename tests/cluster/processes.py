"""A scheduler and workers as processes of their own, over TCP on this machine."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader.cluster import ClusterAddress, parse_address

ROOT = Path(__file__).parents[2]
SIMULATED = Path(__file__).with_name("simulated_worker.py")
# Two busy cores: a worker alone takes ten seconds to start.
PATIENCE_SECONDS = 120.0
POLL_SECONDS = 0.05


def wait_until(holds: Callable[[], object], what: str) -> None:
    """Wait until it holds. Fails with `what` where it never does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(POLL_SECONDS)


@dataclass
class Cluster:
    """Processes started by a test, with their output in files; `stop` ends all of them."""

    folder: Path
    course_file: Path
    tls: dict[str, str] = field(default_factory=dict[str, str])
    started: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def environment(self, name: str = "", **more: str) -> dict[str, str]:
        """Surroundings of its processes."""
        return {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "COURSE_FILE": str(self.course_file),
            "SIMULATED_FOLDER": str(self.folder),
            "SIMULATED_NAME": name,
            **more,
        }

    def start(self, name: str, command: Sequence[str], **more: str) -> int:
        """Start a process under a name; its number."""
        with (self.folder / f"{name}.log").open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=Path(more.get("COURSE_FILE", self.course_file)).parent,
                env=self.environment(name, **more),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.started[name] = process
        return process.pid

    def start_scheduler(self, **more: str) -> None:
        """Start the scheduler and wait until it has an address."""
        address = self.folder / "scheduler.json"
        command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--no-dashboard"]
        command += ["--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(address)]
        command += ["--protocol", "tls", *self.certificates()] if self.tls else []
        self.start("scheduler", command, **more)
        wait_until(lambda: address.exists() and address.read_text().endswith("}"), "a scheduler")

    def certificates(self) -> list[str]:
        """Dask's options for them."""
        options = {"ca": "--tls-ca-file", "certificate": "--tls-cert", "key": "--tls-key"}
        return [word for kind, path in self.tls.items() for word in (options[kind], path)]

    @property
    def url(self) -> str:
        """The scheduler's address in Dask's form."""
        return json.loads((self.folder / "scheduler.json").read_text())["address"]

    @property
    def address(self) -> ClusterAddress:
        """The scheduler's address in ours."""
        scheme = "dask+tls" if self.tls else "dask"
        return parse_address(f"{scheme}://{self.url.partition('://')[2]}")

    def start_worker(
        self,
        name: str,
        *,
        containers: int = 2,
        course_file: Path | None = None,
        host: str = "127.0.0.1",
        nanny: str = "--no-nanny",
        preloads: Sequence[str] = ("grader.cluster.preload", str(SIMULATED)),
    ) -> int:
        """Start `dask worker`, by default without a nanny, grading as simulated; its number."""
        course_file = course_file or self.course_file
        command = [sys.executable, "-m", "distributed.cli.dask_worker", self.url, nanny]
        command += ["--host", host, "--nthreads", str(containers), "--name", name]
        command += ["--resources", f"containers={containers}", "--no-dashboard"]
        command += ["--memory-limit", "0", "--local-directory", str(self.folder / name)]
        command += [word for preload in preloads for word in ("--preload", preload)]
        command += self.certificates()
        return self.start(name, command, COURSE_FILE=str(course_file))

    def send(self, name: str, number: signal.Signals) -> None:
        """Send a signal to one of its processes."""
        self.started[name].send_signal(number)

    def log(self, name: str) -> str:
        """What the process printed."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def stop(self) -> None:
        """Kill what is left of its processes."""
        for process in self.started.values():
            process.kill()
        for process in self.started.values():
            process.wait(30)
