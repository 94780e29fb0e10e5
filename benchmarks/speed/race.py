"""Our grader and `otter grade` on the same notebooks, in turns, on the same machine."""

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.speed import otter_grade
from benchmarks.speed.course import write_course
from benchmarks.speed.notebooks import STYLES, Style, notebook
from grader.course import Course, load_course
from grader.grading import GradingPlan, grade_batch, plan_grading
from grader.grading.compiled import with_compiled_operations
from grader.sandbox.docker import DockerSandbox
from grader.sandbox.images import cache_folder, ensure_image
from grader.store import StudentRow, open_store

RECEIVED = datetime(2027, 2, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Round:
    """Seconds a submission, of either side, graded one right after the other."""

    ours: float
    otters: float

    @property
    def ratio(self) -> float:
        return self.otters / self.ours


@dataclass(frozen=True)
class Race:
    """`count` different notebooks of right answers, `jobs` at a time."""

    course: Course
    folder: Path
    count: int
    jobs: int
    secret: bytes

    def run(self, style: Style, image: str, rounds: int) -> Iterator[Round]:
        """So many rounds, after one submission of either side that isn't counted.

        Who goes first changes from round to round. Raises `AssertionError` where a right notebook
        doesn't get all points.
        """
        sandbox = DockerSandbox()
        labels = {"csc2541.benchmark": "race"}
        plan = plan_grading(self.course, style, secret=self.secret, sandbox=sandbox, labels=labels)
        plan = with_compiled_operations(plan, say=lambda text: print(text, file=sys.stderr))
        self._ours(plan, style, "first", 1)
        self._otters(image, style, "first", 1)
        for number in range(rounds):
            name = f"round{number}"
            if number % 2:
                otters = self._otters(image, style, name, self.count)
                yield Round(self._ours(plan, style, name, self.count), otters)
            else:
                ours = self._ours(plan, style, name, self.count)
                yield Round(ours, self._otters(image, style, name, self.count))

    def _ours(self, plan: GradingPlan, style: Style, name: str, count: int) -> float:
        students = [f"s{place}" for place in range(count)]
        with open_store(self.folder / f"data-{style}-{name}") as store:
            store.roster.update([StudentRow(student) for student in students])
            for student in students:
                data = notebook(style, f"{name} {student}")
                store.accept(student, style, data, "notebook.ipynb", RECEIVED)
            with store.grading_lock():
                started = time.monotonic()
                summary = grade_batch(plan, store, jobs=self.jobs)
                seconds = time.monotonic() - started
            assert (summary.graded, summary.failures) == (count, ())
            found = store.current_results(style)
        assert all(row.earned == row.points for row in found), [row.earned for row in found]
        return seconds / count

    def _otters(self, image: str, style: Style, name: str, count: int) -> float:
        folder = self.folder / f"otter-{style}-{name}"
        folder.mkdir()
        paths = [folder / f"s{place}.ipynb" for place in range(count)]
        for path in paths:
            path.write_bytes(notebook(style, f"{name} {path.stem}", for_otter=True))
        started = time.monotonic()
        shares = otter_grade.grade(image, paths, self.jobs)
        seconds = time.monotonic() - started
        assert shares == [1.0] * count, shares
        return seconds / count


def prepared_course(folder: Path) -> Course:
    """The course of both notebooks, in a folder of its own."""
    return load_course(write_course(folder / "course", ["s0"]))


def race(count: int, jobs: int, rounds: int, secret: bytes) -> None:
    """Print the seconds of both sides and how many times one is the other."""
    keep = cache_folder() / "benchmark-otter"
    keep.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="race-") as temporary:
        folder = Path(temporary)
        course = prepared_course(folder)
        environment = ensure_image(course.environments["cpu"].folder)
        images = otter_grade.build_images(keep, folder, environment, STYLES)
        running = Race(course, folder, count, jobs, secret)
        print(
            f"{count} notebooks of 20 cells and 5 questions, {jobs} at a time, rounds: {rounds}\n"
        )
        print(f"{'seconds a submission':24}{'ours':>22}{'otter grade':>22}{'times':>20}")
        for style in STYLES:
            found = list(running.run(style, images[style], rounds))
            cells = [
                spread([one.ours for one in found], "{:.2f}"),
                spread([one.otters for one in found], "{:.2f}"),
                spread([one.ratio for one in found], "{:.2f}"),
            ]
            print(f"{style:24}{cells[0]:>22}{cells[1]:>22}{cells[2]:>20}", flush=True)
        otter_grade.remove_images(images.values())


def spread(values: Sequence[float], form: str) -> str:
    """Median, and least to most."""
    middle, least, most = statistics.median(values), min(values), max(values)
    return f"{form.format(middle)} ({form.format(least)}-{form.format(most)})"
