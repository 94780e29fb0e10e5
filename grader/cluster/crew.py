"""The workers of a batch: which there are, which are fit, which is free, which went silent.

The dispatcher chooses the worker of each submission itself. Dask places a task that needs a
resource by how busy it guesses workers to be, and may let it wait behind a busy container while
another is free; its workers' own count of containers stays the guard.
"""

import asyncio
import concurrent.futures
import contextlib
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from distributed.client import ClosedClientError
from distributed.scheduler import KilledWorker
from pydantic import ValidationError

from grader.cluster import work
from grader.cluster.order import Reply, Summons, Ticket
from grader.grading.patience import Away

log = logging.getLogger(__name__)

TICK_SECONDS = 1.0
# Others may be just starting.
SETTLE_SECONDS = 5.0
# A worker that makes so many submissions in a row fail is not used any more.
FAILURES_IN_A_ROW = 3
# Until a worker is asked again whose engine, or whose way to the dispatcher, was away.
RETRY_SECONDS = 5.0


@dataclass
class Member:
    """One worker's process. `why_unfit` is None while that is not known.

    `away` says what it lacks for now, such as its engine.
    `folder` is the process's own: where ports are fixed, a new process has the address of the old.
    """

    address: str
    name: str
    folder: str
    containers: int
    gpus: int
    busy: int = 0
    failures: int = 0
    enlisted: bool = False
    why_unfit: str | None = None
    away: str = ""
    # Ticks since it was heard of. Ticks and not time: a dispatcher that stood still blames nobody.
    quiet: int = 0
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    steps: Mapping[str, str] = field(default_factory=dict[str, str])

    def is_free(self, gpus: int) -> bool:
        """Whether it can start a submission that needs so many GPUs now."""
        fit = self.why_unfit == "" and not self.lost.is_set()
        return fit and self.busy < self.containers and (self.busy + 1) * gpus <= self.gpus

    @property
    def is_hopeful(self) -> bool:
        """Whether it is fit, or is being examined."""
        return not (self.why_unfit or self.away or self.lost.is_set())


