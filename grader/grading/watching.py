"""Grades whatever is queued, of any assignment, as it comes in.

One process does so for a course, and holds its grading lock. What waits longest is taken up first;
a batch ends after some submissions, so that no assignment waits for all of another's.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from grader.course import Course
from grader.grading.batch import BatchSummary, Progress, grade_batch
from grader.grading.plan import GradingPlan
from grader.outcomes import GraderError
from grader.store import Store

log = logging.getLogger(__name__)

# Submissions of one assignment before it is looked at what else waits.
AT_MOST = 40
LOOK_SECONDS = 1.0
# A step is written down at most so often; a page that shows it asks every two seconds.
STEP_SECONDS = 0.5
BEAT_SECONDS = 10.0
# After a batch that gave up, since its cause is not in the submissions.
REST_SECONDS = 60.0


@dataclass(frozen=True)
class Watched:
    """What is watched: the course that counts now, and how an assignment of it is graded.

    `counts` gives the submissions of an assignment that count for somebody, or may: those that
    were superseded and count after all are graded too.
    """

    store: Store
    course: Callable[[], Course]
    plan: Callable[[Course, str], GradingPlan]
    counts: Callable[[Course, str], set[int]]


class Watch:
    """Looks for what is queued and grades it, `jobs` at a time, until it is stopped."""

    def __init__(
        self,
        watched: Watched,
        *,
        jobs: int,
        on_progress: Callable[[Progress], None] = lambda _: None,
        on_summary: Callable[[str, BatchSummary], None] = lambda name, summary: None,
    ) -> None:
        self._watched = watched
        self._store = watched.store
        self._jobs = jobs
        self._on_progress = on_progress
        self._on_summary = on_summary
        self._name = f"{socket.gethostname()} {os.getpid()}"
        self._stop = threading.Event()
        self._doing = ""
        self._rests: dict[str, float] = {}
        self._plans: dict[str, tuple[object, GradingPlan]] = {}
        self._steps = _Steps(self._store)

    def stop(self) -> None:
        """Let it end when what is being graded is graded."""
        self._stop.set()

    def run(self) -> None:
        """Grade until stopped. Hold `store.grading_lock()`."""
        self._store.requeue_stale()
        self._tell_alive()
        beating = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        beating.start()
        try:
            while not self._stop.is_set():
                name = self._next()
                if name is None:
                    self._stop.wait(LOOK_SECONDS)
                else:
                    self._grade(name)
        finally:
            self._stop.set()
            beating.join()
            self._store.live.leave(self._name)

    def _next(self) -> str | None:
        """The assignment with what waits longest, of those that may be graded now."""
        try:
            course, due = self._watched.course(), self._store.queue.due()
        except GraderError as error:
            log.warning("looking for what waits failed, and is tried again: %s", error)
            return None
        for name in due:
            assignment = course.assignments.get(name)
            rests = self._rests.get(name, 0.0) > time.monotonic()
            if assignment is not None and not assignment.by_hand and not rests:
                return name
        return None

    def _grade(self, name: str) -> None:
        course = self._watched.course()
        self._turn_to(name)
        try:
            summary = self._grade_some(course, name)
        except GraderError as error:
            # Such as an image that can't be built: that is not the submissions' failure.
            log.warning("%s can't be graded now: %s", name, error)
            summary = BatchSummary(0, (), gave_up=True, reason=str(error))
        finally:
            self._turn_to("")
        if summary.gave_up:
            self._rests[name] = time.monotonic() + REST_SECONDS
        self._on_summary(name, summary)

    def _grade_some(self, course: Course, name: str) -> BatchSummary:
        self._store.queue_superseded(self._watched.counts(course, name))
        due = self._store.queue.due().get(name, ())
        return grade_batch(
            self._plan(course, name),
            self._store,
            jobs=self._jobs,
            only=due[:AT_MOST],
            waits=False,
            on_progress=self._note,
        )

    def _plan(self, course: Course, name: str) -> GradingPlan:
        """The assignment's plan, made again when another course file counts or it was edited."""
        state = (course, _state_of(course.assignments[name].folder))
        known = self._plans.get(name)
        if known is None or known[0] != state:
            self._plans[name] = known = (state, self._watched.plan(course, name))
        return known[1]

    def _note(self, step: Progress) -> None:
        self._steps.note(step)
        self._on_progress(step)

    def _turn_to(self, doing: str) -> None:
        self._doing = doing
        self._tell_alive()

    def _tell_alive(self) -> None:
        try:
            self._store.live.beat(self._name, jobs=self._jobs, doing=self._doing)
        except GraderError as error:
            log.warning("this process could not say that it is alive: %s", error)

    def _beat(self) -> None:
        while not self._stop.wait(BEAT_SECONDS):
            self._tell_alive()


def _state_of(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """The files of an assignment, when they were changed, and their sizes."""
    files = sorted(path for path in folder.rglob("*.py") if path.is_file())
    stats = [(str(path), path.stat()) for path in files]
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)


class _Steps:
    """Writes down what submissions are doing, seldom enough not to slow them down."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._last: dict[int, float] = {}

    def note(self, step: Progress) -> None:
        """Take a step into account. Threads may call it at once."""
        now = time.monotonic()
        if step.graded or step.failure:
            self._last.pop(step.submission, None)
        elif now - self._last.get(step.submission, 0.0) >= STEP_SECONDS:
            self._last[step.submission] = now
            try:
                self._store.live.note_step(step.submission, step.step)
            except GraderError as error:
                log.warning("a step is not shown: %s", error)
