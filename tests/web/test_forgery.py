"""No other site can have a browser change anything: forms need their token, and GET only shows."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.urls import get_resolver

from grader.web.visits import Role
from tests.store.full_store import all_rows
from tests.web.site import Site
from tests.web.test_routes import API, LOGINS, OPEN, ROUTES, routes

# What stands in an address for what it names; of a submission, request or token the first.
NAMED = {"name": "hw1", "assignment": "hw1", "student": "ada", "login": "ada", "identifier": "ada"}
REFUSED = "This form can&#x27;t be taken"
# An LMS has browsers post to these. What it says is signed, and answers what was asked of it.
FROM_AN_LMS = {"lti/launch/", "lti/login/"}
POSTS = [
    *((route, "ivy") for route in sorted(OPEN - FROM_AN_LMS)),
    *(
        (route, LOGINS[min(getattr(view, "roles", {Role.STUDENT}))])
        for route, view in ROUTES
        if "POST" in getattr(view, "methods", ())
    ),
]


def filled(route: str) -> str:
    """An address of the route that may well name something."""
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: NAMED.get(found.group(1), "1"), route)


@pytest.mark.parametrize(("route", "login"), POSTS, ids=[route for route, _ in POSTS])
def test_a_form_without_its_token_is_refused(site: Site, route: str, login: str) -> None:
    client = site.client(login, enforce_csrf_checks=True)
    before = everything(site)
    answer = client.post(filled(route))
    assert answer.status_code == 403
    assert REFUSED in answer.content.decode()
    assert everything(site) == before


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://testserver.evil.example", "null"]
)
def test_a_form_sent_by_another_site_is_refused_even_with_a_token(site: Site, origin: str) -> None:
    client = site.client("ada", enforce_csrf_checks=True)
    page = client.get("/account/").content.decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert found is not None
    values = {"name": "x", "zone": "", "csrfmiddlewaretoken": found.group(1)}
    assert client.post("/account/", values, headers={"origin": origin}).status_code == 403
    ours = client.post("/account/", values, headers={"origin": "http://testserver"})
    assert ours.status_code == 302


def test_only_scripts_and_an_lms_need_no_such_token() -> None:
    every = routes(get_resolver().url_patterns)
    exempt = {route for route, view in every if getattr(view, "csrf_exempt", False)}
    assert {route for route in exempt if not route.startswith(API)} == FROM_AN_LMS


@pytest.fixture
def worked(site: Site) -> Site:
    """A site in which a bit of everything happened, so that there is something to show."""
    site.hand_in("ada")
    site.grade()
    site.hand_in("bob")
    site.store.requests.ask(1, "ada", "q1", "Why?")
    return site


GETS = [route for route, view in ROUTES if "GET" in getattr(view, "methods", ())]


@pytest.mark.parametrize("route", GETS)
def test_looking_changes_nothing(worked: Site, route: str) -> None:
    clients = [worked.client(login) for login in LOGINS.values()]
    before = everything(worked)
    for client in clients:
        answer: Any = client.get(filled(route))
        assert answer.status_code < 500
        if answer.streaming:
            b"".join(answer.streaming_content)
    assert everything(worked) == before


def everything(site: Site) -> dict[str, list[dict[str, Any]]]:
    """Every row of the course's tables and of the web's; sessions alone may come and go."""
    return {**all_rows(site.store), **dict(_web_rows())}


def _web_rows() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for model in apps.get_models():
        if model._meta.app_label not in {"store", "sessions"}:
            yield model._meta.label, list(model._default_manager.order_by("pk").values())
