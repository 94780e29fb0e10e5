"""A Docker engine of the tests' own, to stop and start while the machine's goes on."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

from grader.sandbox.base_image import ensure_base_image

SECONDS = 60.0


def why_not() -> str:
    """Why this machine can have no engine of the tests' own; empty where it can."""
    if os.getuid() != 0:
        return "an engine of the tests' own needs root"
    if shutil.which("dockerd") is None:
        return "dockerd is not installed here: no engine of the tests' own"
    return ""


@dataclass
class OwnEngine:
    """One engine, in a folder of its own. Others never see its containers."""

    folder: Path
    process: "subprocess.Popen[bytes] | None" = field(default=None)

    @property
    def address(self) -> str:
        """What `DOCKER_HOST` is for it."""
        return f"unix://{self.folder}/docker.sock"

    def docker(self, *words: str) -> str:
        """What `docker WORDS` prints, of this engine."""
        done = subprocess.run(
            ["docker", *words],
            env={**os.environ, "DOCKER_HOST": self.address},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"docker {' '.join(words)}: {done.stdout}"
        return done.stdout.strip()

    def containers(self) -> list[str]:
        """All of its containers, running or not."""
        return self.docker("ps", "--all", "--quiet").split()

    def start(self) -> None:
        """Start it and wait until it answers."""
        folder = self.folder
        command = ["dockerd", "--host", self.address, "--iptables=false", "--bridge=none"]
        for name in ("data-root", "exec-root", "pidfile", "config-file"):
            command += [f"--{name}", str(folder / name)]
        (folder / "config-file").write_text("{}")
        # One that was killed left these, and whoever has the numbers now is taken for it.
        for pidfile in ("pidfile", "exec-root/containerd/containerd.pid"):
            (folder / pidfile).unlink(missing_ok=True)
        with (folder / "log").open("ab") as log:
            # In a session of its own, so that a Ctrl-C in a test is not for it.
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        end = time.monotonic() + SECONDS
        while not self._answers():
            assert self.process.poll() is None, self.last_words()
            assert time.monotonic() < end, self.last_words()
            time.sleep(0.1)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it by a signal, and wait until it has ended, and its containerd too."""
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(SECONDS)
        self.process = None
        for pid in self._processes("containerd"):
            end_process(pid)

    def _processes(self, program: str) -> list[int]:
        """What this engine has started of that program: the folder is in its arguments."""
        found: list[int] = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it has ended meanwhile
                words = (entry / "cmdline").read_text().split("\0")
                ours = any(word.startswith(f"{self.folder}/") for word in words)
                if ours and Path(words[0]).name == program:
                    found.append(int(entry.name))
        return found

    def clear(self) -> None:
        """End it, whatever state it is in, with all that it started, and remove its folder."""
        if self.process is not None:
            self.stop(signal.SIGKILL)  # which takes seconds less
        for shim in self._processes("containerd-shim-runc-v2"):
            children = Path(f"/proc/{shim}/task/{shim}/children").read_text().split()
            for pid in (shim, *map(int, children)):
                end_process(pid)
        for mounted in _mounts_below(self.folder):
            subprocess.run(["umount", "--lazy", mounted], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def last_words(self) -> str:
        """The end of its log."""
        return (self.folder / "log").read_text(errors="replace")[-2000:]

    def _answers(self) -> bool:
        done = subprocess.run(
            ["docker", "--host", self.address, "version"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            check=False,
        )
        return done.returncode == 0


@contextmanager
def own_engine() -> Iterator[OwnEngine]:
    """An engine with the base image, which ends with its folder."""
    # A socket's path may have 108 characters, and images need a real disk.
    engine = OwnEngine(Path(mkdtemp(prefix="faults-", dir="/var/tmp")))
    base = ensure_base_image()
    try:
        engine.start()
        with subprocess.Popen(["docker", "save", base], stdout=subprocess.PIPE) as saved:
            load = ["docker", "--host", engine.address, "load", "--quiet"]
            subprocess.run(load, stdin=saved.stdout, stdout=subprocess.DEVNULL, check=True)
        assert saved.returncode == 0
        yield engine
    finally:
        engine.clear()


def end_process(pid: int) -> None:
    """Kill a process that is no child of ours, and wait until it is gone."""
    end = time.monotonic() + SECONDS
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        while _runs(pid):
            assert time.monotonic() < end, f"process {pid} can't be killed"
            time.sleep(0.02)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _mounts_below(folder: Path) -> list[str]:
    lines = Path("/proc/self/mounts").read_text().splitlines()
    points = [line.split()[1] for line in lines]
    return sorted((point for point in points if point.startswith(f"{folder}/")), reverse=True)
