"""That a launch is the LMS's answer to our question, about whoever sits at this browser, once.

An opened link comes here without any proof. We send the browser back to the LMS with a state and a
nonce, both kept in a signed cookie of this browser; the LMS answers with a token signed by its key,
which must name that nonce. django-lti, and pylti1p3's own check of a launch, take a token twice and
without an end, and new deployments by themselves: that is why the check of single sign-on is used.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import jwt
import requests
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.core import signing
from django.db import IntegrityError, transaction
from pydantic import ValidationError

from grader.web.account.sign_on import proved_claims
from grader.web.lti import refusing
from grader.web.lti.calling import keys_of
from grader.web.lti.claims import LTI, RESOURCE_LINK, Claims
from grader.web.lti.models import Deployment, Platform, UsedNonce

LASTS = timedelta(minutes=10)
_SALT = "LTI login"


@dataclass(frozen=True)
class Question:
    """What we ask the LMS: an address for the browser, and what the browser keeps meanwhile."""

    url: str
    state: str
    kept: str


@dataclass(frozen=True)
class Launch:
    """A launch that is proved."""

    platform: Platform
    deployment: Deployment
    claims: Claims


def find_platform(issuer: str, client: str) -> Platform:
    """The LMS that says it is that; without a client the only one. Raises `Refusal`."""
    found = Platform.objects.filter(issuer=issuer, is_active=True)
    if client:
        found = found.filter(client=client)
    theirs = list(found[:2])
    if not issuer or len(theirs) != 1:
        raise refusing.unknown_platform(issuer, client)
    return theirs[0]


def ask(platform: Platform, back_to: str, hint: str, message_hint: str) -> Question:
    """The question whether whoever sits there is logged in at the LMS."""
    state, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    words = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": platform.client,
        "redirect_uri": back_to,
        "login_hint": hint,
        "state": state,
        "nonce": nonce,
    }
    if message_hint:
        words["lti_message_hint"] = message_hint
    join = "&" if "?" in platform.login_url else "?"
    kept = signing.dumps([state, nonce, platform.pk], salt=_SALT)
    return Question(f"{platform.login_url}{join}{urlencode(words)}", state, kept)


def prove(state: str, kept: str, id_token: str, now: datetime) -> Launch:
    """The launch that a token proves, by what the browser kept. Raises `Refusal`."""
    nonce, platform = _question(state, kept)
    found = _proved(platform, id_token, nonce)
    if isinstance(found["aud"], list) and len(found["aud"]) > 1 and "azp" not in found:
        raise refusing.untrusted("it is for several clients, and doesn't say which was let in")
    _use_up(nonce, now)
    kind = found.get(LTI + "message_type")
    if kind != RESOURCE_LINK:
        raise refusing.other_message(str(kind))
    try:
        claims = Claims.model_validate(found)
    except ValidationError as error:
        raise refusing.untrusted(f"its claims can't be read: {error}") from error
    deployments = Deployment.objects.filter(platform=platform, identifier=claims.deployment)
    deployment = deployments.filter(is_active=True).first()
    if deployment is None:
        raise refusing.unknown_deployment(claims.deployment, platform.name)
    return Launch(platform, deployment, claims)


def _question(state: str, kept: str) -> tuple[str, Platform]:
    """The nonce that we sent with a state, and whom we asked."""
    try:
        asked, nonce, number = signing.loads(kept, salt=_SALT, max_age=LASTS)
    except signing.BadSignature as error:
        raise refusing.no_state(f"the state's cookie: {error}" if kept else "no cookie") from error
    if not secrets.compare_digest(asked.encode(), state.encode()):
        raise refusing.no_state("another state than in the cookie")
    platform = Platform.objects.filter(pk=number, is_active=True).first()
    if platform is None:
        raise refusing.no_state("the LMS was switched off meanwhile")
    return nonce, platform


def _proved(platform: Platform, id_token: str, nonce: str) -> dict[str, Any]:
    def claims(*, again: bool) -> dict[str, Any]:
        return proved_claims(
            id_token,
            keys=keys_of(platform, again=again),
            issuer=platform.issuer,
            client=platform.client,
            nonce=nonce,
        )

    try:
        try:
            return claims(again=False)
        except OAuth2Error as error:
            if isinstance(error.__cause__, jwt.ExpiredSignatureError):
                raise refusing.too_old() from error
            return claims(again=True)  # it may have a new key
    except OAuth2Error as error:
        raise refusing.untrusted(str(error)) from error
    except requests.RequestException as error:
        raise refusing.keys_unreachable(platform.name, str(error)) from error


def _use_up(nonce: str, now: datetime) -> None:
    """Let no other launch have it. The cookie alone is too old by the time that it is forgotten."""
    UsedNonce.objects.filter(expires_at__lte=now).delete()
    digest = hashlib.sha256(nonce.encode()).hexdigest()
    try:
        with transaction.atomic():
            UsedNonce.objects.create(digest=digest, expires_at=now + LASTS)
    except IntegrityError as error:
        raise refusing.used() from error
