"""Sending scores to the LMS: exactly the gradebook's, once, and nothing that it didn't take."""

import html
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from grader.gradebook.evidence import gather_evidence
from grader.gradebook.term import grade_term
from grader.web.lti import passback, sending
from grader.web.lti.models import Link, Platform, Sent
from tests.term_course import graded
from tests.web.lti.lms import AGS, LTI, SCORE, Lms
from tests.web.site import Site

PAGE = "/course/lti/scores/hw1/"
AFTER = timedelta(days=20)  # hw1 is over, and who handed nothing in has a 0


@pytest.fixture
def graded_site(site: Site, lms: Lms) -> Site:
    """Ada, Bob and Eve opened the link and handed in; Joe handed in only; Kim did nothing."""
    for name in ("ada", "bob", "eve"):
        lms.launch(site.client(), sub=f"u-{name}", **{f"{LTI}lis": {"person_sourcedid": name}})
    for name in ("ada", "bob", "joe"):
        site.hand_in(name)
    site.grade()
    site.hand_in("eve")
    return site


def text_of(answer: Any) -> str:
    return " ".join(html.unescape(answer.content.decode()).split())


def send(site: Site, page: str = PAGE) -> str:
    """Press the button; the page after that, with what was told."""
    browser = site.client("ivy")
    found = re.search(r'name="fingerprint" value="(\w+)"', browser.get(page).content.decode())
    assert found, "there is no button"
    answer = browser.post(page, {"fingerprint": found[1]})
    assert (answer.status_code, answer["Location"]) == (302, page)
    return text_of(browser.get(page))


def in_gradebook(site: Site) -> dict[str, float | None]:
    evidence = gather_evidence(site.store, site.place.current().course)
    terms = grade_term(site.place.current().course, evidence, site.now)
    return {student: term.grades["hw1"].score.final for student, term in terms.items()}


def test_who_gets_what_is_shown_before_anything_is_sent(graded_site: Site, lms: Lms) -> None:
    page = text_of(graded_site.client("ivy").get(PAGE))
    assert "2 scores: 2 new, and 0 that changed since." in page
    assert "1 with a score, who never came from that LMS course" in page
    assert 'Joe <span class="id">joe</span>' in page
    assert "1 without a final score: queued" in page
    assert "1 without a final score: not submitted" in page
    assert not lms.scores
    assert "/token" not in lms.asked


def test_exactly_the_gradebooks_scores_are_sent(graded_site: Site, lms: Lms) -> None:
    page = send(graded_site)
    assert "Scores: 2 sent." in page
    assert "Nothing: the LMS has all 2 scores as they are here." in page
    expected = in_gradebook(graded_site)
    sent = {told["userId"]: told for _, told in lms.scores}
    assert sorted(sent) == ["u-ada", "u-bob"]
    for student in ("ada", "bob"):
        told = sent[f"u-{student}"]
        assert told.pop("timestamp")
        assert told == {
            "userId": f"u-{student}",
            "scoreGiven": expected[student],
            "scoreMaximum": 10,
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
            "https://canvas.instructure.com/lti/submission": {"new_submission": False},
        }
    assert {place for place, _ in lms.scores} == {"/courses/1/line_items/4"}
    assert set(lms.tokens.values()) == {SCORE}
    rows = Sent.objects.values_list("student", "subject", "points", "possible", "by", "at")
    assert sorted(rows) == [
        (name, f"u-{name}", 7.0, 10.0, "ivy", graded_site.now) for name in ("ada", "bob")
    ]
    note = graded_site.store.record.actions()[-1]
    assert (note.by, note.what, note.subject, note.detail) == (
        "ivy",
        "scores sent",
        "hw1",
        "2 sent",
    )


def test_nothing_is_sent_twice_unchanged(graded_site: Site, lms: Lms) -> None:
    send(graded_site)
    assert "fingerprint" not in text_of(graded_site.client("ivy").get(PAGE))
    graded_site.store.marks.override("ada", "hw1", points=9.255, reason="a slip", by="ivy")
    page = text_of(graded_site.client("ivy").get(PAGE))
    assert "1 score: 0 new, and 1 that changed since. 1 more is there already." in page
    send(graded_site)
    assert [told["userId"] for _, told in lms.scores].count("u-bob") == 1
    newest = lms.scores[-1][1]
    assert (newest["userId"], newest["scoreGiven"]) == ("u-ada", in_gradebook(graded_site)["ada"])
    assert Sent.objects.filter(student="ada").count() == 2


