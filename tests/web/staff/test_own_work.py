"""A TA who is a student here too decides nothing about work of their own."""

import pytest

from grader.web.models import Account, StaffRole
from grader.web.visits import Role
from tests.term_course import graded
from tests.web.site import Site
from tests.web.staff.marking_course import at, shown, status, two_essays


@pytest.fixture
def two(site: Site) -> tuple[int, int]:
    """The essay of ada, who is a TA now, and one of others."""
    own, others = two_essays(site)
    StaffRole.objects.create(account=Account.objects.get(login="ada"), role=Role.TA)
    return own, others


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/staff/marking/essay/idea/{}/"),
        ("POST", "/staff/marking/essay/idea/{}/"),
        ("POST", "/staff/marking/essay/idea/{}/hold"),
        ("POST", "/staff/marking/essay/idea/{}/draft"),
        ("POST", "/staff/submissions/{}/again"),
        ("POST", "/staff/submissions/{}/withdraw"),
    ],
)
def test_what_decides_is_refused(site: Site, two: tuple[int, int], method: str, path: str) -> None:
    own, others = two
    client = site.client("ada")
    assert status(client, method, path.format(others)) in (200, 302)
    assert status(client, method, path.format(own)) == 403


def test_an_instructor_decides_for_themselves(site: Site, two: tuple[int, int]) -> None:
    StaffRole.objects.filter(account__login="ada").update(role=Role.INSTRUCTOR)
    assert status(site.client("ada"), "GET", at("idea", two[0])) == 200


def test_why_is_told(site: Site, two: tuple[int, int]) -> None:
    client = site.client("ada")
    assert "This is your own work" in shown(client.get(at("idea", two[0])))
    page = shown(client.get(f"/staff/submissions/{two[0]}/"))
    assert "others of the staff mark it" in page
    assert "Withdraw</button>" not in page


def test_the_next_paper_is_somebody_elses(site: Site, two: tuple[int, int]) -> None:
    client = site.client("ada")
    page = shown(client.get("/staff/marking/essay/idea/"))
    assert (at("idea", two[1]) in page, at("idea", two[0]) in page) == (True, False)
    answer = client.post("/staff/marking/essay/idea/next")
    assert answer.headers["Location"] == at("idea", two[1])


def test_their_own_request_is_for_others(site: Site) -> None:
    number = site.hand_in("ada")
    site.grade("hw1", graded(("q1", 6, 6), ("q2", 1, 4)))
    asked = site.store.requests.ask(number, "ada", "q2", "It is right.").id
    site.staff("ada", Role.TA)
    client = site.client("ada")
    page = shown(client.get(f"/staff/requests/{asked}/"))
    assert "others of the staff answer it" in page
    assert "<textarea" not in page
    said = {"text": "Indeed.", "do": "close"}
    assert client.post(f"/staff/requests/{asked}/", said).status_code == 403
    assert site.store.requests.one(asked).closed_at is None
