"""A batch: our failures are no scores, regrading keeps history, one grader at a time."""

import _thread
import os
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grader.course import load_course
from grader.course.roster import load_roster
from grader.grading import GradingPlan, grade_batch, plan_grading
from grader.grading.batch import FAILURES_IN_A_ROW, HereEngine
from grader.grading.compiled import with_compiled_operations
from grader.grading.own_programs import CompiledPrograms
from grader.outcomes import GradedSubmission
from grader.sandbox.box import Box, BoxRequest, Sandbox, SandboxFault
from grader.sandbox.docker import DockerSandbox
from grader.store import GradingLocked, ResultRow, State, Store, StudentRow, open_store, waits
from tests.toy_course import ANSWERS, answer_notebook, write_toy_course

pytestmark = pytest.mark.docker

SECRET = b"the toy's hidden inputs".ljust(32, b".")
LABELS = {"csc2541.tests": f"batch-{os.getpid()}"}
RECEIVED = datetime(2027, 2, 1, 12, tzinfo=UTC)
BEHAVIOURS = {"ada": "right", "bob": "uphill", "eve": "of-symmetric"}


@dataclass
class FaultySandbox:
    """Real containers, except that the first `faults` openings fail as an engine would."""

    inner: Sandbox
    faults: int
    name: str = "faulty"
    isolates: bool = True
    opened: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def prepare(self, environment: Path, runtime: str | None = None) -> None:
        self.inner.prepare(environment, runtime)

    def open_box(self, request: BoxRequest) -> Box:
        with self._lock:
            self.opened += 1
            if self.opened <= self.faults:
                raise SandboxFault(f"the engine hiccuped ({self.opened})")
        return self.inner.open_box(request)

    def remove_leftovers(self, labels: dict[str, str]) -> int:
        return self.inner.remove_leftovers(labels)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> GradingPlan:
    """The toy's plan, with its compiled operations."""
    course = load_course(write_toy_course(tmp_path_factory.mktemp("batch")))
    made = plan_grading(course, "toy", secret=SECRET, sandbox=DockerSandbox(), labels=LABELS)
    return with_compiled_operations(made)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed is tried again soon."""
    monkeypatch.setattr(waits, "FIRST_SECONDS", 0.1)


@pytest.fixture
def store(plan: GradingPlan, tmp_path: Path) -> Iterator[Store]:
    """A store with one queued notebook a student."""
    with open_store(tmp_path / "data") as opened:
        roster = load_roster(plan.assignment.folder.parents[1] / "roster.csv")
        opened.roster.update(StudentRow(who.student, who.name, who.email) for who in roster)
        for student, behaviour in BEHAVIOURS.items():
            accept(opened, student, behaviour)
        yield opened


def accept(store: Store, student: str, behaviour: str, *, hour: int = 12) -> None:
    data = answer_notebook(behaviour)
    store.accept(student, "toy", data, f"{student}.ipynb", RECEIVED.replace(hour=hour))


def results(store: Store) -> dict[str, list[ResultRow]]:
    """All gradings of each student's submissions, oldest first."""
    rows = store.submissions("toy")
    found: dict[str, list[ResultRow]] = {row.student: [] for row in rows}
    for row in rows:
        found[row.student] += store.results(row.id)
    return found


def said(graded: GradedSubmission) -> list[object]:
    """All that is the same each time a submission is graded: no times, no memory."""
    cells = [replace(cell, seconds=0.0) for cell in graded.cells]
    checks = [replace(check, seconds=0.0) for check in graded.checks]
    return [graded.ending, graded.message, cells, checks, graded.checks_version]


def expected_scores() -> dict[str, list[float]]:
    return {student: [ANSWERS[behaviour][1]] for student, behaviour in BEHAVIOURS.items()}


def test_grading_twice_gives_identical_findings_and_keeps_both(
    plan: GradingPlan, store: Store
) -> None:
    steps: Counter[str] = Counter()
    with store.grading_lock():
        first = grade_batch(
            plan, store, jobs=2, on_progress=lambda step: steps.update([step.student])
        )
        assert (first.graded, first.failures, first.gave_up) == (3, (), False)
        assert {who: [row.earned for row in rows] for who, rows in results(store).items()} == (
            expected_scores()
        )
        again = grade_batch(plan, store, jobs=2)
        assert again.graded == 0, "nothing was queued"
        chosen = [row.id for row in store.submissions("toy") if row.student in ("ada", "bob")]
        assert store.regrades.queue(chosen) == 2
        assert grade_batch(plan, store, jobs=2).graded == 2
    assert set(steps) == set(BEHAVIOURS)
    found = results(store)
    assert {student: len(rows) for student, rows in found.items()} == {"ada": 2, "bob": 2, "eve": 1}
    for older, newer in (found["ada"], found["bob"]):
        assert older.id != newer.id
        assert said(older.graded) == said(newer.graded)
    assert found["bob"][0].graded.checks[0].message == "You walked uphill."


