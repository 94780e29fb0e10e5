"""Opening a link in the LMS: who gets in, and what is refused."""

import html
import threading
import time
from collections import defaultdict
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from grader.store import StudentRow
from grader.web.lti import calling
from grader.web.lti.calling import may_call
from grader.web.lti.models import Link, Member, Person, Platform, UsedNonce
from grader.web.models import Account
from tests.web.lti.lms import AGS, LTI, SCORE, TEACHER, Lms, rsa_key
from tests.web.site import Site

SESSION = settings.SESSION_COOKIE_NAME


def text_of(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def logged_in(browser: Client) -> str:
    """The login of who is logged in, by the page of their account too."""
    login = Account.objects.get(pk=browser.session["_auth_user_id"]).login
    assert f"Login</dt><dd>{login}</dd>" in browser.get("/account/").content.decode()
    return login


def refused(browser: Client, answer: Any, title: str, status: int = 403) -> None:
    assert answer.status_code == status
    assert f"<h1>{title}</h1>" in text_of(answer)
    assert SESSION not in answer.cookies
    assert browser.get("/account/").status_code == 302
    assert not Person.objects.exists()
    assert not Link.objects.exists()


def test_a_student_opens_a_link_and_is_logged_in(site: Site, lms: Lms) -> None:
    browser = site.client()
    answer = lms.launch(browser)
    assert (answer.status_code, answer["Location"]) == (302, "/assignments/hw1/")
    assert logged_in(browser) == "ada"
    person = Person.objects.get()
    assert (person.issuer, person.subject, person.account.login) == (lms.issuer, "u-ada", "ada")
    member = Member.objects.get()
    assert (member.person, member.deployment.identifier, member.context) == (person, "d1", "c1")
    link = Link.objects.get()
    assert (link.resource, link.assignment, link.title) == ("r1", "hw1", "Homework 1")
    assert (link.column, link.may_send, link.course) == (lms.column(), True, "Term 1")
    told = [(one.what, one.by, one.subject) for one in site.store.record.actions()]
    assert told[-2:] == [("account linked", "ada", "ada"), ("LMS link", "ada", "hw1")]


def test_a_launch_begins_a_new_session(site: Site, lms: Lms) -> None:
    browser = site.client()
    planted = browser.session
    planted["planted"] = "by whoever gave them the cookie"
    planted.save()
    browser.cookies[SESSION] = planted.session_key or ""
    lms.launch(browser)
    assert browser.session.session_key != planted.session_key
    other = site.client("bob")
    lms.launch(other)
    assert logged_in(other) == "ada"


def test_a_second_launch_knows_them_whatever_else_is_told(site: Site, lms: Lms) -> None:
    lms.launch(site.client())
    browser = site.client()
    lms.launch(browser, **{f"{LTI}lis": None, "email": "bob@mail.example"})
    assert logged_in(browser) == "ada"
    assert Person.objects.count() == Member.objects.count() == Link.objects.count() == 1
    assert [one.what for one in site.store.record.actions()].count("LMS link") == 1


NEVER = "This launch can't be taken"
UNTRUSTED = "What the LMS sent can't be trusted"
HOUR = 3600


@pytest.mark.parametrize(
    ("claims", "title"),
    [
        ({"exp": int(time.time()) - HOUR}, "This launch is too old"),
        ({"exp": None}, UNTRUSTED),
        ({"iat": None}, UNTRUSTED),
        ({"iat": int(time.time()) + HOUR}, UNTRUSTED),
        ({"aud": "another-tool"}, UNTRUSTED),
        ({"aud": ["tool-7", "another-tool"]}, UNTRUSTED),
        ({"aud": ["tool-7", "another-tool"], "azp": "another-tool"}, UNTRUSTED),
        ({"iss": "https://another.example"}, UNTRUSTED),
        ({"nonce": "of another launch"}, UNTRUSTED),
        ({"nonce": None}, UNTRUSTED),
        ({"sub": None}, UNTRUSTED),
        ({"sub": "s" * 192}, UNTRUSTED),
        ({f"{LTI}version": "1.1"}, UNTRUSTED),
        ({f"{LTI}resource_link": {}}, UNTRUSTED),
        ({f"{LTI}resource_link": {"id": "nul\0"}}, UNTRUSTED),
        ({f"{LTI}deployment_id": None}, UNTRUSTED),
        ({f"{LTI}deployment_id": "d9"}, "This course is not open to that part of the LMS"),
        ({f"{LTI}message_type": "LtiDeepLinkingRequest"}, "Only links lead here"),
    ],
    # Names without values, since some are times and each worker must find the same tests.
    ids=lambda value: ", ".join(value).removeprefix(LTI) if isinstance(value, dict) else "",
)
def test_a_token_that_is_not_as_it_must_be_is_refused(
    site: Site, lms: Lms, claims: dict[str, Any], title: str
) -> None:
    browser = site.client()
    status = 400 if title == "Only links lead here" else 403
    refused(browser, lms.launch(browser, **claims), title, status)


def test_a_clock_that_is_some_seconds_ahead_is_forgiven(site: Site, lms: Lms) -> None:
    assert lms.launch(site.client(), iat=int(time.time()) + 5).status_code == 302


@pytest.mark.parametrize(("key", "kid"), [("forged", "k1"), ("lms", "k2")])
def test_a_token_of_another_key_is_refused(site: Site, lms: Lms, key: str, kid: str) -> None:
    lms.key, lms.kid = rsa_key(key), kid
    browser = site.client()
    refused(browser, lms.launch(browser), UNTRUSTED)


@pytest.mark.parametrize("token", ["", "a.b.c", "nothing", "..", "\0"])
def test_what_is_no_token_is_refused(site: Site, lms: Lms, token: str) -> None:
    browser = site.client()
    answer = browser.post("/lti/launch/", {**lms.begin(browser), "id_token": token})
    refused(browser, answer, UNTRUSTED)


def test_a_launch_is_taken_once(site: Site, lms: Lms) -> None:
    browser = site.client()
    fields = lms.begin(browser)
    kept = {name: cookie.value for name, cookie in browser.cookies.items()}
    assert browser.post("/lti/launch/", fields).status_code == 302
    assert UsedNonce.objects.count() == 1
    # The same browser's cookie was taken away; a copy of it, as of a stolen request, is no use.
    assert browser.post("/lti/launch/", fields).status_code == 400
    thief = site.client()
    thief.cookies.load(kept)
    answer = thief.post("/lti/launch/", fields)
    assert answer.status_code == 403
    assert "This launch was used already" in text_of(answer)
    assert thief.get("/account/").status_code == 302


def test_a_launch_that_another_browser_began_is_refused(site: Site, lms: Lms) -> None:
    fields = lms.begin(site.client())
    victim = site.client()
    refused(victim, victim.post("/lti/launch/", fields), NEVER, 400)


def test_two_launches_at_a_time_dont_get_mixed_up(site: Site, lms: Lms) -> None:
    browser = site.client()
    first, second = lms.begin(browser), lms.begin(browser)
    mixed = {"state": first["state"], "id_token": second["id_token"]}
    refused(browser, browser.post("/lti/launch/", mixed), UNTRUSTED)
    assert browser.post("/lti/launch/", second).status_code == 302


def test_a_state_is_too_old_after_ten_minutes(
    site: Site, lms: Lms, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = site.client()
    fields = lms.begin(browser)
    now = time.time()
    monkeypatch.setattr("django.core.signing.time.time", lambda: now + 601)
    refused(browser, browser.post("/lti/launch/", fields), NEVER, 400)


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({}, "This was no launch from an LMS"),
        ({"state": "x"}, "This was no launch from an LMS"),
        ({"state": "x", "id_token": "y"}, NEVER),
        ({"state": "x", "error": "login_required"}, "The LMS did not let you through"),
    ],
)
def test_what_is_no_answer_to_a_question_of_ours_is_refused(
    site: Site, lms: Lms, fields: dict[str, str], title: str
) -> None:
    browser = site.client()
    status = 403 if "error" in fields else 400
    refused(browser, browser.post("/lti/launch/", fields), title, status)


