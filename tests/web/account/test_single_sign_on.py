"""The university's single sign-on: who gets in, as whom, and what is not believed."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import override_settings

from grader.outcomes import GraderError
from grader.web.account.single_sign_on import sign_on_settings
from grader.web.models import Account
from tests.web.account.university import ADA, LOGIN, University, sign_on, university
from tests.web.site import Site


@pytest.fixture
def idp(monkeypatch: pytest.MonkeyPatch) -> Iterator[University]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    cache.clear()
    with university() as made:
        yield made


def who(client: Any) -> str:
    """The login of whoever is logged in."""
    number = client.session.get("_auth_user_id")
    return Account.objects.get(pk=number).login if number else ""


def test_a_student_gets_in_by_a_verified_address(site: Site, idp: University) -> None:
    client = site.client()
    assert "Log in with Example University" in client.get("/account/login/").content.decode()
    answer = sign_on(client, idp, "/account/")
    assert (answer.status_code, answer["Location"]) == (302, "/account/")
    assert who(client) == "ada"
    link = SocialAccount.objects.get()
    assert (link.user.get_username(), link.uid, link.provider) == ("ada", "u-1001", "university")
    assert link.extra_data == ADA


def test_many_who_begin_cost_one_look_at_the_university_s_configuration(
    site: Site, idp: University
) -> None:
    for _ in range(3):
        assert site.client().post(LOGIN).status_code == 302
    assert idp.asked == ["/.well-known/openid-configuration"]


def test_a_university_that_fails_is_not_asked_by_each_who_begins(
    site: Site, idp: University
) -> None:
    idp.is_down = True
    for _ in range(3):
        assert site.client().post(LOGIN).status_code == 401
    assert idp.asked == ["/.well-known/openid-configuration"]


def test_who_begins_too_often_is_slowed_down(site: Site, idp: University) -> None:
    allowed = {**settings.ACCOUNT_RATE_LIMITS, "login": "2/m/ip"}
    with override_settings(ACCOUNT_RATE_LIMITS=allowed):
        statuses = [site.client().post(LOGIN).status_code for _ in range(3)]
    assert statuses == [302, 302, 429]
    assert Session.objects.count() == 2


def test_the_session_gets_a_new_key(site: Site, idp: University) -> None:
    client = site.client()
    sent = client.post(LOGIN)
    before = client.cookies[settings.SESSION_COOKIE_NAME].value
    client.get(idp.let_in(sent["Location"]))
    assert who(client) == "ada"
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != before


def test_the_first_sign_on_of_somebody_on_the_roster_makes_their_account(
    site: Site, idp: University
) -> None:
    Account.objects.filter(login="ada").delete()
    client = site.client()
    sign_on(client, idp)
    account = Account.objects.get(login="ada")
    assert (account.student, account.has_usable_password()) == ("ada", False)
    assert client.get("/").status_code == 200
    noted = site.store.record.actions()[-1]
    assert (noted.what, noted.subject, noted.by) == ("account made", "ada", "ada")


def test_a_known_person_stays_known_by_the_university_s_number(site: Site, idp: University) -> None:
    sign_on(site.client(), idp)
    idp.claims = {"sub": "u-1001", "email": "bob@mail.example", "email_verified": True}
    client = site.client()
    sign_on(client, idp)
    assert who(client) == "ada"
    assert SocialAccount.objects.count() == 1


def test_staff_get_in_by_the_address_of_their_account(site: Site, idp: University) -> None:
    Account.objects.filter(login="ivy").update(email="Ivy@Staff.example")
    idp.claims = {"sub": "u-7", "email": "ivy@staff.example", "email_verified": True}
    client = site.client()
    sign_on(client, idp)
    assert who(client) == "ivy"


def test_a_claim_that_is_the_roster_s_identifier_will_do(site: Site, idp: University) -> None:
    idp.claims = {"sub": "u-2", "email": "b@elsewhere.example", "utorid": "bob"}
    client = site.client()
    sign_on(client, idp)
    assert who(client) == "bob"


def test_the_address_may_be_told_apart_from_the_token(site: Site, idp: University) -> None:
    idp.claims = {"sub": "u-1001"}
    idp.userinfo = dict(ADA)
    client = site.client()
    sign_on(client, idp)
    assert who(client) == "ada"


def left(site: Site) -> None:
    rows = [row for row in site.store.roster.students() if row.identifier != "ada"]
    site.store.roster.update(rows)
    Account.objects.filter(login="ada").delete()


def share_address(site: Site) -> None:
    Account.objects.filter(login="tam").update(email="ADA@mail.example")


def share_with_student(site: Site) -> None:
    rows = site.store.roster.students()
    site.store.roster.update([replace(row, email="ada@mail.example") for row in rows])


def take_name(site: Site) -> None:
    Account.objects.filter(login="ada").update(student="")


@pytest.mark.parametrize(
    ("change", "claims", "told"),
    [
        (None, {"email_verified": False}, "does not say that the address ada@mail.example is"),
        (None, {"email_verified": None}, "does not say that the address"),
        (None, {"email": "x@y.example"}, "Nobody in this course has the address x@y.example"),
        (None, {"email": None, "utorid": "nobody"}, "Nobody in this course"),
        (None, {"email": None, "utorid": None}, "Nobody in this course"),
        (left, {}, "Nobody in this course"),
        (left, {"utorid": "ada"}, "Nobody in this course"),
        (share_address, {}, "More than one person in this course has the address"),
        (share_with_student, {}, "More than one person"),
        (take_name, {}, "which account is yours"),
    ],
)
def test_who_is_not_known_for_sure_is_not_let_in(
    site: Site, idp: University, change: Any, claims: dict[str, Any], told: str
) -> None:
    if change:
        change(site)
    idp.claims.update(claims)
    before = Account.objects.count()
    client = site.client()
    answer = sign_on(client, idp)
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "You are not on the roster" in page
    assert told in page
    assert who(client) == ""
    assert (SocialAccount.objects.count(), Account.objects.count()) == (0, before)


def test_a_closed_account_is_not_let_in(site: Site, idp: University) -> None:
    Account.objects.filter(login="ada").update(is_active=False)
    client = site.client()
    answer = sign_on(client, idp)
    assert answer.status_code == 403
    assert "has been closed" in answer.content.decode()
    assert who(client) == ""


def another_key(idp: University) -> None:
    idp.published = rsa.generate_private_key(65537, 2048)


def spoiled(**claims: Any) -> Any:
    def change(idp: University) -> None:
        idp.spoil = lambda told: told.update(claims)

    return change


def without(name: str) -> Any:
    def change(idp: University) -> None:
        idp.spoil = lambda told: told.pop(name)

    return change


def by(algorithm: str) -> Any:
    def change(idp: University) -> None:
        idp.algorithm = algorithm

    return change


def of_another_user(idp: University) -> None:
    idp.userinfo = {**ADA, "sub": "u-2"}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(another_key, id="signed by another key"),
        pytest.param(by("none"), id="not signed"),
        pytest.param(by("HS256"), id="signed by what everybody knows"),
        pytest.param(spoiled(nonce="0" * 64), id="another nonce"),
        pytest.param(without("nonce"), id="no nonce"),
        pytest.param(spoiled(iss="https://evil.example"), id="another issuer"),
        pytest.param(spoiled(aud="another"), id="for another client"),
        pytest.param(spoiled(aud=["course", "b"], azp="b"), id="issued to another client"),
        pytest.param(spoiled(exp=1), id="expired"),
        pytest.param(without("exp"), id="without an end"),
        pytest.param(without("sub"), id="of nobody"),
        pytest.param(spoiled(sub="x" * 300), id="of somebody of 300 letters"),
        pytest.param(of_another_user, id="further claims of another user"),
    ],
)
def test_a_token_that_proves_nothing_lets_nobody_in(
    site: Site, idp: University, change: Any
) -> None:
    change(idp)
    client = site.client()
    answer = sign_on(client, idp)
    assert answer.status_code == 401
    assert "You were not logged in" in answer.content.decode()
    assert who(client) == ""
    assert SocialAccount.objects.count() == 0


@pytest.mark.parametrize(
    "query", ["", "?code=x", "?code=x&state=made-up", "?error=access_denied&state=made-up"]
)
def test_an_answer_to_no_question_is_refused(site: Site, idp: University, query: str) -> None:
    answer = site.client().get(f"{LOGIN}callback/{query}")
    assert answer.status_code == 401


def test_an_answer_counts_in_the_browser_that_asked_and_once(site: Site, idp: University) -> None:
    asking, other = site.client(), site.client()
    back = idp.let_in(asking.post(LOGIN)["Location"])
    assert other.get(back).status_code == 401
    assert asking.get(back).status_code == 302
    assert site.client("bob").get(back).status_code == 401


def test_what_was_cancelled_there_is_said_here(site: Site, idp: University) -> None:
    client = site.client()
    sent = client.post(LOGIN)
    state = idp.let_in(sent["Location"]).partition("state=")[2]
    answer = client.get(f"{LOGIN}callback/?error=access_denied&state={state}")
    assert answer.status_code == 401
    assert "cancelled" in answer.content.decode()


def test_a_university_that_is_down_or_another_is_no_failure_of_ours(
    site: Site, idp: University
) -> None:
    idp.is_down = True
    assert site.client().post(LOGIN).status_code == 401
    idp.is_down, idp.issuer = False, "http://127.0.0.1:1"
    assert site.client().post(LOGIN).status_code == 401


def test_nobody_is_sent_elsewhere_after_it(site: Site, idp: University) -> None:
    assert sign_on(site.client(), idp, "//evil.example/")["Location"] == "/"


def test_it_begins_with_a_post(site: Site, idp: University) -> None:
    assert site.client().get(LOGIN).status_code == 405


def test_a_sign_on_never_links_to_whoever_is_logged_in(site: Site, idp: University) -> None:
    client = site.client("bob")
    sent = client.post(f"{LOGIN}?process=connect", {"process": "connect"})
    client.get(idp.let_in(sent["Location"]))
    assert who(client) == "ada"
    assert SocialAccount.objects.get().user.get_username() == "ada"


def test_without_a_single_sign_on_there_is_none(site: Site) -> None:
    assert site.client().post(LOGIN).status_code == 404
    assert site.client().get(f"{LOGIN}callback/").status_code == 404
    assert "Log in with" not in site.client().get("/account/login/").content.decode()


NAMES = ("NAME", "ISSUER", "CLIENT", "SECRET")


@pytest.mark.parametrize("missing", NAMES)
def test_a_single_sign_on_is_set_up_whole_or_not_at_all(missing: str) -> None:
    told = {f"COURSE_OIDC_{name}": "https://idp.example" for name in NAMES if name != missing}
    with pytest.raises(GraderError, match=f"COURSE_OIDC_{missing} is missing"):
        sign_on_settings(told)


def test_what_the_university_says_must_be_private() -> None:
    told = {f"COURSE_OIDC_{name}": "http://idp.example" for name in NAMES}
    with pytest.raises(GraderError, match="must begin with https"):
        sign_on_settings(told)
