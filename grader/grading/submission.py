"""Grades one notebook: runs it in a box, then puts each hidden check to it."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from grader.checks.choices import UNKNOWN, checks_that_apply
from grader.checks.declare import Check
from grader.checks.messages import ENDINGS, stopped
from grader.checks.running import run_check
from grader.checks.student import RemoteBackend, Student, StudentFailure
from grader.grading.analyst import BoxAnalyst
from grader.grading.otter import prepare_notebook
from grader.grading.plan import GradingPlan
from grader.grading.session import CodeCell, NotebookSession
from grader.intake import CellKind, read_notebook
from grader.outcomes import CellRecord, CellStatus, CheckResult, Ending, GradedSubmission, Outcome
from grader.sandbox.conversation import BoxEnded


def grade_notebook(
    plan: GradingPlan,
    notebook: bytes,
    *,
    on_step: Callable[[str], None] = lambda _: None,
) -> GradedSubmission:
    """What grading a notebook file's bytes finds. `on_step` hears what is going on.

    Raises `Refused` for a file that is no notebook, and a `GraderError` when our side failed:
    then there is no result.
    """
    otter = prepare_notebook(plan.otter, notebook) if plan.otter else None
    cells = otter.cells if otter else code_cells(notebook)
    file_name = (otter and otter.file_name) or f"{plan.assignment.name}.ipynb"
    session = NotebookSession(
        plan.sandbox,
        plan.request,
        plan.limits,
        cells,
        {**plan.files, file_name: notebook},
        on_cell=lambda record: on_step(f"cell {record.index + 1}"),
    )
    analyst = BoxAnalyst(plan.sandbox, plan.request, plan.limits)
    ending, detail = Ending.FINISHED, ""
    with ExitStack() as boxes:
        boxes.callback(session.close)
        boxes.callback(analyst.close)
        try:
            if otter:
                results = otter.run(session, plan.limits.call_seconds, on_step)
            else:
                session.start()
                results = _run_checks(plan, session, analyst, on_step)
        except BoxEnded as ended:
            ending, detail = ended.ending, ended.detail
            outcome, sentence = stopped(ending, detail)
            if otter:
                results = otter.not_run(outcome, sentence)
            else:
                checks = checks_that_apply(plan.loaded.checks, lambda *_: UNKNOWN)
                results = [_not_run(check, outcome, sentence) for check in checks]
    return GradedSubmission(
        ending=ending,
        message=_sentence(ending, detail),
        cells=_with_cells_not_run(session.cells, cells),
        checks=tuple(results),
        usage=session.usage,
        phases=session.phases,
        checks_version=plan.loaded.version,
    )


def code_cells(notebook: bytes) -> list[CodeCell]:
    """The notebook's code cells, each with its place among all cells. Raises `Refused`."""
    return [
        (index, cell.source)
        for index, cell in enumerate(read_notebook(notebook).cells)
        if cell.kind is CellKind.CODE and cell.source.strip()
    ]


def _run_checks(
    plan: GradingPlan,
    session: NotebookSession,
    analyst: BoxAnalyst,
    on_step: Callable[[str], None],
) -> list[CheckResult]:
    def backend(check: Check) -> RemoteBackend:
        seconds = plan.limits.call_seconds
        return RemoteBackend(session, check, call_seconds=seconds, analyst=analyst)

    def read(check: Check, name: str) -> Any:
        try:
            return Student(backend(check)).value(name)
        except (StudentFailure, BoxEnded):
            return UNKNOWN

    results: list[CheckResult] = []
    started = time.monotonic()
    for check in checks_that_apply(plan.loaded.checks, read):
        if isinstance(check, CheckResult):
            results.append(check)
            continue
        on_step(check.name)
        if why := session.ready_for_check(check.question):
            results.append(_not_run(check, Outcome.STOPPED, why))
        else:
            results.append(run_check(check, backend(check), plan.oracle)[0])
    session.phases["checks"] = time.monotonic() - started
    return results


def _not_run(check: Check | CheckResult, outcome: Outcome, message: str) -> CheckResult:
    if isinstance(check, CheckResult):  # of a choice, which nobody knows now
        return replace(check, outcome=outcome, message=message)
    return CheckResult(
        check=check.name,
        question=check.question,
        title=check.title,
        points=check.points,
        earned=0.0,
        outcome=outcome,
        message=message,
        shown=check.shown,
    )


def _sentence(ending: Ending, detail: str) -> str:
    if ending is Ending.FINISHED:
        return ""
    # Protocol details are for staff; where in the notebook it happened is for everyone.
    place = f" ({detail})" if detail.startswith("in ") else ""
    return ENDINGS[ending] + place


def _with_cells_not_run(
    records: Sequence[CellRecord], cells: Sequence[CodeCell]
) -> tuple[CellRecord, ...]:
    seen = {record.index for record in records}
    missing = [CellRecord(index, CellStatus.NOT_RUN) for index, _ in cells if index not in seen]
    return tuple(sorted([*records, *missing], key=lambda record: record.index))