def test_what_a_student_does_not_hand_in_is_sent_as_the_zero_that_it_is(
    graded_site: Site, lms: Lms
) -> None:
    graded_site.grade(found=graded(("q1", 0, 6), ("q2", 3.333, 4)))
    lms.launch(graded_site.client(), sub="u-kim", **{f"{LTI}lis": {"person_sourcedid": "kim"}})
    graded_site.at(graded_site.now + AFTER)
    send(graded_site)
    sent = {told["userId"]: told["scoreGiven"] for _, told in lms.scores}
    assert sent == {"u-ada": 7, "u-bob": 7, "u-eve": 3.33, "u-kim": 0}


def test_who_is_excused_gets_nothing_and_an_older_score_is_named(
    graded_site: Site, lms: Lms
) -> None:
    send(graded_site)
    graded_site.store.marks.override(
        "ada", "hw1", points=None, excused=True, reason="ill", by="ivy"
    )
    page = text_of(graded_site.client("ivy").get(PAGE))
    assert "1 without a final score, who has one in the LMS" in page
    assert 'Ada <span class="id">ada</span>: 7, now excused' in page
    assert len(lms.scores) == 2


def test_scores_that_changed_since_they_were_shown_are_not_sent(
    graded_site: Site, lms: Lms
) -> None:
    browser = graded_site.client("ivy")
    shown = re.search(r'name="fingerprint" value="(\w+)"', browser.get(PAGE).content.decode())
    graded_site.store.marks.override("ada", "hw1", points=1, reason="a slip", by="ivy")
    browser.post(PAGE, {"fingerprint": shown[1] if shown else ""})
    assert "Nothing was sent: something has changed since" in text_of(browser.get(PAGE))
    assert not lms.scores


OUT = [503, 503, 503]


@pytest.mark.parametrize(
    ("fails", "taken", "tries", "told"),
    [
        ([503], 2, 3, ""),
        ([0, 500], 2, 4, ""),
        ([401], 2, 3, ""),
        ([429, 502], 2, 4, ""),
        (OUT, 1, 4, "sent the score, it answers 503: the LMS's own words"),
        ([0, 0, 0], 1, 4, "sent the score, it does not answer (ConnectionError)"),
        ([401, 401, 401], 1, 4, "sent the score, it answers 401"),
        ([404], 1, 2, "it answers 404: the LMS's own words"),
        ([302], 1, 4, "answers with a redirect, which is not followed"),
        ([422, 403], 0, 2, "it answers 422"),
        ([*OUT, *OUT], 0, 6, "it answers 503"),
    ],
)
def test_a_failing_lms_is_tried_again_and_then_told_by_student(
    graded_site: Site, lms: Lms, fails: list[int], taken: int, tries: int, told: str
) -> None:
    lms.fails = fails * 3 if fails == [302] else list(fails)
    page = send(graded_site)
    assert len(lms.scores) == Sent.objects.count() == taken
    assert len([path for path in lms.asked if path.endswith("/scores")]) == tries
    if told:
        assert told in page
        assert "Ada (ada): Quercus did not take it: " in page
        assert f"{taken} sent, {2 - taken} not taken" in page
    # What it took is there, the rest is sent by the next press.
    lms.fails = []
    if taken < 2:
        send(graded_site)
    assert sorted(row.student for row in Sent.objects.all()) == ["ada", "bob"]


