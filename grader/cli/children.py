"""The processes beside the web page: one that grades what comes in, one that releases what is due.

Processes of their own, so that what grading computes never makes a page wait, and what goes wrong
in them ends neither the page nor each other.
"""

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

log = logging.getLogger(__name__)

RELEASE_EVERY_SECONDS = 60.0
# A process that ends by itself is started again, later each time.
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
# Pages come first where cores are scarce: whoever opens one waits for it.
NICENESS = 10
# To give back what is being graded.
PATIENCE_SECONDS = 30.0


class Children:
    """Runs `course` commands of one course beside this process, and ends them with it."""

    def __init__(self, course: Sequence[str]) -> None:
        self._course = [sys.executable, "-c", "from grader.cli import main; main()", *course]
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._threads: list[threading.Thread] = []

    def keep_running(self, *command: str) -> None:
        """Run it, and again whenever it ends by itself. It is ended by SIGTERM."""
        self._begin(lambda: self._keep(command), command[0])

    def run_every(self, seconds: float, *command: str) -> None:
        """Run it now, and so long after it has ended again."""
        self._begin(lambda: self._repeat(seconds, command), command[0])

    def end(self) -> None:
        """End all of them, and wait until they are gone."""
        self._stop.set()
        with self._lock:
            running = list(self._running)
        for child in running:
            child.terminate()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)
        for child in running:
            if child.poll() is None:
                child.kill()

    def _begin(self, work: Callable[[], None], name: str) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _keep(self, command: Sequence[str]) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._stop.is_set():
            began = time.monotonic()
            code = self._run(command)
            if self._stop.is_set():
                return
            if time.monotonic() - began > LONGEST_PAUSE_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            log.warning(
                "`course %s` ended (%s) and is started again in %.0f s", command[0], code, pause
            )
            self._stop.wait(pause)
            pause = min(LONGEST_PAUSE_SECONDS, 2 * pause)

    def _repeat(self, seconds: float, command: Sequence[str]) -> None:
        while not self._stop.is_set():
            code = self._run(command, quiet=True)
            if code and not self._stop.is_set():
                log.warning("`course %s` ended with %s, and is tried again", command[0], code)
            self._stop.wait(seconds)

    def _run(self, command: Sequence[str], *, quiet: bool = False) -> int:
        """Its exit code. Its standard input ends when this process does."""
        said = subprocess.DEVNULL if quiet else None
        with self._lock:
            if self._stop.is_set():
                return 0
            child = subprocess.Popen([*self._course, *command], stdin=subprocess.PIPE, stdout=said)
            self._running.add(child)
        with suppress(OSError):  # it has ended already
            os.setpriority(os.PRIO_PROCESS, child.pid, NICENESS)
        try:
            return child.wait()
        finally:
            assert child.stdin is not None
            child.stdin.close()
            with self._lock:
                self._running.discard(child)
