"""Every operation of the API: by a token only, and only for the roles that it is for."""

from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from grader.web.account.tokens import make_token
from grader.web.api.urls import api
from grader.web.models import Account
from tests.web.api.asking import ROOT, Script
from tests.web.site import Site

SPECIFICATION: dict[str, Any] = api.get_openapi_schema(path_prefix=ROOT)
ROLES = {"ada": "student", "tam": "ta", "ivy": "instructor"}
EVERYBODY, STUDENT, STAFF = {*ROLES.values()}, {"student"}, {"ta", "instructor"}
# Whom each operation is for; None: whoever asks, without a token.
FOR: dict[str, set[str] | None] = {
    "POST device": None,
    "POST device/token": None,
    "DELETE token": EVERYBODY,
    "GET me": EVERYBODY,
    "GET assignments": STUDENT,
    "GET assignments/{name}": STUDENT,
    "POST assignments/{name}/submissions": STUDENT,
    "GET assignments/{name}/feedback": STUDENT,
    "GET submissions": STUDENT,
    "GET submissions/{number}": EVERYBODY,
    "GET submissions/{number}/feedback": STUDENT,
    "GET submissions/{number}/file": EVERYBODY,
    "GET staff/assignments/{name}/submissions": STAFF,
    "GET staff/gradebook": STAFF,
    "POST staff/assignments/{name}/pause": STAFF,
    "POST staff/assignments/{name}/resume": STAFF,
    "POST staff/assignments/{name}/retry": STAFF,
}


def operations() -> list[str]:
    return [
        f"{method.upper()} {path.removeprefix(ROOT)}"
        for path, found in SPECIFICATION["paths"].items()
        for method in found
    ]


def test_every_operation_is_in_the_table() -> None:
    assert sorted(operations()) == sorted(FOR)


def ask(client: Client, operation: str, headers: dict[str, str] | None = None) -> Any:
    method, path = operation.format(name="hw1", number=1).split()
    return client.generic(
        method, ROOT + path, b"{}", content_type="application/json", headers=headers or {}
    )


@pytest.mark.parametrize("operation", [name for name, roles in FOR.items() if roles])
def test_without_a_token_nothing_is_answered_or_changed(site: Site, operation: str) -> None:
    site.hand_in("ada")
    before = site.store.history(1), site.store.record.actions()
    logged_in = site.client("ada" if "student" in (FOR[operation] or ()) else "ivy")
    basic = {"authorization": "Basic YWRhOmE="}
    made_up = {"authorization": f"Bearer course_{'A' * 43}"}
    for client, headers in (
        (Client(), {}),
        (logged_in, {}),
        (Client(), basic),
        (Client(), made_up),
    ):
        answer = ask(client, operation, headers)
        assert answer.status_code == 401, headers
        assert answer["WWW-Authenticate"] == "Bearer"
        assert "course login" in answer.json()["hint"]
    assert (site.store.history(1), site.store.record.actions()) == before


@pytest.mark.parametrize("login", ROLES)
@pytest.mark.parametrize(("operation", "roles"), [(name, r) for name, r in FOR.items() if r])
def test_a_token_opens_what_its_owner_s_role_is_for(
    site: Site, operation: str, roles: set[str], login: str
) -> None:
    site.hand_in("ada")
    text = make_token(Account.objects.get(login=login), "x", 7)[1]
    answer = ask(Client(), operation, {"authorization": f"Bearer {text}"})
    if ROLES[login] in roles:
        assert answer.status_code in {200, 204, 422}
    else:
        assert answer.status_code == 403
        assert answer.json()["title"] == "This is not for you"


def test_who_left_the_course_is_shown_nothing(site: Site) -> None:
    script = Script("ada")
    site.store.roster.update(
        [row for row in site.store.roster.students() if row.identifier != "ada"]
    )
    assert script.get("assignments").status_code == 403


def test_a_token_says_when_it_was_used(site: Site) -> None:
    script = Script("ada")
    assert script.get("me").status_code == 200
    assert "never" not in site.client("ada").get("/account/").content.decode()


def test_a_command_can_end_its_token(site: Site) -> None:
    script, other = Script("ada"), Script("ada")
    assert script.delete("token").status_code == 204
    assert script.get("me").status_code == 401
    assert other.get("me").status_code == 200


def test_the_description_is_for_everybody_and_draws_nothing_from_elsewhere(site: Site) -> None:
    answer = Client().get(f"{ROOT}openapi.json")
    assert answer.status_code == 200
    assert answer.json()["info"]["title"] == "Course"
    for path in ("docs", "docs/", "nothing/like/it"):
        absent = Client(enforce_csrf_checks=True).post(ROOT + path)
        assert (absent.status_code, absent.json()["title"]) == (404, "There is nothing here")


def test_an_answer_is_for_its_asker_alone(site: Site) -> None:
    answer = Script("ada").get("me")
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Content-Type"].startswith("application/json")
    assert settings.SESSION_COOKIE_NAME not in answer.cookies


def test_a_device_is_let_in_by_the_api_and_the_page(site: Site) -> None:
    cache.clear()
    nobody = Script()
    begun = nobody.post("device", {"label": "laptop"}).json()
    assert begun["verification_uri"] == "http://testserver/account/device/"
    assert (begun["interval"], begun["expires_in"]) == (5, 600)
    code = {"device_code": begun["device_code"]}
    pending = nobody.post("device/token", code)
    assert (pending.status_code, pending.json()["error"]) == (428, "authorization_pending")
    too_early = nobody.post("device/token", code)
    assert (too_early.status_code, too_early.json()["error"]) == (429, "slow_down")
    decided = {"code": begun["user_code"], "decision": "allow"}
    page = site.client("ada").post("/account/device/", decided)
    assert "laptop, from 127.0.0.1" in page.content.decode()
    again = nobody.post("device", {"label": "x"}).json()
    site.client("ada").post("/account/device/", {"code": again["user_code"], "decision": "deny"})
    denied = nobody.post("device/token", {"device_code": again["device_code"]})
    assert (denied.status_code, denied.json()["error"]) == (403, "access_denied")
    gone = nobody.post("device/token", {"device_code": again["device_code"]})
    assert (gone.status_code, gone.json()["error"]) == (410, "expired_token")


def test_one_address_can_begin_so_many_times_a_minute(site: Site) -> None:
    cache.clear()
    for _ in range(60):
        assert Script().post("device", {"label": "x"}).status_code == 200
    assert Script().post("device", {"label": "x"}).status_code == 429
    assert Script(REMOTE_ADDR="192.0.2.1").post("device", {"label": "x"}).status_code == 200
    cache.clear()


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("device", {}, "label: Field required"),
        ("device", {"label": "x" * 201}, "label: String should have at most 200"),
        ("device", {"label": 7}, "label: Input should be a valid string"),
        ("device", {"label": "\ud800"}, "label: "),
        ("device/token", {}, "device_code: Field required"),
    ],
)
def test_a_mistake_is_told_with_its_place(site: Site, path: str, body: Any, told: str) -> None:
    cache.clear()
    answer = Script().post(path, body)
    assert answer.status_code == 422
    assert told in answer.json()["detail"]


def test_what_is_not_json_is_refused(site: Site) -> None:
    answer = Client().post(f"{ROOT}device", b"{", content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["title"] == "The request has a mistake"
