"""What runs on a worker: enlisting for a batch, the examination before it, grading.

A worker's process serves one batch and is then restarted (by its nanny, a job script, Kubernetes):
so the code in its memory is the code of its checkout, and the secret doesn't stay.
"""

import asyncio
import hashlib
import logging
import os
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distributed import get_worker
from pydantic import ValidationError

from grader.checks.declare import AuthoringError
from grader.cluster.address import require_closed
from grader.cluster.order import (
    UPDATE,
    Order,
    Reply,
    Summons,
    Ticket,
    difference,
    digest_of_code,
    traits_of,
)
from grader.cluster.places import Place, remove_left_containers, take_place
from grader.course import CourseFileError, load_course
from grader.grading import GradingPlan, grade_notebook, plan_grading
from grader.grading.compiled import with_compiled_operations
from grader.grading.own_programs import CompiledPrograms, use_own_cache
from grader.grading.patience import cause
from grader.intake import Refused
from grader.outcomes import GraderError
from grader.release import MasterError
from grader.sandbox.docker import DockerSandbox
from grader.sandbox.docker_cli import NO_ENGINE

if TYPE_CHECKING:
    from distributed import Worker

log = logging.getLogger(__name__)

BEAT_SECONDS = 1.0
# So many beats in a row without an answer within their time: the dispatcher is gone.
MISSED_BEATS = 6
BEAT_ANSWER_SECONDS = 5.0
ASK_SECONDS = 30.0

ENLISTED, RESTARTING, BUSY = "enlisted", "restarting", "busy"
# Not fit, for this batch or for now.
REFUSED, AWAY = "refused", "away"
# Of the files as they were when this process imported them.
CODE_IN_MEMORY = digest_of_code()


class Stopped(Exception):
    """Nobody wants the errand's result any more."""


@dataclass
class Duty:
    """The one batch that this process serves."""

    summons: Summons
    order: Order
    worker: "Worker"
    place: Place
    plan: GradingPlan | None = None
    over: threading.Event = field(default_factory=threading.Event)
    steps: dict[str, str] = field(default_factory=dict[str, str])
    unwanted: frozenset[str] = frozenset()
    beating: "asyncio.Task[None] | None" = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    programs: CompiledPrograms = field(default_factory=CompiledPrograms)

    async def ask(self, op: str, *, within: float = ASK_SECONDS, **more: Any) -> Any:
        """The dispatcher's answer. Raises OSError where there is none `within` these seconds."""
        question = self.worker.rpc(self.summons.dispatcher)
        asked = getattr(question, op)(batch=self.summons.batch, **more)
        return await asyncio.wait_for(asked, within)

    def ask_from_thread(self, op: str, **more: Any) -> Any:
        """The same, in a thread that grades."""
        loop: Any = self.worker.loop
        coroutine: Coroutine[Any, Any, Any] = self.ask(op, **more)
        return asyncio.run_coroutine_threadsafe(coroutine, loop.asyncio_loop).result()

    async def beat(self) -> None:
        """Tell the dispatcher that this process lives and what it does, until the batch is over."""
        missed = 0
        while not self.over.is_set() and missed < MISSED_BEATS:
            try:
                unwanted = await self.ask(
                    "beat",
                    within=BEAT_ANSWER_SECONDS,
                    worker=self.worker.address,
                    steps=dict(self.steps),
                )
            except OSError:  # timeouts too
                missed += 1
            else:
                if unwanted is None:
                    break
                missed, self.unwanted = 0, frozenset(unwanted)
            await asyncio.sleep(BEAT_SECONDS)
        await self.end()

    async def end(self) -> None:
        """Stop what is being graded, and end this process."""
        self.over.set()
        await self.worker.close(nanny=False, reason="its batch is over")

    @contextmanager
    def errand(self, token: str) -> Iterator[Callable[[str], None]]:
        """Account for an errand; what it gives hears steps, and raises `Stopped`."""

        def step(text: str) -> None:
            if self.over.is_set() or token in self.unwanted:
                raise Stopped
            self.steps[token] = text

        step("starting")
        try:
            yield step
        finally:
            self.steps.pop(token, None)

    def notebook(self, sha256: str) -> bytes:
        """A submission's bytes, from the dispatcher. Raises `GraderError`."""
        data = self.ask_from_thread("notebook", sha256=sha256)
        if data is None or hashlib.sha256(data).hexdigest() != sha256:
            raise GraderError(f"the dispatcher gave no file of the SHA-256 {sha256}")
        return bytes(data)


_duty: Duty | None = None
_place: Place | None = None


def own_place() -> Place:
    """The place of this process, taken at first use."""
    global _place
    _place = _place or take_place()
    return _place


