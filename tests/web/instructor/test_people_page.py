"""Accounts in a page: made from the roster, given roles and links, shut; every change on record."""

import csv
import io
from typing import Any

import pytest
from django.test import Client

from grader.store import StudentRow
from grader.web.models import Account, Invitation, StaffRole
from grader.web.visits import Role
from tests.web.instructor.course_pages import noted, told, words
from tests.web.site import Site

PEOPLE = "/course/people/"


@pytest.fixture
def ivy(site: Site) -> Client:
    return site.client("ivy")


def account(login: str) -> Account:
    return Account.objects.get(login=login)


def post(client: Client, path: str, **values: str) -> Any:
    return client.post(f"{PEOPLE}{path}", values)


def add_students(site: Site, *names: str) -> None:
    rows = site.store.roster.students()
    new = [StudentRow(name, name.title(), f"{name}@mail.example", "L1") for name in names]
    site.store.roster.update([*rows, *new])


def roles(login: str) -> set[tuple[str, str]]:
    return set(StaffRole.objects.filter(account__login=login).values_list("role", "section"))


def test_accounts_are_listed_with_what_they_are(site: Site, ivy: Client) -> None:
    page = words(ivy.get(PEOPLE))
    assert page.index(">ivy<") < page.index("/staff/students/ada/")
    assert "TA of all sections" in page
    staff = words(ivy.get(PEOPLE, {"who": "staff"}))
    assert "/staff/students/ada/" not in staff
    found = words(ivy.get(PEOPLE, {"text": "KIM"}))
    assert "/staff/students/kim/" in found
    assert "/staff/students/ada/" not in found


def test_students_without_an_account_get_one(site: Site, ivy: Client) -> None:
    add_students(site, "zoe", "Tam")
    assert "2 students without an account" in words(ivy.get(PEOPLE))
    said = told(post(ivy, "make/all/"))
    assert said[0].startswith("1 account was made.")
    assert said[1].startswith("Not for Tam:")  # the TA's
    zoe = account("zoe")
    assert (zoe.student, zoe.name, zoe.email) == ("zoe", "Zoe", "zoe@mail.example")
    assert not zoe.has_usable_password()
    (row,) = noted(site, "accounts made")
    assert (row.by, row.subject, row.detail) == ("ivy", "1 students", "zoe")
    assert told(post(ivy, "make/all/"))[0].startswith("0 accounts were made.")


def test_somebody_of_the_staff_gets_an_account_and_a_role(site: Site, ivy: Client) -> None:
    post(ivy, "make/", login="max", name="Max M", email="max@mail.example", role="ta", section="L1")
    assert roles("max") == {("ta", "L1")}
    assert [row.detail for row in noted(site, "role given")] == ["TA of L1"]
    assert noted(site, "account made")[0].subject == "max"


@pytest.mark.parametrize(
    ("login", "why"),
    [
        ("IVY", "There is an account IVY already."),
        ("ada", "ada is a student's identifier: choose another login."),
        ("a b", "'a b' is no login: letters and digits without blanks."),
        ("", "'' is no login: letters and digits without blanks."),
    ],
)
def test_an_account_that_can_not_be_is_refused(
    site: Site, ivy: Client, login: str, why: str
) -> None:
    before = Account.objects.count()
    assert told(post(ivy, "make/", login=login, role="ta")) == [why]
    assert Account.objects.count() == before


def test_roles_are_given_and_taken(site: Site, ivy: Client) -> None:
    number = account("tam").pk
    post(ivy, f"{number}/role/", role="instructor", section="L1")
    assert roles("tam") == {("ta", ""), ("instructor", "")}
    assert site.client("tam").get("/course/").status_code == 200
    again = post(ivy, f"{number}/role/", role="instructor")
    assert "tam is instructor already." in told(again)
    role = StaffRole.objects.get(account=number, role=Role.INSTRUCTOR)
    post(ivy, f"role/{role.pk}/take/")
    assert roles("tam") == {("ta", "")}
    assert site.client("tam").get("/course/").status_code == 403
    assert [row.detail for row in noted(site, "role taken")] == ["instructor"]


