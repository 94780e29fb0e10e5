"""A second box, in which the student's code never ran, for reading and running programs."""

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from grader.checks.programs import Program, ProgramFacts, ProgramRefused
from grader.course import Limits
from grader.sandbox.box import BoxRequest, Sandbox
from grader.sandbox.conversation import BoxEnded, CallFailed, Conversation
from grader.sandbox.values import Handle

Count = Annotated[float, Field(ge=0, allow_inf_nan=False)]
SECONDS = 60.0


class _Facts(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, arbitrary_types_allowed=True)

    flops: Count
    unbounded_loops: Annotated[int, Field(ge=0)]
    refused_calls: Annotated[list[str], Field(max_length=20)]
    temporary_bytes: Annotated[int, Field(ge=0)]
    function: Handle | None


class BoxAnalyst:
    """Opens its box when first asked; one a submission, so no program meets another's.

    Threads may share one: questions are put one at a time.
    """

    def __init__(self, sandbox: Sandbox, request: BoxRequest, limits: Limits) -> None:
        self._sandbox = sandbox
        self._request = replace(request, bare_network=True)
        self._limits = limits
        self._conversation: Conversation | None = None
        self._known: dict[str, _Facts] = {}
        self._one_at_a_time = threading.RLock()

    def facts(self, program: Program) -> ProgramFacts:
        with self._one_at_a_time:
            found = self._look_at(program)
        return ProgramFacts(
            found.flops, found.unbounded_loops, tuple(found.refused_calls), found.temporary_bytes
        )

    def run(self, program: Program, args: Sequence[Any]) -> Any:
        with self._one_at_a_time:
            function = self._look_at(program).function
            if function is None:
                raise ProgramRefused("calls out of JAX, so it is not run.")
            return self._ask("call", target=function, args=list(args), kwargs={})

    def close(self) -> None:
        """Destroy the box, if there is one."""
        if self._conversation:
            self._conversation.finish()
        self._conversation = None
        self._known = {}

    def _look_at(self, program: Program) -> _Facts:
        digest = hashlib.sha256(program.serialised).hexdigest()
        if digest not in self._known:
            answer = self._ask("program", program=program.serialised)
            try:
                self._known[digest] = _Facts.model_validate(answer)
            except ValidationError:
                raise ProgramRefused("can't be read.") from None
        return self._known[digest]

    def _ask(self, kind: str, **parts: Any) -> Any:
        try:
            return self._open().call(kind, seconds=SECONDS, **parts)
        except CallFailed:
            self.close()
            raise ProgramRefused("can't be compiled or run by itself.") from None
        except BoxEnded as ended:
            self.close()
            raise ProgramRefused(f"did not end well by itself: {ended.ending}.") from None

    def _open(self) -> Conversation:
        if self._conversation is None:
            box = self._sandbox.open_box(self._request)
            self._conversation = Conversation(box, self._limits.message_bytes)
            self._conversation.greet()
        return self._conversation
