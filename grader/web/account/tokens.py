"""Tokens: what a command or a script shows instead of a password. Only their hashes are kept."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from grader.web.models import Account, Token

# So that whoever finds one, or a program that looks for lost secrets, knows what it is.
PREFIX = "course_"
MOST_TOKENS = 50
TOO_MANY = f"You have {MOST_TOKENS} tokens. Revoke those that you don't use any more."
LABEL_LETTERS = 128
# How often a token in use is written down.
NOTED_AFTER = timedelta(minutes=1)


class TooMany(Exception):
    """An account has as many tokens as it may; the message says what to do."""


def make_token(account: Account, label: str, days: int) -> tuple[Token, str]:
    """A new token and its text, which nobody can tell again. Raises `TooMany`."""
    if standing_tokens(account).count() >= MOST_TOKENS:
        raise TooMany(TOO_MANY)
    text = PREFIX + secrets.token_urlsafe(32)
    now = timezone.now()
    token = Token.objects.create(
        account=account,
        label=label[:LABEL_LETTERS],
        digest=digest_of(text),
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    return token, text


def find_token(text: str) -> Token | None:
    """The token that this is, if it still counts; that it was used is written down.

    It is looked up by its hash: how long that takes tells nothing of any token.
    """
    now = timezone.now()
    found = Token.objects.select_related("account").filter(digest=digest_of(text)).first()
    if found is None or found.expires_at <= now or not found.account.is_active:
        return None
    _note_use(found, now)
    return found


def standing_tokens(account: Account) -> "QuerySet[Token]":
    """An account's tokens that still count, the newest first."""
    return Token.objects.filter(account=account, expires_at__gt=timezone.now()).order_by("-pk")


def digest_of(text: str) -> str:
    """What is kept of a secret that is long and random."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _note_use(token: Token, now: datetime) -> None:
    if token.last_used_at is None or token.last_used_at <= now - NOTED_AFTER:
        before = Q(last_used_at=None) | Q(last_used_at__lte=now - NOTED_AFTER)
        Token.objects.filter(before, pk=token.pk).update(last_used_at=now)
