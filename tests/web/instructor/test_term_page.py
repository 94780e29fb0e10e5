"""The term at a glance, and an assignment's page: what comes next, what is not ready."""

import time
from datetime import UTC, datetime

import pytest
from django.test import Client

from grader.desk.releasing import Ending, release_job
from tests.web.instructor.course_pages import change_course, told, words
from tests.web.site import Site

HW1, ESSAY = "/course/assignments/hw1/", "/course/assignments/essay/"


@pytest.fixture
def ivy(site: Site) -> Client:
    return site.client("ivy")


def make_file(site: Site, name: str) -> None:
    folder = site.served.data / "released"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"zip")
    site.store.record.note(by="prof", what="released", subject=name[:-4], detail="")


def test_what_comes_next_stands_apart_from_what_is_over(ivy: Client) -> None:
    page = words(ivy.get("/course/"))
    soon, rest = page.split("<summary>Later", 1)
    assert "Thu 28 Jan 2027, 18:00 EST" in soon  # hw2 opens
    later, before = rest.split("<summary>Before", 1)
    assert "late work" in later
    assert "Thu 14 Jan 2027, 18:00 EST" in before.split("Assignments</h2>")[0]


def test_what_is_not_ready_is_told(site: Site, ivy: Client) -> None:
    page = words(ivy.get("/course/"))
    assert ">hw1</a> is open, and its bundle is not there" in page
    assert "hw2</a> opens" not in page
    make_file(site, "hw1.zip")
    site.at(datetime(2027, 1, 27, 17, tzinfo=UTC))
    page = words(ivy.get("/course/"))
    assert ">hw1</a> is open, and" not in page
    assert ">hw2</a> opens tomorrow, and its bundle was never made" in page
    assert ">hw2</a> opens tomorrow, and its checks were never checked" in page


def test_an_edit_that_waits_is_told(site: Site, ivy: Client) -> None:
    site.place.rely("prof")
    assert "is not in force yet" not in words(ivy.get("/course/"))
    change_course(site, "percent: 10,", "percent: 20,")
    page = words(ivy.get("/course/"))
    assert "has an edit that is not in force yet" in page
    assert "(an edit waits)" in page


def test_sections_without_anybody_are_told(site: Site, ivy: Client) -> None:
    due = "    due: 2027-01-28 23:59\n"
    change_course(site, due, f"{due}    sections: {{L9: {{due: hw1.due + 1 day}}}}\n")
    page = words(ivy.get("/course/"))
    assert "hw1 has dates for the section L9, in which the roster has nobody" in page
    assert "Fri 29 Jan 2027, 23:59 EST" in words(ivy.get(HW1))


def test_an_assignment_shows_its_times_as_written_and_what_they_mean(
    site: Site, ivy: Client
) -> None:
    due = "    due: 2027-01-28 23:59\n"
    change_course(site, due, f"{due}    lock: hw1.due + 2 days\n")
    site.store.extensions.grant("hw1", student="ada", days=5, reason="ill", by="prof")
    page = words(ivy.get(HW1))
    assert "<code>hw1.due + 2 days</code>" in page
    assert "Sat 30 Jan 2027, 23:59 EST" in page
    assert "Due later for ada (" in page
    assert "Feedback waits for them." in page
    assert "Release now" not in page  # it is open
    assert "Show feedback now" in page
    assert "Release now" in words(ivy.get("/course/assignments/hw2/"))
    assert "feedback" not in words(ivy.get(ESSAY)).split("Bundle</h2>")[0].split("Dates</h2>")[1]


def wait_for_end(site: Site) -> None:
    until = time.monotonic() + 120
    while True:
        job = release_job(site.served.data)
        if job is None or not job.is_running:
            return
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_bundle_is_made_beside_the_page(site: Site, ivy: Client) -> None:
    assert ivy.post(f"{ESSAY}bundle/")["Location"] == ESSAY
    second = ivy.post(f"{HW1}bundle/")
    assert told(second) == ["A bundle is being made already: wait until it is."]
    assert 'hx-trigger="every 2s"' in words(ivy.get(ESSAY))
    wait_for_end(site)
    job = release_job(site.served.data)
    assert job is not None
    assert (job.assignment, job.by, job.ending) == ("essay", "ivy", Ending.DONE), job.log
    part = words(ivy.get(f"{ESSAY}bundle/state/"))
    assert "The bundle of essay was made" in part
    assert "hx-trigger" not in part
    assert (site.served.data / "released" / "essay.zip").is_file()
    (row,) = site.store.record.find(what="released")[0]
    assert (row.by, row.subject) == ("ivy", "essay")


def test_a_bundle_that_can_not_be_made_says_why(site: Site, ivy: Client) -> None:
    ivy.post(f"{HW1}bundle/")  # which has no notebook
    wait_for_end(site)
    page = words(ivy.get(HW1))
    assert "The bundle of hw1 could not be made" in page
    assert "notebook" in page.split("What the command says")[1]


PATHS = (
    "/course/assignments/hw1/ /course/assignments/hw1/bundle/state/ /course/assignments/hw1/date/ "
    "/course/assignments/hw1/date/grades/ /course/groups/essay/ /course/checks/hw1/"
).split()
POSTS = (
    "/course/assignments/hw1/bundle/ /course/groups/essay/form/ /course/groups/essay/join/ "
    "/course/groups/essay/leave/ /course/groups/essay/import/ /course/extensions/1/withdraw/ "
    "/course/people/1/invite/ /course/people/1/role/ /course/people/1/active/ "
    "/course/people/role/1/take/"
).split()


@pytest.mark.parametrize("login", ["ada", "tam"])
def test_an_instructors_pages_are_for_nobody_else(site: Site, login: str) -> None:
    client = site.client(login)
    assert {client.get(path).status_code for path in PATHS} == {403}
    assert {client.post(path).status_code for path in POSTS} == {403}
    assert {client.get(path).status_code for path in POSTS} == {405}


@pytest.mark.parametrize(
    "path",
    ["/course/assignments/hw9/", "/course/assignments/hw9/bundle/state/", "/course/checks/hw9/"],
)
def test_an_assignment_that_there_is_not_is_not_found(ivy: Client, path: str) -> None:
    assert ivy.get(path).status_code == 404
