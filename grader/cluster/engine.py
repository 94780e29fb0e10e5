"""The dispatcher's side: submissions go to workers of a cluster, results come back."""

import asyncio
import concurrent.futures
import contextlib
import logging
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, TypeVar

from distributed import Client
from distributed.scheduler import KilledWorker
from pydantic import ValidationError

from grader.cluster import work
from grader.cluster.address import (
    AddressRefused,
    ClusterAddress,
    host_of,
    is_this_machine,
    listening_at,
    security_of,
)
from grader.cluster.crew import Crew, Member
from grader.cluster.order import Order, Reply, Summons, Ticket, traits_of
from grader.cluster.supply import Supply
from grader.course import Course
from grader.grading import GradingPlan
from grader.grading.patience import Away
from grader.intake import Refused
from grader.outcomes import GradedSubmission, GraderError
from grader.store import Store, SubmissionRow

log = logging.getLogger(__name__)

T = TypeVar("T")

SILENT_SECONDS = 30.0
JOIN_SECONDS = 60.0
GOODBYE_SECONDS = 5.0
CONNECT_SECONDS = 20.0
STEP_SECONDS = 0.5
# So many workers lost under one submission, or failing with it: it may be what does this to them.
LOST_WORKERS = 3


@dataclass
class _Errand:
    """One submission on its way; `step` is what is known of where it is."""

    submission: SubmissionRow
    step: str = "waits for a worker"
    lost: list[str] = field(default_factory=list[str])
    failed: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def tries(self) -> int:
        """How many workers didn't manage it."""
        return len(self.lost) + len(self.failed)

    def failure(self) -> GraderError:
        """What to say where no further worker is tried."""
        told = [f"on {name}: {why}" for name, why in self.failed.items()]
        if lost := len(self.lost):
            who = f"{lost} workers were" if lost > 1 else "a worker was"
            told.insert(0, f"{who} lost while grading it: {', '.join(self.lost)}")
        return GraderError("; ".join(told))


