"""All that grading one assignment needs, gathered once a batch."""

import io
import sys
import threading
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import jax

from grader.checks.loading import LoadedAssignment, load_assignment
from grader.checks.oracle import Oracle
from grader.course import Assignment, Course, Limits
from grader.release import build_files, solution_source
from grader.sandbox.box import BoxLimits, BoxRequest, Sandbox


@dataclass(frozen=True)
class GradingPlan:
    """One assignment's checks, what is known of its answers, and the boxes to grade in.

    `files` are what students have beside their notebook: given modules and public tests.
    """

    assignment: Assignment
    loaded: LoadedAssignment
    oracle: Oracle
    sandbox: Sandbox
    request: BoxRequest
    files: dict[str, bytes]

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
) -> GradingPlan:
    """Load an assignment's trusted code and have its sandbox ready.

    Raises `AuthoringError`, `MasterError`, and a `GraderError` where no box can be made.
    """
    assignment = course.assignments[name]
    if str(course.folder) not in sys.path:
        sys.path.insert(0, str(course.folder))  # where checks find `reference`
    loaded = load_assignment(assignment.folder)
    environment = course.environments[assignment.environment]
    sandbox.prepare(environment.folder)
    return GradingPlan(
        assignment=assignment,
        loaded=loaded,
        oracle=Oracle(loaded, LazySolution(loaded), secret),
        sandbox=sandbox,
        request=BoxRequest(
            environment=environment.folder,
            limits=box_limits(assignment.limits),
            gpus=environment.gpus,
            labels=labels or {},
        ),
        files={
            path: data
            for path, data in build_files(assignment.folder).items()
            if path not in (f"{name}.ipynb", "requirements.txt")
        },
    )


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

    It is the staff's own code. Its plots go nowhere.
    """

    loaded: LoadedAssignment
    _namespace: dict[str, Any] = field(default_factory=dict[str, Any])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def _names(self) -> dict[str, Any]:
        with self._lock:
            return self._run_once()

    def _run_once(self) -> dict[str, Any]:
        if not self._namespace:
            import matplotlib as mpl

            mpl.use("Agg")
            module = ModuleType(f"{self.loaded.name}_solution")
            sys.modules[module.__name__] = module  # dataclasses look their module up
            code = compile(
                solution_source(self.loaded.folder), str(self.loaded.folder / "notebook.py"), "exec"
            )
            x64 = jax.config.read("jax_enable_x64")  # a master may set it for its own process
            with redirect_stdout(io.StringIO()):
                exec(code, module.__dict__)
            jax.config.update("jax_enable_x64", x64)
            self._namespace = module.__dict__
        return self._namespace

    def __getitem__(self, name: str) -> Any:
        return self._names()[name]

    def __iter__(self) -> Any:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def keys(self) -> Any:
        """Their names."""
        return self._names().keys()
