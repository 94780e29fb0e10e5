"""Logging in with the university's single sign-on: OpenID Connect by allauth, and stricter.

What allauth leaves to the connection is checked here too: the signature of the ID token, a nonce,
who issued it, and that further claims are of the same person.
"""

import hashlib
import hmac
from typing import Any

import jwt
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core import ratelimit
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp, SocialToken
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.utils import generate_code_challenge
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_POST
from requests import RequestException

from grader.web.account.adapters import say_sign_on_failed
from grader.web.account.single_sign_on import PROVIDER

# Those with a key that only the issuer has.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
CLOCKS_DIFFER_SECONDS = 60
CONFIG_KEPT_SECONDS = 600
FAILURE_KEPT_SECONDS = 5
_LONGEST_SUBJECT = 191  # what allauth's table takes


class UniversityProtocol(OpenIDConnectOAuth2Adapter):
    """What is asked of the university's servers, and what of their answers is believed."""

    _verifier = ""

    def get_provider(self) -> "University":
        """The provider. Raises `Http404` where the course has no single sign-on."""
        try:
            return University(self.request, app=get_adapter().get_app(self.request, PROVIDER))
        except SocialApp.DoesNotExist as error:
            raise Http404("there is no single sign-on") from error

    @property
    def openid_config(self) -> dict[str, Any]:
        """Where its servers are; kept for ten minutes, and a failure for some seconds.

        Anybody can have us ask, and few threads answer pages. Raises `OAuth2Error` if another
        issuer says so.
        """
        expected = self.get_provider().options["server_url"]
        name = f"oidc-{hashlib.sha256(expected.encode()).hexdigest()}"
        if (known := cache.get(name)) is not None:
            return known
        if cache.get(f"{name}-failed"):
            raise OAuth2Error("it did not tell its configuration just now")
        try:
            found = self._checked_config(expected)
        except (OAuth2Error, RequestException):
            cache.set(f"{name}-failed", True, FAILURE_KEPT_SECONDS)
            raise
        cache.set(name, found, CONFIG_KEPT_SECONDS)
        return found

    def _checked_config(self, expected: str) -> dict[str, Any]:
        found: dict[str, Any] = super().openid_config
        needed = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
        if not isinstance(found, dict) or not all(isinstance(found.get(n), str) for n in needed):
            raise OAuth2Error(f"its configuration must name {', '.join(needed)}")
        if found["issuer"].rstrip("/") != expected:
            raise OAuth2Error(f"it says that it is {found['issuer']!r}, not {expected!r}")
        return found

    def get_access_token_data(
        self, request: HttpRequest, app: SocialApp, client: Any, pkce_code_verifier: Any = None
    ) -> Any:
        """Exchange the code; the verifier tells which nonce the ID token must have."""
        if not pkce_code_verifier:
            raise OAuth2Error("its session kept no verifier")
        self._verifier = pkce_code_verifier
        return super().get_access_token_data(request, app, client, pkce_code_verifier)

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> Any:
        """Who it is, by claims that were proved. Raises `OAuth2Error`."""
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
        claims = proved_claims(
            kwargs["response"].get("id_token"),
            keys=answer.json(),
            issuer=self.openid_config["issuer"],
            client=app.client_id,
            nonce=nonce_for(self._verifier),
        )
        if "userinfo_endpoint" in self.openid_config:
            more = self._fetch_user_info(token.token)
            if not isinstance(more, dict) or more.get("sub") != claims["sub"]:
                raise OAuth2Error("what it says of the user is of another one")
            claims = {**more, **claims}
        return self.get_provider().sociallogin_from_response(request, {"id_token": claims})


class University(OpenIDConnectProvider):
    """The provider, which sends a nonce and keeps only the claims that we go by."""

    oauth2_adapter_class = UniversityProtocol

    @property
    def options(self) -> dict[str, Any]:
        """What `sign_on_settings` says of it."""
        assert self.app is not None  # allauth makes none without
        return self.app.settings

    def get_pkce_params(self) -> dict[str, str]:
        """What proves that the answer is to our question: a verifier kept here, its hash sent."""
        made = generate_code_challenge()
        challenge = made["code_challenge"].decode()
        return {**made, "code_challenge": challenge, "nonce": nonce_for(made["code_verifier"])}

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """What is kept of the claims."""
        claims = data["id_token"]
        kept = ("sub", "email", "email_verified", "name", str(self.options.get("claim")))
        return {name: claims[name] for name in kept if name in claims}


def nonce_for(verifier: str) -> str:
    """The nonce of a sign-on, made from the secret that its session keeps."""
    return hmac.digest(verifier.encode(), b"nonce", "sha256").hex()


def proved_claims(
    id_token: object, *, keys: dict[str, Any], issuer: str, client: str, nonce: str
) -> dict[str, Any]:
    """The claims of an ID token that this issuer signed for us, now. Raises `OAuth2Error`."""
    try:
        key = _key_of(id_token, keys)
        claims: dict[str, Any] = jwt.decode(
            str(id_token),
            key,
            algorithms=ALGORITHMS,
            issuer=issuer,
            audience=client,
            leeway=CLOCKS_DIFFER_SECONDS,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
    except jwt.PyJWTError as error:
        raise OAuth2Error(f"its ID token is refused: {error}") from error
    if claims.get("azp", client) != client:
        raise OAuth2Error("its ID token was issued to another client")
    if not hmac.compare_digest(str(claims.get("nonce")).encode(), nonce.encode()):
        raise OAuth2Error("its ID token has another nonce than we sent")
    if not 0 < len(claims["sub"]) <= _LONGEST_SUBJECT:
        raise OAuth2Error(f"its subject has {len(claims['sub'])} characters")
    return claims


def _key_of(id_token: object, keys: object) -> jwt.PyJWK:
    if not isinstance(id_token, str) or not isinstance(keys, dict):
        raise OAuth2Error("it sent no ID token, or no keys")
    named = jwt.get_unverified_header(id_token).get("kid")
    found = jwt.PyJWKSet.from_dict(keys).keys
    theirs = found if named is None else [key for key in found if key.key_id == named]
    if len(theirs) != 1:
        raise OAuth2Error(f"its ID token is signed by a key {named!r} that it does not publish")
    return theirs[0]


@require_POST
def sign_on(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Send whoever asks to the university, and remember where to go after that."""
    protocol = UniversityProtocol(request, provider_id)
    provider = protocol.get_provider()
    # As often as with a password: each is a row of a session.
    if not ratelimit.consume(request, action="login"):
        return ratelimit.respond_429(request)
    wanted = request.POST.get("next", "")
    next_url = wanted if get_account_adapter(request).is_safe_url(wanted) else None
    try:
        return provider.redirect(request, process=AuthProcess.LOGIN, next_url=next_url)
    except (OAuth2Error, RequestException) as error:
        return say_sign_on_failed(request, str(error))


@require_GET
def sign_on_callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Where the university sends them back to."""
    protocol = UniversityProtocol(request, provider_id)
    protocol.get_provider()
    return OAuth2CallbackView.adapter_view(protocol)(request)
