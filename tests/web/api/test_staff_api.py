"""What staff's scripts ask: submissions, scores, and whether an assignment is graded now."""

from dataclasses import replace

import pytest

from grader.store import State
from grader.web.models import Account
from grader.web.visits import Role
from tests.term_course import notebook
from tests.web.api.asking import Script
from tests.web.site import Site
from tests.web.staff.marking_course import anonymous, essay, group


@pytest.fixture
def sections(site: Site) -> Site:
    """Ada and Bob are in section L1, the others in L2; `sue` is a TA of L1."""
    rows = site.store.roster.students()
    of = {"ada": "L1", "bob": "L1"}
    site.store.roster.update([replace(row, section=of.get(row.identifier, "L2")) for row in rows])
    Account.objects.create_user("sue")
    site.staff("sue", Role.TA, "L1")
    return site


def numbers(script: Script, query: str = "") -> list[int]:
    told = script.get(f"staff/assignments/hw1/submissions{query}").json()
    return [one["submission"] for one in told["submissions"]]


def test_submissions_are_listed_with_what_was_found(site: Site) -> None:
    first, second = site.hand_in("ada"), site.hand_in("bob")
    site.grade()
    third = site.hand_in("ada", data=notebook("newer"))
    script = Script("tam")
    told = script.get("staff/assignments/hw1/submissions").json()
    assert told["total"] == 3
    shown = [(one["submission"], one["earned"], one["points"]) for one in told["submissions"]]
    assert shown == [(first, 7, 10), (second, 7, 10), (third, None, None)]
    assert numbers(script, "?newest=true") == [second, third]
    assert numbers(script, "?state=queued") == [third]
    assert numbers(script, "?offset=1&limit=1") == [second]


def test_a_ta_of_a_section_sees_its_students(sections: Site) -> None:
    mine, other = sections.hand_in("ada"), sections.hand_in("eve")
    script = Script("sue")
    assert numbers(script) == [mine]
    assert script.get(f"submissions/{mine}").status_code == 200
    for path in ("", "/file"):
        assert script.get(f"submissions/{other}{path}").status_code == 404
    assert set(script.get("staff/gradebook").json()) == {"ada", "bob"}
    assert set(Script("ivy").get("staff/gradebook").json()) == {"ada", "bob", "eve", "joe", "kim"}


def test_of_a_group_a_ta_of_a_section_is_told_who_is_theirs(sections: Site) -> None:
    number = of_ada_and_eve(sections)
    for login, student, credited in (
        ("sue", None, ["ada"]),
        ("tam", "eve", ["ada", "eve"]),
        ("ada", "eve", ["ada", "eve"]),
    ):
        one = Script(login).get(f"submissions/{number}").json()
        assert (one["student"], one["credited"]) == (student, credited)
    (one,) = Script("sue").get("staff/assignments/essay/submissions").json()["submissions"]
    assert (one["student"], one["credited"]) == (None, ["ada"])


def test_of_an_anonymous_assignment_tas_are_told_no_names(sections: Site) -> None:
    anonymous(sections)
    number = of_ada_and_eve(sections)
    for login in ("sue", "tam"):
        script = Script(login)
        (listed,) = script.get("staff/assignments/essay/submissions").json()["submissions"]
        for one in (listed, script.get(f"submissions/{number}").json()):
            assert (one["student"], one["credited"]) == (None, [])
            assert one["file_name"] == f"essay-{number}.pdf"
        file = script.get(f"submissions/{number}/file")
        assert file["Content-Disposition"] == f'attachment; filename="essay-{number}.pdf"'
    for login in ("ivy", "ada"):
        one = Script(login).get(f"submissions/{number}").json()
        assert (one["student"], one["credited"]) == ("eve", ["ada", "eve"])
        assert one["file_name"] == "eve-essay.pdf"


def of_ada_and_eve(site: Site) -> int:
    """An essay of two from different sections, which eve handed in."""
    group(site, "Both", ["ada", "eve"])
    return essay(site, "eve")


def test_a_ta_of_a_section_does_not_run_the_grading_of_all(sections: Site) -> None:
    script = Script("sue")
    assert script.post("staff/assignments/hw1/pause", {"reason": "x"}).status_code == 403
    assert script.post("staff/assignments/hw1/resume").status_code == 403
    assert script.post("staff/assignments/hw1/retry").status_code == 403
    assert not sections.store.live.pauses()


def test_the_gradebook_is_told_as_by_command(site: Site) -> None:
    site.hand_in("ada")
    site.grade()
    told = Script("ivy").get("staff/gradebook").json()
    assert told["ada"]["scores"] == {"hw1": 7, "hw2": None, "essay": None}
    assert told["bob"]["pending"]["hw1"] == "not submitted"


def test_grading_is_paused_and_goes_on(site: Site) -> None:
    site.hand_in("ada")
    script = Script("tam")
    told = script.post("staff/assignments/hw1/pause", {"reason": " a check is wrong\0 "}).json()
    assert (told["paused"], told["by"]) == (True, "tam")
    assert site.store.live.pauses()["hw1"].reason == "a check is wrong\ufffd"
    assert site.store.claim(site.store.start_batch("hw1")) is None
    again = Script("ivy").post("staff/assignments/hw1/pause", {"reason": "another"}).json()
    assert again["by"] == "tam"
    assert script.post("staff/assignments/hw1/resume").json()["paused"] is False
    assert site.store.claim(site.store.start_batch("hw1")) is not None
    assert [row.what for row in site.store.record.actions()][-2:] == [
        "grading paused",
        "grading resumed",
    ]


@pytest.mark.parametrize("reason", ["", "  ", None])
def test_a_pause_needs_a_reason(site: Site, reason: str | None) -> None:
    body = {} if reason is None else {"reason": reason}
    assert Script("tam").post("staff/assignments/hw1/pause", body).status_code == 422
    assert not site.store.live.pauses()


def test_what_is_delayed_is_tried_again(site: Site) -> None:
    number = site.hand_in("ada")
    batch = site.store.start_batch("hw1")
    lease = site.store.claim(batch)
    assert lease is not None
    for _ in range(3):
        site.store.fail(lease, "no engine")
        if site.store.submission(number).state is State.DELAYED:
            break
        site.store._tables.submissions().update(not_before=None)
        lease = site.store.claim(batch)
        assert lease is not None
    told = Script("tam").get("staff/assignments/hw1/submissions").json()
    assert told["submissions"][0]["note"] == "no engine"
    assert Script("tam").post("staff/assignments/hw1/retry").json()["queued"] == 1
    assert site.store.submission(number).state is State.QUEUED


@pytest.mark.parametrize("what", ["pause", "resume", "retry"])
def test_what_people_grade_is_not_run(site: Site, what: str) -> None:
    answer = Script("tam").post(f"staff/assignments/essay/{what}", {"reason": "x"})
    assert answer.status_code == 422
    assert "graded by people" in answer.json()["detail"]


def test_an_assignment_that_there_is_not_is_not_found(site: Site) -> None:
    assert Script("tam").get("staff/assignments/hw9/submissions").status_code == 404
    assert Script("tam").post("staff/assignments/hw9/retry").status_code == 404
