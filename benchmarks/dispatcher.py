"""What dispatching costs, and whether anything is lost when workers are killed.

    python benchmarks/dispatcher.py [--submissions 10,100,1000,10000] [--workers 4]
                                    [--kill-every 500]

Grading is SIMULATED: no notebook is run and no container started. The dispatcher, the store
(SQLite, or PostgreSQL where COURSE_DATABASE names an empty one), Dask's scheduler and its workers,
each a process of its own over TCP, are real. After every 500 results a worker is killed with
SIGKILL and a new one started.
"""

import argparse
import json
import os
import platform
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

os.environ.setdefault("JAX_PLATFORMS", "cpu")

from grader.cluster import Elsewhere, parse_address
from grader.cluster.engine import DaskEngine
from grader.course import Course, load_course
from grader.grading import Progress, grade_batch, plan_grading
from grader.store import State, Store, StudentRow, open_store

ROOT = Path(__file__).parents[1]
CONTAINERS = 2
PATIENCE_SECONDS = 180.0
RECEIVED = datetime(2027, 2, 1, 12, tzinfo=UTC)
COURSE = """\
course: {code: SIM1, title: Simulated}
zone: America/Toronto
term: {start: 2027-01-11, end: 2027-04-30}
environments: {cpu: {gpus: 0}}
roster: roster.csv
late_policy: {kind: no late work}
assignments:
  sim:
    title: SIMULATED
    environment: cpu
    release: 2027-01-14 18:00
    due: 2027-02-10 23:59
    points: 10
    questions: {q1: {title: One, points: 10}}
"""
CHECKS = '''\
"""Simulated."""
from grader.checks import check


@check("q1", points=10, title="Never called")
def never_called(student, inputs):
    raise NotImplementedError
'''


@dataclass
class Cluster:
    """A scheduler and workers, as processes."""

    folder: Path
    seconds: float
    workers: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    scheduler: "subprocess.Popen[bytes] | None" = None
    started: int = 0

    def start(self, workers: int) -> str:
        """Start all of it; the scheduler's address in our form."""
        file = self.folder / "scheduler.json"
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        self.scheduler = self._run("scheduler", *options, "--scheduler-file", str(file))
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (file.exists() and file.read_text().endswith("}")):
            if time.monotonic() > deadline:
                raise SystemExit("the scheduler didn't start; see scheduler.log")
            time.sleep(0.1)
        self.url = json.loads(file.read_text())["address"]
        for _ in range(workers):
            self.start_worker()
        return self.url.replace("tcp://", "dask://")

    def start_worker(self) -> None:
        """Start one more."""
        self.started += 1
        name = f"worker{self.started}"
        options = ["--no-nanny", "--host", "127.0.0.1", "--nthreads", str(CONTAINERS)]
        options += ["--resources", f"containers={CONTAINERS}", "--name", name, "--no-dashboard"]
        options += ["--memory-limit", "0", "--local-directory", str(self.folder / "scratch")]
        options += ["--preload", "grader.cluster.preload"]
        options += ["--preload", str(ROOT / "benchmarks" / "simulated_worker.py")]
        self.workers.append(self._run("worker", self.url, *options))

    def kill_worker(self) -> None:
        """Kill the oldest worker, and start another."""
        self.workers.pop(0).send_signal(signal.SIGKILL)
        self.start_worker()

    def _run(self, what: str, *options: str) -> "subprocess.Popen[bytes]":
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "COURSE_FILE": str(self.folder / "course.yaml"),
            "SIMULATED_SECONDS": str(self.seconds),
        }
        with (self.folder / f"{what}.log").open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{what}", *options],
                env=environment,
                cwd=self.folder,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def stop(self) -> None:
        """End all that is left."""
        for process in [*self.workers, *([self.scheduler] if self.scheduler else [])]:
            process.kill()
            process.wait(30)


@dataclass
class Watch:
    """What the batch tells, with times; kills a worker after every so many results."""

    cluster: Cluster
    kill_every: int
    began: float = 0.0
    claimed: dict[str, float] = field(default_factory=dict[str, float])
    graded: dict[str, float] = field(default_factory=dict[str, float])
    failures: list[str] = field(default_factory=list[str])
    kills: int = 0
    lock: Lock = field(default_factory=Lock)

    def note(self, progress: Progress) -> None:
        """Hear of a step. Many threads call it."""
        now = time.monotonic() - self.began
        with self.lock:
            if progress.failure:
                self.failures.append(progress.failure)
            elif progress.graded is None:
                self.claimed.setdefault(progress.student, now)
            else:
                self.graded[progress.student] = now
                if self.kill_every and len(self.graded) % self.kill_every == 0:
                    self.kills += 1
                    self.cluster.kill_worker()


def write_course(folder: Path) -> Course:
    """A course of one assignment of which nothing is ever run."""
    (folder / "assignments" / "sim").mkdir(parents=True)
    (folder / "environments").symlink_to(ROOT / "environments")
    (folder / "course.yaml").write_text(COURSE)
    (folder / "roster.csv").write_text("student,name,email\n")
    (folder / "assignments" / "sim" / "checks.py").write_text(CHECKS)
    return load_course(folder / "course.yaml")


