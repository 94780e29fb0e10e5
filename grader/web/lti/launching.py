"""Where an LMS sends browsers to, and where it gets our keys. Nobody is logged in yet.

Both come as requests from another site, most as a POST. The state's cookie must come along with
those, so by https it is `SameSite=None; Secure`; by http, as on one's own machine, it says nothing
of that, which browsers take for the same within two minutes. The session's cookie stays `Lax`: it
is not sent along with a launch and needn't be, as a launch begins a new session, and the page that
follows is asked for by GET.
"""

import hashlib
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from grader.web.guarding import POLICY
from grader.web.lti import refusing
from grader.web.lti.keys import published_keys
from grader.web.lti.linking import note_link
from grader.web.lti.matching import account_of
from grader.web.lti.models import Link
from grader.web.lti.proving import LASTS, Launch, ask, find_platform, prove
from grader.web.lti.refusing import Refusal
from grader.web.models import Account
from grader.web.place import place
from grader.web.visits import Role, visitor_for

_ASKED = ("iss", "client_id", "login_hint", "lti_message_hint")


@csrf_exempt
@require_http_methods(["GET", "POST"])
def login_initiation(request: HttpRequest) -> HttpResponse:
    """A link was opened in the LMS: send the browser back there to be told who it is."""
    asked = request.POST if request.method == "POST" else request.GET
    try:
        if "iss" not in asked or "login_hint" not in asked:
            raise refusing.incomplete("an issuer or a login hint")
        platform = find_platform(asked["iss"], asked.get("client_id", ""))
    except Refusal as why:
        return refusing.say(request, why)
    # Nor as a picture of another site, which could fill a browser with cookies until it throws the
    # session's out.
    if request.headers.get("Sec-Fetch-Dest", "document") != "document":
        return _door(request, asked)
    question = ask(
        platform, launch_address(), asked["login_hint"], asked.get("lti_message_hint", "")
    )
    response = HttpResponseRedirect(question.url)
    is_https = settings.SESSION_COOKIE_SECURE
    response.set_cookie(
        _cookie_of(question.state),
        question.kept,
        max_age=int(LASTS.total_seconds()),
        path=reverse("lti_launch"),
        secure=is_https,
        httponly=True,
        samesite="None" if is_https else "",
    )
    return response


@csrf_exempt
@require_POST
def launch(request: HttpRequest) -> HttpResponse:
    """The LMS's answer: log in whoever it proves, and go to what the link is of."""
    state = request.POST.get("state", "")
    cookie = _cookie_of(state)
    try:
        response = _taken(request, state, request.COOKIES.get(cookie, ""))
    except Refusal as why:
        response = refusing.say(request, why)
    response.delete_cookie(cookie, path=reverse("lti_launch"))
    return response


@require_safe
def tool_keys(request: HttpRequest) -> HttpResponse:
    """Our public keys, for whoever verifies what we sign."""
    return JsonResponse(published_keys(timezone.now()))


def launch_address() -> str:
    """Where the LMS must send its answers to, as it has it registered."""
    return f"{settings.SERVED.address}{reverse('lti_launch')}"


def _taken(request: HttpRequest, state: str, kept: str) -> HttpResponse:
    if "error" in request.POST:
        raise refusing.not_logged_in_there(request.POST["error"])
    if not state or "id_token" not in request.POST:
        raise refusing.incomplete("a state or a token")
    proved = prove(state, kept, request.POST["id_token"], timezone.now())
    now = place().now
    account = account_of(proved, place().store, now)
    course = place().current().course
    link = note_link(proved, course, place().store, by=account.login, now=now)
    login(request, account)
    return HttpResponseRedirect(_where(request, proved, link, account))


def _where(request: HttpRequest, proved: Launch, link: Link, account: Account) -> str:
    named = proved.claims.parameter("assignment")
    if named and not link.assignment:
        messages.warning(request, f"The link names an assignment {named[:100]}; there is none.")
    is_student = Role.STUDENT in visitor_for(account, place().store).roles
    return f"/assignments/{link.assignment}/" if link.assignment and is_student else "/"


def _door(request: HttpRequest, asked: QueryDict) -> HttpResponse:
    """A page inside of the LMS's frame, where ours can't be shown: it opens a window of its own."""
    words = {name: asked[name] for name in _ASKED if name in asked}
    address = f"{reverse('lti_login')}?{urlencode(words)}"
    response = render(request, "web/lti/door.html", {"address": address})
    response["Content-Security-Policy"] = POLICY.replace(
        "frame-ancestors 'none'", "frame-ancestors *"
    )
    return response


def _cookie_of(state: str) -> str:
    """Its cookie's name: links can be opened in several windows at a time."""
    return f"course_lti_{hashlib.sha256(state.encode()).hexdigest()[:12]}"
