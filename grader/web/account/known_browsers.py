"""Browsers in which somebody has logged in before: their wrong passwords are counted apart.

Else whoever sends five wrong passwords keeps somebody else out, and who sends thirty all who share
their address: before a due time, a whole lecture hall. A browser of its own account gains nothing.
"""

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from grader.web.account.tokens import digest_of

COOKIE = "course_known"
_SALT = "known browser"
_SECONDS = 180 * 86_400


def counter_of(request: HttpRequest, login: str) -> str | None:
    """By what to count the wrong passwords of this browser for that login; None if it isn't known.

    Whoever has stolen the cookie gets a counter of their own by it, and nothing else.
    """
    try:
        known = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=_SECONDS)
    except signing.BadSignature:
        return None
    return f"{known[1]} {login}" if known[0] == digest_of(login) else None


def remember(request: HttpRequest, response: HttpResponse, login: str) -> None:
    """From now on this browser is known for that login, and for no other."""
    if counter_of(request, login) is not None:
        return
    response.set_cookie(
        COOKIE,
        signing.dumps([digest_of(login), secrets.token_urlsafe(16)], salt=_SALT),
        max_age=_SECONDS,
        path=reverse("account_login"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
