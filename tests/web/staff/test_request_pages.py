"""Regrade requests: staff see those of their students, and answer."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.term_course import graded
from tests.web.site import Site
from tests.web.staff.marking_course import sections, shown, status, table

LIST = "/staff/requests/"


def ask(site: Site, student: str, question: str = "q2", text: str = "") -> int:
    number = site.hand_in(student)
    site.grade("hw1", graded(("q1", 6, 6), ("q2", 1, 4)))
    return site.store.requests.ask(number, student, question, text or f"Of {student}.").id


def test_open_ones_come_first_by_age(site: Site) -> None:
    first, second, third = (ask(site, name) for name in ("ada", "bob", "eve"))
    site.store.requests.reply(first, "No.", by="prof", close=True)
    answer = site.client("tam").get(LIST)
    assert [line[0] for line in table(answer)] == ["Of bob.", "Of eve.", "Of ada."]
    assert [line[4] for line in table(answer)] == ["0", "0", "1"]
    assert [line[5][:4] for line in table(answer)] == ["open", "open", "clos"]
    assert "2 open" in shown(answer)
    assert (second, third) == (2, 3)


def test_how_long_it_has_been_open_goes_by_the_courses_clock(site: Site) -> None:
    ask(site, "ada")
    site.at(datetime.now(UTC) + timedelta(days=3, minutes=1))
    for path in (LIST, f"{LIST}1/"):
        assert "open for 3\N{NO-BREAK SPACE}days<" in shown(site.client("tam").get(path))


def test_they_can_be_those_of_one_assignment(site: Site) -> None:
    ask(site, "ada")
    number = site.store.accept("bob", "hw2", b"{}", "hw2.ipynb", site.now).submission.id
    site.store.requests.ask(number, "bob", "q1", "Of hw2.")
    for chosen, texts in (("", ["Of ada.", "Of hw2."]), ("hw2", ["Of hw2."]), ("essay", [])):
        answer = site.client("tam").get(LIST, {"assignment": chosen})
        assert [line[0] for line in table(answer)] == texts


def test_a_long_list_has_pages(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.web.staff.requests.ON_A_PAGE", 1)
    ask(site, "ada")
    ask(site, "bob")
    answer = site.client("tam").get(LIST, {"page": "2"})
    assert [line[0] for line in table(answer)] == ["Of bob."]


def test_one_shows_what_its_answer_needs(site: Site) -> None:
    number = ask(site, "ada", text="It <b>is</b> right.")
    row = site.store.requests.one(number)
    site.store.marks.give(row.submission_id, "q2", 2, comment="See the notes.", by="tim")
    page = shown(site.client("tam").get(f"{LIST}{number}/"))
    assert "It &lt;b&gt;is&lt;/b&gt; right." in page
    assert "<strong>2 of 4</strong>" in page
    assert "Marked by tim" in page
    assert "See the notes." in page
    assert "Wrong value" in page
    assert f'href="/staff/marking/hw1/q2/{row.submission_id}/"' in page
    assert "/staff/score/" not in page
    page = shown(site.client("ivy").get(f"{LIST}{number}/"))
    assert 'href="/staff/score/hw1/ada/"' in page


def test_another_submission_that_counts_by_now_is_told(site: Site) -> None:
    number = ask(site, "ada")
    newer = site.store.accept("ada", "hw1", b"{ }", "hw1.ipynb", site.now).submission.id
    site.grade("hw1")
    page = shown(site.client("tam").get(f"{LIST}{number}/"))
    assert f"Submission {newer} counts now, not the one that was asked about." in page
    assert f"/staff/marking/hw1/q2/{newer}/" in page


def test_an_answer_leaves_it_open_or_closes_it(site: Site) -> None:
    number = ask(site, "ada")
    client = site.client("tam")
    client.post(f"{LIST}{number}/", {"text": "Which\r\nline?", "do": "answer"})
    row = site.store.requests.one(number)
    assert (row.closed_at, [(one.text, one.by) for one in row.replies]) == (
        None,
        [("Which\nline?", "tam")],
    )
    site.store.requests.reply(number, "Line 3.", by="ada")
    page = shown(client.get(f"{LIST}{number}/"))
    assert page.index("Which\nline?") < page.index("Line 3.")
    answer = client.post(f"{LIST}{number}/", {"text": "You are right.", "do": "close"})
    assert answer["Location"] == LIST
    row = site.store.requests.one(number)
    assert row.closed_at is not None
    assert [one.by for one in row.replies] == ["tam", "ada", "tam"]
    assert "closed" in shown(client.get(f"{LIST}{number}/"))


@pytest.mark.parametrize("text", ["", "  \n", "x" * 20_001])
def test_an_answer_says_something(site: Site, text: str) -> None:
    number = ask(site, "ada")
    answer = site.client("tam").post(f"{LIST}{number}/", {"text": text, "do": "close"}, follow=True)
    assert "Not sent: " in shown(answer)
    row = site.store.requests.one(number)
    assert (row.closed_at, row.replies) == (None, ())


def test_a_ta_of_a_section_sees_its_students_only(site: Site) -> None:
    sections(site)
    first, second = ask(site, "ada"), ask(site, "eve")
    client = site.client("sue")
    assert [line[0] for line in table(client.get(LIST))] == ["Of eve."]
    assert client.get(f"{LIST}{second}/").status_code == 200
    for method in ("GET", "POST"):
        assert status(client, method, f"{LIST}{first}/") == 404
    assert site.store.requests.one(first).replies == ()


def test_students_do_not_answer_here(site: Site) -> None:
    number = ask(site, "ada")
    client = site.client("ada")
    assert client.get(LIST).status_code == 403
    answer = client.post(f"{LIST}{number}/", {"text": "Yes.", "do": "close"})
    assert answer.status_code == 403
    assert site.store.requests.one(number).closed_at is None
    assert site.client("tam").get(f"{LIST}99/").status_code == 404
