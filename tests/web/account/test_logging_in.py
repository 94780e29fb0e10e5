"""Logging in with a password, and what stands against guessing one."""

import html
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone

from grader.web.account.known_browsers import COOKIE
from grader.web.models import Account
from grader.web.serving import migrate
from grader.web.settings import Served, settings_for
from tests.web.site import Site

PASSWORD = "a horse of another colour"
WRONG = "don't belong together"
LOCKED = "Too many wrong passwords"


@pytest.fixture
def guesses() -> Iterator[None]:
    """Nothing that was guessed before counts."""
    cache.clear()
    yield
    cache.clear()


def with_password(login: str, password: str = PASSWORD) -> Account:
    account = Account.objects.get(login=login)
    account.set_password(password)
    account.save()
    return account


def log_in(client: Client, login: str, password: str = PASSWORD, **more: Any) -> Any:
    headers = more.pop("headers", None)
    values = {"login": login, "password": password, **more}
    return client.post("/account/login/", values, headers=headers)


def text_of(answer: Any) -> str:
    """A page without the marks that HTML needs for some letters."""
    return html.unescape(answer.content.decode())


def test_the_right_password_logs_in_under_a_new_session_key(site: Site, guesses: None) -> None:
    with_password("ada")
    client = site.client()
    client.get("/account/login/?next=/account/")
    client.session["planted"] = "by whoever gave them the cookie"
    session = client.session
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key or ""
    answer = log_in(client, "ada", next="/account/")
    assert (answer.status_code, answer["Location"]) == (302, "/account/")
    assert client.session.session_key != session.session_key
    assert client.get("/account/").status_code == 200
    assert "Successfully" not in client.get("/account/").content.decode()


@pytest.mark.parametrize(
    ("login", "password"),
    [("ada", "wrong"), ("nobody", PASSWORD), ("joe", "without one"), ("eve", PASSWORD)],
    ids=["wrong", "unknown", "no password", "closed account"],
)
def test_whatever_is_wrong_the_answer_and_the_work_are_the_same(
    site: Site, guesses: None, monkeypatch: pytest.MonkeyPatch, login: str, password: str
) -> None:
    with_password("ada")
    Account.objects.filter(pk=with_password("eve").pk).update(is_active=False)
    work: list[str] = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(
        MD5PasswordHasher, "encode", lambda *args: work.append("hashed") or encode(*args)
    )
    client = site.client()
    answer = log_in(client, login, password)
    assert answer.status_code == 200
    page = text_of(answer)
    assert WRONG in page
    assert page.count('class="problem"') == 1
    assert "hint" not in page.lower()
    assert work == ["hashed"]
    assert client.get("/account/").status_code == 302


def test_after_five_wrong_passwords_the_right_one_is_refused_too(site: Site, guesses: None) -> None:
    with_password("ada")
    with_password("bob")
    for number in range(5):
        # In capitals and under another port it is the same account.
        login = ("ada", "ADA", " ada ")[number % 3]
        answer = log_in(site.client(), login, "wrong", headers={"host": f"testserver:{number + 1}"})
        assert WRONG in text_of(answer)
    answer = log_in(site.client(), "ada")
    assert answer.status_code == 200
    assert LOCKED in text_of(answer)
    assert log_in(site.client(), "bob").status_code == 302


def test_right_passwords_count_for_nothing_and_forgive_nothing(site: Site, guesses: None) -> None:
    with_password("ada")
    for _ in range(4):
        log_in(site.client(), "ada", "wrong")
        assert log_in(site.client(), "ada").status_code == 302
    log_in(site.client(), "ada", "wrong")
    assert LOCKED in text_of(log_in(site.client(), "ada"))


def test_nobody_keeps_somebody_out_of_a_browser_that_they_have_used(
    site: Site, guesses: None
) -> None:
    with_password("ada")
    with_password("bob")
    client = site.client()
    assert log_in(client, " Ada ").status_code == 302
    for number in range(30):
        log_in(site.client(), "ada" if number < 5 else f"guess{number}", "wrong")
    assert LOCKED in text_of(log_in(site.client(), "ada"))
    client.cookies.pop(settings.SESSION_COOKIE_NAME)
    assert log_in(client, "ada").status_code == 302
    # For another account it is known as little as any other browser.
    client.cookies.pop(settings.SESSION_COOKIE_NAME)
    assert LOCKED in text_of(log_in(client, "bob"))


def test_a_known_browser_guesses_five_times_too(site: Site, guesses: None) -> None:
    with_password("ada")
    client = site.client()
    log_in(client, "ada")
    client.cookies.pop(settings.SESSION_COOKIE_NAME)
    for _ in range(5):
        assert WRONG in text_of(log_in(client, "ada", "wrong"))
    assert LOCKED in text_of(log_in(client, "ada"))
    # Its guesses are not those of others.
    assert log_in(site.client(), "ada").status_code == 302


@pytest.mark.parametrize("value", ["", "x", "WyJhZGEiLCJ4Il0:1tBbbb:x"])
def test_a_cookie_that_we_did_not_make_makes_nothing_known(
    site: Site, guesses: None, value: str
) -> None:
    with_password("ada")
    for _ in range(5):
        log_in(site.client(), "ada", "wrong")
    client = site.client()
    client.cookies[COOKIE] = value
    assert LOCKED in text_of(log_in(client, "ada"))


