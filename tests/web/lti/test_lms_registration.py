"""Registering an LMS, changing it, switching it off; the key that it knows us by."""

import html
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.utils import timezone

from grader.outcomes import GraderError
from grader.web.lti.keys import make_key, published_keys, signing_key
from grader.web.lti.models import Deployment, Link, Person, Platform, ToolKey
from tests.web.lti.conftest import registration
from tests.web.lti.lms import AGS, LTI, Lms
from tests.web.site import Site

NEW = "/course/lti/platforms/new/"


def text_of(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def test_an_instructor_registers_an_lms(site: Site, lms: Lms) -> None:
    platform = Platform.objects.get()
    assert (platform.name, platform.issuer, platform.client) == ("Quercus", lms.issuer, "tool-7")
    assert platform.keys_url == f"{lms.url}/keys"
    assert (platform.identified_by, platform.emails_verified) == ("sourcedid", False)
    assert list(Deployment.objects.values_list("identifier", flat=True)) == ["d1", "d2"]
    note = site.store.record.actions()[-1]
    assert (note.by, note.what, note.subject) == ("ivy", "LMS registered", "Quercus")
    for told in ("client: tool-7", f"token_url: {lms.url}/token", "deployment d2 added"):
        assert told in note.detail
    page = text_of(site.client("ivy").get("/course/lti/"))
    assert "Quercus" in page
    for address in ("/lti/login/", "/lti/launch/", "/lti/keys/"):
        assert f"http://testserver{address}" in page


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "This field is required"),
        ("issuer", "", "This field is required"),
        ("token_url", "http://lms.example/token", "must begin with https://"),
        ("keys_url", "ftp://lms.example/keys", "must begin with https://"),
        ("keys_url", "https://user:password@lms.example/keys", "no password"),
        ("login_url", "https://lms.example/auth#x", "no # in it"),
        ("login_url", "http://[", "must begin with https://"),
        ("deployments", "d" * 256, "has more than 255 letters"),
        ("identified_by", "shoe size", "not one of the available choices"),
    ],
)
def test_a_registration_with_a_mistake_is_refused_and_shown_again(
    site: Site, bare_lms: Lms, field: str, value: str, sentence: str
) -> None:
    answer = site.client("ivy").post(NEW, registration(bare_lms, **{field: value}))
    assert answer.status_code == 400
    assert sentence in text_of(answer)
    assert f'value="{bare_lms.client}"' in text_of(answer)
    assert not Platform.objects.exists()


def test_the_same_client_of_an_issuer_is_registered_once(site: Site, lms: Lms) -> None:
    answer = site.client("ivy").post(NEW, registration(lms, name="Again"))
    assert answer.status_code == 400
    assert "is registered with that client id already" in text_of(answer)
    assert Platform.objects.get().name == "Quercus"


def test_a_change_is_kept_with_what_changed(site: Site, lms: Lms) -> None:
    browser = site.client("ivy")
    address = f"/course/lti/platforms/{Platform.objects.get().pk}/"
    shown = text_of(browser.get(address))
    assert 'value="Quercus"' in shown
    assert "d1\nd2</textarea>" in shown
    changed = registration(lms, name="Canvas", deployments="d2 d3", emails_verified="yes")
    assert browser.post(address, changed).status_code == 302
    assert (Platform.objects.get().name, Platform.objects.get().emails_verified) == ("Canvas", True)
    note = site.store.record.actions()[-1]
    assert note.what == "LMS changed"
    assert note.detail == (
        "name: Canvas; emails_verified: True; deployment d3 added; deployment d1 taken away"
    )
    answer = lms.launch(site.client())
    assert answer.status_code == 403
    assert "deployment d1" in text_of(answer)


def test_saving_what_is_there_changes_nothing(site: Site, lms: Lms) -> None:
    before = len(site.store.record.actions())
    address = f"/course/lti/platforms/{Platform.objects.get().pk}/"
    assert site.client("ivy").post(address, registration(lms)).status_code == 302
    assert len(site.store.record.actions()) == before


