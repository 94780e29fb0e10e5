"""A submission's page: live while it waits and runs, then what came of it, as far as is shown."""

from dataclasses import replace

import pytest
from django.test import Client

from grader.outcomes import Ending, Shown
from grader.store import Lease, State
from tests.term_course import at, graded
from tests.web.site import Site

FEEDBACK = at("2027-02-01 12:00")  # after the last due time of hw1


def page(client: Client, number: int, part: str = "") -> str:
    return client.get(f"/submissions/{number}/{part}").content.decode()


def claim(site: Site) -> Lease:
    lease = site.store.claim(site.store.start_batch("hw1"))
    assert lease
    return lease


def test_what_waits_says_how_many_are_before_it(site: Site):
    numbers = [site.hand_in(name) for name in ("bob", "eve", "ada")]
    text = page(site.client("ada"), numbers[2])
    assert "2 are graded before it." in text
    assert f'hx-get="/submissions/{numbers[2]}/live?seen=' in text
    assert "It is the next one." in page(site.client("bob"), numbers[0])
    site.store.live.pause("hw1", by="ivy", reason="a wrong check")
    paused = page(site.client("ada"), numbers[2])
    assert "have paused grading for now" in paused
    assert "a wrong check" not in paused


def test_what_runs_is_shown_cell_by_cell_and_no_check_by_name(site: Site):
    number = site.hand_in("ada")
    claim(site)
    client = site.client("ada")
    assert "It is about to run." in page(client, number, "live")
    for step, words in (
        ("starting", "It is about to run."),
        ("cell 1", "Cell 1 of 1 is running."),
        ("hvp_cost_secret", "The tests are running."),
    ):
        site.store.live.note_step(number, step)
        text = page(client, number, "live")
        assert words in text
        assert "secret" not in text


def test_a_page_that_asks_again_is_told_only_what_is_new(site: Site):
    number = site.hand_in("ada")
    client = site.client("ada")
    first = client.get(f"/submissions/{number}/live")
    assert first.status_code == 200
    seen = first.content.decode().split("?seen=")[1].split('"')[0]
    assert client.get(f"/submissions/{number}/live?seen={seen}").status_code == 204
    claim(site)
    assert client.get(f"/submissions/{number}/live?seen={seen}").status_code == 200


def test_the_asking_ends_with_the_result_in_place(site: Site):
    number = site.hand_in("ada")
    site.grade()
    site.at(FEEDBACK)
    client = site.client("ada")
    answer = client.get(f"/submissions/{number}/live")
    assert answer.status_code == 200
    text = answer.content.decode()
    assert '<div id="feedback" hx-swap-oob="true">' in text
    assert '<span class="number">7</span>' in text
    assert "hx-get" not in text + page(client, number)


def test_our_failure_is_called_ours_and_its_cause_not_told(
    site: Site, monkeypatch: pytest.MonkeyPatch
):
    number = site.hand_in("ada")
    for year in (2030, 2031, 2032):  # each after the wait that the one before asked for
        monkeypatch.setattr(site.store, "_clock", lambda year=year: at(f"{year}-01-01 12:00"))
        row = site.store.fail(claim(site), "the engine on host7 is down")
    assert row.state is State.DELAYED
    text = page(site.client("ada"), number)
    assert "our failure, not yours" in text
    assert "host7" not in text


def test_hidden_results_are_not_there_before_their_time(site: Site):
    number = site.hand_in("ada")
    site.grade()
    client = site.client("ada")
    for part in ("", "live"):
        text = page(client, number, part)
        assert "Shown later" in text
        assert "A check" not in text
        assert '<span class="number">' not in text
    site.at(FEEDBACK)
    text = page(client, number)
    assert "A check" in text
    assert '<span class="number">7</span> <span class="of">of 10</span>' in text


def test_an_older_submission_tells_of_itself_and_no_more_than_the_newest(site: Site):
    first = site.hand_in("ada")
    site.grade()
    second = site.hand_in("ada", data=b"two")
    client = site.client("ada")
    assert "A check" not in page(client, first)
    site.at(FEEDBACK)
    site.grade(found=graded(("q1", 6, 6), ("q2", 4, 4)))
    text = page(client, first)
    assert f'<a href="/submissions/{second}/">Submission {second}</a> counts' in text
    assert '<span class="number">7</span>' in text
    assert '<span class="number">10</span>' in page(client, second)


def test_what_is_shown_at_once_is_there_at_once(site: Site):
    number = site.hand_in("ada")
    found = graded(("q1", 6, 6), ("q2", 1, 4))
    at_once = replace(found.checks[1], shown=Shown.AT_ONCE, title="A public one", message="Sign?")
    site.grade(found=replace(found, checks=(found.checks[0], at_once)))
    text = page(site.client("ada"), number)
    assert "A public one" in text
    assert "Sign?" in text
    assert "A check" not in text


def test_strangers_text_in_a_result_is_text(site: Site):
    number = site.hand_in("ada")
    mark = "<script>alert(1)</script>"
    found = replace(graded(("q1", 6, 6), ("q2", 1, 4)), ending=Ending.CRASHED, message=mark)
    site.grade(found=found)
    text = page(site.client("ada"), number)
    assert "&lt;script&gt;alert(1)" in text
    assert mark not in text


@pytest.mark.parametrize("part", ["", "live", "receipt", "file", "notebook", "notebook/frame"])
def test_a_submission_is_its_students(site: Site, part: str):
    number = site.hand_in("ada")
    assert site.client("ada").get(f"/submissions/{number}/{part}").status_code in (200, 204)
    assert site.client("bob").get(f"/submissions/{number}/{part}").status_code == 404
    assert site.client("bob").get(f"/submissions/99/{part}").status_code == 404
    assert site.client().get(f"/submissions/{number}/{part}").status_code == 302
    site.store.withdrawals.withdraw(number, reason="a mistake", by="ivy")
    assert site.client("ada").get(f"/submissions/{number}/{part}").status_code == 404


def test_staff_are_sent_to_their_own_page_of_it(site: Site):
    number = site.hand_in("ada")
    answer = site.client("tam").get(f"/submissions/{number}/")
    assert answer["Location"] == f"/staff/submissions/{number}/"
    assert site.client("tam").get(f"/submissions/{number}/receipt").status_code == 403
    assert site.client("tam").get(f"/submissions/{number}/file").status_code == 200
