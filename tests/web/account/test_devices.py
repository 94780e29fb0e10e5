"""Letting a command in by the code that it shows."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from grader.web.account.devices import LETTERS, Answer, ask, begin
from grader.web.account.tokens import MOST_TOKENS, find_token, make_token
from grader.web.models import Account, DeviceLogin, Token
from tests.web.site import Site

PAGE = "/account/device/"


def enter(site: Site, login: str, code: str, decision: str = "") -> Any:
    values = {"code": code, **({"decision": decision} if decision else {})}
    return site.client(login).post(PAGE, values)


def wait() -> None:
    """As if the command had waited as long as it was told to."""
    DeviceLogin.objects.update(asked_at=timezone.now() - timedelta(seconds=5))


def test_somebody_lets_a_command_in_and_it_gets_one_token(site: Site) -> None:
    begun = begin("the lab's <i>machine</i>", "192.0.2.7")
    assert ask(begun.device_code) is Answer.PENDING
    page = enter(site, "ada", begun.user_code.lower().replace("-", " ")).content.decode()
    assert "the lab&#x27;s &lt;i&gt;machine&lt;/i&gt;, from 192.0.2.7" in page
    assert begun.user_code in page
    assert not Token.objects.exists()
    assert "It is let in" in enter(site, "ada", begun.user_code, "allow").content.decode()
    wait()
    text = ask(begun.device_code)
    assert isinstance(text, str)
    token = find_token(text)
    assert token is not None
    assert token.account.login == "ada"
    assert token.label == "the lab's <i>machine</i>, from 192.0.2.7"
    assert ask(begun.device_code) is Answer.EXPIRED
    assert Token.objects.count() == 1


def test_a_command_that_is_denied_gets_nothing(site: Site) -> None:
    begun = begin("x", "192.0.2.7")
    assert "It is denied" in enter(site, "ada", begun.user_code, "deny").content.decode()
    assert enter(site, "bob", begun.user_code, "allow").status_code == 400
    assert ask(begun.device_code) is Answer.DENIED
    assert not Token.objects.exists()


def test_a_code_is_decided_once(site: Site) -> None:
    begun = begin("x", "192.0.2.7")
    enter(site, "ada", begun.user_code, "allow")
    assert enter(site, "bob", begun.user_code, "allow").status_code == 400
    text = ask(begun.device_code)
    token = find_token(str(text))
    assert token is not None
    assert token.account.login == "ada"


def test_a_code_ends_after_ten_minutes(site: Site) -> None:
    begun = begin("x", "192.0.2.7")
    DeviceLogin.objects.update(expires_at=timezone.now())
    answer = enter(site, "ada", begun.user_code)
    assert answer.status_code == 400
    assert "lasts ten minutes" in answer.content.decode()
    assert ask(begun.device_code) is Answer.EXPIRED
    begin("y", "192.0.2.7")
    assert DeviceLogin.objects.count() == 1


def test_a_command_that_asks_too_often_is_told_to_slow_down(site: Site) -> None:
    begun = begin("x", "192.0.2.7")
    assert ask(begun.device_code) is Answer.PENDING
    assert ask(begun.device_code) is Answer.SLOW_DOWN
    wait()
    assert ask(begun.device_code) is Answer.PENDING
    assert ask("made up") is Answer.EXPIRED


def test_an_account_that_is_closed_meanwhile_lets_nothing_in(site: Site) -> None:
    begun = begin("x", "192.0.2.7")
    enter(site, "ada", begun.user_code, "allow")
    Account.objects.filter(login="ada").update(is_active=False)
    assert ask(begun.device_code) is Answer.DENIED
    assert not Token.objects.exists()


def test_who_has_too_many_tokens_is_told_so_here(site: Site) -> None:
    for number in range(MOST_TOKENS):
        make_token(Account.objects.get(login="ada"), f"token {number}", 7)
    begun = begin("x", "192.0.2.7")
    answer = enter(site, "ada", begun.user_code, "allow")
    assert "Revoke those" in answer.content.decode()
    assert ask(begun.device_code) is Answer.PENDING


def test_ten_wrong_codes_a_minute_are_enough(site: Site) -> None:
    cache.clear()
    begun = begin("x", "192.0.2.7")
    for _ in range(5):
        assert enter(site, "ada", begun.user_code).status_code == 200
    for _ in range(10):
        assert enter(site, "ada", "BCDF-BCDF").status_code == 400
    answer = enter(site, "ada", begun.user_code, "allow")
    assert answer.status_code == 429
    assert "Too many wrong codes" in answer.content.decode()
    assert enter(site, "bob", begun.user_code).status_code == 200


def test_a_command_cannot_hide_where_it_asks_from(site: Site) -> None:
    begun = begin("x\n\x1b[2J" + "y" * 500, "2001:db8::7")
    label = DeviceLogin.objects.get().label
    assert label.endswith(", from 2001:db8::7")
    assert label.startswith("x [2Jyyy")
    assert len(label) == 128
    assert len(begun.user_code) == 9
    assert set(begun.user_code) <= {*LETTERS, "-"}
    assert begun.device_code not in str(DeviceLogin.objects.values())


@pytest.mark.parametrize("code", ["", "-", "BCDFGHJ", "' OR 1=1", "B" * 500])
def test_what_is_no_code_is_refused(site: Site, code: str) -> None:
    cache.clear()
    begin("x", "192.0.2.7")
    assert enter(site, "ada", code, "allow").status_code == 400


def test_a_device_has_no_page_for_strangers(site: Site) -> None:
    answer = site.client().get(PAGE)
    assert answer["Location"] == f"/account/login/?next={PAGE}"
    assert site.client().post(PAGE, {"code": "BCDF-BCDF"}).status_code == 401
