"""Changing one's own password."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from grader.web.models import Account
from tests.web.site import Site

OLD, NEW = "a horse of another colour", "no plain white zebra"


@pytest.fixture
def client(site: Site) -> Client:
    cache.clear()
    account = Account.objects.get(login="ada")
    account.set_password(OLD)
    account.save()
    return site.client("ada")


def change(client: Client, old: str, new: str, again: str = "") -> Any:
    values = {"oldpassword": old, "password1": new, "password2": again or new}
    return client.post("/account/password/", values)


def is_hers(password: str) -> bool:
    return Account.objects.get(login="ada").check_password(password)


def test_a_new_password_ends_every_other_session(site: Site, client: Client) -> None:
    elsewhere = site.client("ada")
    assert elsewhere.get("/account/").status_code == 200
    assert change(client, OLD, NEW).status_code == 302
    assert is_hers(NEW)
    assert "Your password is changed." in client.get("/account/").content.decode()
    assert elsewhere.get("/account/").status_code == 302


@pytest.mark.parametrize(
    ("old", "new", "again", "told"),
    [
        ("wrong", NEW, NEW, "That is not your password."),
        (OLD, "short words", "", "at least 12 characters"),
        (OLD, "123456789012345", "", "entirely numeric"),
        (OLD, "q1w2e3r4t5y6", "", "too common"),
        (OLD, NEW, "another one entirely", "the same password each time"),
    ],
)
def test_a_password_is_refused_with_the_reason(
    client: Client, old: str, new: str, again: str, told: str
) -> None:
    answer = change(client, old, new, again)
    assert answer.status_code == 200
    assert told in answer.content.decode()
    assert is_hers(OLD)


def test_the_old_password_can_be_guessed_five_times_a_minute(client: Client) -> None:
    for _ in range(5):
        change(client, "wrong", NEW)
    answer = change(client, OLD, NEW)
    assert answer.status_code == 429
    assert "That was too often" in answer.content.decode()
    assert is_hers(OLD)


def test_who_has_no_password_is_told_how_to_get_one(site: Site) -> None:
    client = site.client("bob")
    answer = client.get("/account/password/", follow=True)
    assert "Ask the teaching staff for a link" in answer.content.decode()
