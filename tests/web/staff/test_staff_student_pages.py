"""The list of students with their scores, and the page of one."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from grader.store import StudentRow
from tests.term_course import notebook
from tests.web.site import NOON, Site
from tests.web.staff.marking_course import anonymous, essay, group, sections


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return " ".join(answer.content.decode().split())


def listed(client: Client, query: str = "") -> list[str]:
    shown = page(client, f"/staff/students/{query}")
    return re.findall(r'href="/staff/students/(\w+)/"', shown)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["ada", "bob", "eve", "joe", "kim"]),
        ("?text=ADA", ["ada"]),
        ("?text=nobody", []),
        ("?section=L2", ["eve", "joe", "kim"]),
        ("?section=L2&text=k", ["kim"]),
    ],
)
def test_students_are_found(site: Site, query: str, names: list[str]) -> None:
    sections(site)
    assert listed(site.client("tam"), query) == names


def test_scores_are_those_of_the_gradebook(site: Site) -> None:
    site.hand_in("ada")
    site.grade()
    site.hand_in("bob")
    site.store.marks.override("eve", "hw1", 4, reason="by word of mouth", by="ivy")
    shown = page(site.client("tam"), "/staff/students/")
    cells = {
        name: re.findall(r"<td[^>]*>([^<]*)</td>", row)
        for name, row in re.findall(r'href="/staff/students/(\w+)/"(.*?)</tr>', shown)
    }
    # Section, total, how much of it is known, hw1, essay; hw2 is not released.
    assert cells["ada"] == ["", "70.0", "30 %", "7", ""]
    assert cells["bob"] == ["", "", "0 %", "…", ""]
    assert cells["eve"] == ["", "40.0", "30 %", "4*", ""]


def test_a_hundred_are_on_a_page(site: Site) -> None:
    names = [f"s{number:03}" for number in range(101)]
    site.store.roster.update(StudentRow(name) for name in names)
    client = site.client("tam")
    assert listed(client) == names[:100]
    assert listed(client, "?text=s&page=2") == names[100:]
    assert 'href="?text=s&amp;page=1" rel="prev"' in page(client, "/staff/students/?text=s&page=2")


def test_a_student_s_page_explains_every_score(site: Site) -> None:
    site.at(NOON + timedelta(days=9))
    number = site.hand_in("ada")
    site.grade()
    site.store.extensions.grant("hw1", student="ada", days=1, reason="<b>ill</b>", by="ivy")
    site.store.requests.ask(number, "ada", "q1", "Why?")
    shown = page(site.client("tam"), "/staff/students/ada/")
    assert "7 of 10" in shown
    assert f'href="/staff/submissions/{number}/"' in shown
    assert "on time" in shown
    assert "Extension: 1 day, by ivy: &lt;b&gt;ill&lt;/b&gt;" in shown
    assert "6 + 1 = 7 of 10" in shown
    assert "part of homework, with 1 more: 60 % of the total" in shown
    assert "70.00 % of the 30 % that are final so far" in shown
    assert "/staff/requests/1/" in shown


def test_what_was_withdrawn_and_what_a_group_sent_are_on_the_page(site: Site) -> None:
    gone = site.hand_in("ada")
    site.store.withdrawals.withdraw(gone, reason="a mistake", by="ivy")
    group(site, "Alphas", ["ada", "bob"])
    shared = essay(site, "bob")
    shown = page(site.client("tam"), "/staff/students/ada/")
    assert f"Submission {gone}<" in shown
    assert "withdrawn" in shown
    assert f"Submission {shared}<" in shown
    assert "by bob" in shown
    assert "group Alphas" in shown


def test_only_instructors_are_led_to_setting_a_score(site: Site) -> None:
    there = "/staff/score/hw1/ada/"
    assert there in page(site.client("ivy"), "/staff/students/ada/")
    assert there not in page(site.client("tam"), "/staff/students/ada/")


def test_who_left_is_told_so(site: Site) -> None:
    site.hand_in("ada", data=notebook("x"))
    site.store.roster.update([StudentRow("bob")])
    shown = page(site.client("ivy"), "/staff/students/ada/")
    assert "not in the course any more" in shown
    assert listed(site.client("ivy")) == ["bob"]


def test_a_ta_of_a_section_sees_only_their_students(site: Site) -> None:
    sections(site)
    client = site.client("sue")
    assert listed(client) == ["eve", "joe", "kim"]
    assert listed(client, "?text=ada") == []
    assert listed(client, "?section=L1") == []
    assert client.get("/staff/students/ada/").status_code == 404
    assert client.get("/staff/students/eve/").status_code == 200


def test_a_group_s_member_of_another_section_is_not_named(site: Site) -> None:
    sections(site)
    group(site, "Mixed", ["ada", "eve"])
    essay(site, "ada")
    shown = page(site.client("sue"), "/staff/students/eve/")
    assert "ada" not in shown
    assert "by another of the group" in shown


def test_papers_that_are_marked_without_names_are_not_told(site: Site) -> None:
    anonymous(site)
    group(site, "Alphas", ["ada", "bob"])
    number = essay(site, "ada")
    assert f"/staff/submissions/{number}/" not in page(site.client("tam"), "/staff/students/ada/")
    assert f"/staff/submissions/{number}/" in page(site.client("ivy"), "/staff/students/ada/")


@pytest.mark.parametrize("path", ["", "ada/"])
def test_students_have_no_list_of_students(site: Site, path: str) -> None:
    assert site.client("ada").get(f"/staff/students/{path}").status_code == 403


def test_nobody_of_that_name_is_not_found(site: Site) -> None:
    assert site.client("ivy").get("/staff/students/nobody/").status_code == 404
