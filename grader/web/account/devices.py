"""Letting a command in: it shows a code, and somebody who is logged in types that here.

The shape is RFC 8628's. What is asked for is a token, given once to whoever has the device code.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from allauth.core import ratelimit
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from grader.web.account.tokens import (
    LABEL_LETTERS,
    MOST_TOKENS,
    TOO_MANY,
    TooMany,
    digest_of,
    make_token,
    standing_tokens,
)
from grader.web.models import DeviceLogin
from grader.web.visits import EVERYBODY, Visit, page

# Twenty letters that make no words and are not taken for one another: 20**8 codes.
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
CODE_LETTERS = 8
LASTS = timedelta(minutes=10)
ASKS_EVERY = timedelta(seconds=5)
# A command that asks a little early, by its own clock, is not told off.
EARLY = timedelta(seconds=1)
TOKEN_DAYS = 120
# Settings' ACCOUNT_RATE_LIMITS says how often.
WRONG_CODE = "device_code"


class Answer(StrEnum):
    """What a command that asks for its token is told instead, as RFC 8628 names it."""

    PENDING = "authorization_pending"
    SLOW_DOWN = "slow_down"
    EXPIRED = "expired_token"
    DENIED = "access_denied"


@dataclass(frozen=True)
class Begun:
    """What a command is told when it begins: a code for itself, and one to show to people."""

    device_code: str
    user_code: str


def begin(label: str, address: str) -> Begun:
    """Note that a command asks to be let in. `address` is where it asks from."""
    now = timezone.now()
    DeviceLogin.objects.filter(expires_at__lte=now).delete()
    # The address comes last, and what the command calls itself can't push it out.
    where = f", from {address}"[:LABEL_LETTERS]
    told = f"{_plain(label)[: LABEL_LETTERS - len(where)]}{where}"
    device_code = secrets.token_urlsafe(32)
    while True:
        code = "".join(secrets.choice(LETTERS) for _ in range(CODE_LETTERS))
        try:
            with transaction.atomic():
                DeviceLogin.objects.create(
                    digest=digest_of(device_code),
                    code=code,
                    label=told,
                    created_at=now,
                    expires_at=now + LASTS,
                )
        except IntegrityError:  # somebody else was shown that code
            continue
        return Begun(device_code, f"{code[:4]}-{code[4:]}")


def ask(device_code: str) -> str | Answer:
    """The token, once somebody has let the command in; else why there is none, or not yet."""
    now = timezone.now()
    with transaction.atomic():
        rows = DeviceLogin.objects.select_for_update().filter(digest=digest_of(device_code))
        found = rows.first()
        if found is None or found.expires_at <= now:
            return Answer.EXPIRED
        if found.denied:
            found.delete()
            return Answer.DENIED
        early = found.asked_at is not None and now < found.asked_at + ASKS_EVERY - EARLY
        found.asked_at = now
        found.save(update_fields=["asked_at"])
        if early:
            return Answer.SLOW_DOWN
        if found.account is None:
            return Answer.PENDING
        account, label = found.account, found.label
        found.delete()
        if not account.is_active:
            return Answer.DENIED
        try:
            return make_token(account, label, TOKEN_DAYS)[1]
        except TooMany:
            return Answer.DENIED


@page(EVERYBODY, "GET", "POST")
def device(visit: Visit) -> HttpResponse:
    """Ask for the code; then show who asks, and let them in or not."""
    request = visit.request
    if request.method != "POST":
        return _ask_for_code(request)
    user = visit.visitor.account
    if not ratelimit.consume(request, action=WRONG_CODE, user=user, dry_run=True):
        return _ask_for_code(
            request, "Too many wrong codes. Wait a minute, then try again.", status=429
        )
    code = code_of(request.POST.get("code", ""))
    waiting = DeviceLogin.objects.filter(
        code=code, account=None, denied=False, expires_at__gt=timezone.now()
    )
    found = waiting.first()
    if found is None:
        ratelimit.consume(request, action=WRONG_CODE, user=user)
        return _ask_for_code(
            request,
            "Nothing waits with that code. It is eight letters, and lasts ten minutes: type it as "
            "the command shows it, or run the command again.",
            status=400,
        )
    decision = request.POST.get("decision")
    if decision not in {"allow", "deny"}:
        shown = f"{code[:4]}-{code[4:]}"
        values = {"device": found, "shown": shown, "days": TOKEN_DAYS}
        return render(request, "web/account/device_decide.html", values)
    if decision == "allow" and standing_tokens(user).count() >= MOST_TOKENS:
        return _ask_for_code(request, TOO_MANY, status=400)
    changed = {"account": user} if decision == "allow" else {"denied": True}
    # Nobody else decided meanwhile.
    if not waiting.update(**changed):
        return _ask_for_code(request, "That was decided already.", status=400)
    return render(
        request, "web/account/device_done.html", {"device": found, "allowed": decision == "allow"}
    )


def code_of(typed: str) -> str:
    """A code as it is kept, however it was typed.

    >>> code_of(" bcdf ghjk"), code_of("BCDF-GHJK")
    ('BCDFGHJK', 'BCDFGHJK')
    """
    return re.sub(r"[\s-]", "", typed).upper()


def _ask_for_code(request: HttpRequest, problem: str = "", *, status: int = 200) -> HttpResponse:
    return render(request, "web/account/device.html", {"problem": problem}, status=status)


def _plain(label: str) -> str:
    words = " ".join("".join(c if c.isprintable() else " " for c in label).split())
    return words or "a command"
