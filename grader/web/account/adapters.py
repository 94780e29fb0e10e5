"""How allauth logs in here: who may, what is said, and whose account a single sign-on opens."""

import logging
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base import AuthProcess
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from grader.web.account.known_browsers import counter_of, remember
from grader.web.account.linking import NotKnown, account_for
from grader.web.models import Account
from grader.web.place import place

log = logging.getLogger(__name__)

NOT_ACTIVE = "Your account has been closed."
# Settings' ACCOUNT_RATE_LIMITS says how often.
KNOWN_BROWSER = "login_failed_known"


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by staff, or at the first sign-on of somebody on the roster."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": "That login and that password don't belong together.",
        "too_many_login_attempts": "Too many wrong passwords. Wait five minutes, then try again.",
        "enter_current_password": "That is not your password.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody makes their own."""
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Whose password it is; of a closed account it is as wrong as any other."""
        found = super().authenticate(request, **credentials)
        return found if found is not None and found.is_active else None

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuse who has guessed too often; a browser that is known, by its own guesses alone."""
        login = self._get_login_attempts_cache_key(request, **credentials)
        counter = counter_of(request, login)
        if counter is None:
            super().pre_authenticate(request, **credentials)
            return
        self._login_failed_rl_usage = ratelimit.consume(
            request, app="allauth.account", action=KNOWN_BROWSER, key=counter
        )
        if not self._login_failed_rl_usage:
            raise self.validation_error("too_many_login_attempts")

    def post_login(self, request: HttpRequest, user: Any, **more: Any) -> HttpResponse:
        """Where to go after logging in; from then on the browser is known."""
        response = super().post_login(request, user, **more)
        remember(
            request, response, self._get_login_attempts_cache_key(request, username=user.login)
        )
        return response

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Back to one's own account."""
        return reverse("account")

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        """What a closed account is told after a single sign-on."""
        return say_not_known(request, NOT_ACTIVE)

    def is_safe_url(self, url: str | None) -> bool:
        """Whether to go there after logging in: to an address here, named without its host."""
        return bool(url) and url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Where a request comes from; the server sees to it that a proxy is not meant."""
        return request.META.get("REMOTE_ADDR") or "somewhere"

    def is_ajax(self, request: HttpRequest) -> bool:
        """Scripts have the API; these pages are for people only."""
        return False

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # allauth's own has the request's host in it: whoever sends another port each time could
        # go on guessing.
        return str(credentials.get("username", "")).lower()


class UniversityAdapter(DefaultSocialAccountAdapter):
    """Links a sign-on to an account, and makes that of a student on the roster."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Nobody who isn't known gets an account."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Find whose it is, unless that was found before. Raises `ImmediateHttpResponse`."""
        if sociallogin.state.get("process") != AuthProcess.LOGIN:
            raise ImmediateHttpResponse(say_sign_on_failed(request, "it was for something else"))
        if sociallogin.is_existing:
            return
        claim = sociallogin.provider.app.settings.get("claim", "")
        claims = sociallogin.account.extra_data
        try:
            account: Account = account_for(claims, place().store, claim=claim)
        except NotKnown as why:
            log.warning("single sign-on of nobody known: %s", why)
            raise ImmediateHttpResponse(say_not_known(request, str(why))) from why
        sociallogin.connect(request, account)

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Say it in our words. Raises `ImmediateHttpResponse`."""
        raise ImmediateHttpResponse(say_sign_on_failed(request, str(exception or error)))


def say_not_known(request: HttpRequest, why: str) -> HttpResponse:
    """403 for somebody whom the university knows and the course does not."""
    return render(request, "web/account/not_known.html", {"why": why}, status=403)


def say_sign_on_failed(request: HttpRequest, why: str) -> HttpResponse:
    """401 for a sign-on that did not come to its end; why is for the log alone."""
    log.warning("single sign-on failed: %s", why)
    return render(request, "web/account/sign_on_failed.html", status=401)
