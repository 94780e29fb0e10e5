"""The first page, and the groups: what a student is told of their own."""

import pytest

from grader.web.student.home import time_left
from tests.term_course import at
from tests.web.site import NOON, Site


def home(site: Site, login: str = "ada") -> str:
    return site.client(login).get("/").content.decode()


def test_what_is_due_comes_in_order_of_time_with_what_handing_in_is_worth(site: Site):
    text = home(site)
    assert text.index("First homework") < text.index("Essay") < text.index("Second homework")
    assert "if you submit now: on time" in text
    assert "not handed in" in text
    assert "opens" in text[text.index("Second homework") :]


def test_an_extension_moves_it_and_is_told(site: Site):
    site.store.extensions.grant("hw1", student="ada", days=20, reason="ill", by="ivy")
    text = home(site)
    assert text.index("Essay") < text.index("First homework")
    assert "with your extension" in text
    assert "with your extension" not in home(site, "bob")


def test_points_are_there_once_hidden_results_may_be_seen(site: Site):
    number = site.hand_in("ada")
    assert "waiting to be graded" in home(site)
    site.grade()
    assert "run; points come later" in home(site)
    site.at(at("2027-02-01 12:00"))
    assert f'<a class="points" href="/submissions/{number}/"><strong>7</strong> of 10' in home(site)


def test_open_requests_are_linked(site: Site):
    number = site.hand_in("ada")
    site.store.requests.ask(number, "ada", "q1", "Why?")
    site.store.requests.ask(site.hand_in("bob"), "bob", "q1", "Why?")
    assert '<a href="/requests/">1 open request</a>' in home(site)


def test_no_name_of_a_file_group_or_student_is_markup(site: Site):
    site.store.groups.form("essay", "<b>A</b>", ("ada", "bob"), largest=3, by="ivy")
    text = home(site)
    assert "&lt;b&gt;A&lt;/b&gt;" in text
    assert "<b>A" not in text + site.client("ada").get("/groups/").content.decode()


def test_groups_are_shown_with_who_is_in_them_and_whom_to_ask(site: Site):
    client = site.client("ada")
    alone = client.get("/groups/").content.decode()
    assert "You are in no group." in alone
    assert "The teaching staff form them" in alone
    site.store.groups.form("essay", "A", ("ada",), largest=3, by="ivy")
    assert "too few to hand in: groups of 2 to 3" in client.get("/groups/").content.decode()
    site.store.groups.join(site.store.groups.all("essay")[0].id, "bob", largest=3, by="ivy")
    assert "<strong>A</strong>: Ada, Bob" in client.get("/groups/").content.decode()
    assert "Ada, Bob" not in site.client("eve").get("/groups/").content.decode()


def test_staff_are_sent_to_theirs(site: Site):
    assert site.client("tam").get("/").headers["Location"] == "/staff/"


@pytest.mark.parametrize(
    ("due", "words"),
    [
        ("2027-01-22 20:00", "2 days 3 h"),
        ("2027-01-21 17:00", "1 day 0 h"),
        ("2027-01-20 18:30", "1 h 30 min"),
        ("2027-01-20 17:12", "12 min"),
        ("2027-01-20 17:00", ""),
        ("2027-01-19 17:00", ""),
    ],
)
def test_the_time_left_is_told_in_its_two_largest_units(due: str, words: str):
    assert time_left(at(due), NOON) == words
