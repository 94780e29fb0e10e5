"""Compiled operations that every box of an assignment may reuse, read-only.

Most of a notebook's time goes into XLA's compiling of hundreds of small operations, the same
in each notebook. The reference solution is run once with an empty cache; what that run compiled
is kept outside the checkout and mounted into the boxes that follow. Students never write it.

A student could read what is mounted, so only single operations of JAX (matmul, add, eigh, ...)
and functions of the given module are kept: a whole compiled solution would be an answer.
"""

import contextlib
import hashlib
import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from grader.checks.oracle import Oracle
from grader.checks.running import run_check
from grader.checks.student import RemoteBackend
from grader.grading import operations
from grader.grading.analyst import BoxAnalyst
from grader.grading.operations import functions_in, is_single_operation
from grader.grading.own_programs import processor
from grader.grading.plan import GradingPlan
from grader.grading.session import NotebookSession
from grader.grading.submission import code_cells
from grader.release import solution_notebook
from grader.sandbox.conversation import BoxEnded
from grader.sandbox.images import cache_folder, image_tag
from grader.sandbox.tidying import keep_newest_folders

log = logging.getLogger(__name__)

# Of an assignment: this one's, and that of another checkout or of the version before.
FOLDERS_KEPT = 3
HALF_MADE = ".new-"
A_KEY = "[0-9a-f]" * 16
# Of hidden inputs that are nobody's, since what is compiled may hold some of them.
PUBLIC_SECRET = b"compiled operations".ljust(32, b".")


def with_compiled_operations(
    plan: GradingPlan, *, say: Callable[[str], None] = lambda _: None
) -> GradingPlan:
    """The plan with its cache mounted, after filling it where there is none.

    Only containers can use one; other sandboxes get the plan back as it is, and so does an
    assignment of otter's, which may have no solution and need no JAX.
    """
    if not plan.sandbox.isolates or plan.otter:
        return plan
    folder = cache_folder() / "compiled" / _key(plan)
    if not folder.exists():
        say(f"running the solution of {plan.assignment.name} once, to reuse what it compiles")
        found = _collect(plan)
        if found is None:
            return plan
        _keep(folder, found)
        keep_newest_folders(folder.parent, f"{plan.assignment.name}-{A_KEY}", FOLDERS_KEPT)
        keep_newest_folders(folder.parent, f"{HALF_MADE}*", 0)  # of runs that were killed
    with contextlib.suppress(OSError):  # in use: it counts as new
        os.utime(folder)
    return plan.with_compiled(folder)


def _collect(plan: GradingPlan) -> dict[str, bytes] | None:
    """What a run of the solution and of all checks on it compiled; None if it ended early."""
    notebook = solution_notebook(plan.assignment.folder)
    cells = code_cells(notebook)
    request = replace(plan.request, collects_compiled=True)
    oracle = Oracle(plan.loaded, plan.oracle.solution, PUBLIC_SECRET, explains=False)
    session = NotebookSession(
        plan.sandbox,
        request,
        plan.limits,
        cells,
        {**plan.files, f"{plan.assignment.name}.ipynb": notebook},
    )
    analyst = BoxAnalyst(plan.sandbox, plan.request, plan.limits)
    try:
        with ExitStack() as boxes:
            boxes.callback(session.close)
            boxes.callback(analyst.close)
            session.start()
            for check in plan.loaded.checks:
                backend = RemoteBackend(
                    session, check, call_seconds=plan.limits.call_seconds, analyst=analyst
                )
                run_check(check, backend, oracle)
            found = session.call("compiled", seconds=60.0)
    except BoxEnded as ended:
        log.warning("the solution ended early (%s %s): nothing is kept", ended.ending, ended)
        return None
    module = plan.loaded.given_module
    given_names = set(vars(module)) if module else set[str]()
    own_names = functions_in(source for _, source in cells)
    return {
        name: data
        for name, data in found.items()
        if is_single_operation(name, given_names, own_names)
    }


def _keep(folder: Path, entries: dict[str, bytes]) -> None:
    """Write the entries aside and rename, so that a killed run leaves no half cache."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=HALF_MADE))
    for name, data in entries.items():
        (aside / name).write_bytes(data)
    aside.chmod(0o755)
    try:
        os.rename(aside, folder)
    except OSError:  # another process was quicker
        shutil.rmtree(aside)


def _key(plan: GradingPlan) -> str:
    """Changes with the image, the assignment and the processor: machine code fits one of each.

    And with which operations are kept, which `operations.py` says.
    """
    digest = hashlib.sha256(processor().encode() + Path(operations.__file__).read_bytes())
    digest.update(image_tag(plan.request.environment).encode())
    digest.update(plan.loaded.version.encode())
    return f"{plan.assignment.name}-{digest.hexdigest()[:16]}"
