"""For `dask worker --preload`: a worker that grades without containers, by what a notebook says.

The toy notebook's second cell is a comment with a word: `quick`, `die`, or the name of a gate, a
file in SIMULATED_FOLDER that it waits for. Each grading leaves a file that tells who was at it.
Files there also take what workers need from them: `no-engine-NAME` and `no-space-NAME`.
"""

import functools
import hashlib
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from grader.cluster import Elsewhere, work
from grader.grading import GradingPlan, plan_grading
from grader.outcomes import CheckResult, Ending, GradedSubmission, GraderError, Outcome
from grader.sandbox.box import EngineDown
from grader.sandbox.docker_cli import NO_ENGINE

FOLDER = Path(os.environ["SIMULATED_FOLDER"])
NAME = os.environ["SIMULATED_NAME"]
POLL_SECONDS = 0.02


def lacks(what: str) -> bool:
    """Whether a test took this from this worker."""
    return (FOLDER / f"no-{what}-{NAME}").exists()


class NoSandbox(Elsewhere):
    """Has everything ready at once, and no boxes."""

    def prepare(self, environment: Path, runtime: str | None = None) -> None:
        if lacks("engine"):
            raise GraderError(NO_ENGINE)  # as `image_exists` does


def simulated_grading(
    plan: GradingPlan, notebook: bytes, *, on_step: Callable[[str], None]
) -> GradedSubmission:
    """Full marks for whatever it is; `message` is the number of the process that gave them."""
    word = json.loads(notebook)["cells"][1]["source"].removeprefix("# ").split()[0]
    trace = f"{hashlib.sha256(notebook).hexdigest()}-{os.getpid()}"
    (FOLDER / f"began-{trace}").touch()
    if lacks("engine"):
        raise EngineDown(NO_ENGINE)
    if lacks("space"):
        raise GraderError("the disk is full")
    match word:
        case "quick":
            pass
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "fault":
            raise GraderError("the disk is full")
        case "no-engine":
            raise EngineDown("no Docker engine answers")
        case gate:
            try:
                while not (FOLDER / gate).exists():
                    on_step(f"waiting for {gate}")
                    time.sleep(POLL_SECONDS)
            finally:
                (FOLDER / f"ended-{trace}").touch()
    check = CheckResult("one_step", "q1", "One step", 3.0, 3.0, Outcome.PASSED)
    version = plan.loaded.version
    return GradedSubmission(Ending.FINISHED, str(os.getpid()), (), (check,), checks_version=version)


work.DockerSandbox = NoSandbox  # type: ignore[misc, assignment]
work.grade_notebook = simulated_grading
work.with_compiled_operations = lambda plan, **_: plan
work.plan_grading = functools.partial(plan_grading, with_files=False)
