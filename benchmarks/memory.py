"""What memory the grader itself takes, as a batch grows and as notebooks print much.

    python benchmarks/memory.py [--submissions N]

Every submission runs in a real container, of a small image without JAX: it is the grader's memory
that is looked at. Checks compute their expected values anew with new functions, which is what makes
JAX keep more and more; each notebook prints 3 MB.
"""

import argparse
import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import jax

from grader.course import load_course
from grader.grading import grade_batch, plan_grading
from grader.grading.plan import GradingPlan
from grader.sandbox.docker import DockerSandbox
from grader.store import StudentRow, open_store
from tests.faults.light import CHECKS, NAME, write_light_course
from tests.term_course import notebook

RECEIVED = datetime(2027, 2, 1, 12, tzinfo=UTC)
SECRET = b"benchmark".ljust(32, b".")
CELLS = ("print('x' * 3_000_000)", "one = 1.5", "another = 2.5")
COMPILING = """

@check("q2", points=0.0, title="A new program each time")
def new_program(student, inputs):
    import jax
    f = jax.jit(lambda x: jax.lax.fori_loop(0, 3, lambda _, y: y * 1.5, x))
    expect(float(f(1.0)), "It").close_to(3.375, rtol=1e-6, why="float32")
"""


def resident_megabytes() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def light_plan(folder: Path) -> GradingPlan:
    """The plan of a light course with one more check, which compiles."""
    course = load_course(write_light_course(folder))
    checks = course.folder / "assignments" / NAME / "checks.py"
    checks.write_text(CHECKS + COMPILING)
    return plan_grading(course, NAME, secret=SECRET, sandbox=DockerSandbox(), with_files=False)


def main() -> None:
    """Grade in ten parts and print the memory after each."""
    parser = argparse.ArgumentParser(description="What memory the grader itself takes.")
    parser.add_argument("--submissions", type=int, default=500, help="default: 500")
    count = parser.parse_args().submissions
    jax.config.update("jax_platforms", "cpu")
    with tempfile.TemporaryDirectory(prefix="memory-") as temporary:
        folder = Path(temporary)
        plan = light_plan(folder / "course")
        students = [f"s{place:04d}" for place in range(count)]
        with open_store(folder / "data") as store:
            store.roster.update([StudentRow(student) for student in students])
            for student in students:
                data = notebook(*CELLS, f"# {student}")
                store.accept(student, NAME, data, "notebook.ipynb", RECEIVED)
            waiting = [row.id for row in store.submissions(NAME)]
            part = max(1, count // 10)
            print("submissions   MiB   seconds a submission", flush=True)
            for begin in range(0, count, part):
                started = time.monotonic()
                with store.grading_lock():
                    chosen = waiting[begin : begin + part]
                    summary = grade_batch(plan, store, jobs=2, only=chosen)
                assert (summary.graded, summary.failures) == (len(chosen), ()), summary
                each = (time.monotonic() - started) / len(chosen)
                print(f"{begin + len(chosen):11} {resident_megabytes():5.0f} {each:10.2f}")


if __name__ == "__main__":
    main()
