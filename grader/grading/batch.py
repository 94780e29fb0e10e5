"""Grades all that is queued, a bounded number at a time, resumable at any moment.

The store's rows are the truth: a submission is claimed, graded and finished in the store,
and whatever a killed run left half done is queued again by the next. What fails by our fault
is tried again after a wait; while the engine or the database is away, all wait for it. What the
engine went away under may be why: it is tried again last, and one such at a time, so that the
others that were at work then come through.
"""

import logging
import threading
from collections.abc import Callable, Collection
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Protocol

from grader.grading.own_programs import CompiledPrograms
from grader.grading.patience import Away, Interrupted, Patience, cause
from grader.grading.plan import GradingPlan
from grader.grading.submission import grade_notebook
from grader.intake import Refused
from grader.outcomes import Ending, GradedSubmission, GraderError
from grader.sandbox.box import EngineLost
from grader.store import Lease, LeaseLost, State, Store, StoreFault, SubmissionRow

log = logging.getLogger(__name__)

# So many failures of ours with no success between, or two for each that is graded at a time: the
# cause is not the submissions, and going on would use up their attempts.
FAILURES_IN_A_ROW = 4
TOO_MANY = "Too many failures in a row: the rest waits. Mend the cause, then grade again."
# Where another process holds the row that is due.
SHORTEST_WAIT_SECONDS = 0.05


@dataclass(frozen=True)
class Progress:
    """Something happened to a submission: `step` says what; `graded` is there at its end."""

    student: str
    step: str
    graded: GradedSubmission | None = None
    failure: str | None = None
    submission: int = 0


@dataclass(frozen=True)
class BatchSummary:
    """What a batch did. `failures` are ours: (student, why), none of them scored by this batch.

    `gave_up` says that the rest was left in the queue, and `reason` why, in a sentence for staff.
    """

    graded: int
    failures: tuple[tuple[str, str], ...]
    gave_up: bool = False
    reason: str = ""


class Engine(Protocol):
    """Where submissions are graded: in this process, or on other machines."""

    def grade(self, submission: SubmissionRow, on_step: Callable[[str], None]) -> GradedSubmission:
        """What grading it finds. Raises `Refused`, and a `GraderError` where our side failed.

        Many threads call it at once. `on_step` hears what is going on; what it raises passes on.
        """
        ...


@dataclass(frozen=True)
class HereEngine:
    """Grades in the calling thread, in boxes of the plan's own sandbox."""

    plan: GradingPlan
    store: Store
    programs: CompiledPrograms = field(default_factory=CompiledPrograms)

    def grade(self, submission: SubmissionRow, on_step: Callable[[str], None]) -> GradedSubmission:
        data = self.store.read_notebook_bytes(submission)
        try:
            return grade_notebook(self.plan, data, on_step=on_step)
        finally:
            self.programs.forget_if_grown()


def grade_batch(
    plan: GradingPlan,
    store: Store,
    *,
    jobs: int,
    engine: Engine | None = None,
    only: Collection[int] | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
    waits: bool = True,
) -> BatchSummary:
    """Grade the assignment's queued submissions, or `only` these, `jobs` at a time.

    They are graded here unless another `engine` is given. What failed by our fault is left to a
    later batch, unless this one `waits` until it may be tried again.

    Hold `store.grading_lock()`. An interrupt (Ctrl-C) gives the leases back and passes on.
    """
    store.requeue_stale()
    plan.sandbox.remove_leftovers(plan.request.labels)
    batch = _Batch(plan, store, engine or HereEngine(plan, store), jobs, only, on_progress, waits)
    with ThreadPoolExecutor(jobs, thread_name_prefix="grading") as pool:
        batch.run(pool)
    _remove_leftovers(plan)
    return BatchSummary(
        graded=batch.graded,
        failures=tuple(batch.failures.items()),
        gave_up=bool(batch.reason),
        reason=batch.reason,
    )


def _remove_leftovers(plan: GradingPlan) -> None:
    """Remove what the engine didn't at the first try, such as on a busy host."""
    try:
        plan.sandbox.remove_leftovers(plan.request.labels)
    except GraderError as error:
        log.warning("the next run removes the containers that are left: %s", error)