def test_an_lms_that_does_not_answer_is_told_so(site: Site, lms: Lms) -> None:
    browser = site.client()
    fields = lms.begin(browser)
    Platform.objects.update(keys_url="http://127.0.0.1:9/keys")
    refused(browser, browser.post("/lti/launch/", fields), "Quercus does not answer", 503)


@pytest.mark.parametrize("path", ["elsewhere", "large", "text", "nothing"])
def test_keys_are_read_as_a_short_document_of_that_address(site: Site, lms: Lms, path: str) -> None:
    Platform.objects.update(keys_url=f"{lms.url}/{path}")
    browser = site.client()
    refused(browser, lms.launch(browser), "Quercus does not answer", 503)
    assert "/keys" not in lms.asked


def test_its_keys_are_asked_for_once_for_many_launches(site: Site, lms: Lms) -> None:
    for _ in range(3):
        lms.launch(site.client())
    lms.kid = "unknown"
    for _ in range(3):
        lms.launch(site.client())
    assert lms.asked.count("/keys") == 1


@pytest.mark.parametrize("path", ["elsewhere", "text", "nothing"])
def test_an_lms_that_fails_is_not_asked_for_each_launch(site: Site, lms: Lms, path: str) -> None:
    Platform.objects.update(keys_url=f"{lms.url}/{path}")
    for _ in range(3):
        refused(browser := site.client(), lms.launch(browser), "Quercus does not answer", 503)
    assert lms.asked.count(f"/{path}") == 1


