"""No student's account keeps the server from answering others, whatever it asks for."""

import pytest
from django.http import HttpRequest, HttpResponse

from grader.web import shares
from tests.web.api.asking import Script
from tests.web.site import Site


@pytest.fixture
def no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was used is too much."""
    monkeypatch.setattr(shares, "MOST_SECONDS", 0.0)


def test_who_has_used_their_share_waits_and_others_do_not(site: Site, no_time: None) -> None:
    client = site.client("ada")
    assert client.get("/").status_code == 200
    answer = client.get("/")
    assert answer.status_code == 429
    assert "kept the server busy" in answer.content.decode()
    assert client.post("/assignments/hw1/submit").status_code == 429
    assert site.client("bob").get("/").status_code == 200


def test_scripts_count_with_pages(site: Site, no_time: None) -> None:
    assert Script("ada").get("assignments").status_code == 200
    told = Script("ada").get("assignments")
    assert (told.status_code, told.json()["hint"]) == (429, "Wait a minute.")
    assert site.client("ada").get("/").status_code == 429


def test_staff_look_at_whatever_was_handed_in(site: Site, no_time: None) -> None:
    number = site.hand_in("ada")
    for login in ("tam", "ivy"):
        client = site.client(login)
        for _ in range(3):
            assert client.get(f"/submissions/{number}/notebook/frame").status_code == 200


def test_after_a_minute_all_is_well_again(
    site: Site, no_time: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = site.client("ada")
    assert [client.get("/").status_code for _ in range(2)] == [200, 429]
    monkeypatch.setattr(shares, "_MINUTE", 0.0)
    assert client.get("/").status_code == 200


def test_who_has_used_much_is_answered_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "SOME_SECONDS", -1.0)

    def begin() -> HttpRequest:
        request = HttpRequest()
        shares.begin_turn(request, ("a course", 1))
        return request

    first, *_ = [begin() for _ in range(shares.AT_ONCE)]
    with pytest.raises(shares.TooMuch):
        begin()
    shares.counted(lambda _: HttpResponse())(first)
    begin()
