"""Batches on real worker processes: killed, frozen and woken ones, mismatching ones, poison."""

import shutil
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.cluster import crew
from grader.cluster.engine import LOST_WORKERS, DaskEngine
from grader.grading import grade_batch
from grader.outcomes import CheckResult, Ending, GradedSubmission, GraderError, Outcome
from grader.store import State, SubmissionRow
from tests.cluster.conftest import Place, batch, engine_of
from tests.cluster.processes import PATIENCE_SECONDS, Cluster, wait_until

pytestmark = pytest.mark.timeout(400)

SILENT_SECONDS = 8.0


def began(cluster: Cluster, *pids: int) -> set[str]:
    """The hashes of what these processes began to grade."""
    traces = [path.name.split("-") for path in cluster.folder.glob("began-*")]
    return {sha256 for _, sha256, pid in traces if int(pid) in pids}


def has_joined(engine: DaskEngine, number: int) -> Callable[[], bool]:
    return lambda: engine.capacity >= number


def test_a_killed_and_a_frozen_worker_cost_nothing_and_count_nothing_twice(
    place: Place, cluster: Cluster
) -> None:
    rows = place.hand_in(*["first"] * 20, *["last"] * 10)
    cluster.start_scheduler()
    pids = [cluster.start_worker(name) for name in ("killed", "frozen", "steady")]
    said: list[str] = []
    with engine_of(place, cluster, said, silent_seconds=SILENT_SECONDS) as engine:
        wait_until(has_joined(engine, 6), "three workers with two containers each")
        running = batch(place, engine, 6)
        wait_until(lambda: all(len(began(cluster, pid)) == 2 for pid in pids), "six beginnings")
        cluster.send("killed", signal.SIGKILL)
        cluster.send("frozen", signal.SIGSTOP)
        frozen_had = began(cluster, pids[1])
        wait_until(lambda: any("frozen is silent" in line for line in said), "a silent worker")
        (cluster.folder / "first").touch()
        # Two of the last are at work on the steady worker when the frozen one wakes.
        wait_until(lambda: place.states().count(State.GRADED) >= 20, "the first twenty")
        cluster.send("frozen", signal.SIGCONT)
        (cluster.folder / "last").touch()
        summary = running.result(PATIENCE_SECONDS)
    assert (summary.graded, summary.failures, summary.gave_up) == (30, (), False)
    assert [len(place.results_of(row)) for row in rows] == [1] * 30
    assert {what for row in rows for what in place.happened_to(row)} == {
        "received",
        "claimed",
        "graded",
    }
    by = {row.sha256: int(place.results_of(row)[0]) for row in rows}
    assert pids[0] not in by.values()
    assert frozen_had
    assert {by[sha256] for sha256 in frozen_had} == {pids[2]}
    secrets = place.store.secret().hex(), engine._summons.batch
    logs = cluster.log("scheduler") + "".join(map(cluster.log, ("killed", "frozen", "steady")))
    assert [secret for secret in secrets if secret in logs or secret in repr(engine._summons)] == []


class Here:
    """Grades in this process, without containers."""

    def grade(self, submission: SubmissionRow, on_step: Callable[[str], None]) -> GradedSubmission:
        check = CheckResult("one_step", "q1", "One step", 3.0, 3.0, Outcome.PASSED)
        return GradedSubmission(Ending.FINISHED, "here", (), (check,))


def test_a_lost_scheduler_ends_the_batch_and_the_next_one_goes_on(
    place: Place, cluster: Cluster
) -> None:
    rows = place.hand_in("quick", "quick", "gate", "gate", "gate", "gate")
    cluster.start_scheduler()
    pid = cluster.start_worker("one")
    with engine_of(place, cluster, []) as engine:
        running = batch(place, engine, 3)
        wait_until(lambda: len(began(cluster, pid)) == 4, "two graded, two at work")
        wait_until(lambda: place.states().count(State.GRADED) == 2, "two results")
        cluster.send("scheduler", signal.SIGKILL)
        summary = running.result(PATIENCE_SECONDS)
    assert (summary.graded, summary.failures, summary.gave_up) == (2, (), True)
    assert summary.reason.startswith("the scheduler is gone: dask://127.0.0.1:")
    assert "leave --engine out" in summary.reason
    assert "failed" not in {what for row in rows for what in place.happened_to(row)}
    assert sorted(place.states()) == [State.GRADED] * 2 + [State.QUEUED] * 4
    assert [row.attempts for row in place.store.submissions("toy")] == [0] * 6

    again = grade_batch(place.plan, place.store, jobs=2, engine=Here())
    assert (again.graded, again.failures) == (4, ())
    assert [len(place.results_of(row)) for row in rows] == [1] * 6


