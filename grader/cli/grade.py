"""`course grade`: grade what is queued, with a progress bar."""

import os
import threading
import time
from contextlib import ExitStack
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
from grader.cluster import (
    AddressRefused,
    ClusterAddress,
    Elsewhere,
    parse_address,
    require_distributed,
)
from grader.desk.regrading import submissions_that_count
from grader.grading import BatchSummary, grade_batch, plan_grading
from grader.grading import Progress as Step
from grader.grading.compiled import with_compiled_operations
from grader.grading.own_programs import use_own_cache
from grader.outcomes import GradedSubmission
from grader.store import State

JOBS = 2


@click.command("grade")
@click.argument("name", metavar="[ASSIGNMENT]", required=False)
@click.option(
    "--watch",
    "watches",
    is_flag=True,
    help="Go on: grade what comes in, of every assignment, until Ctrl-C.",
)
@click.option("--with-parent", is_flag=True, hidden=True)
@click.option(
    "--jobs",
    type=click.IntRange(1, 1024),
    help=f"At a time.  [default: {JOBS}, or as many containers as a cluster's workers take]",
)
@click.option(
    "--engine",
    metavar="dask://HOST:PORT",
    help="Grade on the workers of this Dask cluster; docs/cluster.md tells how to start one.",
)
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
    name: str | None,
    watches: bool,
    with_parent: bool,
    jobs: int | None,
    engine: str | None,
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
    if sandbox_name == "process" and not trusted:
        raise click.UsageError(
            "--sandbox process runs notebooks without isolation: they can read and write whatever "
            "you can. If they are your own, add --i-trust-these-notebooks."
        )
    if watches:
        if name or engine or only or regrade or as_json:
            raise click.UsageError("--watch takes --jobs and --sandbox only: it grades all")
        from grader.cli.watch import watch

        return watch(workplace, jobs=jobs, sandbox_name=sandbox_name, with_parent=with_parent)
    if name is None:
        raise click.UsageError("name an ASSIGNMENT, or say --watch")
    if workplace.assignment(name).by_hand:
        if not as_json:
            results().print(f"{name} is graded by hand: nothing is to run")
        say_summary(name, BatchSummary(0, ()), 0.0, as_json)
        return 0
    cluster = cluster_address(engine, sandbox_name) if engine else None
    require_points_in_force(workplace, name)
    store = workplace.store
    unknown = set(only) - {student.identifier for student in store.roster.students()}
    if unknown:
        raise click.UsageError(f"--only names nobody on the roster: {', '.join(sorted(unknown))}")
    use_own_cache()
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
            summary, seconds = grade_waiting(
                workplace,
                name,
                waiting,
                jobs=jobs,
                only=waiting if only else None,
                sandbox_name=sandbox_name,
                cluster=cluster,
            )
    say_summary(name, summary, seconds, as_json)
    if regrade and not as_json:
        results().print(f"what it changes counts only once adopted: course regrade {name}")
    if summary.gave_up:
        people().print(summary.reason, markup=False, soft_wrap=True)
    return 2 if summary.failures or summary.gave_up else 0


def cluster_address(text: str, sandbox_name: str) -> ClusterAddress:
    """The address of a cluster that can be used. Raises a click error."""
    if sandbox_name != "docker":
        raise click.UsageError(f"--engine grades in containers, not with --sandbox {sandbox_name}")
    try:
        require_distributed()
        return parse_address(text)
    except AddressRefused as refused:
        raise click.UsageError(f"--engine: {refused}") from refused


def grade_waiting(
    workplace: Workplace,
    name: str,
    waiting: list[int],
    *,
    jobs: int | None,
    only: list[int] | None,
    sandbox_name: str,
    cluster: ClusterAddress | None,
) -> tuple[BatchSummary, float]:
    """Grade what waits, here or on a cluster; what was done, and the seconds that it took."""
    store, console = workplace.store, people()
    plan = plan_grading(
        workplace.course,
        name,
        secret=store.secret(),
        sandbox=Elsewhere() if cluster else make_sandbox(sandbox_name),
        labels=workplace.labels,
        with_files=cluster is None,
    )

    def say(text: str) -> None:
        console.print(text, markup=False, soft_wrap=True)

    with ExitStack() as stack:
        engine = None
        if cluster is None:
            jobs = jobs or JOBS
            if words := too_many_at_a_time(min(jobs, len(waiting)), plan.limits.cpus):
                say(words)
            plan = with_compiled_operations(plan, say=console.print)
        else:
            from grader.cluster.engine import DaskEngine

            say(f"looking for workers at {cluster.text}")
            try:
                engine = stack.enter_context(
                    DaskEngine(cluster, workplace.course, plan, store, say=say)
                )
            except AddressRefused as refused:
                raise click.UsageError(f"--engine: {refused}") from refused
            jobs = jobs or engine.capacity
        started = time.monotonic()
        display = stack.enter_context(Display(console, len(waiting)))
        summary = grade_batch(
            plan, store, jobs=jobs, engine=engine, only=only, on_progress=display.note
        )
        return summary, time.monotonic() - started


def too_many_at_a_time(jobs: int, cpus: float) -> str:
    """A warning where boxes would share this machine's cores; nothing where each has its own."""
    cores = len(os.sched_getaffinity(0))
    fitting = max(1, int(cores // cpus))
    if jobs <= fitting:
        return ""
    return (
        f"{jobs} at a time with {cpus:g} of a core each are more than the {cores} here: they slow "
        f"each other down, and time limits count by the clock. --jobs {fitting} fits."
    )


def counting(workplace: Workplace, name: str, only: tuple[str, ...]) -> set[int]:
    """The submissions that count for these students, or everybody, or may once they are graded."""
    return submissions_that_count(workplace.course, workplace.store, name, workplace.now, only)


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


class Display:
    """Shows a batch at work: a bar on a terminal, a line a submission elsewhere.

    Without a `total`, as when watching, there is no bar.
    """

    def __init__(self, console: Console, total: int | None) -> None:
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
            disable=not console.is_terminal or total is None,
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
        place = f"[{self._done}/{self._total}]" if self._total else f"[{self._done}]"
        what = outcome_text(step.graded) if step.graded else f"our failure: {step.failure}"
        self._console.print(f"{place} {step.student}: {what}", markup=False, soft_wrap=True)


def outcome_text(graded: GradedSubmission) -> str:
    """A graded submission in a few words."""
    ending = "" if graded.ending == "finished" else f" ({graded.ending})"
    return f"{graded.earned:g} of {graded.points:g}{ending}"
