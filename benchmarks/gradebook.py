"""What a large term costs: seconds and peak memory of its gradebook, and of its report.

    python benchmarks/gradebook.py [--students N] [--keep FOLDER]

The term is SIMULATED: no such students exist and nothing of it was ever run. Its rows lie in a real
SQLite store, and what is measured are the functions behind `course gradebook --csv` and `course
report`, each in a process of its own. The target: both together under 10 s and 500 MB.
"""

import argparse
import gc
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
NOW = "2027-05-15 12:00"
TARGET_SECONDS, TARGET_BYTES = 10.0, 500 * 10**6


class Stopwatch:
    """Seconds by the clock on the wall and of the processor, phase by phase."""

    def __init__(self) -> None:
        self.phases: dict[str, tuple[float, float]] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.phases[name] = (time.perf_counter() - wall, time.process_time() - cpu)


def measure_gradebook(folder: Path, watch: Stopwatch) -> None:
    """What `course gradebook --csv` does."""
    with watch.phase("imports"):
        from grader.cli.gradebook import as_csv
        from grader.cli.workplace import Workplace
        from grader.gradebook.evidence import gather_evidence
        from grader.gradebook.term import grade_term
    workplace = Workplace(folder / "course.yaml", folder / "data", None, NOW)
    with watch.phase("course file, roster, store"):
        course, store = workplace.course, workplace.store
    with watch.phase("gather_evidence"):
        evidence = gather_evidence(store, course)
    with watch.phase("grade_term"):
        terms = grade_term(course, evidence, workplace.now)
    with watch.phase("CSV"):
        text = as_csv(workplace, terms)
        (folder / "gradebook.csv").write_text(text, encoding="utf-8-sig", newline="")


def measure_report(folder: Path, watch: Stopwatch) -> None:
    """What `course report` does."""
    with watch.phase("imports"):
        from grader.cli.workplace import Workplace
        from grader.gradebook.evidence import gather_evidence
        from grader.gradebook.term import grade_term
        from grader.report.term import term_of, write_term_report
    workplace = Workplace(folder / "course.yaml", folder / "data", None, NOW)
    with watch.phase("course file, roster, store"):
        course, store = workplace.course, workplace.store
    with watch.phase("gather_evidence"):
        evidence = gather_evidence(store, course)
    with watch.phase("grade_term"):
        terms = grade_term(course, evidence, workplace.now)
    with watch.phase("record of the report"):
        requests = store.requests.all()
        report = term_of(course, evidence.students, terms, requests=requests, now=workplace.now)
    with watch.phase("pages, CSV, JSON"):
        write_term_report(report, folder / "term")


MEASURED: dict[str, Callable[[Path, Stopwatch], None]] = {
    "gradebook": measure_gradebook,
    "report": measure_report,
}


def peak_bytes() -> int:
    """The most memory that this process held."""
    # Not getrusage's number, which begins with what the parent had.
    lines = Path("/proc/self/status").read_text().splitlines()
    (kibibytes,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(kibibytes) << 10


def measure_here(what: str, folder: Path) -> None:
    """Measure in this process, set up as the command's, and print it as JSON."""
    watch = Stopwatch()
    with watch.phase("in all"):
        from grader.cli.app import OBJECTS_BEFORE_COLLECTING

        gc.set_threshold(OBJECTS_BEFORE_COLLECTING)
        MEASURED[what](folder, watch)
    print(json.dumps({"phases": watch.phases, "peak_bytes": peak_bytes()}))


def measure_apart(what: str, folder: Path) -> dict:
    """Measure in a fresh process."""
    command = [sys.executable, __file__, "--measure", what, "--keep", str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    return json.loads(done.stdout)


def print_measured(what: str, measured: dict) -> None:
    """A table of phases."""
    print(f"\n{what:30}{'wall s':>10}{'CPU s':>10}")
    for phase, (wall, cpu) in measured["phases"].items():
        print(f"{phase:30}{wall:10.2f}{cpu:10.2f}")
    print(f"{'peak memory, MB':30}{measured['peak_bytes'] / 1e6:10.0f}")


def run(folder: Path, students: int) -> None:
    """Make the term where there is none, measure, print."""
    cores, load = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    print(
        f"{cores} cores ({platform.machine()}), load {load:.1f} at the start, "
        f"Python {platform.python_version()}"
    )
    if not (folder / "course.yaml").exists():
        from benchmarks.simulated_term import simulate_term

        print(f"simulating a term of {students:,} students ...", file=sys.stderr, flush=True)
        counts = simulate_term(folder, students)
        (folder / "counts.json").write_text(json.dumps(counts))
    counts = json.loads((folder / "counts.json").read_text())
    print("SIMULATED term: " + ", ".join(f"{n:,} {name}" for name, n in counts.items()))
    found = {what: measure_apart(what, folder) for what in MEASURED}
    for what, measured in found.items():
        print_measured(what, measured)
    wall, cpu = (sum(one["phases"]["in all"][i] for one in found.values()) for i in (0, 1))
    peak = max(one["peak_bytes"] for one in found.values())
    print(f"\ntogether {wall:.1f} s ({cpu:.1f} s of CPU), at most {peak / 1e6:.0f} MB at a time")
    print(f"target: under {TARGET_SECONDS:.0f} s and {TARGET_BYTES / 1e6:.0f} MB, machine idle")


def main() -> None:
    """Parse the options and print the measurements."""
    parser = argparse.ArgumentParser(description="What a large term's gradebook and report cost.")
    parser.add_argument("--students", type=int, default=2000, help="default: 2000")
    parser.add_argument("--keep", type=Path, help="where the term is made, or lies already")
    parser.add_argument("--measure", choices=MEASURED, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure_here(options.measure, options.keep)
    elif options.keep:
        run(options.keep.absolute(), options.students)
    else:
        with tempfile.TemporaryDirectory() as folder:
            run(Path(folder), options.students)


if __name__ == "__main__":
    main()