def changed_course(place: Place, folder: Path) -> Path:
    """A checkout of the course in which a check was changed."""
    shutil.copytree(place.course_file.parent, folder, symlinks=True)
    checks = folder / "assignments" / "toy" / "checks.py"
    checks.write_text(checks.read_text().replace("rtol=1e-9", "rtol=1e-8"))
    return folder / "course.yaml"


def test_a_worker_of_another_checkout_is_refused_and_the_others_do_all(
    place: Place, cluster: Cluster, tmp_path: Path
) -> None:
    other = changed_course(place, tmp_path / "other")
    rows = place.hand_in(*["quick"] * 6)
    cluster.start_scheduler()
    cluster.start_worker("outdated", course_file=other)
    said: list[str] = []
    engine = engine_of(place, cluster, said)
    with pytest.raises(GraderError, match=r"no worker is left .*outdated: the assignment's code"):
        engine.__enter__()
    assert {what for row in rows for what in place.happened_to(row)} == {"received"}
    assert said[0].startswith("outdated is not used: the assignment's code differs: ")
    assert f"{place.plan.loaded.version} here" in said[0]
    assert "bring the worker's checkout to the dispatcher's state" in said[0]

    pid = cluster.start_worker("alike")
    cluster.start_worker("again-outdated", course_file=other)
    with engine_of(place, cluster, said) as engine:
        wait_until(lambda: any("again-outdated is not used" in line for line in said), "a refusal")
        summary = grade_batch(place.plan, place.store, jobs=engine.capacity, engine=engine)
    assert (summary.graded, summary.failures) == (6, ())
    assert {int(place.results_of(row)[0]) for row in rows} == {pid}


def test_a_submission_that_kills_its_workers_fails_and_names_them(
    place: Place, cluster: Cluster
) -> None:
    (poison,) = place.hand_in("die")
    cluster.start_scheduler()
    names = [f"victim{number}" for number in range(LOST_WORKERS)]
    for name in names:
        cluster.start_worker(name)
    with engine_of(place, cluster, []) as engine:
        wait_until(has_joined(engine, 2 * LOST_WORKERS), "all workers")
        with pytest.raises(GraderError, match=f"^{LOST_WORKERS} workers were lost ") as raised:
            engine.grade(poison, lambda _: None)
    assert [name for name in names if name not in str(raised.value)] == []


def test_what_dask_gives_up_is_our_failure(
    place: Place, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    (poison,) = place.hand_in("die")
    cluster.start_scheduler(DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0")
    cluster.start_worker("victim")
    wait_until(lambda: "Registered to" in cluster.log("victim"), "a worker")
    # Otherwise it may be missed before Dask says why.
    monkeypatch.setattr(crew, "TICK_SECONDS", 60.0)
    with (
        engine_of(place, cluster, []) as engine,
        pytest.raises(GraderError, match=r"^victim died again and again while it graded it"),
    ):
        engine.grade(poison, lambda _: None)


def test_the_batch_waits_for_workers_only_so_long(place: Place, cluster: Cluster) -> None:
    cluster.start_scheduler()
    engine = DaskEngine(cluster.address, place.course, place.plan, place.store, join_seconds=1.0)
    with pytest.raises(GraderError, match=r"^no worker is there: dask://.*`course worker dask://"):
        engine.__enter__()
    assert "cluster" not in {thread.name for thread in threading.enumerate()}


def test_a_scheduler_that_stands_still_ends_the_batch_too(place: Place, cluster: Cluster) -> None:
    (held,) = place.hand_in("gate")
    cluster.start_scheduler()
    pid = cluster.start_worker("one")
    with engine_of(place, cluster, [], silent_seconds=SILENT_SECONDS) as engine:
        running = batch(place, engine, 1)
        wait_until(lambda: began(cluster, pid), "a beginning")
        cluster.send("scheduler", signal.SIGSTOP)
        summary = running.result(PATIENCE_SECONDS)
    assert (summary.graded, summary.failures, summary.gave_up) == (0, (), True)
    assert place.happened_to(held) == ["received", "claimed", "released"]
