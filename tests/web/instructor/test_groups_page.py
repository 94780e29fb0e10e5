"""Groups in a page: who works with whom, who is in none, and what staff change of it."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.web.instructor.course_pages import noted, sent, told, words
from tests.web.site import Site

ESSAY = "/course/groups/essay/"


@pytest.fixture
def ivy(site: Site) -> Client:
    site.store.groups.form("essay", "A", ["ada", "bob"], largest=3, by="prof")
    return site.client("ivy")


def groups(site: Site) -> dict[str, tuple[str, ...]]:
    return {group.name: group.members for group in site.store.groups.all("essay")}


def post(client: Client, what: str, **values: Any) -> list[str]:
    return told(client.post(f"{ESSAY}{what}/", values))


def test_groups_and_who_is_in_none_are_shown(ivy: Client) -> None:
    assert ivy.get("/course/groups/")["Location"] == ESSAY
    page = words(ivy.get(ESSAY))
    assert "Groups of 2 to 3, for essay: 1 group; 3 students in none." in page
    assert page.index("In no group") < page.index('>eve <span class="aside">Eve</span>')
    found = words(ivy.get(ESSAY, {"text": "zoe"}))
    assert "None fits." in found


def test_a_group_is_formed(site: Site, ivy: Client) -> None:
    assert post(ivy, "form", group="B", students="eve, joe") == ["B: eve, joe."]
    assert groups(site) == {"A": ("ada", "bob"), "B": ("eve", "joe")}
    assert noted(site, "group formed")[0].by == "ivy"


def test_a_student_joins_and_leaves(site: Site, ivy: Client) -> None:
    assert post(ivy, "join", group="A", student="kim") == ["A: ada, bob, kim."]
    full = "The group 'A' is full: it may have 3 members."
    assert post(ivy, "join", group="A", student="eve") == [full]
    first = sent(ivy, ivy.get(ESSAY), f"{ESSAY}leave/")
    assert told(first) == ["A: bob, kim."]
    assert groups(site) == {"A": ("bob", "kim")}
    assert post(ivy, "leave", group="A", student="kim") == ["A: bob."]
    assert "too few to hand in: groups of 2 to 3" in words(ivy.get(ESSAY))
    assert [row.by for row in noted(site, "group left")] == ["ivy", "ivy"]


@pytest.mark.parametrize(
    ("what", "values", "why"),
    [
        ("form", {"group": "A", "students": "eve joe"}, "There is a group 'A' in essay already."),
        ("form", {"group": "B", "students": "eve bob"}, "bob is in the group 'A' already."),
        ("form", {"group": "B", "students": "eve jo"}, "No student 'jo' is in the roster; did"),
        ("form", {"group": "B", "students": " "}, "Say who is in the group."),
        ("join", {"group": "Z", "student": "eve"}, "There is no group 'Z' in essay."),
        ("join", {"group": "A", "student": "zoe"}, "No student 'zoe' is in the roster"),
        ("leave", {"group": "A", "student": "eve"}, "eve is not in the group 'A'."),
        ("import", {}, "Choose a file."),
    ],
)
def test_what_can_not_be_is_refused_and_changes_nothing(
    site: Site, ivy: Client, what: str, values: dict[str, str], why: str
) -> None:
    assert post(ivy, what, **values)[0].startswith(why)
    assert groups(site) == {"A": ("ada", "bob")}


def test_a_file_forms_all_of_its_groups_or_none(site: Site, ivy: Client) -> None:
    def upload(rows: str) -> list[str]:
        file = SimpleUploadedFile("g.csv", f"group,student\n{rows}".encode())
        return post(ivy, "import", file=file)

    assert upload("B,eve\nB,joe\nC,bob\nC,kim\n") == ["bob is in the group 'A' already."]
    assert upload("B,eve\nB,\n") == ["g.csv:3: expected a group and a student."]
    assert groups(site) == {"A": ("ada", "bob")}
    assert upload("B,eve\nB,joe\n") == ["1 groups were formed."]
    assert groups(site)["B"] == ("eve", "joe")


@pytest.mark.parametrize("path", ["/course/groups/hw1/", "/course/groups/hw1/form/"])
def test_a_set_that_there_is_not_is_not_found(ivy: Client, path: str) -> None:
    ask = ivy.post if path.endswith("form/") else ivy.get
    assert ask(path).status_code == 404
