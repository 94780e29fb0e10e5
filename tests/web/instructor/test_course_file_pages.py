"""The course file in a page: checked before it is saved, saved only over what was read, applied."""

import html
import os
from typing import Any

import pytest
from django.test import Client

from grader.store.record import AnotherInForce
from tests.term_course import COURSE
from tests.web.instructor.course_pages import change_course, form, noted, sent, told, words
from tests.web.site import Site

FILE, CHANGES = "/course/changes/file/", "/course/changes/"
LATER = COURSE.replace("due: 2027-01-28 23:59", "due: 2027-01-30 23:59")


@pytest.fixture
def ivy(site: Site) -> Client:
    site.place.rely("prof")
    return site.client("ivy")


def text_of(site: Site) -> str:
    return site.served.course_file.read_text()


def type_in(client: Client, text: str, do: str, page: Any = None) -> Any:
    """As a browser sends a text: with its own line ends."""
    values = {"text": text.replace("\n", "\r\n"), "do": do}
    return sent(client, page or client.get(FILE), FILE, **values)


def test_the_text_of_the_file_can_be_edited(site: Site, ivy: Client) -> None:
    page = ivy.get(f"{FILE}?line=3").content.decode()
    assert f">\n{COURSE.replace('&', '&amp;')}</textarea>" in page
    assert 'data-line="3"' in page


def test_a_text_is_checked_without_being_written(site: Site, ivy: Client) -> None:
    page = type_in(ivy, LATER, "check")
    assert page.status_code == 200
    assert "assignments.hw1.due" in words(page)
    assert "<ins>+ due: 2027-01-30 23:59</ins>" in words(page)
    assert "No grade changes by that." in words(page)
    assert text_of(site) == COURSE


def test_mistakes_are_told_by_line_and_nothing_is_saved(site: Site, ivy: Client) -> None:
    wrong = COURSE.replace("percent: 10,", "percnt: 10,")
    line = wrong[: wrong.index("percnt")].count("\n") + 1
    page = type_in(ivy, wrong, "save")
    assert page.status_code == 400
    assert f'data-goto="{line}">{line}:' in words(page)
    assert "did you mean <code>percent</code>?" in words(page)
    assert "percnt: 10," in page.content.decode()  # what was typed is not lost
    assert text_of(site) == COURSE


def test_a_saved_text_keeps_its_form_and_waits_to_be_applied(site: Site, ivy: Client) -> None:
    os.chmod(site.served.course_file, 0o640)
    answer = type_in(ivy, LATER, "save")
    assert (answer.status_code, answer["Location"]) == (302, CHANGES)
    assert site.served.course_file.read_bytes() == LATER.encode()
    assert site.served.course_file.stat().st_mode & 0o777 == 0o640
    assert site.place.current().waits
    (row,) = noted(site, "course file edited")
    assert (row.by, row.subject) == ("ivy", "course.yaml")


@pytest.mark.parametrize(
    ("roster", "told"),
    [
        ("../outside.csv", "leads out of the course's folder."),
        ("link.csv", "leads out of the course's folder."),
        ("groups.csv", "groups.csv can't be the roster: line 1"),
    ],
)
def test_only_a_roster_of_the_course_s_can_be_the_roster(
    site: Site, ivy: Client, roster: str, told: str
) -> None:
    folder = site.served.course_file.parent
    (folder.parent / "outside.csv").write_text("password: hunter2\n")
    (folder / "link.csv").symlink_to(folder.parent / "outside.csv")
    (folder / "groups.csv").write_text("group,student\nalpha,ada\n")
    page = type_in(ivy, COURSE.replace("roster: roster.csv", f"roster: {roster}"), "save")
    assert page.status_code == 400
    assert told in html.unescape(page.content.decode())
    assert text_of(site) == COURSE
    assert "hunter2" not in ivy.get("/course/roster/").content.decode()


def test_another_roster_in_the_folder_is_taken(site: Site, ivy: Client) -> None:
    folder = site.served.course_file.parent
    (folder / "new.csv").write_bytes((folder / "roster.csv").read_bytes())
    new = COURSE.replace("roster: roster.csv", "roster: new.csv")
    assert type_in(ivy, new, "save").status_code == 302
    assert text_of(site) == new


def test_a_file_with_windows_line_ends_keeps_them(site: Site, ivy: Client) -> None:
    site.served.course_file.write_bytes(COURSE.replace("\n", "\r\n").encode())
    type_in(ivy, LATER, "save")
    assert site.served.course_file.read_bytes() == LATER.replace("\n", "\r\n").encode()


def test_a_file_that_is_a_link_stays_one(site: Site, ivy: Client) -> None:
    file = site.served.course_file
    real = file.with_name("real.yaml")
    file.rename(real)
    file.symlink_to(real)
    type_in(ivy, LATER, "save")
    assert (file.is_symlink(), real.read_text()) == (True, LATER)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (COURSE + "# \u202e\n", "invisible character U+202E"),
        ("# x\n" * 70_000, "more than 256 KiB"),
    ],
)
def test_what_the_file_may_not_hold_is_refused(
    site: Site, ivy: Client, text: str, why: str
) -> None:
    page = type_in(ivy, text, "save")
    assert (page.status_code, why in words(page)) == (400, True)
    assert text_of(site) == COURSE


