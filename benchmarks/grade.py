"""What grading one submission costs: wall seconds by phase, CPU seconds on both sides.

    python benchmarks/grade.py [--notebook FILE] [--rounds N] [--sandbox docker|process]
    python benchmarks/grade.py --against otter [--count N] [--jobs N] [--rounds N]

Medians over the rounds, with the compiled operations that containers may reuse and without. Against
otter: whole batches of the same notebooks in turns, one container a submission on either side.
"""

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jax

from grader.course import Course, load_course
from grader.grading import GradingPlan, grade_notebook, plan_grading
from grader.grading.compiled import with_compiled_operations
from grader.grading.own_programs import use_own_cache
from grader.release import solution_notebook
from grader.sandbox.box import Box, BoxRequest, Sandbox
from grader.sandbox.docker import DockerSandbox
from grader.sandbox.process import ProcessSandbox

ROOT = Path(__file__).parents[1]
PHASES = ("container start", "imports", "notebook", "checks", "teardown")
WALL = "wall in all"
CPU_INSIDE = "CPU inside containers"
CPU_GRADER = "CPU of the grader"
ROWS = (*PHASES, WALL, CPU_INSIDE, CPU_GRADER)
# Any will do; always the same, so that runs can be compared.
SECRET = b"benchmark".ljust(32, b".")

Costs = dict[str, float]


@dataclass
class RememberingSandbox:
    """Another sandbox, whose boxes can be asked afterwards what they used."""

    inner: Sandbox
    boxes: list[Box] = field(default_factory=list[Box])

    def __post_init__(self) -> None:
        self.name, self.isolates = self.inner.name, self.inner.isolates

    def prepare(self, environment: Path, runtime: str | None = None) -> None:
        self.inner.prepare(environment, runtime)

    def open_box(self, request: BoxRequest) -> Box:
        self.boxes.append(self.inner.open_box(request))
        return self.boxes[-1]

    def remove_leftovers(self, labels: dict[str, str]) -> int:
        return self.inner.remove_leftovers(labels)

    def take_cpu_seconds(self) -> float:
        """What the boxes since the last call used; they must be closed."""
        used = sum(box.close().usage.cpu_seconds for box in self.boxes)
        self.boxes.clear()
        return used


@dataclass(frozen=True)
class Benchmark:
    """One notebook, graded over and over in boxes that count."""

    plan: GradingPlan
    sandbox: RememberingSandbox
    notebook: bytes

    def measure(self, plan: GradingPlan) -> tuple[Costs, str]:
        """Grade once: what it cost in seconds, and the score in words."""
        self.sandbox.take_cpu_seconds()  # not of interest: what filling the cache used
        print("grading ...", file=sys.stderr, flush=True)
        started, cpu_started = time.monotonic(), time.process_time()
        graded = grade_notebook(plan, self.notebook)
        costs = {WALL: time.monotonic() - started, CPU_GRADER: time.process_time() - cpu_started}
        costs[CPU_INSIDE] = self.sandbox.take_cpu_seconds()
        costs |= {phase: graded.phases.get(phase, 0.0) for phase in PHASES}
        return costs, f"{graded.earned:g} of {graded.points:g} points, {graded.ending}"

    def variants(self) -> Iterator[tuple[str, GradingPlan]]:
        """The plans to compare, by the heading of their column."""
        mounted = with_compiled_operations(self.plan, say=lambda text: print(text, file=sys.stderr))
        if mounted.request.compiled:
            yield "reusing", mounted
        yield "compiling all", self.plan


def medians(rounds: Sequence[Costs]) -> Costs:
    return {row: statistics.median(costs[row] for costs in rounds) for row in ROWS}


def machine_facts(sandbox: str) -> str:
    """What the numbers depend on."""
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    return (
        f"{cores} cores ({platform.machine()}), load {load:.1f} at the start, sandbox {sandbox}, "
        f"Python {platform.python_version()}, jax {jax.__version__}"
    )


def print_table(columns: dict[str, Costs]) -> None:
    """Seconds by row and column; with two columns, how many times the last is the other."""
    names = list(columns)
    compared = len(names) > 2
    heading = [*names, "all/reusing"] if compared else names
    print(f"{'seconds':24}" + "".join(f"{name:>16}" for name in heading))
    for row in ROWS:
        cells = [f"{columns[name][row]:16.2f}" for name in names]
        if compared:
            reusing, compiling = (columns[name][row] for name in names[1:])
            cells.append(f"{compiling / reusing:16.2f}" if reusing else f"{'':16}")
        print(f"{row:24}" + "".join(cells))


def run(course: Course, name: str, notebook: bytes, rounds: int, inner: Sandbox) -> None:
    """Grade the notebook once as the first of a batch, then `rounds` times by each variant."""
    sandbox = RememberingSandbox(inner)
    labels = {"csc2541.benchmark": "grade"}
    sandbox.remove_leftovers(labels)  # of a run that was killed
    plan = plan_grading(course, name, secret=SECRET, sandbox=sandbox, labels=labels)
    benchmark = Benchmark(plan, sandbox, notebook)
    columns: dict[str, Costs] = {}
    score = ""
    for heading, variant in benchmark.variants():
        if not columns:
            # Computes expected values, unless filling the cache just did; all rounds share them.
            columns["first of a batch"], score = benchmark.measure(variant)
        columns[heading] = medians([benchmark.measure(variant)[0] for _ in range(rounds)])
    print(f"{name}: {score}; after the first, medians of rounds: {rounds}\n")
    print_table(columns)


def main() -> None:
    """Parse the options and print the measurements."""
    parser = argparse.ArgumentParser(description="What grading one submission costs.")
    parser.add_argument("--assignment", default="ps1", help="default: ps1")
    parser.add_argument("--notebook", type=Path, help="default: the assignment's solution")
    parser.add_argument("--rounds", type=int, default=3, help="default: 3")
    parser.add_argument("--sandbox", choices=("docker", "process"), default="docker")
    parser.add_argument("--against", choices=("otter",), help="compare with `otter grade`")
    parser.add_argument("--count", type=int, default=6, help="notebooks a batch; default: 6")
    parser.add_argument("--jobs", type=int, default=2, help="at a time; default: 2")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    jax.config.update("jax_platforms", "cpu")  # a GPU is for the containers
    use_own_cache()
    if options.against:
        from benchmarks.speed.race import race

        print(machine_facts("docker"), flush=True)
        race(options.count, options.jobs, options.rounds, SECRET)
        return
    course = load_course(ROOT / "course.yaml")
    if options.assignment not in course.assignments:
        parser.error(f"course.yaml has no assignment {options.assignment}")
    folder = course.assignments[options.assignment].folder
    notebook = options.notebook.read_bytes() if options.notebook else solution_notebook(folder)
    inner = DockerSandbox() if options.sandbox == "docker" else ProcessSandbox()
    print(machine_facts(inner.name), flush=True)
    run(course, options.assignment, notebook, options.rounds, inner)


if __name__ == "__main__":
    main()