class _Batch:
    def __init__(
        self,
        plan: GradingPlan,
        store: Store,
        engine: Engine,
        jobs: int,
        only: Collection[int] | None,
        on_progress: Callable[[Progress], None],
        waits: bool,
    ) -> None:
        self._plan = plan
        self._store = store
        self._engine = engine
        self._only = only
        self._tell = on_progress
        self._waits = waits
        self._stop = threading.Event()
        self._patience = Patience(self._stop)
        # Nobody claims anything before all have started: an interrupt in mid-start stops all.
        self._go = threading.Event()
        self._row = store.start_batch(plan.assignment.name)
        self.graded = 0
        self.failures: dict[str, str] = {}
        self.reason = ""
        self._failed_in_a_row = 0
        self._jobs = jobs
        self._lock = threading.Lock()
        self._one_suspect = threading.Lock()

    def run(self, pool: Executor) -> None:
        """Keep all workers busy until the queue is empty."""
        workers: list[Future[None]] = []
        try:
            workers.extend(pool.submit(self._work) for _ in range(self._jobs))
            self._go.set()
            wait(workers)
        finally:
            self._stop.set()
            self._go.set()
            wait(workers)
            self._end()
        for worker in workers:
            worker.result()

    def _end(self) -> None:
        try:
            self._store.end_batch(self._row.id)
        except StoreFault as error:
            log.warning("the end of this run is not noted: %s", error)

    def _work(self) -> None:
        self._go.wait()
        try:
            while not self._stop.is_set():
                lease = self._patience.insist(self._claim)
                if lease is not None:
                    self._grade(lease)
                elif not self._waits or not self._await_due():
                    return
        except Interrupted:
            return
        except Away as away:
            self._give_up(str(away))
        finally:
            self._store.close()  # this thread's connection

    def _claim(self) -> Lease | None:
        return self._store.claim(self._row, only=self._only)

    def _await_due(self) -> bool:
        """Wait until what failed may be tried again; False where nothing is queued."""
        seconds = self._patience.insist(
            lambda: self._store.seconds_until_due(self._row, only=self._only)
        )
        if seconds is None:
            return False
        self._stop.wait(max(seconds, SHORTEST_WAIT_SECONDS))
        return True

    def _grade(self, lease: Lease) -> None:
        student, number = lease.submission.student, lease.submission.id

        def step(text: str) -> None:
            if self._stop.is_set():
                raise Interrupted
            self._tell(Progress(student, text, submission=number))

        def tell(text: str) -> None:
            self._tell(Progress(student, text, submission=number))

        try:
            graded = self._patience.insist(lambda: self._result(lease, step), tell)
            self._patience.insist(lambda: self._finish(lease, graded), tell)
        except Interrupted:
            self._release(lease)
        except Away as away:
            self._give_up(str(away))
            self._release(lease, "what grading needs was away")
        except LeaseLost:
            log.warning("%s was graded by somebody else meanwhile", student)
        except GraderError as error:
            if isinstance(cause(error), EngineLost):
                self._lose(lease, str(error))
            else:
                self._fail(lease, str(error))
        except Exception as error:
            log.exception("grading %s failed", student)
            self._fail(lease, f"{type(error).__name__}: {error}")
        else:
            with self._lock:
                self.graded += 1
                self._failed_in_a_row = 0
                self.failures.pop(student, None)
            self._tell(Progress(student, "graded", graded, submission=number))

    def _finish(self, lease: Lease, graded: GradedSubmission) -> None:
        environment = self._plan.assignment.environment or ""
        self._store.finish(lease, graded, environment=environment)

    def _release(self, lease: Lease, why: str = "the run was interrupted") -> None:
        try:
            self._store.release(lease, why)
        except LeaseLost:  # its result was kept, though the answer didn't arrive
            log.warning("%s has ended otherwise", lease.submission.student)
        except StoreFault as error:
            log.warning("the next run takes %s up: %s", lease.submission.student, error)

    def _give_up(self, reason: str) -> None:
        with self._lock:
            self.reason = self.reason or reason
        self._stop.set()

    def _result(self, lease: Lease, step: Callable[[str], None]) -> GradedSubmission:
        with self._one_suspect if lease.losses else nullcontext():
            step("starting")
            try:
                return self._engine.grade(lease.submission, step)
            except Refused as refused:
                # Intake took it once; what it refuses now runs nothing and scores nothing.
                return GradedSubmission(Ending.CRASHED, str(refused), (), ())

    def _fail(self, lease: Lease, why: str) -> None:
        """Note the failure; where even that can't be, the next run takes the submission up."""
        try:
            self._patience.insist(lambda: self._store.fail(lease, why))
        except LeaseLost:
            log.warning("%s was taken over by somebody else", lease.submission.student)
        self._failed(lease, why)

    def _lose(self, lease: Lease, why: str) -> None:
        """The engine went away under a submission: note it, and count what is no chance."""
        student = lease.submission.student
        try:
            row = self._patience.insist(lambda: self._store.losses.note(lease, why))
        except LeaseLost:
            log.warning("%s was taken over by somebody else", student)
            return
        if row.state is State.DELAYED:
            self._failed(lease, row.note)
        else:
            self._tell(Progress(student, "tried again last", failure=row.note, submission=row.id))

    def _failed(self, lease: Lease, why: str) -> None:
        with self._lock:
            self.failures[lease.submission.student] = why
            self._failed_in_a_row += 1
            too_many = self._failed_in_a_row >= max(FAILURES_IN_A_ROW, 2 * self._jobs)
        sent = lease.submission
        self._tell(Progress(sent.student, "failed", failure=why, submission=sent.id))
        if too_many:
            self._give_up(TOO_MANY)