class DaskEngine:
    """Grades a batch on the workers of a Dask cluster. Use as a context manager.

    `say` hears, in any thread, of workers that are not used. After `silent_seconds` without a sign
    of life a worker's submissions go to others; with no worker for `join_seconds` the batch ends.
    """

    def __init__(
        self,
        address: ClusterAddress,
        course: Course,
        plan: GradingPlan,
        store: Store,
        *,
        say: Callable[[str], None] = lambda _: None,
        silent_seconds: float = SILENT_SECONDS,
        join_seconds: float = JOIN_SECONDS,
    ) -> None:
        self._address = address
        self._course = course
        self._plan = plan
        self._store = store
        self._say = say
        self._silent_seconds = silent_seconds
        self._join_seconds = join_seconds
        self._loop = asyncio.new_event_loop()
        self._client: Any = None
        self._crew: Crew | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="cluster", daemon=True)
        self._name = secrets.token_hex(3)
        self._numbers: Counter[int] = Counter()

    def __enter__(self) -> "DaskEngine":
        """Connect and wait for a worker that is fit. Raises `AddressRefused`, `GraderError`."""
        # What it says of lost connections, we say in one sentence.
        for name in ("client", "core", "comm", "batched"):
            logging.getLogger(f"distributed.{name}").setLevel(logging.CRITICAL)
        self._loop.set_exception_handler(
            lambda _, told: log.debug("in Dask: %s", told.get("exception"))
        )
        self._thread.start()
        try:
            self._run(self._open())
        except Away as away:
            self._close()
            raise GraderError(str(away)) from None
        except OSError as error:  # of certificates, or the port to listen at
            self._close()
            raise GraderError(f"{self._address.text} can't be used: {error}") from error
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    @property
    def capacity(self) -> int:
        """How many submissions the workers take at a time, those not yet examined included."""
        return max(1, self._members.capacity)

    def grade(self, submission: SubmissionRow, on_step: Callable[[str], None]) -> GradedSubmission:
        """As `Engine` says. Raises `Away` where no further submission could be graded."""
        errand = _Errand(submission)
        data = self._store.read_notebook_bytes(submission)
        job = asyncio.run_coroutine_threadsafe(self._grade(errand, data), self._loop)
        try:
            while not concurrent.futures.wait([job], STEP_SECONDS).done:
                on_step(errand.step)
        except BaseException:
            job.cancel()
            raise
        return job.result()

    @property
    def _members(self) -> Crew:
        assert self._crew is not None, "an engine is a context manager"
        return self._crew

    # --- in the event loop ----------------------------------------------------------------

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def _open(self) -> None:
        security = security_of(self._address)
        listen = listening_at(self._address)
        client: Any = Client(
            self._address.url,
            asynchronous=True,
            security=security,
            set_as_default=False,
            timeout=CONNECT_SECONDS,
            name="course-grade",
        )
        try:
            await client
        except OSError as error:
            await client.close()
            raise Away(
                f"no scheduler answers at {self._address.text} ({error}); start one with "
                "`dask scheduler`, or leave --engine out"
            ) from None
        self._client = client
        await self._require_closed()
        plan, batch = self._plan, secrets.token_hex(16)
        traits = traits_of(
            self._course,
            plan.assignment,
            grader=work.CODE_IN_MEMORY,
            checks=plan.loaded.version,
        )
        secret = self._store.secret().hex()
        order = Order(plan.assignment.name, traits, plan.request.labels, secret)
        self._supply = Supply(batch, order.to_json(), lambda *heard: self._members.hear(*heard))
        self._summons = Summons(await self._supply.start(listen, security), batch)
        self._crew = Crew(
            client,
            self._summons,
            plan.request.gpus,
            self._say,
            self._silent_seconds,
            self._join_seconds,
        )
        self._watch = asyncio.ensure_future(self._members.watch())
        member = await self._take()
        assert member is not None, "nobody is avoided yet"
        await self._members.give_back(member)

    async def _require_closed(self) -> None:
        """Raises `AddressRefused` where other machines reach the scheduler in the clear."""
        found = (await self._client.scheduler.identity())["address"]
        if not self._address.tls and not is_this_machine(host_of(found)):
            raise AddressRefused(
                f"the scheduler also listens at {found}, in the clear; start it with "
                "`dask scheduler --host 127.0.0.1`, or use TLS"
            )

    async def _take(self, avoid: Collection[str] = ()) -> Member | None:
        try:
            return await self._members.take(avoid)
        except Away as lost:
            raise Away(self._in_words(str(lost))) from None

    def _in_words(self, why: str) -> str:
        return (
            f"{why}: {self._address.text}. What was graded is kept, the rest waits; start a "
            f"scheduler and workers (`course worker {self._address.text}`), or leave --engine out, "
            "and grade again"
        )

    async def _grade(self, errand: _Errand, data: bytes) -> GradedSubmission:
        sha256 = errand.submission.sha256
        self._supply.hold(sha256, data)
        try:
            while errand.tries < LOST_WORKERS:
                # It may be the worker, such as its disk: another is asked before it is a failure.
                member = await self._take(errand.failed)
                if member is None:
                    break
                reply = await self._on(member, errand)
                if reply is not None and not (reply.away or reply.failed):
                    return result_of(reply, member.name)
                if reply is not None and reply.failed:
                    errand.failed[member.name] = reply.failed
                    errand.step = f"failed on {member.name}, waits for another"
                    continue
                if reply is not None or not self._members.lost:
                    errand.lost.append(member.name)
                errand.step = f"{member.name} was lost, waits for another"
        finally:
            self._supply.drop(sha256)
        raise errand.failure()

    async def _on(self, member: Member, errand: _Errand) -> Reply | None:
        """What a worker makes of it; None where the worker was lost."""
        number = errand.submission.id
        self._numbers[number] += 1
        token = f"grade-{self._name}-{number}-{self._numbers[number]}"
        reply: Reply | None = None
        telling = asyncio.ensure_future(_tell(errand, member, token))
        try:
            ticket = Ticket(self._summons, token, errand.submission.sha256)
            reply = await self._members.errand(work.grade, ticket, member)
            return reply
        except KilledWorker as error:
            raise GraderError(f"{member.name} died again and again while it graded it") from error
        except Away as lost:
            raise Away(self._in_words(str(lost))) from None
        finally:
            telling.cancel()
            await self._members.give_back(member, reply)

    # --- the end --------------------------------------------------------------------------

    def _close(self) -> None:
        # What hangs ends with the process.
        with contextlib.suppress(OSError, concurrent.futures.CancelledError):
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(CONNECT_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CONNECT_SECONDS)

    async def _end(self) -> None:
        if self._crew is not None:
            self._watch.cancel()
            self._crew.stop()
            enlisted = [m.address for m in self._crew.members.values() if m.enlisted]
            if enlisted:
                await _for_a_moment(self._client.run(work.dismiss, self._summons, workers=enlisted))
            await self._supply.stop()
        if self._client is not None:
            await _for_a_moment(self._client.close())


async def _for_a_moment(coroutine: Coroutine[Any, Any, Any]) -> None:
    """What is polite and not needed: it may fail or take too long."""
    tried = asyncio.gather(coroutine, return_exceptions=True)
    await asyncio.wait([tried], timeout=GOODBYE_SECONDS)


async def _tell(errand: _Errand, member: Member, token: str) -> None:
    """Keep the errand's step at what its worker says."""
    while True:
        step = member.steps.get(token, "")
        errand.step = f"{step} on {member.name}" if step else f"on {member.name}"
        await asyncio.sleep(STEP_SECONDS)


def result_of(reply: Reply, worker: str) -> GradedSubmission:
    """What a worker found. Raises `Refused` or `GraderError`, as the worker did."""
    if reply.refused:
        raise Refused(reply.refused)
    if not reply.graded:
        raise GraderError(f"on {worker}: it replied nothing")
    try:
        return GradedSubmission.from_json(reply.graded)
    except ValidationError as error:
        raise GraderError(
            f"{worker} sent a result that is none ({error.errors()[0]['msg']}); is its checkout "
            "the dispatcher's?"
        ) from None
