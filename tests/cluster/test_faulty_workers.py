"""Real workers that lack something: closed doors, disk, an engine. No submission pays for them."""

import pytest

from grader.cluster import crew
from grader.grading import grade_batch
from grader.grading.patience import Away
from grader.outcomes import GraderError
from tests.cluster.conftest import Place, batch, engine_of
from tests.cluster.processes import PATIENCE_SECONDS, SIMULATED, Cluster, wait_until

pytestmark = pytest.mark.timeout(400)


def test_a_worker_that_others_reach_in_the_clear_ends_or_is_refused(
    place: Place, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.start_scheduler()
    cluster.start_worker("open", host="0.0.0.0")
    cluster.start_worker("open-with-nanny", host="0.0.0.0", nanny="--nanny")
    cluster.start_worker("without-preload", host="0.0.0.0", preloads=[str(SIMULATED)])
    for name in ("open", "open-with-nanny"):
        assert cluster.started[name].wait(PATIENCE_SECONDS) != 0
        assert "this worker uses tcp://0.0.0.0:" in cluster.log(name)
        assert "Registered to" not in cluster.log(name)
    monkeypatch.setattr(crew, "SETTLE_SECONDS", 1.0)
    with pytest.raises(GraderError, match=r"without-preload: this worker uses tcp://0.0.0.0:"):
        engine_of(place, cluster, []).__enter__()


def test_a_worker_with_a_full_disk_and_one_whose_engine_comes_and_goes(
    place: Place, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "RETRY_SECONDS", 0.3)
    rows = place.hand_in(*["quick"] * 10, "quick", "fault", "quick")
    early, held, fault, last = rows[:10], rows[10], rows[11], rows[12]
    full, no_engine = cluster.folder / "no-space-full", cluster.folder / "no-engine-steady"
    full.touch()
    no_engine.touch()
    cluster.start_scheduler()
    cluster.start_worker("full", containers=4)
    pid = cluster.start_worker("steady", containers=1)
    said: list[str] = []
    with engine_of(place, cluster, said) as engine:

        def steady() -> crew.Member:
            return next(who for who in engine._members.members.values() if who.name == "steady")

        wait_until(lambda: engine.capacity == 5, "both workers")
        wait_until(lambda: steady().away, "an examination without an engine")
        assert said == []
        no_engine.unlink()
        wait_until(lambda: steady().why_unfit == "", "another examination")
        # Four of them fail on the full disk at once.
        summary = grade_batch(
            place.plan, place.store, jobs=5, engine=engine, only=[row.id for row in early]
        )
        assert (summary.graded, summary.failures, summary.gave_up) == (10, (), False)
        assert {place.results_of(row)[0] for row in early} == {str(pid)}
        (line,) = said
        assert line.startswith("full is not used: ")
        assert line.endswith(" submissions in a row failed on it: the disk is full")

        no_engine.touch()
        running = batch(place, engine, 1, only=[held.id])
        wait_until(lambda: steady().away, "an engine that is missed")
        no_engine.unlink()
        assert running.result(PATIENCE_SECONDS).graded == 1
        # Nobody else is there to try it.
        with pytest.raises(GraderError, match=r"^on steady: the disk is full$"):
            engine.grade(fault, lambda _: None)
        # Hope is finite.
        no_engine.touch()
        monkeypatch.setattr(engine._members, "join_seconds", 1.0)
        with pytest.raises(Away, match=r"no worker is left .*steady: no Docker engine answers"):
            engine.grade(last, lambda _: None)
    assert {what for row in rows for what in place.happened_to(row)} == {
        "received",
        "claimed",
        "graded",
    }
