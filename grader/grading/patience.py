"""Waiting for what every submission needs: an engine that answers, a database that can write.

When one of them is away, that isn't the submissions' failure. What was begun is tried again for
about a minute; then the batch gives up, and no attempt is used up. Only an engine that goes away
under a submission passes on: that may be the submission's doing.
"""

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from grader.outcomes import GraderError
from grader.sandbox.box import EngineDown, EngineLost
from grader.store import StoreFault

log = logging.getLogger(__name__)

# Seconds before each further try, beside what the tries themselves take: a locked database alone
# takes half a minute to say so.
PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)

T = TypeVar("T")


class Interrupted(Exception):
    """The run is being stopped; the submission goes back into the queue."""


class Away(Exception):
    """It didn't come back. The message says what, and what to do."""


class Patience:
    """Tries again, for all threads of a batch, until `stop` is set."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._lock = threading.Lock()
        self._known = False

    def insist(self, action: Callable[[], T], on_wait: Callable[[str], None] = lambda _: None) -> T:
        """What `action` gives, as soon as what it needs is there. `on_wait` hears of each wait.

        Raises `Away`, and `Interrupted` at once when the batch is stopped meanwhile. What isn't
        waited for passes on.
        """
        waited = False
        for pause in PAUSES:
            try:
                found = action()
            except GraderError as error:
                reason = awaited(error)
                if reason is None:
                    raise
            else:
                if waited:
                    self._tell_back()
                return found
            waited = True
            self._tell_away(reason)
            on_wait(f"waiting: {reason}")
            if self._stop.wait(pause):
                raise Interrupted
        return last_try(action)

    def _tell_away(self, reason: GraderError) -> None:
        with self._lock:
            if not self._known:
                log.warning("%s. Trying again for %.0f seconds", reason, sum(PAUSES))
            self._known = True

    def _tell_back(self) -> None:
        with self._lock:
            if self._known:
                log.warning("it is back; grading goes on")
            self._known = False


def last_try(action: Callable[[], T]) -> T:
    """What `action` gives. Raises `Away` where what it needs isn't there."""
    try:
        return action()
    except GraderError as error:
        reason = awaited(error)
        if reason is None:
            raise
        raise Away(
            f"{reason}. It was waited for in vain: what is not graded stays queued. Mend the "
            "cause, then grade again."
        ) from error


def awaited(error: GraderError) -> GraderError | None:
    """What is away behind an error, where it is to be waited for."""
    reason = cause(error)
    return None if isinstance(reason, EngineLost) else reason


def cause(error: BaseException | None) -> GraderError | None:
    """What is away, where that is behind an error: closing what was open fails for it too."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, EngineDown | StoreFault):
            return error
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return None