@dataclass
class Crew:
    """All of it runs in the engine's event loop."""

    client: Any  # an asynchronous one: its stubs speak of the other kind
    summons: Summons
    gpus: int
    say: Callable[[str], None]
    silent_seconds: float
    join_seconds: float
    members: dict[str, Member] = field(default_factory=dict[str, Member])
    # Tokens of errands whose results are still wanted.
    wanted: set[str] = field(default_factory=set[str])
    lost: str = ""
    _refused: dict[str, str] = field(default_factory=dict[str, str])
    _idle_ticks: int = 0
    _has_worked: bool = False
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _examinations: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    @property
    def capacity(self) -> int:
        """How many submissions the workers that may be fit take at a time."""
        each = (
            min(member.containers, member.gpus // self.gpus if self.gpus else member.containers)
            for member in self.members.values()
            if not member.why_unfit
        )
        return sum(each)

    def resources(self) -> dict[str, float]:
        """What one submission takes of a worker."""
        return {"containers": 1, "gpus": self.gpus} if self.gpus else {"containers": 1}

    # --- taking and giving back -----------------------------------------------------------

    async def take(self, avoid: Collection[str] = ()) -> Member | None:
        """A worker with a free container, when there is one, but none of the names to `avoid`.

        None where there is no other and there are names to avoid. Raises `Away`.
        """
        async with self._changed:
            while True:
                if self.lost:
                    raise Away(self.lost)
                others = [who for who in self.members.values() if who.name not in avoid]
                if avoid and not any(member.is_hopeful for member in others):
                    return None
                free = [member for member in others if member.is_free(self.gpus)]
                if free:
                    # The emptiest first, so that a worker's end costs few.
                    chosen = max(free, key=lambda member: member.containers - member.busy)
                    chosen.busy += 1
                    self._has_worked = True
                    return chosen
                await self._changed.wait()

    async def give_back(self, member: Member, reply: Reply | None = None) -> None:
        """The errand has ended with this reply of the worker's, or without one."""
        member.busy -= 1
        if reply is not None:
            self._count(member, reply)
        await self._notify()

    def _count(self, member: Member, reply: Reply) -> None:
        """Count failures in a row, and look at a worker anew where one was its side's."""
        failed, was_fit = reply.failed or reply.away, member.why_unfit == ""
        if not failed:
            member.failures = 0
            return
        # An engine that goes away fails all that was at work there: once is enough.
        member.failures += was_fit or not reply.away
        if member.failures >= FAILURES_IN_A_ROW and not member.why_unfit:
            self._refuse(member, f"{member.failures} submissions in a row failed on it: {failed}")
        elif was_fit:  # it may be the worker's engine: looked at before anything else goes there
            member.why_unfit = None
            self._begin(self._examine(member))

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    # --- watching -------------------------------------------------------------------------

    def hear(self, address: str, steps: Mapping[str, str]) -> Collection[str]:
        """A worker says what it is at; what of it is wanted no more."""
        member = self.members.get(address)
        if member is not None:
            member.quiet, member.steps = 0, steps
            if member.lost.is_set() and not self.lost:
                log.info("%s is heard of again", member.name)
                member.lost = asyncio.Event()
                unexamined = member.why_unfit is None
                self._begin(self._examine(member) if unexamined else self._notify())
        return [token for token in steps if token not in self.wanted]

    async def watch(self) -> None:
        """Keep the list of workers up to date until cancelled, or until the scheduler is gone.

        However it ends, nobody waits any more for what only it can tell.
        """
        why = "nobody watches the workers any more"
        try:
            while True:
                try:
                    identity = self.client.scheduler.identity()
                    found = await asyncio.wait_for(identity, self.silent_seconds)
                except (OSError, AttributeError):  # timeouts too; a client that lost it has none
                    why = "the scheduler is gone"
                    return
                self._see(found["workers"])
                await self._notify()
                await asyncio.sleep(TICK_SECONDS)
        except Exception as error:
            log.exception("watching the workers failed")
            why += f" ({type(error).__name__}: {error})"
        finally:
            await self.lose(why)

    def stop(self) -> None:
        """Examine nobody any more."""
        for task in self._examinations:
            task.cancel()

    async def lose(self, why: str) -> None:
        """The batch can't go on."""
        self.lost = self.lost or why
        for member in self.members.values():
            member.lost.set()
        await self._notify()

    def _see(self, workers: Mapping[str, Mapping[str, Any]]) -> None:
        for member in list(self.members.values()):
            if workers.get(member.address, {}).get("local_directory") != member.folder:
                self._forget(member)
        for address, found in workers.items():
            if address not in self.members and not self.lost:
                has = found.get("resources", {})
                containers, gpus = int(has.get("containers", 0)), int(has.get("gpus", 0))
                name, folder = str(found.get("name", address)), found.get("local_directory")
                member = Member(address, name, str(folder), containers, gpus)
                self.members[address] = member
                self._begin(self._enlist(member))
        for member in self.members.values():
            member.quiet += member.enlisted
            if member.quiet * TICK_SECONDS > self.silent_seconds and not member.lost.is_set():
                self.say(f"{member.name} is silent: what it was at goes to others")
                member.lost.set()
        self._look_for_hope()

    def _forget(self, member: Member) -> None:
        """It is gone, or looked at anew at the next tick."""
        member.lost.set()
        if self.members.get(member.address) is member:
            del self.members[member.address]

    def _look_for_hope(self) -> None:
        """Wait for workers for some time only, and not for long where each was refused at once."""
        members = self.members.values()
        hopeful = any(member.is_hopeful for member in members)
        self._idle_ticks = 0 if hopeful else self._idle_ticks + 1
        all_refused = members and all(member.why_unfit for member in members)
        at_once = all_refused and not self._has_worked
        patience = min(SETTLE_SECONDS, self.join_seconds) if at_once else self.join_seconds
        if self._idle_ticks * TICK_SECONDS > patience and not self.lost:
            away = {who.name: who.away for who in members if who.away and not who.why_unfit}
            told = "; ".join(f"{name}: {why}" for name, why in (self._refused | away).items())
            self.lost = f"no worker is left to grade on ({told})" if told else "no worker is there"

    # --- examining ------------------------------------------------------------------------

    def _begin(self, coroutine: Any) -> None:
        task: asyncio.Task[None] = asyncio.ensure_future(coroutine)
        self._examinations.add(task)
        task.add_done_callback(self._examinations.discard)

    def _refuse(self, member: Member, why: str) -> None:
        member.why_unfit = why
        self._refused[member.name] = why
        self.say(f"{member.name} is not used: {why}")

    async def _enlist(self, member: Member) -> None:
        if member.containers < 1 or member.gpus < self.gpus:
            self._refuse(
                member,
                f"it declares {member.containers} containers and {member.gpus} GPUs, and a "
                f"submission takes 1 and {self.gpus}; start it with `course worker`, or with "
                f'--resources "containers=N gpus=M"',
            )
            await self._notify()
            return
        try:
            state, why = await self._call_up(member)
        except (OSError, KeyError, ValueError):  # timeouts too: tried again at the next tick
            self._forget(member)
            return
        except Exception as error:
            self._refuse(
                member,
                f"it can't load the grader ({type(error).__name__}: {error}); install the project "
                "there as here",
            )
            await self._notify()
            return
        if state == work.ENLISTED:
            member.enlisted = True
            await self._examine(member)
        elif state == work.REFUSED:
            self._refuse(member, why)
            await self._notify()
        else:  # it serves another batch, or is about to restart
            await asyncio.sleep(TICK_SECONDS)
            self._forget(member)

    async def _call_up(self, member: Member) -> tuple[str, str]:
        """What `work.enlist` says, as soon as the worker can reach the dispatcher."""
        while not member.lost.is_set():
            ran = self.client.run(work.enlist, self.summons, workers=[member.address])
            found = await asyncio.wait_for(ran, self.silent_seconds)
            state, why = found[member.address]
            if state != work.AWAY:
                member.away = ""
                return state, why
            await self._wait(member, why)
        return work.RESTARTING, ""

    async def _wait(self, member: Member, away: str) -> None:
        """Note what it lacks, until it may be asked again."""
        member.away = away
        await self._notify()
        await asyncio.sleep(RETRY_SECONDS)

    async def _examine(self, member: Member) -> None:
        heard = member.lost
        try:
            reply = await self._examined(member)
            while reply is not None and reply.away and not member.why_unfit:
                await self._wait(member, reply.away)
                # One that was gone meanwhile is examined anew where it is heard of again.
                reply = None if heard.is_set() else await self._examined(member)
        except (Away, KilledWorker):  # `watch` sees to both
            return
        except Exception as error:
            log.exception("examining %s failed", member.name)
            reply = Reply(failed=f"its examination failed ({type(error).__name__}: {error})")
        if reply is None or member.why_unfit:
            return
        member.away = ""
        if why := reply.refused or reply.failed:
            self._refuse(member, why)
        else:
            member.why_unfit = ""
        await self._notify()

    async def _examined(self, member: Member) -> Reply | None:
        ticket = Ticket(self.summons, f"examine-{uuid4().hex[:12]}")
        return await self.errand(work.examine, ticket, member)

    async def errand(
        self, function: Callable[[Ticket], str], ticket: Ticket, member: Member
    ) -> Reply | None:
        """What the worker replies; None where the worker was lost meanwhile.

        Raises `Away`, and `KilledWorker` where Dask gave it up.
        """
        self.wanted.add(ticket.token)
        future: Any = self.client.submit(
            function,
            ticket,
            key=ticket.token,
            workers=[member.address],
            allow_other_workers=False,
            resources=self.resources(),
            pure=False,
        )
        result = asyncio.ensure_future(future.result())
        lost = asyncio.ensure_future(member.lost.wait())
        try:
            await asyncio.wait({result, lost}, return_when=asyncio.FIRST_COMPLETED)
            if not result.done():
                return None
            return Reply.from_json(result.result())
        except concurrent.futures.CancelledError:
            # Dask forgets all errands when the connection breaks.
            await self.lose("the scheduler is gone")
            raise Away(self.lost) from None
        except ValidationError as error:
            return Reply(failed=f"its reply was not understood: {error.errors()[0]['msg']}")
        finally:
            self.wanted.discard(ticket.token)
            result.cancel()
            lost.cancel()
            if not future.done():
                self._begin(_cancel(future))
            future.release()


async def _cancel(future: Any) -> None:
    # Where the scheduler is gone, the errand is too.
    with contextlib.suppress(OSError, ClosedClientError):
        await future.cancel()