def hand_in(store: Store, count: int) -> set[int]:
    """A submission for each of so many new students."""
    names = [f"size{count}-{number:05}" for number in range(count)]
    store.roster.update([StudentRow(name) for name in names])
    return {
        store.accept(name, "sim", f"SIMULATED {name}".encode(), "sim.ipynb", RECEIVED).submission.id
        for name in names
    }


def measure(store: Store, course: Course, count: int, options: argparse.Namespace) -> list[str]:
    """Grade so many; a row of the table."""
    started = time.monotonic()
    submissions = hand_in(store, count)
    print(f"{count} submissions taken in, {time.monotonic() - started:.1f} s", file=sys.stderr)
    before = len(store.batches("sim"))
    with tempfile.TemporaryDirectory(prefix="dispatcher-") as name:
        cluster = Cluster(Path(name).resolve(), options.seconds)
        (cluster.folder / "course.yaml").write_bytes((course.folder / "course.yaml").read_bytes())
        for part in ("assignments", "environments", "roster.csv"):
            (cluster.folder / part).symlink_to(course.folder / part)
        plan = plan_grading(
            course, "sim", secret=store.secret(), sandbox=Elsewhere(), labels={}, with_files=False
        )
        watch = Watch(cluster, options.kill_every)
        try:
            address = parse_address(cluster.start(options.workers))
            patience = PATIENCE_SECONDS
            with DaskEngine(address, course, plan, store, join_seconds=patience) as engine:
                while engine.capacity < options.workers * CONTAINERS:
                    time.sleep(0.2)
                memory = resident_bytes()
                watch.began = time.monotonic()
                summary = grade_batch(
                    plan, store, jobs=engine.capacity, engine=engine, on_progress=watch.note
                )
                seconds = time.monotonic() - watch.began
        finally:
            cluster.stop()
    lost, twice = check_against_store(store, submissions)
    noted = sum(batch.counts["graded"] for batch in store.batches("sim")[before:])
    if summary.gave_up:
        print(f"the batch gave up: {summary.reason}", file=sys.stderr)
    exact = not lost and not twice and noted == summary.graded == count
    return [
        f"{count}",
        "yes" if exact else f"NO: {lost} lost, {twice} twice, {noted} noted",
        f"{watch.kills}",
        f"{len(watch.failures)}",
        f"{count / seconds * 60:.0f}",
        f"{seconds / count * 1000:.1f}",
        *(f"{quantile(list(watch.claimed.values()), share):.1f}" for share in (0.5, 0.95)),
        f"{quantile(list(watch.graded.values()), 0.95):.1f}",
        f"{memory >> 20} -> {resident_bytes() >> 20}",
    ]


def check_against_store(store: Store, submissions: set[int]) -> tuple[int, int]:
    """How many of these have no result, and how many have several, by the store's own rows."""
    rows = {row.id: row for row in store.submissions("sim") if row.id in submissions}
    results = {number: len(store.results(number)) for number in submissions}
    lost = sum(
        found == 0 or rows[number].state is not State.GRADED for number, found in results.items()
    )
    return lost, sum(found > 1 for found in results.values())


def quantile(values: Sequence[float], share: float) -> float:
    """The value that this share of them doesn't exceed."""
    return statistics.quantiles(values, n=100, method="inclusive")[round(share * 100) - 1]


def resident_bytes() -> int:
    """The memory of the dispatcher's process now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


HEADINGS = (
    "submissions",
    "each exactly once",
    "workers killed",
    "failures",
    "a minute",
    "ms each",
    "queue wait p50 s",
    "p95 s",
    "to feedback p95 s",
    "dispatcher MiB",
)


def main() -> None:
    """Measure each size and print a table."""
    parser = argparse.ArgumentParser(description="What dispatching costs.")
    parser.add_argument("--submissions", default="10,100,1000,10000")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--kill-every", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=0.02, help="one simulated grading takes")
    options = parser.parse_args()
    cores, load = os.cpu_count(), os.getloadavg()[0]
    where = "PostgreSQL" if os.environ.get("COURSE_DATABASE") else "SQLite"
    print(
        f"SIMULATED grading of {options.seconds:g} s each; {options.workers} workers with "
        f"{CONTAINERS} containers, {where}\n{cores} cores ({platform.machine()}), load {load:.1f} "
        f"at the start, Python {platform.python_version()}. Waits count from the batch's start, "
        "when all are queued."
    )
    print(" | ".join(HEADINGS))
    for count in map(int, options.submissions.split(",")):
        with tempfile.TemporaryDirectory(prefix="dispatcher-course-") as name:
            folder = Path(name).resolve()
            with open_store(folder / "data") as store:
                row = measure(store, write_course(folder), count, options)
        print(" | ".join(cell.rjust(len(head)) for cell, head in zip(row, HEADINGS, strict=True)))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
