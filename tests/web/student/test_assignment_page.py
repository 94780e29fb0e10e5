"""An assignment's page: dates in words, files, beginning timed work, what was handed in."""

from pathlib import Path

import pytest
from django.test import Client

from grader.store import State
from tests.term_course import at
from tests.web.site import Site

HW1 = "/assignments/hw1/"


def page(client: Client, address: str = HW1) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def change_course(site: Site, old: str, new: str) -> None:
    file = site.served.course_file
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))


def release(site: Site, name: str, data: bytes = b"PK") -> Path:
    folder = site.served.data / "released"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    return folder / name


def test_dates_and_the_late_policy_are_in_words(site: Site):
    text = page(site.client("ada"))
    assert "Thu 28 Jan 2027, 23:59 EST" in text
    assert "8 days 11 h" in text
    assert "If you submit now: on time." in text
    assert "Each day late, begun or full, costs 10 % of the points earned" in text
    assert "A file counts as received when all of it has arrived." in text


def test_times_are_in_the_visitors_zone(site: Site):
    client = site.client("ada")
    client.post("/account/", {"name": "Ada", "zone": "Asia/Tokyo"})
    assert "Fri 29 Jan 2027, 13:59 JST" in page(client)


def test_an_extension_is_told_with_the_reason_but_a_groups_without(site: Site):
    store = site.store
    store.extensions.grant("hw1", student="ada", days=2, reason="<i>flu</i>", by="ivy")
    text = page(site.client("ada"))
    assert "Your extension: 2 days more" in text
    assert "(&lt;i&gt;flu&lt;/i&gt;)" in text
    assert "Sat 30 Jan 2027, 23:59 EST" in text
    assert "flu" not in page(site.client("bob"))
    group = store.groups.form("essay", "A", ("ada", "bob"), largest=3, by="ivy")
    store.extensions.grant("essay", group=group.id, days=1, reason="bob is ill", by="ivy")
    essay = page(site.client("ada"), "/assignments/essay/")
    assert "1 day more, for your group" in essay
    assert "bob is ill" not in essay


@pytest.mark.parametrize(
    ("address", "login", "status"),
    [
        ("/assignments/hw2/", "ada", 404),  # not released yet
        ("/assignments/hw2/now", "ada", 404),
        ("/assignments/hw2/starter", "ada", 404),
        ("/assignments/hw9/", "ada", 404),
        (HW1, "tam", 403),
        (HW1, "ivy", 403),
    ],
)
def test_what_is_not_there_for_them_is_not_shown(site: Site, address: str, login: str, status: int):
    assert site.client(login).get(address).status_code == status


def test_the_starter_and_the_solution_are_downloads_once_they_are_there(site: Site):
    change_course(site, "23:59\n    points: 10\n    questions:\n      q1: {title: Half",
                  "23:59\n    points: 10\n    solution: after the last due date\n"
                  "    questions:\n      q1: {title: Half")  # fmt: skip
    client = site.client("ada")
    assert "have not been put here yet" in page(client)
    away = client.get(f"{HW1}starter", follow=True)
    assert away.redirect_chain == [(HW1, 302)]
    assert "That file has not been put here yet" in away.content.decode()
    release(site, "hw1.zip", b"PK starter")
    release(site, "hw1-solution.ipynb", b"{}")
    assert "Download the starter" in page(client)
    starter = client.get(f"{HW1}starter")
    assert starter.getvalue() == b"PK starter"
    assert starter["Content-Disposition"] == 'attachment; filename="hw1.zip"'
    assert client.get(f"{HW1}solution").status_code == 302  # not out
    assert "Download the solution" not in page(client)
    site.at(at("2027-02-10 12:00"))
    assert client.get(f"{HW1}solution").getvalue() == b"{}"
    assert "Download the solution" in page(client)


