"""The page of grading: what waits, runs and grades; pausing, trying and grading again."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from grader.store import State
from tests.term_course import graded
from tests.web.site import Site
from tests.web.staff.marking_course import essay, group, sections


def page(client: Client, path: str = "/staff/") -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def told(client: Client, what: dict[str, str], path: str = "/staff/act/") -> str:
    """What the page says after the form was sent."""
    answer = client.post(path, what, follow=True)
    assert answer.redirect_chain
    return " ".join(answer.content.decode().split())


def delay(site: Site, number: int) -> None:
    """Let our side fail three times."""
    batch = site.store.start_batch("hw1")
    for _ in range(3):
        site.store._tables.submissions().update(not_before=None)
        lease = site.store.claim(batch, only=[number])
        assert lease is not None
        site.store.fail(lease, "the disk is full")
    site.store.end_batch(batch.id)


def test_what_waits_and_runs_is_shown_with_its_step(site: Site) -> None:
    first, _ = site.hand_in("ada"), site.hand_in("bob")
    lease = site.store.claim(site.store.start_batch("hw1"), only=[first])
    assert lease is not None
    site.store.live.note_step(first, "cell 3 of <b>7</b>")
    site.store.live.beat("lab 12", jobs=2, doing="hw1")
    shown = page(site.client("tam"))
    assert '<td class="n">1</td><td class="n">1</td>' in shown
    assert f'href="/staff/submissions/{first}/">ada</a>' in shown
    assert "cell 3 of &lt;b&gt;7&lt;/b&gt;" in shown
    assert "lab 12:" in shown
    assert '<progress max="2" value="0">' in shown
    assert "Nobody grades" not in shown


def test_the_bar_goes_on_with_what_the_run_has_graded(site: Site) -> None:
    numbers = [site.hand_in(name) for name in ("ada", "bob", "eve")]
    batch = site.store.start_batch("hw1")
    lease = site.store.claim(batch, only=numbers[:1])
    assert lease is not None
    site.store.finish(lease, graded(("q1", 6, 6)))
    site.store.live.beat("lab", jobs=1, doing="hw1")
    assert '<progress max="3" value="1">' in page(site.client("tam"))
    site.store.end_batch(batch.id)
    assert "<progress" not in page(site.client("tam"))


def test_a_run_that_was_killed_shows_no_bar(site: Site) -> None:
    site.hand_in("ada")
    site.store.start_batch("hw1")
    assert "<progress" not in page(site.client("tam"))


def test_that_nobody_grades_is_said_only_where_something_waits(site: Site) -> None:
    client = site.client("tam")
    assert "Nobody grades" not in page(client)
    site.hand_in("ada")
    assert "1 submission waits" in page(client)
    site.store.live.pause("hw1", by="ivy", reason="a check is wrong")
    assert "Nobody grades" not in page(client)


def test_a_process_that_was_not_heard_of_is_told_apart(site: Site) -> None:
    site.hand_in("ada")
    site.store.live.beat("lab 12", jobs=2, doing="")
    site.store._tables.workers().update(seen_at=datetime.now(UTC) - timedelta(seconds=31))
    shown = page(site.client("tam"))
    assert "Nobody grades" in shown
    assert "not heard of since" in shown


def test_the_live_part_is_a_part_of_the_page(site: Site) -> None:
    site.hand_in("ada")
    part = page(site.client("tam"), "/staff/live/")
    assert "<html" not in part
    assert part in page(site.client("tam"))


def test_a_pause_is_kept_with_its_reason_and_ends(site: Site) -> None:
    number, client = site.hand_in("ada"), site.client("tam")
    do = {"assignment": "hw1", "do": "pause", "reason": "a <b>check</b> is wrong"}
    assert "a &lt;b&gt;check&lt;/b&gt; is wrong" in told(client, do)
    (pause,) = site.store.live.pauses().values()
    assert (pause.assignment, pause.by, pause.reason) == ("hw1", "tam", do["reason"])
    assert site.store.claim(site.store.start_batch("hw1")) is None
    told(client, {"assignment": "hw1", "do": "resume"})
    assert site.store.live.pauses() == {}
    told(client, {"assignment": "hw1", "do": "pause", "reason": " odd\0\r\nreason "})
    assert site.store.live.pauses()["hw1"].reason == "odd\ufffd reason"
    told(client, {"assignment": "hw1", "do": "resume"})
    lease = site.store.claim(site.store.start_batch("hw1"))
    assert lease is not None
    assert lease.submission.id == number


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ({"assignment": "hw1", "do": "pause", "reason": " "}, "Say why it pauses"),
        ({"assignment": "hw1", "do": "resume"}, "was not paused"),
        ({"assignment": "hw1", "do": "retry"}, "Nothing of First homework is delayed"),
        ({"assignment": "hw1", "do": "again"}, "Nothing of First homework is graded yet"),
        ({"assignment": "hw1", "do": "fly"}, "Choose an assignment and what to do"),
        ({"do": "pause"}, "Choose an assignment and what to do"),
        ({"assignment": "essay", "do": "again"}, "graded by people"),
    ],
)
def test_what_can_not_be_done_is_said(site: Site, what: dict[str, str], sentence: str) -> None:
    assert sentence in told(site.client("tam"), what)
    assert site.store.live.pauses() == {}


def test_delayed_submissions_are_tried_again(site: Site) -> None:
    number = site.hand_in("ada")
    delay(site, number)
    client = site.client("tam")
    assert "outcome=delayed" in page(client)
    assert "1 delayed submission" in told(client, {"assignment": "hw1", "do": "retry"})
    row = site.store.submission(number)
    assert (row.state, row.attempts) == (State.QUEUED, 0)


def test_grading_again_proposes_and_is_adopted_with_a_reason(site: Site) -> None:
    number, client = site.hand_in("ada"), site.client("tam")
    site.grade()
    assert "1 submission" in told(client, {"assignment": "hw1", "do": "again"})
    assert site.store.regrades.waiting("hw1") == 1
    site.grade(found=graded(("q1", 6, 6), ("q2", 4, 4)))
    assert "1 proposed" in page(client)
    shown = page(client, "/staff/regrades/hw1/")
    assert "+3.00" in shown
    assert "check_q2" in shown
    newest = str(site.store.results(number)[-1].id)
    there = "/staff/regrades/hw1/"
    assert "Say why" in told(client, {"do": "adopt", "newest": newest, "reason": " "}, there)
    assert "Say whether" in told(client, {"do": "adopt", "reason": "mended"}, there)
    assert site.store.results(number)[-1].proposed
    told(client, {"do": "adopt", "newest": newest, "reason": "mended"}, there)
    assert not site.store.results(number)[-1].proposed
    (action,) = [one for one in site.store.record.actions() if one.what == "regrade adopted"]
    assert (action.by, action.reason) == ("tam", "mended")


def test_what_came_after_the_page_was_shown_is_not_adopted(site: Site) -> None:
    numbers = [site.hand_in("ada"), site.hand_in("bob")]
    site.grade()
    client = site.client("tam")
    site.store.regrades.queue(numbers[:1])
    site.grade()
    newest = site.store.results(numbers[0])[-1].id
    site.store.regrades.queue(numbers[1:])
    site.grade()
    what = {"do": "adopt", "newest": str(newest), "reason": "mended"}
    assert "1 grading adopted" in told(client, what, "/staff/regrades/hw1/")
    assert [site.store.results(number)[-1].proposed for number in numbers] == [False, True]


def test_proposals_are_dropped(site: Site) -> None:
    number = site.hand_in("ada")
    site.grade()
    site.store.regrades.queue([number])
    client = site.client("ivy")
    assert "1 still wait" in page(client, "/staff/regrades/hw1/")
    told(client, {"do": "drop", "reason": "a mistake"}, "/staff/regrades/hw1/")
    assert site.store.submission(number).state is State.GRADED
    assert site.store.regrades.waiting("hw1") == 0


def test_a_ta_of_a_section_sees_their_students_and_stops_nobody_elses(site: Site) -> None:
    sections(site)
    for name in ("ada", "eve"):
        site.hand_in(name)
    batch = site.store.start_batch("hw1")
    while site.store.claim(batch):
        pass
    group(site, "Alphas", ["ada", "bob"])
    essay(site, "ada")
    client = site.client("sue")
    shown = page(client)
    assert ">eve</a>" in shown
    assert "ada" not in shown
    assert "1 of other sections" in shown
    assert '<td class="n"></td><td class="n">1</td>' in shown
    assert "Pause" not in shown
    do = {"assignment": "hw1", "do": "pause", "reason": "no"}
    assert client.post("/staff/act/", do).status_code == 403
    assert client.get("/staff/regrades/hw1/").status_code == 403
    assert site.store.live.pauses() == {}


@pytest.mark.parametrize("path", ["/staff/", "/staff/live/", "/staff/regrades/hw1/"])
def test_students_are_kept_out(site: Site, path: str) -> None:
    assert site.client("ada").get(path).status_code == 403
    assert site.client("ada").post("/staff/act/").status_code == 403


def test_an_assignment_that_is_not_there_is_not_found(site: Site) -> None:
    assert site.client("ivy").get("/staff/regrades/hw9/").status_code == 404
    what = {"assignment": "hw9", "do": "resume"}
    assert site.client("ivy").post("/staff/act/", what).status_code == 404
