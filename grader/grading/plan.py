"""All that grading one assignment needs, gathered once a batch."""

import io
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import jax

from grader.checks.loading import LoadedAssignment, load_assignment
from grader.checks.oracle import Oracle
from grader.checks.otter_files import OtterTests, read_autograder
from grader.course import Assignment, Course, Limits
from grader.release import (
    answers_source,
    build_files,
    read_otter_assignment,
    solution_source,
)
from grader.sandbox.box import BoxLimits, BoxRequest, Sandbox


@dataclass(frozen=True)
class GradingPlan:
    """One assignment's checks, what is known of its answers, and the boxes to grade in.

    `files` are what students have beside their notebook: given modules and public tests. Where the
    tests are otter's, `otter` has them and there are no checks of ours.
    """

    assignment: Assignment
    loaded: LoadedAssignment
    oracle: Oracle
    sandbox: Sandbox
    request: BoxRequest
    files: dict[str, bytes]
    otter: OtterTests | None = None

    def with_compiled(self, folder: Path) -> "GradingPlan":
        """The same plan, with a cache of compiled operations in each box."""
        return replace(self, request=replace(self.request, compiled=folder))

    @property
    def limits(self) -> Limits:
        return self.assignment.limits


def plan_grading(
    course: Course,
    name: str,
    *,
    secret: bytes,
    sandbox: Sandbox,
    labels: dict[str, str] | None = None,
    with_files: bool = True,
) -> GradingPlan:
    """Load an assignment's trusted code and have its sandbox ready.

    Without `files`, which take seconds to make, a plan serves for our own answers only. Raises
    `AuthoringError`, `MasterError`, a `GraderError` where no box can be made, and `ValueError` for
    an assignment of which nothing is run.
    """
    assignment = course.assignments[name]
    if str(course.folder) not in sys.path:
        sys.path.insert(0, str(course.folder))  # where checks find `reference`
    otter = otter_tests(assignment.folder) if assignment.tests == "otter" else None
    loaded = _without_checks(assignment, otter) if otter else load_assignment(assignment.folder)
    environment = course.environment_of(assignment)
    sandbox.prepare(environment.folder, environment.runtime)
    return GradingPlan(
        assignment=assignment,
        loaded=loaded,
        oracle=Oracle(loaded, LazySolution(loaded), secret),
        sandbox=sandbox,
        request=BoxRequest(
            environment=environment.folder,
            limits=box_limits(assignment.limits),
            gpus=environment.gpus,
            runtime=environment.runtime,
            labels=labels or {},
        ),
        files=otter.files if otter else files_beside(assignment.folder) if with_files else {},
        otter=otter,
    )


def otter_tests(folder: Path) -> OtterTests:
    """The tests of an otter assignment. Raises `AuthoringError` or `MasterError`."""
    found = read_otter_assignment(folder)
    return read_autograder(found.autograder, str(folder / found.origin))


def _without_checks(assignment: Assignment, otter: OtterTests) -> LoadedAssignment:
    return LoadedAssignment(
        assignment.name, assignment.folder, (), (), (), given_module=None, version=otter.version
    )


def files_beside(folder: Path) -> dict[str, bytes]:
    """What students have beside their notebook, by path."""
    notebook = f"{folder.resolve().name}.ipynb"
    return {
        path: data
        for path, data in build_files(folder).items()
        if path not in (notebook, "requirements.txt")
    }


def box_limits(limits: Limits) -> BoxLimits:
    """The part of an assignment's limits that a box enforces."""
    return BoxLimits(
        cpus=limits.cpus,
        memory_bytes=limits.memory_bytes,
        processes=limits.processes,
        tmp_bytes=limits.tmp_bytes,
        output_bytes=limits.output_bytes,
        message_bytes=limits.message_bytes,
    )


@dataclass
class LazySolution(Mapping[str, Any]):
    """The names that the master notebook's solution defines; run here when first asked for.

    It is the staff's own code. Only what the answers need is run, and all of it if a check asks for
    another name. Its plots go nowhere.
    """

    loaded: LoadedAssignment
    _namespace: dict[str, Any] = field(default_factory=dict[str, Any])
    _whole: bool = False
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def _names(self) -> dict[str, Any]:
        with self._lock:
            if not self._namespace:
                self._namespace = self._run(answers_source(self.loaded.folder))
        return self._namespace

    def _run(self, source: str) -> dict[str, Any]:
        import matplotlib as mpl

        mpl.use("Agg")
        module = ModuleType(f"{self.loaded.name}_solution")
        sys.modules[module.__name__] = module  # dataclasses look their module up
        code = compile(source, str(self.loaded.folder / "notebook.py"), "exec")

        def execute() -> None:
            x64 = jax.config.read("jax_enable_x64")
            with redirect_stdout(io.StringIO()), jax.enable_x64(True):
                exec(code, module.__dict__)
            jax.config.update("jax_enable_x64", x64)

        # A master may set JAX's mode for the whole process. What to set it back to can only be
        # read in a thread of its own: here a check's mode may hold, which belongs to its thread.
        with ThreadPoolExecutor(1) as apart:
            apart.submit(execute).result()
        return module.__dict__

    def __getitem__(self, name: str) -> Any:
        with self._lock:
            if name not in self._names() and not self._whole:
                self._namespace = self._run(solution_source(self.loaded.folder))
                self._whole = True
            return self._names()[name]

    def __iter__(self) -> Any:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def keys(self) -> Any:
        """Their names."""
        return self._names().keys()