def test_an_lms_that_is_switched_off_logs_nobody_in(site: Site, lms: Lms) -> None:
    fields = lms.begin(late := site.client())
    address = f"/course/lti/platforms/{Platform.objects.get().pk}/active/"
    site.client("ivy").post(address, {"active": "no"})
    assert late.post("/lti/launch/", fields).status_code == 400
    asked = {"iss": lms.issuer, "login_hint": "hint"}
    assert site.client().get("/lti/login/", asked).status_code == 403
    site.client("ivy").post(address, {"active": "yes"})
    assert lms.launch(site.client()).status_code == 302
    told = [one.what for one in site.store.record.actions() if one.what.startswith("LMS s")]
    assert told == ["LMS switched off", "LMS switched on"]


def test_without_a_client_id_the_only_lms_of_an_issuer_is_meant(site: Site, lms: Lms) -> None:
    assert lms.begin(site.client(), client_id="")
    site.client("ivy").post(NEW, registration(lms, client="tool-8", name="Another"))
    asked = {"iss": lms.issuer, "login_hint": "hint"}
    assert site.client().get("/lti/login/", asked).status_code == 403


def test_a_wrong_link_to_a_person_can_be_forgotten(site: Site, lms: Lms) -> None:
    lms.launch(site.client())
    address = f"/course/lti/platforms/{Platform.objects.get().pk}/forget/"
    ivy = site.client("ivy")
    ivy.post(address, {"login": "bob"})
    assert Person.objects.count() == 1
    ivy.post(address, {"login": "ada"})
    assert not Person.objects.exists()
    assert Link.objects.exists()
    note = site.store.record.actions()[-1]
    assert (note.what, note.subject) == ("account unlinked", "ada")


def test_where_nothing_is_registered_the_pages_say_so(site: Site) -> None:
    page = text_of(site.client("ivy").get("/course/lti/"))
    assert "None yet." in page
    assert "No link in an LMS leads to an assignment yet" in page
    assert site.client().get("/lti/keys/").json() == {"keys": []}
    assert site.client("ivy").get("/course/lti/platforms/7/").status_code == 404


def test_the_page_lists_links_and_where_they_lead(site: Site, lms: Lms) -> None:
    lms.launch(site.client())
    lms.launch(
        site.client(),
        **{
            f"{LTI}resource_link": {"id": "r2", "title": "<b>Nowhere</b>"},
            f"{LTI}custom": {},
            AGS: None,
        },
    )
    page = " ".join(site.client("ivy").get("/course/lti/").content.decode().split())
    assert "Quercus, Term 1: Homework 1</div>" in page
    assert "<td>never</td>" in page
    assert 'href="/course/lti/scores/hw1/"' in page
    assert "Links without an assignment: &lt;b&gt;Nowhere&lt;/b&gt; (Term 1)." in page
    assert "No link leads to hw2, essay." in page
    assert '<td class="n">1</td>' in page
    lms.launch(site.client(), **{AGS: None})
    assert "no column for scores" in text_of(site.client("ivy").get("/course/lti/"))


def test_a_new_key_is_published_before_it_is_used(site: Site) -> None:
    now = timezone.now()
    make_key(now - timedelta(days=9))
    old = signing_key(now)
    assert len(published_keys(now)["keys"]) == 1
    site.client("ivy").post("/course/lti/key/")
    assert site.store.record.actions()[-1].what == "LTI key made"
    assert signing_key(now + timedelta(hours=23)) == old
    assert len(published_keys(now)["keys"]) == 2
    tomorrow = now + timedelta(hours=25)
    new = signing_key(tomorrow)
    assert new != old
    (published,) = published_keys(tomorrow)["keys"]
    told = jwt.encode({"a": 1}, new.private, "RS256", headers={"kid": published["kid"]})
    assert jwt.decode(told, jwt.PyJWK(published), algorithms=["RS256"]) == {"a": 1}
    make_key(tomorrow)
    assert ToolKey.objects.count() == 2


def test_only_public_halves_are_published_and_private_ones_are_kept_encrypted(site: Site) -> None:
    make_key(timezone.now())
    (key,) = site.client().get("/lti/keys/").json()["keys"]
    assert set(key) == {"kty", "n", "e", "kid", "alg", "use"}
    assert ToolKey.objects.get().text.startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")


def test_a_key_of_another_secret_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    make_key(timezone.now())
    monkeypatch.setattr(settings, "SECRET_KEY", "another")
    with pytest.raises(GraderError, match="the course's secret is another one"):
        signing_key(timezone.now())


def test_without_a_key_nothing_can_be_signed(site: Site) -> None:
    with pytest.raises(GraderError, match="register an LMS first"):
        signing_key(timezone.now())