def test_our_token_is_sent_also_where_a_password_of_that_host_is_kept(
    graded_site: Site, lms: Lms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert "Scores: 2 sent." in send(graded_site)


def test_each_try_has_a_time_of_its_own(graded_site: Site, lms: Lms) -> None:
    send(graded_site)
    times = [told["timestamp"] for _, told in lms.scores]
    assert times == sorted(set(times))
    assert all(re.fullmatch(r"[\d-]+T[\d:]+\.\d{6}\+00:00", time) for time in times)


@pytest.mark.parametrize("status", [401, 500])
def test_an_lms_that_gives_no_token_is_asked_no_further(
    graded_site: Site, lms: Lms, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(sending, "MOST_OUTAGES", 1)
    lms.token_status = status
    page = send(graded_site)
    assert "Quercus is asked no further now: asked for a token, it answers" in page
    assert "0 sent, 1 not taken, 1 not tried" in page
    assert lms.asked.count("/token") == 3
    assert not Sent.objects.exists()


def test_an_lms_that_does_not_know_our_key_gives_no_token(graded_site: Site, lms: Lms) -> None:
    lms.tool_keys = {"keys": []}
    assert "asked for a token, it answers 401" in send(graded_site)
    assert not lms.scores


def test_an_lms_that_is_down_is_told_and_nothing_is_kept(graded_site: Site, lms: Lms) -> None:
    Platform.objects.update(token_url="http://127.0.0.1:9/token")
    page = send(graded_site)
    assert "Bob (bob): Quercus did not take it: asked for a token, it does not answer" in page
    assert not Sent.objects.exists()


def test_what_takes_too_long_for_one_answer_goes_on_by_the_next_press(
    graded_site: Site, lms: Lms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passback, "SECONDS", -1.0)
    assert "2 are left. Send again for the next ones." in send(graded_site)
    monkeypatch.undo()
    assert "Scores: 2 sent." in send(graded_site)


def test_a_score_goes_to_the_course_in_which_the_lms_has_the_student(
    graded_site: Site, lms: Lms
) -> None:
    other = {
        f"{LTI}context": {"id": "c2", "title": "Term 1, evening"},
        f"{LTI}resource_link": {"id": "r2"},
        f"{LTI}lis": {"person_sourcedid": "joe"},
        AGS: {"scope": [SCORE], "lineitem": lms.column(5)},
    }
    lms.launch(graded_site.client(), sub="u-joe", **other)
    send(graded_site)
    places = {told["userId"]: place[-1] for place, told in lms.scores}
    assert places == {"u-ada": "4", "u-bob": "4", "u-joe": "5"}


def test_one_column_gets_a_score_once_however_many_links_lead_to_it(
    graded_site: Site, lms: Lms
) -> None:
    lms.launch(graded_site.client(), **{f"{LTI}resource_link": {"id": "r2"}})
    assert Link.objects.count() == 2
    send(graded_site)
    assert sorted(told["userId"] for _, told in lms.scores) == ["u-ada", "u-bob"]


def test_a_new_column_gets_all_scores(graded_site: Site, lms: Lms) -> None:
    send(graded_site)
    lms.launch(graded_site.client(), **{AGS: {"scope": [SCORE], "lineitem": lms.column(6)}})
    send(graded_site)
    assert [place[-1] for place, _ in lms.scores] == ["4", "4", "6", "6"]


@pytest.mark.parametrize(
    "service", [None, {"scope": [SCORE]}, {"scope": [], "lineitem": "http://127.0.0.1:9/x"}]
)
def test_a_link_without_a_column_that_we_may_fill_is_named(
    graded_site: Site, lms: Lms, service: Any
) -> None:
    lms.launch(graded_site.client(), **{AGS: service})
    page = text_of(graded_site.client("ivy").get(PAGE))
    assert "no link in an LMS has a column for this assignment's scores" in page
    assert "No column, or no right to fill it: Quercus, Term 1: Homework 1" in page


def test_an_lms_that_is_switched_off_gets_no_scores(graded_site: Site, lms: Lms) -> None:
    Platform.objects.update(is_active=False)
    assert "fingerprint" not in text_of(graded_site.client("ivy").get(PAGE))


def test_in_a_rehearsal_nothing_goes_to_a_real_lms(
    graded_site: Site, lms: Lms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graded_site.place, "is_rehearsal", True)
    Platform.objects.update(token_url="https://lms.example/token")
    assert "This is a rehearsal: nothing is sent to a real LMS." in send(graded_site)
    assert not Sent.objects.exists()
    Platform.objects.update(token_url=f"{lms.url}/token")
    assert "Scores: 2 sent." in send(graded_site)


def test_two_do_not_send_at_the_same_time(graded_site: Site, lms: Lms) -> None:
    with sending.alone(graded_site.place.data):
        assert "Scores are being sent just now" in send(graded_site)
    assert not lms.scores


def test_scores_of_an_assignment_that_is_not_there_are_not_found(site: Site) -> None:
    assert site.client("ivy").get("/course/lti/scores/nothing/").status_code == 404
    assert site.client("tam").get(PAGE).status_code == 403
    assert site.client("tam").post(PAGE).status_code == 403
    assert site.client("ada").post(PAGE).status_code == 403
