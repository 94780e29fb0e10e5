"""The crew where what it asks fails in ways that no real scheduler can be made to: nobody hangs."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from grader.cluster import crew as crew_module
from grader.cluster.crew import Crew, Member
from grader.cluster.order import Reply, Summons
from grader.grading.patience import Away

WORKER = "tcp://127.0.0.1:1"


class Scheduler:
    """Knows one worker, and fails where a test says so."""

    def __init__(self, fails: Callable[[], None] = lambda: None) -> None:
        self.fails = fails
        self.scheduler = self

    async def identity(self) -> dict[str, Any]:
        self.fails()
        return {"workers": {WORKER: {"name": "one", "local_directory": "here"}}}

    def submit(self, *arguments: object, **options: object) -> object:
        raise RuntimeError("the errand can't be packed")


def broken(_: str = "") -> None:
    raise BrokenPipeError("nobody listens")


def cancelled() -> None:
    raise asyncio.CancelledError


def crew_of(client: Scheduler, say: Callable[[str], None] = lambda _: None) -> tuple[Crew, Member]:
    made = Crew(client, Summons("tcp://127.0.0.1:2", "batch"), 0, say, 0.05, 0.05)
    member = Member(WORKER, "one", "here", containers=1, gpus=0, enlisted=True)
    made.members[WORKER] = member
    return made, member


@pytest.fixture(autouse=True)
def short_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew_module, "TICK_SECONDS", 0.02)
    monkeypatch.setattr(crew_module, "SETTLE_SECONDS", 0.05)


@pytest.mark.parametrize(
    ("client", "say", "why"),
    [
        (Scheduler(), broken, "BrokenPipeError: nobody listens"),
        (Scheduler(cancelled), lambda _: None, "nobody watches the workers any more"),
        (Scheduler(broken), lambda _: None, "the scheduler is gone"),
    ],
)
def test_where_nobody_watches_nobody_waits(
    client: Scheduler, say: Callable[[str], None], why: str
) -> None:
    async def watched() -> None:
        crew, member = crew_of(client, say)
        watch = asyncio.ensure_future(crew.watch())
        with pytest.raises(Away, match=why):
            await asyncio.wait_for(crew.take(), 10)
        assert member.lost.is_set()
        crew.hear(WORKER, {})  # it may still be heard of, and is not used
        assert member.lost.is_set()
        await asyncio.gather(watch, return_exceptions=True)

    asyncio.run(watched())


def test_workers_are_watched_while_they_finish_what_they_have_without_hope() -> None:
    said: list[str] = []

    async def watched() -> None:
        crew, member = crew_of(Scheduler(), said.append)
        crew.silent_seconds, member.why_unfit = 60.0, "it failed three times"
        watch = asyncio.ensure_future(crew.watch())
        with pytest.raises(Away, match="no worker"):
            await asyncio.wait_for(crew.take(), 10)
        await asyncio.sleep(0.1)
        assert not member.lost.is_set()  # what it has may still be graded
        crew.silent_seconds = 0.05
        await asyncio.wait_for(member.lost.wait(), 10)
        watch.cancel()

    asyncio.run(watched())
    assert said == ["one is silent: what it was at goes to others"]


def test_a_worker_whose_examination_fails_on_our_side_is_refused() -> None:
    said: list[str] = []

    async def examined() -> None:
        crew, member = crew_of(Scheduler(), said.append)
        await crew._examine(member)
        assert member.why_unfit

    asyncio.run(examined())
    assert said == [
        "one is not used: its examination failed (RuntimeError: the errand can't be packed)"
    ]


AWAY, FAILED, GOOD = Reply(away="no engine"), Reply(failed="disk full"), Reply(graded="{}")


@pytest.mark.parametrize(
    ("replies", "refused"),
    [
        ([FAILED] * 3, True),  # at once
        ([FAILED] * 2, False),
        ([FAILED, FAILED, GOOD, FAILED, FAILED], False),
        ([FAILED, FAILED, None, FAILED], True),  # what was interrupted tells nothing
        ([AWAY] * 6, False),  # its engine went away once
        ([AWAY, "examined", AWAY, "examined", AWAY], True),
    ],
)
def test_three_failures_in_a_row_make_a_worker_unfit(
    replies: list[Reply | str | None], refused: bool
) -> None:
    async def given_back() -> Member:
        crew, member = crew_of(Scheduler())
        crew._begin = lambda coroutine: coroutine.close()  # type: ignore[method-assign]
        member.why_unfit, member.busy = "", len(replies)
        for reply in replies:
            if isinstance(reply, str):
                member.why_unfit = ""
            else:
                await crew.give_back(member, reply)
        return member

    assert bool(asyncio.run(given_back()).why_unfit) is refused