def test_who_saves_second_is_shown_both_texts(site: Site, ivy: Client) -> None:
    page = ivy.get(FILE)
    change_course(site, "title: Second homework", "title: Theirs")
    theirs = text_of(site)
    answer = type_in(ivy, LATER, "save", page)
    assert (answer.status_code, text_of(site)) == (409, theirs)
    assert "Somebody else changed it meanwhile" in words(answer)
    assert "<del>- title: Theirs</del>" in words(answer)
    assert LATER in answer.content.decode()
    assert type_in(ivy, LATER, "save", answer).status_code == 302
    assert text_of(site) == LATER


def test_a_rehearsal_saves_nothing(
    site: Site, ivy: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site.place, "is_rehearsal", True)
    page = type_in(ivy, LATER, "save")
    assert (page.status_code, text_of(site)) == (400, COURSE)
    assert "This is a rehearsal" in words(page)


def test_a_file_that_can_not_be_written_is_told(
    site: Site, ivy: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("grader.desk.changing.write_durably", refuse)
    page = type_in(ivy, LATER, "save")
    assert page.status_code == 400
    assert "course.yaml can&#x27;t be written from here: Permission denied." in words(page)


def test_an_edit_that_waits_is_shown_and_applied_with_a_reason(site: Site, ivy: Client) -> None:
    change_course(site, "due: 2027-01-28 23:59", "due: 2027-01-30 23:59")
    page = ivy.get(CHANGES)
    assert "An edit waits" in words(page)
    assert "2027-01-30T23:59:00-05:00" in words(page)
    assert f'hx-get="{CHANGES}grades/"' in words(page)
    assert "No grade changes by that." in words(ivy.get(f"{CHANGES}grades/"))
    refused = sent(ivy, page, CHANGES, reason=" ")
    assert (refused.status_code, site.place.current().waits) == (400, True)
    answer = sent(ivy, page, CHANGES, reason="a strike")
    assert answer.status_code == 302
    version = site.store.record.version_in_force()
    assert version is not None
    assert (version.text, version.reason, version.by) == (LATER, "a strike", "ivy")
    (row,) = noted(site, "setting changed")
    assert (row.subject, row.by, row.reason) == ("assignments.hw1.due", "ivy", "a strike")
    assert "Nothing waits" in words(ivy.get(CHANGES))


def test_what_was_not_shown_is_not_applied(site: Site, ivy: Client) -> None:
    change_course(site, "due: 2027-01-28 23:59", "due: 2027-01-30 23:59")
    page = ivy.get(CHANGES)
    change_course(site, "percent: 10,", "percent: 90,")
    answer = sent(ivy, page, CHANGES, reason="a strike")
    assert answer.status_code == 409
    assert "The course file was changed meanwhile." in words(answer)
    assert site.place.current().waits
    assert sent(ivy, answer, CHANGES, reason="a strike").status_code == 302


def test_who_applies_second_is_told_so(
    site: Site, ivy: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_course(site, "due: 2027-01-28 23:59", "due: 2027-01-30 23:59")
    page = ivy.get(CHANGES)
    site.store.record.apply(
        COURSE, "x", instead_of=site.store.record.version_in_force().id,  # type: ignore[union-attr]
        reason="mine", by="prof",
    )  # fmt: skip
    answer = sent(ivy, page, CHANGES, reason="a strike")
    assert answer.status_code == 409
    assert "Another course file was put in force meanwhile." in words(answer)

    def refuse(*_: object, **__: object) -> None:
        raise AnotherInForce("another course file was put in force meanwhile")

    monkeypatch.setattr(site.store.record, "apply", refuse)
    assert sent(ivy, answer, CHANGES, reason="a strike").status_code == 409


def test_mistakes_in_the_file_stop_nobody_and_are_told(site: Site, ivy: Client) -> None:
    change_course(site, "percent: 10,", "percent: 900,")
    page = ivy.get(CHANGES)
    assert "course.yaml has mistakes" in words(page)
    assert f'href="{FILE}?line=6"' in words(page)
    assert ivy.get("/course/").status_code == 200
    digest = form(ivy.get(FILE), FILE)["digest"]
    answer = ivy.post(CHANGES, {"reason": "x", "digest": digest, "version": "1"})
    assert "It has mistakes, and was not put in force." in words(answer)
    assert ivy.get(f"{CHANGES}grades/").status_code == 204
    # What is in force is there to go back to.
    back = ivy.get(f"{FILE}?from=force")
    assert f">\n{COURSE}</textarea>" in back.content.decode()
    assert type_in(ivy, COURSE, "save", back).status_code == 302
    assert "Nothing waits" in words(ivy.get(CHANGES))


def test_the_first_course_file_is_put_in_force_here_too(site: Site) -> None:
    ivy = site.client("ivy")
    page = ivy.get(CHANGES)
    assert "No course file is in force yet" in words(page)
    answer = sent(ivy, page, CHANGES, reason="the term begins")
    assert "in force from now on" in told(answer)[0]
    assert site.store.record.version_in_force() is not None


def test_what_grades_do_not_follow_from_counts_at_once(site: Site, ivy: Client) -> None:
    change_course(site, "title: Second homework", "title: Homework 2")
    page = words(ivy.get(CHANGES))
    assert "that counts already" in page
    assert "Put it in force" not in page