def test_the_last_instructor_stays(site: Site, ivy: Client) -> None:
    role = StaffRole.objects.get(account__login="ivy")
    last = "That is the last instructor: give somebody else the role first."
    assert told(post(ivy, f"role/{role.pk}/take/")) == [last]
    assert told(post(ivy, f"{account('ivy').pk}/active/", active="no")) == [last]
    # One who can't log in is none.
    other = site.staff("max", Role.INSTRUCTOR)
    Account.objects.filter(pk=other.pk).update(is_active=False)
    assert told(post(ivy, f"role/{role.pk}/take/")) == [last]
    assert roles("ivy") == {("instructor", "")}
    assert account("ivy").is_active
    assert noted(site, "role taken") == []


@pytest.mark.parametrize("role", ["student", "admin", ""])
def test_a_role_that_there_is_not_is_not_found(site: Site, ivy: Client, role: str) -> None:
    assert post(ivy, f"{account('tam').pk}/role/", role=role).status_code == 404
    assert roles("tam") == {("ta", "")}


def test_an_account_is_shut_and_let_in_again(site: Site, ivy: Client) -> None:
    ada, number = site.client("ada"), account("ada").pk
    post(ivy, f"{number}/active/", active="no")
    assert ada.get("/").status_code == 302
    assert "shut" in words(ivy.get(PEOPLE, {"who": "shut"}))
    post(ivy, f"{number}/active/", active="yes")
    assert ada.get("/").status_code == 200
    whats = [row.what for row in site.store.record.find(about="ada")[0]]
    assert whats == ["account let in again", "account shut"]


def test_a_link_for_one_account_is_shown_once(site: Site, ivy: Client) -> None:
    page = post(ivy, f"{account('tam').pk}/invite/")
    link = words(page).split('aria-label="The link">')[1].split("</pre>")[0]
    assert link.startswith("http://testserver/account/invitation/")
    assert Invitation.objects.count() == 1
    assert link.rsplit("/", 2)[1] not in str(list(Invitation.objects.values()))
    assert link not in words(ivy.get(PEOPLE))
    assert noted(site, "invited to set a password")[0].subject == "tam"


def test_links_for_all_without_a_password_come_as_csv(site: Site, ivy: Client) -> None:
    def links(**values: str) -> dict[str, str]:
        text = post(ivy, "invite/", **values).content.decode("utf-8-sig")
        return {row["login"]: row["link"] for row in csv.DictReader(io.StringIO(text))}

    Account.objects.filter(login="bob").update(password="md5$x$y")
    Account.objects.filter(login="eve").update(is_active=False)
    first = links()
    assert sorted(first) == ["ada", "ivy", "joe", "kim", "tam"]
    assert len(set(first.values())) == 5
    (row,) = noted(site, "invited to set a password")
    assert (row.subject, "ada" in row.detail) == ("5 accounts", True)
    # A second one is for those who are new since; the first links hold.
    add_students(site, "zoe")
    post(ivy, "make/all/")
    assert sorted(links()) == ["zoe"]
    nobody = post(ivy, "invite/")
    assert told(nobody)[-1] == "There is nobody to invite."
    assert Client().get(first["ada"]).status_code == 200
    again = links(again="yes")
    assert sorted(again) == ["ada", "ivy", "joe", "kim", "tam", "zoe"]
    assert Client().get(first["ada"]).status_code == 410
    assert Client().get(again["ada"]).status_code == 200


@pytest.mark.parametrize("what", ["999/invite/", "999/role/", "999/active/", "role/999/take/"])
def test_an_account_that_there_is_not_is_not_found(ivy: Client, what: str) -> None:
    assert post(ivy, what, role="ta").status_code == 404
