"""Every route against every role: who gets in, and who is told that there is nothing."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.urls import URLResolver, get_resolver

from grader.web.visits import Role
from tests.web.site import Site

# Routes that are for people who have not logged in.
OPEN = {
    "account/login/",
    "account/logout/",
    "account/university/login/",
    "account/university/login/callback/",
    "lti/login/",
    "lti/launch/",
    "lti/keys/",
    "account/invitation/<str:secret>/",  # for who has no password yet: the secret lets them in
    # Calendar programs don't log in: the address is the key.
    # (tests/web/student/test_calendar_page.py)
    "calendar/feed/<str:token>.ics",
}
# Takes tokens only; tests/web/api has a table of its own.
API = "api/"
LOGINS = {Role.STUDENT: "ada", Role.TA: "tam", Role.INSTRUCTOR: "ivy"}


def routes(patterns: Sequence[Any], before: str = "") -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for one in patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            found += routes(one.url_patterns, route)
        else:
            found.append((route, one.callback))
    return found


ROUTES = [
    (route, view)
    for route, view in routes(get_resolver().url_patterns)
    if route not in OPEN and not route.startswith(API)
]


@pytest.mark.parametrize(("route", "view"), ROUTES, ids=[route for route, _ in ROUTES])
def test_a_route_says_who_it_is_for(route: str, view: object) -> None:
    assert getattr(view, "roles", None), f"{route}: make its view with @page(roles)"


PLAIN = [(route, view) for route, view in ROUTES if "<" not in route]


@pytest.mark.parametrize("role", [None, *Role])
@pytest.mark.parametrize(("route", "view"), PLAIN, ids=[route for route, _ in PLAIN])
def test_a_route_lets_in_whom_it_is_for(
    site: Site, route: str, view: object, role: Role | None
) -> None:
    client = site.client(LOGINS[role] if role else "")
    methods, roles = getattr(view, "methods", ()), getattr(view, "roles", frozenset())
    if "GET" not in methods:
        answer = client.post(f"/{route}")
        expected = {401} if role is None else {403} if role not in roles else {200, 302, 303, 400}
    else:
        answer = client.get(f"/{route}")
        expected = {302} if role is None else {403} if role not in roles else {200, 302}
    assert answer.status_code in expected, (route, role, answer.status_code)
    if role is None and "GET" in methods:
        assert answer["Location"].startswith("/account/login/?next=/")