async def enlist(summons: Summons, dask_worker: "Worker") -> tuple[str, str]:
    """Serve a batch from now on, unless this process can't; (state, why).

    Runs in the worker's event loop, and so also where all its containers are at work.
    """
    global _duty
    if _duty is not None:
        if _duty.summons == summons and not _duty.over.is_set():
            return ENLISTED, ""
        return RESTARTING if _duty.over.is_set() else BUSY, ""
    if digest_of_code() != CODE_IN_MEMORY:
        log.warning("the checkout has changed: starting anew")
        asyncio.get_running_loop().call_later(
            BEAT_SECONDS, lambda: asyncio.ensure_future(dask_worker.close(nanny=False))
        )
        return RESTARTING, ""
    try:
        require_closed(dask_worker)
    except ValueError as refused:  # it was started without our preload
        return REFUSED, str(refused)
    answer = await _first_answer(summons, dask_worker)
    if answer is None:
        return AWAY, f"it can't reach the dispatcher at {summons.dispatcher}"
    try:
        order = Order.from_json(answer)
    except ValidationError:  # whose words would hold the secret
        return REFUSED, f"its grader is of another version; {UPDATE}, then start it again"
    if _duty is None:
        _duty = Duty(summons, order, dask_worker, own_place())
        _duty.beating = asyncio.ensure_future(_duty.beat())
    # Another batch may have been quicker while this one's dispatcher was asked.
    return (ENLISTED if _duty.summons == summons else BUSY), ""


async def _first_answer(summons: Summons, worker: "Worker") -> str | None:
    try:
        question = worker.rpc(summons.dispatcher)
        return await asyncio.wait_for(question.order(batch=summons.batch), ASK_SECONDS / 2)
    except OSError:
        return None


async def dismiss(summons: Summons) -> None:
    """The batch is over."""
    if _duty is not None and _duty.summons == summons:
        _duty.over.set()


def stop_all() -> None:
    """Let what is being graded stop at its next step: the process ends."""
    if _duty is not None:
        _duty.over.set()


def examine(ticket: Ticket) -> str:
    """Whether this worker grades as the dispatcher would: a `Reply`, `refused` where it doesn't.

    It is `away` where that can't be told now, and may be told later.
    """
    try:
        duty = _duty_of(ticket)
        with duty.errand(ticket.token) as step, duty.lock:
            return Reply(refused=_why_unfit(duty, step)).to_json()
    except Stopped:
        return Reply(failed="the batch is over").to_json()
    except OSError as error:
        return Reply(away=str(error)).to_json()
    except (GraderError, CourseFileError, AuthoringError, MasterError) as error:
        if cause(error) or NO_ENGINE in str(error):
            return Reply(away=str(error)).to_json()
        return Reply(refused=str(error)).to_json()
    except Exception as error:
        log.exception("the examination failed")
        return Reply(refused=f"{type(error).__name__}: {error}").to_json()


def _why_unfit(duty: Duty, step: Callable[[str], None]) -> str:
    if duty.plan is not None:
        environment = duty.plan.request.environment
        duty.plan.sandbox.prepare(environment, duty.plan.request.runtime)
        return ""
    step("examined")
    course_file = Path(os.environ.get("COURSE_FILE") or "course.yaml").resolve()
    course = load_course(course_file)
    name, expected = duty.order.assignment, duty.order.traits
    if name not in course.assignments:
        return f"{course_file} has no assignment {name!r}"
    assignment = course.assignments[name]
    # What is quick to compare comes first: nobody waits for an image that is of no use.
    traits = traits_of(course, assignment, grader=CODE_IN_MEMORY, checks=expected.checks)
    if why := difference(traits, expected):
        return why
    use_own_cache()
    sandbox = DockerSandbox()
    plan = plan_grading(
        course,
        name,
        secret=bytes.fromhex(duty.order.secret_hex),
        sandbox=sandbox,
        labels={**duty.order.labels, **duty.place.labels},
    )
    checks = plan.loaded.version
    if why := difference(
        traits_of(course, assignment, grader=CODE_IN_MEMORY, checks=checks), expected
    ):
        return why
    remove_left_containers(sandbox, duty.place)
    step("compiling")
    duty.plan = with_compiled_operations(plan, say=log.info)
    return ""


def grade(ticket: Ticket) -> str:
    """Grade the submission of these bytes: a `Reply`."""
    try:
        duty = _duty_of(ticket)
        assert duty.plan is not None, "no worker grades before its examination"
        with duty.errand(ticket.token) as step:
            try:
                graded = grade_notebook(duty.plan, duty.notebook(ticket.sha256), on_step=step)
            finally:
                duty.programs.forget_if_grown()
            return Reply(graded=graded.to_json()).to_json()
    except Refused as refused:
        return Reply(refused=str(refused)).to_json()
    except Stopped:
        return Reply(failed="it was taken back").to_json()
    except GraderError as error:
        if away := cause(error):
            return Reply(away=str(away)).to_json()
        return Reply(failed=str(error)).to_json()
    except Exception as error:
        log.exception("grading %s failed", ticket.token)
        return Reply(failed=f"{type(error).__name__}: {error}").to_json()


def _duty_of(ticket: Ticket) -> Duty:
    get_worker()  # raises where this is no worker
    if _duty is None or _duty.summons != ticket.summons:
        raise GraderError("this worker serves another batch, or none")
    return _duty