def test_the_history_says_what_counts_and_nothing_of_what_staff_took_back(site: Site):
    first, second = site.hand_in("ada"), site.hand_in("ada", data=b"two")
    gone = site.hand_in("ada", data=b"three")
    other = site.hand_in("bob")
    site.store.withdrawals.withdraw(gone, reason="a mistake", by="ivy")
    text = page(site.client("ada"))
    assert f'<a href="/submissions/{second}/">{second}</a> <strong class="good">counts' in text
    assert f'<a href="/submissions/{first}/">{first}</a></th>' in text
    assert "not graded: a newer one came" in text
    for number in (gone, other):
        assert f"/submissions/{number}/" not in text
    site.grade()
    assert 'class="n">7</td>' not in page(site.client("ada"))
    site.at(at("2027-02-01 12:00"))
    assert 'class="n">7</td>' in page(site.client("ada"))


def test_limits_are_told_before_they_refuse(site: Site):
    due = "    due: 2027-01-28 23:59\n"
    change_course(site, due, f"{due}    attempts: {{limit: 2, wait: 30 min}}\n")
    client = site.client("ada")
    assert "2 in all, one every 30 min" in page(client)
    site.hand_in("ada")
    text = page(client)
    assert "Nothing can be handed in now" in text
    assert "there is no submission of hw1 left for now." in text
    assert 'enctype="multipart/form-data"' not in text


def test_a_closed_assignment_says_so_in_place_of_the_form(site: Site):
    due = "    due: 2027-01-28 23:59\n"
    change_course(site, due, f"{due}    lock: 2027-01-30 23:59\n")
    site.at(at("2027-02-01 12:00"))
    text = page(site.client("ada"))
    assert "hw1 is closed: nothing is taken since 2027-01-30 23:59 EST." in text
    assert 'enctype="multipart/form-data"' not in text


@pytest.fixture
def timed(site: Site) -> Site:
    due = "    due: 2027-01-28 23:59\n"
    change_course(site, due, f"{due}    time_allowed: 90 min\n")
    release(site, "hw1.zip")
    return site


def test_timed_work_is_begun_once_and_then_has_its_files(timed: Site):
    client = timed.client("ada")
    text = page(client)
    assert "You have 1 h 30 min from the moment you begin" in text
    assert "You get the files when you begin." in text
    assert client.get(f"{HW1}starter").status_code == 302
    careless = client.post(f"{HW1}begin", follow=True).content.decode()
    assert "Tick that you are ready" in careless
    assert timed.store.starts.all() == ()
    began = client.post(f"{HW1}begin", {"ready": "yes"}, follow=True).content.decode()
    assert "You have begun." in began
    assert "1 h 30 min" in began
    (start,) = timed.store.starts.all()
    assert (start.student, start.assignment, start.at) == ("ada", "hw1", timed.now)
    assert timed.store.record.version_in_force() is not None
    assert client.get(f"{HW1}starter").getvalue() == b"PK"
    client.post(f"{HW1}begin", {"ready": "yes"})
    assert len(timed.store.starts.all()) == 1


def test_what_is_not_timed_can_not_be_begun(site: Site):
    answer = site.client("ada").post(f"{HW1}begin", {"ready": "yes"}, follow=True)
    assert "hw1 is not timed: there is nothing to begin." in answer.content.decode()
    assert site.store.starts.all() == ()


def test_the_part_that_changes_is_a_page_of_its_own(site: Site):
    client = site.client("ada")
    assert "8 days 11 h" in page(client, f"{HW1}now")
    site.at(at("2027-01-29 12:00"))
    text = page(client, f"{HW1}now")
    assert "If you submit now: 1 day late: 90 % of the points earned." in text
    assert "<html" not in text


def test_who_joins_a_group_sees_what_it_handed_in_before(site: Site):
    store = site.store
    group = store.groups.form("essay", "A", ("ada", "bob"), largest=3, by="ivy")
    taken = store.accept(
        "bob", "essay", b"%PDF", "e.pdf", site.now, by_hand=True, group_set="essay"
    )
    number = taken.submission.id
    assert store.submission(number).state is State.BY_HAND
    eve = site.client("eve")
    assert eve.get(f"/submissions/{number}/").status_code == 404
    store.groups.join(group.id, "eve", largest=3, by="ivy")
    text = page(eve, "/assignments/essay/")
    assert f"/submissions/{number}/" in text
    assert "by Bob" in text
    assert eve.get(f"/submissions/{number}/").status_code == 200
    assert site.client("joe").get(f"/submissions/{number}/").status_code == 404
