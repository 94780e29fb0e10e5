"""One's own account: name, time zone, tokens."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from grader.web.account.tokens import MOST_TOKENS, find_token, make_token
from grader.web.models import Account, Token
from tests.web.site import Site


def account(login: str) -> Account:
    return Account.objects.get(login=login)


def test_name_and_zone_are_one_s_own_to_change(site: Site) -> None:
    client = site.client("ada")
    values = {"name": "Countess <b>Ada</b>", "zone": "Asia/Tokyo"}
    assert client.post("/account/", values).status_code == 302
    assert (account("ada").name, account("ada").zone) == (values["name"], "Asia/Tokyo")
    page = client.get("/account/").content.decode()
    assert "Countess &lt;b&gt;Ada" in page
    assert '<option value="Asia/Tokyo" selected>' in page
    assert "JST" in client.get("/").content.decode()


def test_a_zone_that_there_is_not_is_refused(site: Site) -> None:
    answer = site.client("ada").post("/account/", {"name": "x", "zone": "Mars/Olympus"})
    assert answer.status_code == 400
    assert "There is no time zone" in answer.content.decode()
    assert account("ada").zone == ""


@pytest.mark.parametrize("login", ["ada", "tam", "ivy"])
def test_nobody_can_change_more_than_that(site: Site, login: str) -> None:
    before = Account.objects.filter(login=login).values("student", "email", "login").get()
    more = {
        "student": "bob",
        "email": "x@y.example",
        "login": "root",
        "is_active": "",
        "roles": "ta",
    }
    site.client(login).post("/account/", {"name": "", "zone": "", **more})
    after = Account.objects.filter(login=login).values("student", "email", "login").get()
    assert before == after
    assert account(login).is_active


def made(site: Site, login: str, label: str = "nightly", days: str = "30") -> str:
    answer = site.client(login).post("/account/tokens/", {"label": label, "days": days})
    assert answer.status_code == 200
    found = re.search(r"course_[\w-]+", answer.content.decode())
    assert found is not None
    return found.group()


def test_a_token_is_shown_once_and_kept_as_its_hash(site: Site) -> None:
    text = made(site, "ada", "<i>nightly</i>")
    token = Token.objects.get()
    assert text not in str(Token.objects.values())
    assert find_token(text) == token
    page = site.client("ada").get("/account/").content.decode()
    assert "&lt;i&gt;nightly" in page
    assert text not in page
    assert token.digest not in page
    left = token.expires_at - timezone.now()
    assert timedelta(days=29) < left <= timedelta(days=30)


@pytest.mark.parametrize(
    ("label", "days"), [("", "30"), ("x", "4000"), ("x", ""), ("x" * 129, "7")]
)
def test_a_token_without_a_name_or_for_too_long_is_not_made(
    site: Site, label: str, days: str
) -> None:
    answer = site.client("ada").post("/account/tokens/", {"label": label, "days": days})
    assert answer.status_code == 400
    assert not Token.objects.exists()


def test_a_token_that_is_revoked_or_over_counts_no_more(site: Site) -> None:
    text = made(site, "ada")
    number = Token.objects.get().pk
    assert site.client("bob").post(f"/account/tokens/{number}/revoke/").status_code == 404
    assert find_token(text) is not None
    assert site.client("ada").post(f"/account/tokens/{number}/revoke/").status_code == 302
    assert find_token(text) is None
    again = made(site, "ada")
    Token.objects.update(expires_at=timezone.now())
    assert find_token(again) is None
    assert "nightly" not in site.client("ada").get("/account/").content.decode()


def test_a_token_of_a_closed_account_counts_no_more(site: Site) -> None:
    text = made(site, "ada")
    Account.objects.filter(login="ada").update(is_active=False)
    assert find_token(text) is None


def test_that_a_token_is_used_is_written_down_once_a_minute(site: Site) -> None:
    text = made(site, "ada")
    assert Token.objects.get().last_used_at is None
    find_token(text)
    first = Token.objects.get().last_used_at
    find_token(text)
    assert Token.objects.get().last_used_at == first
    Token.objects.update(last_used_at=timezone.now() - timedelta(seconds=61))
    find_token(text)
    used = Token.objects.get().last_used_at
    assert used is not None
    assert timezone.now() - used < timedelta(seconds=30)


def test_an_account_has_so_many_tokens_and_no_more(site: Site) -> None:
    for number in range(MOST_TOKENS):
        make_token(account("ada"), f"token {number}", 7)
    answer = site.client("ada").post("/account/tokens/", {"label": "x", "days": "7"}, follow=True)
    assert f"You have {MOST_TOKENS} tokens" in answer.content.decode()
    assert Token.objects.count() == MOST_TOKENS
    Token.objects.filter(label="token 0").update(expires_at=timezone.now())
    made(site, "ada")


@pytest.mark.parametrize("text", ["", "course_", "x", "course_" + "a" * 43, "\ud800"])
def test_what_is_no_token_is_none(site: Site, text: str) -> None:
    make_token(account("ada"), "one", 7)
    assert find_token(text) is None
