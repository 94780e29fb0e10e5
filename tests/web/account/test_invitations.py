"""The link by which somebody sets their first password: once, in time, and only theirs."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from grader.web.account.inviting import LASTS, invite
from grader.web.models import Account, Invitation
from tests.web.site import Site

PASSWORD = "no plain white zebra"


def link(site: Site, login: str = "ada") -> str:
    ((_, secret),) = invite([Account.objects.get(login=login)], site.store, by="ivy")
    return f"/account/invitation/{secret}/"


def put(path: str, first: str = PASSWORD, second: str | None = None) -> Any:
    return Client().post(path, {"password1": first, "password2": second or first})


def has_it(login: str = "ada") -> bool:
    return Account.objects.get(login=login).check_password(PASSWORD)


def test_a_link_sets_a_password_by_which_one_logs_in(site: Site) -> None:
    path = link(site)
    page = Client().get(path)
    assert page.status_code == 200
    assert "<strong>ada</strong>" in page.content.decode()
    assert page["Cache-Control"] == "private, no-store"
    answer = put(path)
    assert (answer.status_code, answer["Location"]) == (302, "/account/login/")
    assert has_it()
    client = Client()
    client.post("/account/login/", {"login": "ada", "password": PASSWORD})
    assert client.get("/").status_code == 200
    rows = site.store.record.find(what="password set")[0]
    assert [(row.by, row.subject) for row in rows] == [("ada", "ada")]


def test_whoever_reads_the_log_finds_no_link_in_it(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    path = link(site)
    assert put(path, "short").status_code == 400
    assert Client(enforce_csrf_checks=True).post(path).status_code == 403
    assert Client().get("/calendar/feed/abc.def.ics").status_code == 404
    assert "Bad Request: /account/invitation/.../" in caplog.messages
    assert "Not Found: /calendar/feed/..." in caplog.messages
    assert path.split("/")[3] not in caplog.text
    assert put(path).status_code == 302


def test_it_is_used_once_and_ends_the_others(site: Site) -> None:
    path = link(site)
    other = Invitation.objects.create(
        account=Account.objects.get(login="ada"),
        digest="x" * 64,
        expires_at=timezone.now() + LASTS,
    )
    assert put(path).status_code == 302
    for ask in (Client().get(path), put(path, "another good one")):
        assert ask.status_code == 410
        assert "This link can&#x27;t be used any more" in ask.content.decode()
    assert has_it()
    other.refresh_from_db()
    assert other.used_at is not None


def test_to_look_at_it_uses_nothing_up(site: Site) -> None:
    path = link(site)
    for _ in range(3):  # as programs do that look through mail
        assert Client().get(path).status_code == 200
        assert Client().head(path).status_code == 200
    assert put(path).status_code == 302


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        (PASSWORD, "something else", "The two are not the same."),
        ("short", "short", "at least 12 characters"),
        ("", "", "at least 12 characters"),
        ("123456789012345", "123456789012345", "entirely numeric"),
    ],
)
def test_a_password_that_is_none_is_refused_and_the_link_holds(
    site: Site, first: str, second: str, why: str
) -> None:
    path = link(site)
    page = Client().post(path, {"password1": first, "password2": second})
    assert (page.status_code, why in page.content.decode()) == (400, True)
    assert put(path).status_code == 302


def test_it_ends_after_its_time(site: Site) -> None:
    path = link(site)
    last = Invitation.objects.get()
    assert abs(last.expires_at - timezone.now() - timedelta(days=14)) < timedelta(minutes=1)
    Invitation.objects.update(expires_at=timezone.now())
    assert Client().get(path).status_code == 410
    assert put(path).status_code == 410
    assert not has_it()


def test_a_new_link_takes_the_place_of_the_old_one(site: Site) -> None:
    old, new = link(site), link(site)
    assert Client().get(old).status_code == 410
    assert Client().get(new).status_code == 200


def test_a_shut_account_has_no_use_of_it(site: Site) -> None:
    path = link(site)
    Account.objects.filter(login="ada").update(is_active=False)
    assert put(path).status_code == 410
    assert not has_it()


def test_a_new_password_ends_every_session(site: Site) -> None:
    elsewhere = site.client("ada")
    assert elsewhere.get("/").status_code == 200
    put(link(site))
    assert elsewhere.get("/").status_code == 302


@pytest.mark.parametrize("secret", ["x", "a" * 43, "%00", "é"])
def test_a_secret_that_is_none_opens_nothing(site: Site, secret: str) -> None:
    assert Client().get(f"/account/invitation/{secret}/").status_code == 410
    assert put(f"/account/invitation/{secret}/").status_code == 410


def test_another_way_of_asking_is_refused(site: Site) -> None:
    assert Client().delete(link(site)).status_code == 405
