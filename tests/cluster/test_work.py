"""What a worker's process answers, without a cluster around it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from grader.checks.declare import AuthoringError
from grader.cluster import work
from grader.cluster.order import Order, Reply, Summons, Ticket, Traits
from grader.cluster.places import Place
from grader.outcomes import CheckResult, Ending, GradedSubmission, GraderError, Outcome
from grader.sandbox.box import EngineDown
from grader.sandbox.docker_cli import NO_ENGINE

ORDER = Order("toy", Traits("", "", "", "", "", ""), {}, "00")
FIRST, SECOND = Summons("tcp://127.0.0.1:1", "first"), Summons("tcp://127.0.0.1:2", "second")
CHECK = CheckResult("one_step", "q1", "One step", 3.0, 3.0, Outcome.PASSED)


class Process:
    """A worker that listens on this machine, and reaches a dispatcher or doesn't."""

    address = "tcp://127.0.0.1:3"

    def __init__(self, reaches: bool = True) -> None:
        self.reaches = reaches
        self.scheduler = SimpleNamespace(address="tcp://127.0.0.1:4")
        self.listeners = [SimpleNamespace(listen_address=self.address)]

    def rpc(self, dispatcher: str) -> "Process":
        return self

    async def order(self, batch: str) -> str:
        await asyncio.sleep(0.05)  # time for another batch to ask too
        if not self.reaches:
            raise OSError("no route to host")
        return ORDER.to_json()

    async def beat(self, **told: object) -> list[str]:
        return []


@pytest.fixture(autouse=True)
def own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(work, "_duty", None)
    monkeypatch.setattr(work, "_place", Place(tmp_path / "0.lock", -1))


def enlisted(process: Any, *summons: Summons) -> list[tuple[str, str]]:
    """What each of these batches is answered that ask at the same time."""

    async def asked() -> list[tuple[str, str]]:
        states = await asyncio.gather(*(work.enlist(each, process) for each in summons))
        if work._duty is not None and work._duty.beating is not None:
            work._duty.beating.cancel()
        return list(states)

    return asyncio.run(asked())


def test_of_two_batches_that_ask_at_once_one_is_served() -> None:
    assert enlisted(Process(), FIRST, SECOND) == [(work.ENLISTED, ""), (work.BUSY, "")]
    assert work._duty is not None
    assert work._duty.summons == FIRST


def test_a_batch_that_asks_twice_at_once_is_served() -> None:
    assert enlisted(Process(), FIRST, FIRST) == [(work.ENLISTED, "")] * 2


def test_a_worker_that_misses_the_dispatcher_may_be_asked_again() -> None:
    process = Process(reaches=False)
    why = "it can't reach the dispatcher at tcp://127.0.0.1:1"
    assert enlisted(process, FIRST) == [(work.AWAY, why)]
    process.reaches = True
    assert enlisted(process, FIRST) == [(work.ENLISTED, "")]


class Programs:
    """Counts how often it was asked to forget."""

    asked = 0

    def forget_if_grown(self) -> None:
        self.asked += 1


def on_duty(monkeypatch: pytest.MonkeyPatch) -> Programs:
    programs: Any = Programs()
    worker: Any = Process()
    plan: Any = SimpleNamespace()
    duty = work.Duty(FIRST, ORDER, worker, work.own_place(), plan=plan, programs=programs)
    monkeypatch.setattr(duty, "notebook", lambda sha256: b"")  # type: ignore[misc]
    monkeypatch.setattr(work, "_duty", duty)
    monkeypatch.setattr(work, "get_worker", lambda: worker)
    return programs


def disk_is_full() -> GradedSubmission:
    raise GraderError("the disk is full")


def full_marks() -> GradedSubmission:
    return GradedSubmission(Ending.FINISHED, "", (), (CHECK,))


@pytest.mark.parametrize("grading", [full_marks, disk_is_full])
def test_a_worker_forgets_compiled_programs_after_each_submission(
    monkeypatch: pytest.MonkeyPatch, grading: Callable[[], GradedSubmission]
) -> None:
    programs = on_duty(monkeypatch)
    monkeypatch.setattr(work, "grade_notebook", lambda *_, **__: grading())
    for times in (1, 2):
        work.grade(Ticket(FIRST, f"token-{times}"))
        assert programs.asked == times


def engine_down_below() -> str:
    try:
        raise EngineDown("connection refused")
    except EngineDown as error:
        raise GraderError("the image can't be built") from error


def raising(error: Exception) -> Callable[[], str]:
    def fails() -> str:
        raise error

    return fails


@pytest.mark.parametrize(
    ("finding", "reply"),
    [
        (lambda: "", Reply()),
        (lambda: "another checkout", Reply(refused="another checkout")),
        (raising(EngineDown("no answer")), Reply(away="no answer")),
        (raising(GraderError(NO_ENGINE)), Reply(away=NO_ENGINE)),
        (engine_down_below, Reply(away="the image can't be built")),
        (raising(OSError("stale file handle")), Reply(away="stale file handle")),
        (raising(GraderError("no space left")), Reply(refused="no space left")),
        (raising(AuthoringError("no checks")), Reply(refused="no checks")),
        (raising(KeyError("toy")), Reply(refused="KeyError: 'toy'")),
    ],
)
def test_an_examination_tells_what_passes_from_what_stays(
    monkeypatch: pytest.MonkeyPatch, finding: Callable[[], str], reply: Reply
) -> None:
    on_duty(monkeypatch)
    monkeypatch.setattr(work, "_why_unfit", lambda duty, step: finding())
    assert Reply.from_json(work.examine(Ticket(FIRST, "token"))) == reply
