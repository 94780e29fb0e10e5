"""`course grade`: grade what is queued, with a progress bar."""

import threading
import time
from typing import Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

from grader.cli.in_force import in_force, require_points_in_force
from grader.cli.sandboxes import make_sandbox, sandbox_option
from grader.cli.terminal import json_option, people, print_json, results
from grader.cli.workplace import Workplace, pass_workplace
from grader.gradebook.evidence import gather_evidence
from grader.gradebook.term import Sheets
from grader.grading import BatchSummary, grade_batch, plan_grading
from grader.grading import Progress as Step
from grader.grading.compiled import use_own_cache, with_compiled_operations
from grader.outcomes import GradedSubmission
from grader.store import State


@click.command("grade")
@click.argument("name", metavar="ASSIGNMENT")
@click.option("--jobs", type=click.IntRange(1, 64), default=2, show_default=True, help="At a time.")
@click.option(
    "--only", metavar="STUDENT", multiple=True, help="Only this student; may be repeated."
)
@click.option(
    "--regrade",
    is_flag=True,
    help="Grade again what is graded: proposed, until `course regrade --adopt`.",
)
@click.option(
    "--i-trust-these-notebooks",
    "trusted",
    is_flag=True,
    help="Allow --sandbox process: the notebooks can read what you can read.",
)
@sandbox_option
@json_option
@pass_workplace
def grade_command(
    workplace: Workplace,
    name: str,
    jobs: int,
    only: tuple[str, ...],
    regrade: bool,
    trusted: bool,
    sandbox_name: str,
    as_json: bool,
) -> int:
    """Grade the submissions of ASSIGNMENT that are waiting.

    Interrupt or kill it at any moment: the next run goes on where it stopped, and no submission
    is graded twice.
    """
    if workplace.assignment(name).by_hand:
        if not as_json:
            results().print(f"{name} is graded by hand: nothing is to run")
        say_summary(name, BatchSummary(0, ()), 0.0, as_json)
        return 0
    if sandbox_name == "process" and not trusted:
        raise click.UsageError(
            "--sandbox process runs notebooks without isolation: they can read and write whatever "
            "you can. If they are your own, add --i-trust-these-notebooks."
        )
    require_points_in_force(workplace, name)
    store = workplace.store
    unknown = set(only) - {student.identifier for student in store.roster.students()}
    if unknown:
        raise click.UsageError(f"--only names nobody on the roster: {', '.join(sorted(unknown))}")
    use_own_cache()
    console = people()
    with store.grading_lock():
        store.requeue_stale()
        if not only:
            store.queue_unfinished(name)
        chosen = counting(in_force(workplace, first=True), name, only)
        store.queue_superseded(chosen)
        if regrade:
            store.regrades.queue(chosen)
        waiting = [
            row.id
            for row in store.submissions(name)
            if row.state is State.QUEUED and (not only or row.id in chosen)
        ]
        if not waiting and not as_json:
            results().print(f"{name}: nothing is waiting to be graded (--regrade grades again)")
        if not waiting:
            summary, seconds = BatchSummary(0, ()), 0.0
        else:
            plan = plan_grading(
                workplace.course,
                name,
                secret=store.secret(),
                sandbox=make_sandbox(sandbox_name),
                labels=workplace.labels,
            )
            plan = with_compiled_operations(plan, say=console.print)
            started = time.monotonic()
            with Display(console, len(waiting)) as display:
                summary = grade_batch(
                    plan, store, jobs=jobs, only=waiting if only else None, on_progress=display.note
                )
            seconds = time.monotonic() - started
    say_summary(name, summary, seconds, as_json)
    if regrade and not as_json:
        results().print(f"what it changes counts only once adopted: course regrade {name}")
    return 2 if summary.failures else 0


def counting(workplace: Workplace, name: str, only: tuple[str, ...]) -> set[int]:
    """The submissions that count for these students, or everybody, or may once they are graded."""
    store, course = workplace.store, workplace.course
    sheets = Sheets(course, gather_evidence(store, course, only={name}), workplace.now)
    students = only or [row.identifier for row in store.roster.students()]
    return {number for student in students for number in sheets.may_count(student, name)}


def say_summary(name: str, summary: BatchSummary, seconds: float, as_json: bool) -> None:
    """Tell what the run did."""
    if as_json:
        data: dict[str, Any] = {
            "assignment": name,
            "graded": summary.graded,
            "failed": dict(summary.failures),
            "gave_up": summary.gave_up,
            "seconds": round(seconds, 3),
        }
        print_json(data)
        return
    if summary.graded:
        each = seconds / summary.graded
        results().print(f"{name}: {summary.graded} graded in {seconds:.0f} s ({each:.1f} s each)")
    by_reason: dict[str, list[str]] = {}
    for student, why in summary.failures:
        by_reason.setdefault(why, []).append(student)
    for why, students in by_reason.items():
        text = f"not graded, our failure: {', '.join(students)}: {why}"
        people().print(text, markup=False, soft_wrap=True)
    if summary.gave_up:
        people().print(
            "Too many failures in a row: the rest waits. Mend the cause, then grade again."
        )


class Display:
    """Shows a batch at work: a bar on a terminal, a line a submission elsewhere."""

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._total = total
        self._done = 0
        self._started = time.monotonic()
        self._working: dict[str, str] = {}
        self._lock = threading.Lock()
        self._bar = Progress(
            SpinnerColumn(),
            MofNCompleteColumn(),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(elapsed_when_finished=True),
            TextColumn("{task.fields[working]}", markup=False),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._task = self._bar.add_task("grading", total=total, rate="", working="")

    def __enter__(self) -> "Display":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def note(self, step: Step) -> None:
        """Take a step of a submission into account. Threads may call it at once."""
        with self._lock:
            if step.graded or step.failure:
                self._working.pop(step.student, None)
                self._done += step.graded is not None  # what failed comes again
                self._say_end(step)
            else:
                self._working[step.student] = step.step
            minutes = max(time.monotonic() - self._started, 1e-9) / 60
            self._bar.update(
                self._task,
                completed=self._done,
                rate=f"{self._done / minutes:.1f} a minute" if self._done else "",
                working=", ".join(f"{who}: {what}" for who, what in self._working.items()),
            )

    def _say_end(self, step: Step) -> None:
        place = f"[{self._done}/{self._total}]"
        what = outcome_text(step.graded) if step.graded else f"our failure: {step.failure}"
        self._console.print(f"{place} {step.student}: {what}", markup=False, soft_wrap=True)


def outcome_text(graded: GradedSubmission) -> str:
    """A graded submission in a few words."""
    ending = "" if graded.ending == "finished" else f" ({graded.ending})"
    return f"{graded.earned:g} of {graded.points:g}{ending}"
