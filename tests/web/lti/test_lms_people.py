"""Whose account an LMS's person gets: as single sign-on finds it, and never more for staff."""

from typing import Any

import pytest

from grader.store import StudentRow
from grader.web.lti.models import Person, Platform
from grader.web.models import Account, StaffRole
from tests.web.lti.lms import LTI, MEMBER, TEACHER, Lms
from tests.web.site import Site

LEFT_OUT = {f"{LTI}lis": None}
INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor"


@pytest.mark.parametrize(
    ("claims", "sentence"),
    [
        (LEFT_OUT, "The LMS tells neither your address nor your id"),
        ({f"{LTI}lis": {"person_sourcedid": "zed"}}, "Nobody in this course has the id zed."),
        (
            {"email": "z@x.example", **LEFT_OUT},
            "does not say that the address z@x.example is yours",
        ),
        ({f"{LTI}roles": [TEACHER]}, "does not say that the address (none) is yours"),
        (
            {f"{LTI}roles": [TEACHER], "email": "z@x.example", "email_verified": True},
            "The LMS says that you teach, and no account here has the address z@x.example",
        ),
    ],
)
def test_who_is_not_known_is_told_what_the_lms_said(
    site: Site, lms: Lms, claims: dict[str, Any], sentence: str
) -> None:
    answer = lms.launch(site.client(), **claims)
    assert answer.status_code == 403
    assert sentence in " ".join(answer.content.decode().split())


def person_of(site: Site, lms: Lms, **claims: Any) -> str:
    """The login of whom a launch logs in, empty for nobody."""
    browser = site.client()
    answer = lms.launch(browser, **claims)
    if answer.status_code == 403:
        assert "You are not on the roster" in answer.content.decode()
        assert "_auth_user_id" not in browser.session
        assert not Person.objects.exists()
        return ""
    return Account.objects.get(pk=browser.session["_auth_user_id"]).login


@pytest.mark.parametrize(
    ("settings", "claims", "login"),
    [
        ({}, {f"{LTI}lis": {"person_sourcedid": "bob"}}, "bob"),
        ({}, {f"{LTI}lis": {"person_sourcedid": "nobody"}}, ""),
        ({}, {f"{LTI}lis": {"person_sourcedid": None}}, ""),
        ({}, {f"{LTI}custom": {"student": "bob"}, **LEFT_OUT}, ""),
        ({"identified_by": "custom"}, {f"{LTI}custom": {"student": "bob"}}, "bob"),
        ({"identified_by": "custom"}, {f"{LTI}custom": {"student": "$Unknown.variable"}}, ""),
        ({"identified_by": "custom"}, {}, ""),
        ({"identified_by": ""}, {f"{LTI}custom": {"student": "bob"}}, ""),
        ({}, {"email": "Bob@mail.example", **LEFT_OUT}, ""),
        ({}, {"email": "Bob@mail.example", "email_verified": True, **LEFT_OUT}, "bob"),
        ({"emails_verified": True}, {"email": "Bob@mail.example", **LEFT_OUT}, "bob"),
        (
            {"emails_verified": True},
            {"email": "bob@mail.example", "email_verified": False, **LEFT_OUT},
            "",
        ),
        ({"emails_verified": True}, {"email": None, **LEFT_OUT}, ""),
        ({"emails_verified": True}, {"email": "", **LEFT_OUT}, ""),
    ],
)
def test_a_student_is_found_by_what_this_lms_may_say(
    site: Site, lms: Lms, settings: dict[str, Any], claims: dict[str, Any], login: str
) -> None:
    Platform.objects.update(**settings)
    assert person_of(site, lms, **claims) == login


@pytest.mark.parametrize(
    ("roles", "has_account", "login"),
    [
        ([TEACHER], True, "tam"),
        ([f"{MEMBER}/Instructor#TeachingAssistant"], True, "tam"),
        (["Instructor"], True, "tam"),
        ([TEACHER], False, ""),
        ([f"{MEMBER}/Instructor#TeachingAssistant"], False, ""),
        ([f"{MEMBER}#Administrator"], False, ""),
    ],
)
def test_staff_of_the_lms_get_in_by_an_account_that_is_there_and_become_nothing(
    site: Site, lms: Lms, roles: list[str], has_account: bool, login: str
) -> None:
    if has_account:
        Account.objects.filter(login="tam").update(email="tam@mail.example")
    before = sorted(StaffRole.objects.values_list("account__login", "role", "section"))
    told = {"email": "tam@mail.example", "email_verified": True, f"{LTI}roles": roles}
    assert person_of(site, lms, sub="u-tam", **told) == login
    assert sorted(StaffRole.objects.values_list("account__login", "role", "section")) == before


def test_staff_of_the_lms_are_no_students_by_its_identifier(site: Site, lms: Lms) -> None:
    assert person_of(site, lms, **{f"{LTI}roles": [TEACHER]}) == ""
    assert person_of(site, lms, **{f"{LTI}roles": [f"{MEMBER}#Learner", INSTITUTION]}) == "ada"


def test_two_people_of_one_address_are_nobody(site: Site, lms: Lms) -> None:
    Platform.objects.update(emails_verified=True)
    for login in ("tam", "ivy"):
        Account.objects.filter(login=login).update(email="staff@mail.example")
    told = {"email": "staff@mail.example", f"{LTI}roles": [TEACHER]}
    assert person_of(site, lms, **told) == ""
    rows = site.store.roster.students()
    site.store.roster.update([*rows, StudentRow("zoe", "Zoe", "bob@mail.example", "")])
    assert person_of(site, lms, email="bob@mail.example") == ""


def test_a_closed_account_stays_closed(site: Site, lms: Lms) -> None:
    Account.objects.filter(login="ada").update(is_active=False)
    assert person_of(site, lms) == ""


def test_an_account_without_a_part_in_the_course_is_not_logged_in(site: Site, lms: Lms) -> None:
    Account.objects.create_user("old", email="old@mail.example")
    told = {"email": "old@mail.example", "email_verified": True, f"{LTI}roles": [TEACHER]}
    assert person_of(site, lms, **told) == ""


def test_two_subjects_can_be_one_student(site: Site, lms: Lms) -> None:
    for subject in ("u-ada", "u-ada-2"):
        assert person_of(site, lms, sub=subject) == "ada"
    assert Person.objects.filter(account__login="ada").count() == 2


def test_one_subject_of_two_issuers_is_two_people(site: Site, lms: Lms) -> None:
    assert person_of(site, lms) == "ada"
    lms.issuer = "https://another.example"
    Platform.objects.update(issuer=lms.issuer)
    assert person_of(site, lms, **{f"{LTI}lis": {"person_sourcedid": "bob"}}) == "bob"
    assert Person.objects.count() == 2