def test_launches_do_not_queue_up_for_an_lms_that_hangs(
    site: Site, lms: Lms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "WAIT_SECONDS", 0.1)
    with (asking := threading.Lock()):  # by another launch, which has no answer yet
        monkeypatch.setattr(calling, "_asking", defaultdict(lambda: asking))
        refused(browser := site.client(), lms.launch(browser), "Quercus does not answer", 503)
    assert "/keys" not in lms.asked
    lms.launch(browser)
    assert logged_in(browser) == "ada"


@pytest.mark.parametrize(
    "words",
    [
        {"iss": "https://another.example"},
        {"client_id": "another"},
        {"iss": ""},
    ],
)
def test_an_unknown_lms_is_not_asked(site: Site, lms: Lms, words: dict[str, str]) -> None:
    asked = {"iss": lms.issuer, "client_id": lms.client, "login_hint": "hint", **words}
    answer = site.client().get("/lti/login/", asked)
    assert answer.status_code == 403
    assert "does not know that LMS" in text_of(answer)
    assert not answer.cookies


def test_a_login_without_a_hint_is_no_login(site: Site, lms: Lms) -> None:
    answer = site.client().get("/lti/login/", {"iss": lms.issuer})
    assert answer.status_code == 400


def test_the_state_goes_along_from_another_site_and_the_session_does_not_have_to(
    site: Site, lms: Lms, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = site.client()
    lms.begin(browser)
    (state,) = browser.cookies.values()
    assert (state["samesite"], state["secure"], state["httponly"]) == ("", "", True)
    assert (state["path"], state["max-age"]) == ("/lti/launch/", 600)
    monkeypatch.setattr(settings, "SESSION_COOKIE_SECURE", True)
    browser = site.client()
    lms.begin(browser)
    (state,) = browser.cookies.values()
    assert (state["samesite"], state["secure"]) == ("None", True)
    answer = lms.launch(site.client())
    assert answer.cookies[SESSION]["samesite"] == "Lax"


def test_in_a_frame_there_is_a_door_to_a_window(site: Site, lms: Lms) -> None:
    asked = {"iss": lms.issuer, "client_id": lms.client, "login_hint": 'a"<b>', "x": "y"}
    answer = site.client().get("/lti/login/", asked, headers={"Sec-Fetch-Dest": "iframe"})
    assert answer.status_code == 200
    assert "frame-ancestors *" in answer["Content-Security-Policy"]
    assert not answer.cookies
    page = answer.content.decode()
    assert 'target="_blank"' in page
    assert "login_hint=a%22%3Cb%3E" in page
    assert "x=y" not in page
    elsewhere = site.client().get("/lti/login/", asked)
    assert elsewhere.status_code == 302
    assert "frame-ancestors 'none'" in elsewhere["Content-Security-Policy"]


@pytest.mark.parametrize("what", ["image", "script", "empty"])
def test_no_other_site_fills_a_browser_with_cookies(site: Site, lms: Lms, what: str) -> None:
    asked = {"iss": lms.issuer, "login_hint": "hint"}
    answer = site.client().get("/lti/login/", asked, headers={"Sec-Fetch-Dest": what})
    assert not answer.cookies
    there = site.client().get("/lti/login/", asked, headers={"Sec-Fetch-Dest": "document"})
    assert len(there.cookies) == 1


def test_staff_go_to_their_first_page(site: Site, lms: Lms) -> None:
    Account.objects.filter(login="tam").update(email="tam@mail.example")
    told = {"email": "Tam@mail.example", "email_verified": True, f"{LTI}roles": [TEACHER]}
    browser = site.client()
    assert lms.launch(browser, sub="u-tam", **told)["Location"] == "/"
    assert logged_in(browser) == "tam"
    assert "Role</dt><dd>ta" in browser.get("/account/").content.decode()


@pytest.mark.parametrize(
    ("custom", "location"),
    [({}, "/"), (None, "/"), ({"assignment": "nothing"}, "/"), ({"assignment": 3}, "/")],
)
def test_a_link_that_names_no_assignment_leads_home(
    site: Site, lms: Lms, custom: Any, location: str
) -> None:
    browser = site.client()
    answer = lms.launch(browser, **{f"{LTI}custom": custom})
    assert answer["Location"] == location
    assert Link.objects.get().assignment == ""
    if custom == {"assignment": "nothing"}:
        assert "names an assignment nothing; there is none" in browser.get("/").content.decode()


@pytest.mark.parametrize(
    ("service", "column", "may_send"),
    [
        (None, "", False),
        ({"scope": [], "lineitem": "COLUMN"}, "COLUMN", False),
        ({"scope": [SCORE]}, "", True),
        ({"scope": [SCORE], "lineitem": "http://intranet.example/x"}, "", True),
        ({"scope": [SCORE], "lineitem": "file:///etc/passwd"}, "", True),
    ],
)
def test_a_link_has_the_column_that_its_last_launch_told(
    site: Site, lms: Lms, service: Any, column: str, may_send: bool
) -> None:
    lms.launch(site.client())
    if service and service.get("lineitem") == "COLUMN":
        service = {**service, "lineitem": lms.column()}
    lms.launch(site.client(), **{AGS: service})
    link = Link.objects.get()
    assert (link.column, link.may_send) == (column and lms.column(), may_send)


def test_an_lms_elsewhere_cannot_name_a_column_on_this_machine(site: Site, lms: Lms) -> None:
    here = Platform.objects.get()
    assert may_call("http://127.0.0.1:5432/x", here)
    away = Platform(token_url="https://lms.example/token")
    for url in (
        "http://127.0.0.1:5432/x",
        "https://localhost/x",
        "https://[::1]/x",
        "http://[",
        "",
    ):
        assert not may_call(url, away)
    assert may_call("https://lms.example/x", away)


def test_who_left_the_course_is_not_on_the_roster(site: Site, lms: Lms) -> None:
    lms.launch(site.client())
    rows = [row for row in site.store.roster.students() if row.identifier != "ada"]
    site.store.roster.update(rows)
    browser = site.client()
    answer = lms.launch(browser)
    assert answer.status_code == 403
    assert "You are not on the roster" in text_of(answer)
    assert browser.get("/account/").status_code == 302


def test_a_student_without_an_account_gets_one(site: Site, lms: Lms) -> None:
    rows = site.store.roster.students()
    site.store.roster.update([*rows, StudentRow("zoe", "Zoe", "zoe@mail.example", "")])
    browser = site.client()
    lms.launch(browser, sub="u-zoe", **{f"{LTI}lis": {"person_sourcedid": "zoe"}})
    account = Account.objects.get(login="zoe")
    assert (account.student, account.has_usable_password()) == ("zoe", False)
    assert logged_in(browser) == "zoe"
