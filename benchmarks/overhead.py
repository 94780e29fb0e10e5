"""What a submission costs beside its own computing: CPU seconds of the whole machine.

    python benchmarks/overhead.py [--rounds N]

Counted are all processes, the engine's and the kernel's own work too, so nothing else may run.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import docker
import jax

from benchmarks.grade import SECRET, machine_facts
from benchmarks.speed.course import COURSE, cell, raw
from benchmarks.speed.notebooks import STYLES, notebook
from benchmarks.speed.race import prepared_course
from grader.course import load_course
from grader.grading import GradingPlan, grade_notebook, plan_grading
from grader.grading.compiled import with_compiled_operations
from grader.grading.own_programs import use_own_cache
from grader.release import solution_notebook
from grader.sandbox.docker import DockerSandbox, container_options, remove_container
from grader.sandbox.images import ensure_image

ROOT = Path(__file__).parents[1]
TICKS = 100.0
SETTLE_SECONDS = 0.5
IMPORT = "import jax; jax.numpy.zeros(1).block_until_ready()"

ASSIGNMENT = """\
  nothing:
    title: Nothing
    environment: cpu
    release: 2027-01-14 18:00
    due: 2027-02-10 23:59
    points: 1
    questions:
      q1: {title: A number, points: 1}
"""
MASTER = "\n".join(
    [
        raw("BEGIN QUESTION\n# name: q1\n# points: 1"),
        raw("BEGIN SOLUTION"),
        cell("x = 1 # SOLUTION"),
        raw("END SOLUTION"),
        raw("END QUESTION"),
    ]
)
CHECKS = '''\
"""One number."""

from grader.checks import check, expect


@check("q1", points=1, title="A number")
def number(student, inputs):
    expect(student.value("x"), "The number").close_to(1, rtol=0, why="exact")
'''


def cpu_seconds() -> float:
    """CPU time of everything that has run on this machine."""
    user, nice, system, _, _, irq, softirq = map(
        int, Path("/proc/stat").read_text().splitlines()[0].split()[1:8]
    )
    return (user + nice + system + irq + softirq) / TICKS


def cost(run: Callable[[], object], rounds: int) -> list[float]:
    """CPU seconds of the machine while `run` runs, each round; a first one isn't counted."""
    run()
    found: list[float] = []
    for _ in range(rounds):
        time.sleep(SETTLE_SECONDS)
        before = cpu_seconds()
        run()
        time.sleep(SETTLE_SECONDS)  # the engine tidies up after its answer
        found.append(cpu_seconds() - before)
    return found


def idle(rounds: int) -> float:
    """What the machine does by itself in as long as settling takes, in CPU seconds."""
    return statistics.median(cost(lambda: None, rounds))


def run_container(plan: GradingPlan, image: str, command: list[str]) -> None:
    """A container as a submission's, with another program in it."""
    client = docker.from_env()
    options = container_options(plan.request)
    container = client.containers.create(image, entrypoint=command, **options)
    try:
        container.start()
        assert container.wait()["StatusCode"] == 0
    finally:
        remove_container(client, str(container.id))
        client.close()


def nothing_plan(folder: Path) -> GradingPlan:
    """The plan of an assignment whose solution is one number."""
    place = folder / "assignments" / "nothing"
    place.mkdir(parents=True)
    (folder / "course.yaml").write_text(COURSE + ASSIGNMENT)
    (folder / "roster.csv").write_text("student\ns0\n")
    (place / "notebook.py").write_text(MASTER)
    (place / "checks.py").write_text(CHECKS)
    (folder / "environments").symlink_to(ROOT / "environments")
    return plan_grading(
        load_course(folder / "course.yaml"), "nothing", secret=SECRET, sandbox=DockerSandbox()
    )


def main() -> None:
    """Print each part's cost."""
    parser = argparse.ArgumentParser(description="What a submission costs beside its computing.")
    parser.add_argument("--rounds", type=int, default=7, help="default: 7")
    rounds = parser.parse_args().rounds
    jax.config.update("jax_platforms", "cpu")
    use_own_cache()
    print(machine_facts("docker"), flush=True)
    with tempfile.TemporaryDirectory(prefix="overhead-") as temporary:
        folder = Path(temporary)
        plan = with_compiled_operations(nothing_plan(folder / "nothing"))
        image = ensure_image(plan.request.environment)
        python = ["/opt/env/bin/python", "-I", "-c"]
        empty = solution_notebook(plan.assignment.folder)
        parts: dict[str, Callable[[], object]] = {
            "a container of `true`": lambda: run_container(plan, image, ["true"]),
            "a container of `import jax`": lambda: run_container(plan, image, [*python, IMPORT]),
            "a submission that computes nothing": lambda: grade_notebook(plan, empty),
        }
        course = prepared_course(folder)
        for style in STYLES:
            graded = with_compiled_operations(
                plan_grading(course, style, secret=SECRET, sandbox=DockerSandbox())
            )
            data = notebook(style)
            parts[f"the {style} notebook"] = lambda p=graded, d=data: grade_notebook(p, d)
        base = idle(rounds)
        print(f"\n{'CPU seconds of the machine':38}{'median':>8}{'min':>8}{'max':>8}")
        medians: dict[str, float] = {}
        for name, run in parts.items():
            found = [one - base for one in cost(run, rounds)]
            medians[name] = statistics.median(found)
            print(f"{name:38}{medians[name]:8.2f}{min(found):8.2f}{max(found):8.2f}", flush=True)
        true, imported, nothing = list(medians.values())[:3]
        print(f"\nbeyond `import jax` ({imported - true:.2f} s) and computing: ", end="")
        print(f"{nothing - (imported - true):.2f} s a submission")


if __name__ == "__main__":
    main()