def of(store: Store, student: str) -> list[int]:
    return [row.id for row in store.submissions("toy") if row.student == student]


def test_only_grades_the_named_submissions(plan: GradingPlan, store: Store) -> None:
    with store.grading_lock():
        summary = grade_batch(plan, store, jobs=2, only=of(store, "eve"))
    assert summary.graded == 1
    assert {student: len(rows) for student, rows in results(store).items()} == {
        "ada": 0,
        "bob": 0,
        "eve": 1,
    }
    assert store.status("toy")[State.QUEUED] == 2


def test_a_fault_of_ours_is_tried_again_and_then_graded(plan: GradingPlan, store: Store) -> None:
    sandbox = FaultySandbox(plan.sandbox, faults=1)
    with store.grading_lock():
        summary = grade_batch(replace(plan, sandbox=sandbox), store, jobs=1)
    assert (summary.graded, summary.failures) == (3, ())
    assert {who: [row.earned for row in rows] for who, rows in results(store).items()} == (
        expected_scores()
    )
    (unlucky,) = [
        row.student
        for row in store.submissions("toy")
        if any(event.what == "failed" for event in store.history(row.id))
    ]
    assert unlucky in BEHAVIOURS


class Counted(CompiledPrograms):
    """Counts how often it is asked."""

    asked = 0

    def forget_if_grown(self) -> None:
        self.asked += 1


def test_compiled_programs_are_looked_at_after_each_submission(
    plan: GradingPlan, store: Store
) -> None:
    """JAX would keep what every one compiled, for as long as the batch goes on."""
    programs = Counted()
    with store.grading_lock():
        grade_batch(plan, store, jobs=2, engine=HereEngine(plan, store, programs))
    assert programs.asked == len(BEHAVIOURS)


def test_what_fails_always_is_delayed_and_an_older_score_stays(
    plan: GradingPlan, store: Store
) -> None:
    with store.grading_lock():
        grade_batch(plan, store, jobs=1, only=of(store, "ada"))
        accept(store, "ada", "uphill", hour=13)
        sandbox = FaultySandbox(plan.sandbox, faults=1_000)
        only = of(store, "ada")
        summary = grade_batch(replace(plan, sandbox=sandbox), store, jobs=1, only=only)
    assert sandbox.opened == 3
    assert (summary.graded, summary.failures) == (0, (("ada", "the engine hiccuped (3)"),))
    newest = {row.student: row for row in store.latest_submissions("toy")}["ada"]
    assert (newest.state, newest.note) == (State.DELAYED, "the engine hiccuped (3)")
    assert store.results(newest.id) == ()
    (current,) = store.current_results("toy")
    assert (current.student, current.earned) == ("ada", 5.0)


def test_a_broken_engine_ends_the_batch_early_and_the_rest_stays_queued(
    plan: GradingPlan, store: Store
) -> None:
    sandbox = FaultySandbox(plan.sandbox, faults=1_000)
    with store.grading_lock():
        summary = grade_batch(replace(plan, sandbox=sandbox), store, jobs=2)
    assert summary.gave_up
    assert summary.reason.startswith("Too many failures in a row")
    assert summary.graded == 0
    assert FAILURES_IN_A_ROW <= sandbox.opened <= FAILURES_IN_A_ROW + 1
    assert {student for student, _ in summary.failures} <= set(BEHAVIOURS)
    assert all(not rows for rows in results(store).values())
    counts = store.status("toy")
    assert counts[State.QUEUED] + counts[State.DELAYED] == 3
    assert counts[State.RUNNING] == 0


def test_an_interrupt_gives_the_leases_back_and_passes_on(plan: GradingPlan, store: Store) -> None:
    box_opened = threading.Event()

    def stop_at_first_cell(step: object) -> None:
        if not box_opened.is_set():
            box_opened.set()
            # As Ctrl-C does: in the main thread, whatever it waits for.
            _thread.interrupt_main()

    with store.grading_lock(), pytest.raises(KeyboardInterrupt):
        grade_batch(plan, store, jobs=2, on_progress=stop_at_first_cell)
    counts = store.status("toy")
    assert (counts[State.RUNNING], counts[State.DELAYED]) == (0, 0)
    assert all(row.attempts == 0 for row in store.submissions("toy"))
    (batch,) = store.batches("toy")
    assert batch.finished_at is not None
    assert plan.sandbox.remove_leftovers(LABELS) == 0


def test_a_second_grader_is_told_who_grades(store: Store, tmp_path: Path) -> None:
    with (
        store.grading_lock(),
        open_store(tmp_path / "data") as second,
        pytest.raises(GradingLocked, match=f"process {os.getpid()} is grading this course"),
        second.grading_lock(),
    ):
        pass
