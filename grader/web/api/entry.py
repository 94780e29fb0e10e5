"""How a command gets its token: by a code that somebody types on the page; and how it ends one."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core import ratelimit
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from ninja import Field, Router, Schema, Status

from grader.web.account.devices import ASKS_EVERY, LASTS, Answer, ask, begin
from grader.web.api.bearer import ANYBODY, Asked
from grader.web.api.problems import Failed, Problem
from grader.web.api.shapes import ALWAYS

router = Router(tags=["tokens"])
# Settings' ACCOUNT_RATE_LIMITS says how often.
BEGINS = "device"


class Device(Schema):
    """What asks: the name of a machine, or of a program."""

    label: str = Field(max_length=200)


class ToldDevice(Schema):
    """The codes of RFC 8628: one to keep, one to show. Times are seconds."""

    device_code: str
    user_code: str
    verification_uri: str
    expires_in: int
    interval: int


class DeviceCode(Schema):
    """The code that the command keeps."""

    device_code: str = Field(max_length=200)


class ToldToken(Schema):
    """The token, given once."""

    access_token: str
    token_type: str = "Bearer"


class DeviceProblem(Problem):
    """Why there is no token, or not yet; `error` is a word of RFC 8628, or empty."""

    error: str = ""


class NoToken(Exception):
    """There is none, or not yet."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(answer)


_TOLD: dict[Answer, tuple[int, str, str]] = {
    Answer.PENDING: (428, "Nobody has let it in yet.", "Ask again after `interval` seconds."),
    Answer.SLOW_DOWN: (429, "It asks too often.", "Wait five seconds longer each time."),
    Answer.EXPIRED: (410, "The code is over, or was never given.", "Begin again."),
    Answer.DENIED: (403, "It was denied on the page.", "Begin again, if that was a mistake."),
}
_NO_TOKEN: dict[int, Any] = {status: DeviceProblem for status, _, _ in _TOLD.values()}


def problem_of(answer: Answer) -> DeviceProblem:
    """How that is told."""
    status, detail, hint = _TOLD[answer]
    return DeviceProblem(
        status=status, title="There is no token", detail=detail, hint=hint, error=answer.value
    )


@router.post(
    "/device", auth=None, response={200: ToldDevice, 400: Problem, 422: Problem, 429: Problem}
)
def begin_device(request: HttpRequest, body: Device) -> ToldDevice:
    """Ask to be let in. No token is needed for that."""
    if not ratelimit.consume(request, action=BEGINS):
        raise Failed(429, "That was too often", "Too many ask from your address.", "Wait a minute.")
    begun = begin(body.label, get_adapter(request).get_client_ip(request))
    return ToldDevice(
        device_code=begun.device_code,
        user_code=begun.user_code,
        verification_uri=f"{settings.SERVED.address}{reverse('account_device')}",
        expires_in=int(LASTS.total_seconds()),
        interval=int(ASKS_EVERY.total_seconds()),
    )


@router.post(
    "/device/token", auth=None, response={200: ToldToken, 400: Problem, 422: Problem, **_NO_TOKEN}
)
def device_token(request: HttpRequest, body: DeviceCode) -> ToldToken:
    """The token, once somebody has let the command in; until then why there is none."""
    found = ask(body.device_code)
    if isinstance(found, Answer):
        raise NoToken(found)
    return ToldToken(access_token=found)


@router.delete("/token", auth=ANYBODY, response={**ALWAYS, 204: None})
def end_token(request: Asked) -> Status[None]:
    """Revoke the token that this request shows."""
    request.token.delete()
    return Status(204, None)