def test_one_address_can_try_thirty_accounts_a_minute(site: Site, guesses: None) -> None:
    with_password("ada")
    for number in range(30):
        assert WRONG in text_of(log_in(site.client(), f"guess{number}", "x"))
    assert LOCKED in text_of(log_in(site.client(), "ada"))
    elsewhere = Client(REMOTE_ADDR="192.0.2.9")
    assert log_in(elsewhere, "ada").status_code == 302


@pytest.mark.parametrize(
    "where",
    [
        "//evil.example/",
        "https://evil.example/",
        "http://localhost/x",
        "/\\evil.example",
        "javascript:x",
    ],
)
def test_nobody_is_sent_to_another_site_after_logging_in(
    site: Site, guesses: None, where: str
) -> None:
    with_password("ada")
    assert log_in(site.client(), "ada", next=where)["Location"] == "/"


def test_a_logged_in_person_is_sent_on_only_within_the_site(site: Site) -> None:
    answer = site.client("ada").get("/account/login/?next=//evil.example/")
    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_another_host_is_refused(site: Site) -> None:
    answer = site.client().get("/account/login/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert "makes no sense" in text_of(answer)


def test_logging_out_takes_a_post(site: Site) -> None:
    client = site.client("ada")
    assert "Log out?" in client.get("/account/logout/").content.decode()
    assert client.get("/account/").status_code == 200
    assert client.post("/account/logout/").status_code == 302
    assert client.get("/account/").status_code == 302


def test_nobody_can_sign_up_or_have_a_password_sent(site: Site) -> None:
    for path in ("signup/", "password/reset/", "email/", "password/set/", "social/connections/"):
        assert site.client("ada").get(f"/account/{path}").status_code == 404


def test_sessions_that_are_over_are_forgotten(site: Site) -> None:
    site.client("ada")
    Session.objects.update(expire_date=timezone.now() - timedelta(days=1))
    site.client("bob")
    migrate(site.served)
    (kept,) = Session.objects.all()
    assert kept.get_decoded()["_auth_user_id"] == str(Account.objects.get(login="bob").pk)


def test_no_other_site_embeds_what_is_shown_here(site: Site) -> None:
    answer = site.client("ada").get("/account/")
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]


def test_who_is_closed_out_is_so_at_once(site: Site) -> None:
    client = site.client("ada")
    Account.objects.filter(login="ada").update(is_active=False)
    assert client.get("/account/").status_code == 302


@pytest.mark.parametrize(("address", "secure"), [("https://c.example", True), ("http://x", False)])
def test_cookies_are_for_our_pages_alone(tmp_path: Path, address: str, secure: bool) -> None:
    made = settings_for(Served(tmp_path / "course.yaml", tmp_path, address), b"s" * 32)
    for cookie in ("SESSION", "CSRF"):
        assert made[f"{cookie}_COOKIE_SECURE"] is secure
        assert made[f"{cookie}_COOKIE_HTTPONLY"] is True
        assert made[f"{cookie}_COOKIE_SAMESITE"] == "Lax"
        # By https no other host of the same domain can set it.
        assert made[f"{cookie}_COOKIE_NAME"].startswith("__Host-") is secure
    assert made["ACCOUNT_DEFAULT_HTTP_PROTOCOL"] == address.partition(":")[0]


def test_passwords_are_kept_by_argon2(site: Site, guesses: None, tmp_path: Path) -> None:
    made = settings_for(Served(tmp_path / "course.yaml", tmp_path, "http://x"), b"s" * 32)
    with override_settings(PASSWORD_HASHERS=made["PASSWORD_HASHERS"]):
        assert with_password("ada").password.startswith("argon2$argon2id$")
        client = site.client()
        assert log_in(client, "ada").status_code == 302
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", "")


@pytest.mark.parametrize(
    ("database", "kind"),
    [("", "LocMemCache"), ("postgresql://me@db.example/course", "DatabaseCache")],
)
def test_guesses_are_counted_for_all_processes_that_serve_a_course(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str, kind: str
) -> None:
    monkeypatch.setenv("COURSE_DATABASE", database)
    made = settings_for(Served(tmp_path / "course.yaml", tmp_path, "http://x"), b"s" * 32)
    assert made["CACHES"]["default"]["BACKEND"].endswith(kind)
    # By default Django's caches forget a third of what they hold at the 301st entry.
    assert made["CACHES"]["default"]["OPTIONS"]["MAX_ENTRIES"] >= 10_000


def test_guesses_can_be_counted_in_the_database(site: Site, tmp_path: Path) -> None:
    shared = {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "web_cache",
    }
    with override_settings(CACHES={"default": shared}):
        migrate(site.served)
        with_password("ada")
        for _ in range(5):
            assert WRONG in text_of(log_in(site.client(), "ada", "wrong"))
        assert LOCKED in text_of(log_in(site.client(), "ada"))
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM web_cache")
            assert (cursor.fetchone() or [0])[0] >= 2
