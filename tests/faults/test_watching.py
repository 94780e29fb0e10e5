"""The process that grades whatever comes in: what it takes up, when, what it tells meanwhile."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from grader.course import Course
from grader.grading import GradingPlan, Progress, plan_grading, watching
from grader.grading.watching import Watch, Watched
from grader.outcomes import GraderError
from grader.sandbox.docker import DockerSandbox
from grader.store import State, Store
from tests.faults.conftest import LABELS
from tests.faults.light import NAME, RIGHT
from tests.faults.soundness import RECEIVED, SECRET, check_each_is_graded_once

pytestmark = pytest.mark.docker


def watched(course: Course, store: Store, *, broken: int = 0) -> Watched:
    """The light course; the first `broken` times its image can't be built."""
    left = [broken]

    def plan(course: Course, name: str) -> GradingPlan:
        if left[0]:
            left[0] -= 1
            raise GraderError("the image can't be built")
        return plan_grading(
            course, name, secret=SECRET, sandbox=DockerSandbox(), labels=LABELS, with_files=True
        )

    return Watched(store, lambda: course, plan, lambda course, name: set())


@contextmanager
def running(watch: Watch, store: Store) -> Iterator[None]:
    def run() -> None:
        with store.grading_lock():
            watch.run()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        watch.stop()
        thread.join(60)
        assert not thread.is_alive()


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, "it was waited for in vain"
        time.sleep(0.05)


def graded(store: Store) -> int:
    return store.status(NAME)[State.GRADED]


def test_what_waits_and_what_comes_later_is_graded(course: Course, store: Store) -> None:
    steps: list[Progress] = []
    seen: set[tuple[int, str]] = set()

    def note(step: Progress) -> None:
        steps.append(step)
        seen.update((row.jobs, row.doing) for row in store.live.workers())

    watch = Watch(watched(course, store), jobs=2, on_progress=note)
    with running(watch, store):
        wait_until(lambda: graded(store) == 4)
        check_each_is_graded_once(store)
        late = store.accept("ada", NAME, RIGHT + b"\n", "a.ipynb", RECEIVED).submission.id
        wait_until(lambda: store.submission(late).state is State.GRADED)
    assert seen == {(2, NAME)}
    assert store.live.workers() == ()
    assert {step.submission for step in steps} == {1, 2, 3, 4, late}
    # What a page shows of a submission that runs: here, what it did last.
    noted = set(store._tables.steps().values_list("pk", flat=True))
    assert noted == {1, 2, 3, 4, late}


def test_in_a_pause_all_waits_until_it_ends(course: Course, store: Store) -> None:
    store.live.pause(NAME, by="tam", reason="a check is wrong")
    with running(Watch(watched(course, store), jobs=2), store):
        time.sleep(2.5)
        assert graded(store) == 0
        store.live.resume(NAME, by="tam")
        wait_until(lambda: graded(store) == 4)


def test_a_course_that_cannot_be_graded_now_is_tried_again(
    course: Course, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "REST_SECONDS", 0.5)
    told: list[str] = []
    watch = Watch(
        watched(course, store, broken=1),
        jobs=2,
        on_summary=lambda name, summary: told.append(summary.reason),
    )
    with running(watch, store):
        wait_until(lambda: graded(store) == 4)
    assert told[0] == "the image can't be built"
    assert {row.attempts for row in store.submissions(NAME)} == {0}
