"""`course lti send`: the same as the page, for whoever is at the machine."""

import json

import pytest

from grader.web.lti.models import Sent
from tests.web.lti.lms import LTI, Lms
from tests.web.site import Site


class Course:
    """The command on the site's course; what it printed."""

    def __init__(self, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
        self._site, self._capsys = site, capsys

    def __call__(self, *args: str, code: int = 0) -> str:
        from grader.cli.app import run

        served = self._site.served
        found = run(["--course", str(served.course_file), "--data", str(served.data), *args])
        printed = self._capsys.readouterr()
        assert found == code, printed
        return printed.out + printed.err


@pytest.fixture
def course(site: Site, lms: Lms, capsys: pytest.CaptureFixture[str]) -> Course:
    """Ada and Bob have scores, and only Ada came from the LMS."""
    lms.launch(site.client(), **{f"{LTI}lis": {"person_sourcedid": "ada"}})
    for name in ("ada", "bob"):
        site.hand_in(name)
    site.grade()
    return Course(site, capsys)


def test_a_dry_run_shows_who_would_get_what(course: Course, lms: Lms) -> None:
    told = course("lti", "send", "hw1", "--dry-run")
    assert "1 to send" in told
    assert "Quercus, Term 1" in told
    assert "get theirs once they did: bob" in told
    assert not lms.scores
    assert not Sent.objects.exists()


def test_scores_are_sent_once(course: Course, site: Site, lms: Lms) -> None:
    assert "1 sent" in course("lti", "send", "hw1")
    assert "0 sent; 1 are there already" in course("lti", "send", "hw1")
    assert [told["scoreGiven"] for _, told in lms.scores] == [7]
    assert Sent.objects.get().student == "ada"
    assert site.store.record.newest("scores sent")["hw1"].detail == "1 sent"


def test_what_the_lms_does_not_take_is_told_and_the_exit_code_is_1(
    course: Course, lms: Lms
) -> None:
    lms.fails = [404]
    assert "not taken: ada: sent the score, it answers 404" in course("lti", "send", "hw1", code=1)
    assert not Sent.objects.exists()


def test_scripts_get_all_of_it(course: Course, lms: Lms) -> None:
    told = json.loads(course("lti", "send", "hw1", "--json"))
    line = {
        "student": "ada",
        "lms": "Quercus",
        "column": lms.column(),
        "before": None,
        "points": 7.0,
        "of": 10.0,
    }
    assert told["sent"] == told["to_send"] == [line]
    assert told["never_came"] == ["bob"]
    assert (told["failed"], told["not_tried"], told["there_already"]) == ([], [], 0)


def test_scores_wait_for_an_edit_that_is_not_in_force(course: Course, site: Site, lms: Lms) -> None:
    site.place.rely("ivy")
    file = site.served.course_file
    file.write_text(
        file.read_text().replace("percent: 10, max_days: 3", "percent: 20, max_days: 3")
    )
    assert "not in force yet" in course("lti", "send", "hw1", code=1)
    assert not lms.scores


def test_an_unknown_assignment_is_named(course: Course) -> None:
    assert "there is no assignment 'hw9'" in course("lti", "send", "hw9", code=1)
