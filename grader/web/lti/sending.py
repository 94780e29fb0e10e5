"""Sends scores to the LMS, one by one: what it took is written down, and nothing else is."""

import fcntl
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import requests
from django.utils import timezone
from pylti1p3.assignments_grades import AssignmentsGradesService
from pylti1p3.exception import LtiServiceException
from pylti1p3.grade import Grade
from pylti1p3.registration import Registration
from pylti1p3.service_connector import ServiceConnector

from grader.report.cleaning import clean_line
from grader.web.account.single_sign_on import is_loopback
from grader.web.lti.calling import Calls, Unusable
from grader.web.lti.claims import SCORE_SCOPE
from grader.web.lti.keys import KeyPair, signing_key
from grader.web.lti.models import Platform, Sent
from grader.web.lti.planning import Line, Plan

log = logging.getLogger(__name__)

# Before the second and the third try, seconds.
PAUSES = (0.5, 2.0)
# So many in a row, and an LMS is left alone: scores that it was away for, each after all tries, or
# that it took for any reason not.
MOST_OUTAGES, MOST_REFUSALS = 3, 10
# A score is not a submission: else Canvas counts one that is handed in now, and late.
_NO_SUBMISSION = {"https://canvas.instructure.com/lti/submission": {"new_submission": False}}
_EXCERPT = 200


class CannotSend(Exception):
    """Nothing is sent, and the message says why."""


class Failed(Exception):
    """The LMS did not take a score. `is_outage` says that it would have failed for any other."""

    def __init__(self, why: str, *, is_outage: bool) -> None:
        super().__init__(why)
        self.is_outage = is_outage


@dataclass
class Outcome:
    """What became of a plan: `failed` says why by line, `stopped` by LMS; `left` was not tried."""

    sent: list[Line] = field(default_factory=list[Line])
    failed: list[tuple[Line, str]] = field(default_factory=list[tuple[Line, str]])
    left: list[Line] = field(default_factory=list[Line])
    stopped: dict[str, str] = field(default_factory=dict[str, str])


def send(
    plan: Plan,
    *,
    by: str,
    clock: Callable[[], datetime],
    is_rehearsal: bool,
    seconds: float | None = None,
) -> Outcome:
    """Send a plan's scores; after so many seconds, what is left stays for the next time.

    Raises `CannotSend`, and `GraderError` where there is no key.
    """
    if is_rehearsal and any(not _is_here(line) for line in plan.lines):
        raise CannotSend("This is a rehearsal: nothing is sent to a real LMS.")
    until = None if seconds is None else time.monotonic() + seconds
    outcome = Outcome()
    key = signing_key(timezone.now())
    with ExitStack() as closing:
        senders: dict[int, _Sender] = {}
        for line in plan.lines:
            platform = line.link.deployment.platform
            if platform.pk not in senders:
                calls = closing.enter_context(Calls(platform))
                senders[platform.pk] = _Sender(platform, calls, key)
            sender = senders[platform.pk]
            if sender.is_given_up or (until is not None and time.monotonic() > until):
                outcome.left.append(line)
                continue
            try:
                sender.send(line)
            except Failed as why:
                outcome.failed.append((line, str(why)))
                if sender.is_given_up:
                    outcome.stopped[platform.name] = str(why)
                continue
            _note(line, by, clock())
            outcome.sent.append(line)
    return outcome


@contextmanager
def alone(data: Path) -> Iterator[None]:
    """While this lasts, nobody else sends on this machine. Raises `CannotSend` if somebody does."""
    descriptor = os.open(data / "lti.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotSend("Scores are being sent just now. Wait until that is done.") from None
        yield
    finally:
        os.close(descriptor)


class _Sender:
    """One LMS, with a token for it, and how often it has failed in a row."""

    def __init__(self, platform: Platform, calls: Calls, key: KeyPair) -> None:
        self._calls = calls
        self._registration = (
            Registration()
            .set_issuer(platform.issuer)
            .set_client_id(platform.client)
            .set_auth_token_url(platform.token_url)
            .set_tool_private_key(key.private)
            .set_tool_public_key(key.public)
        )
        self._connector = ServiceConnector(self._registration, calls)
        self._outages = self._refusals = 0

    @property
    def is_given_up(self) -> bool:
        return self._outages >= MOST_OUTAGES or self._refusals >= MOST_REFUSALS

    def send(self, line: Line) -> None:
        """Have the LMS take a score, in a few tries. Raises `Failed`."""
        try:
            self._try(line)
        except Failed as why:
            self._refusals += 1
            self._outages = self._outages + 1 if why.is_outage else 0
            raise
        self._outages = self._refusals = 0

    def _try(self, line: Line) -> None:
        for pause in (*PAUSES, None):
            try:
                self._once(line)
                return
            except Failed as why:
                if pause is None or not why.is_outage:
                    raise
                time.sleep(pause)

    def _once(self, line: Line) -> None:
        try:
            self._connector.get_access_token([SCORE_SCOPE])
        except LtiServiceException as error:
            raise _refused(error, "asked for a token", is_outage=True) from error
        except (requests.RequestException, KeyError, TypeError, ValueError) as error:
            raise _unreachable(error, "asked for a token") from error
        service = AssignmentsGradesService(
            self._connector, {"scope": [SCORE_SCOPE], "lineitem": line.link.column}
        )
        try:
            service.put_grade(_grade(line))
        except LtiServiceException as error:
            status = error.response.status_code
            if status == 401:  # the token is over, or was taken back
                self._connector = ServiceConnector(self._registration, self._calls)
            outage = status >= 500 or status in {401, 429}
            raise _refused(error, "sent the score", is_outage=outage) from error
        except requests.JSONDecodeError:
            pass  # it took the score, and says something of its own
        except requests.RequestException as error:
            raise _unreachable(error, "sent the score") from error


def _grade(line: Line) -> Grade:
    return (
        Grade()
        .set_user_id(line.subject)
        .set_score_given(line.points)
        .set_score_maximum(line.possible)
        .set_activity_progress("Completed")
        .set_grading_progress("FullyGraded")
        # In each try another: an LMS takes no score that is as old as the one it has.
        .set_timestamp(timezone.now().isoformat(timespec="microseconds"))
        .set_extra_claims(_NO_SUBMISSION)
    )


def _note(line: Line, by: str, now: datetime) -> None:
    Sent.objects.create(
        link=line.link,
        assignment=line.link.assignment,
        column=line.link.column,
        subject=line.subject,
        student=line.student.identifier,
        points=line.points,
        possible=line.possible,
        at=now,
        by=by,
    )


def _refused(error: LtiServiceException, what: str, *, is_outage: bool) -> Failed:
    answer = error.response
    text = clean_line(answer.text, _EXCERPT)
    told = f": {text}" if text else ""
    return Failed(f"{what}, it answers {answer.status_code}{told}", is_outage=is_outage)


def _unreachable(error: Exception, what: str) -> Failed:
    log.warning("an LMS was %s: %s", what, error)
    if isinstance(error, Unusable):
        return Failed(f"{what}, {clean_line(str(error), _EXCERPT)}", is_outage=True)
    return Failed(f"{what}, it does not answer ({type(error).__name__})", is_outage=True)


def _is_here(line: Line) -> bool:
    host = urlsplit(line.link.deployment.platform.token_url).hostname
    return is_loopback(host or "")
