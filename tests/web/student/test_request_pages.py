"""Regrade requests: asked where a result is shown, answered to and fro, one's own only."""

import pytest
from django.http import HttpResponse

from grader.desk.asking import MOST_UNANSWERED
from tests.term_course import at, graded
from tests.web.site import Site


@pytest.fixture
def shown(site: Site) -> int:
    """Ada's graded submission, at a time when its results may be seen."""
    number = site.hand_in("ada")
    site.grade()
    site.at(at("2027-02-01 12:00"))
    return number


def ask(
    site: Site, number: int, text: str, question: str = "q2", login: str = "ada"
) -> HttpResponse:
    form = {"question": question, "text": text}
    return site.client(login).post(f"/submissions/{number}/ask", form)


def test_a_student_asks_about_a_question_and_is_answered(site: Site, shown: int):
    client = site.client("ada")
    assert "Ask for another look at q2" in client.get(f"/submissions/{shown}/").content.decode()
    answer = ask(site, shown, "My sign is right.\r\nLook at <b>it</b>.")
    (row,) = site.store.requests.all()
    assert (answer.status_code, answer["Location"]) == (302, f"/requests/{row.id}/")
    assert (row.student, row.submission_id, row.question) == ("ada", shown, "q2")
    assert row.text == "My sign is right.\nLook at <b>it</b>."
    site.store.requests.reply(row.id, "Which sign?", by="ivy")
    text = client.get(f"/requests/{row.id}/").content.decode()
    assert "Look at &lt;b&gt;it&lt;/b&gt;." in text
    assert "Ivy" in text
    assert "Which sign?" in text
    client.post(f"/requests/{row.id}/", {"text": "The second."})
    (row,) = site.store.requests.all()
    assert [(reply.by, reply.text) for reply in row.replies] == [
        ("ivy", "Which sign?"),
        ("ada", "The second."),
    ]
    assert "answered, open" in client.get("/requests/").content.decode()
    page = client.get(f"/submissions/{shown}/").content.decode()
    assert "Your request about q2" in page
    assert "Ask for another look at q2" not in page


@pytest.mark.parametrize(
    ("text", "question", "words"),
    [
        ("  \n", "q2", "a request says what should be looked at again, and why."),
        ("x" * 8_001, "q2", "8,001 characters; 8,000 is the limit"),
        ("Why?", "q9", "you can ask about a question once its result is shown"),
    ],
)
def test_a_request_that_says_nothing_sensible_is_not_taken(
    site: Site, shown: int, text: str, question: str, words: str
):
    answer = ask(site, shown, text, question)
    page = answer.content.decode()
    assert (answer.status_code, words in page) == (422, True)
    assert site.store.requests.all() == ()
    assert question == "q9" or text in page


def test_nothing_is_asked_about_what_is_hidden_or_does_not_count(site: Site):
    first = site.hand_in("ada")
    site.grade()
    assert ask(site, first, "Why?").status_code == 422
    page = site.client("ada").get(f"/submissions/{first}/").content.decode()
    assert "Ask for another look" not in page
    second = site.hand_in("ada", data=b"two")
    site.grade(found=graded(("q1", 6, 6), ("q2", 4, 4)))
    site.at(at("2027-02-01 12:00"))
    assert ask(site, first, "Why?").status_code == 422
    assert ask(site, second, "Why?").status_code == 302


def test_one_request_of_a_question_is_open_at_a_time(site: Site, shown: int):
    ask(site, shown, "Why?")
    again = ask(site, shown, "Why??")
    assert (again.status_code, "open already" in again.content.decode()) == (422, True)
    (row,) = site.store.requests.all()
    site.store.requests.reply(row.id, "So.", by="ivy", close=True)
    client = site.client("ada")
    closed = client.post(f"/requests/{row.id}/", {"text": "But"})
    assert (closed.status_code, "this request is closed." in closed.content.decode()) == (422, True)
    assert "It is settled." in client.get(f"/requests/{row.id}/").content.decode()
    assert ask(site, shown, "Still.").status_code == 302


def test_an_empty_answer_is_refused(site: Site, shown: int):
    ask(site, shown, "Why?")
    (row,) = site.store.requests.all()
    assert site.client("ada").post(f"/requests/{row.id}/", {"text": " "}).status_code == 422
    assert site.store.requests.all() == (row,)


def test_nobody_buries_the_staff_in_words(site: Site, shown: int):
    ask(site, shown, "Why?")
    (row,) = site.store.requests.all()
    client, path = site.client("ada"), f"/requests/{row.id}/"
    statuses = [client.post(path, {"text": "And?"}).status_code for _ in range(MOST_UNANSWERED + 1)]
    assert statuses == [302] * MOST_UNANSWERED + [422]
    assert len(site.store.requests.one(row.id).replies) == MOST_UNANSWERED
    site.store.requests.reply(row.id, "So.", by="ivy")
    assert client.post(path, {"text": "I see."}).status_code == 302


def test_requests_are_ones_own(site: Site, shown: int):
    ask(site, shown, "Why?")
    (row,) = site.store.requests.all()
    address = f"/requests/{row.id}/"
    assert site.client("bob").get(address).status_code == 404
    assert site.client("bob").post(address, {"text": "x"}).status_code == 404
    assert site.client("tam").get(address).status_code == 403
    assert "Why?" not in site.client("bob").get("/requests/").content.decode()
    assert ask(site, shown, "Mine?", login="bob").status_code == 404
    assert ask(site, shown, "Mine?", login="tam").status_code == 403
    assert site.store.requests.all() == (row,)
