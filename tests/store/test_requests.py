"""Regrade requests as they are kept: of all, and of one student."""

from grader.store import Store
from tests.store.test_by_hand import upload


def test_a_students_requests_are_theirs_alone_with_their_answers(store: Store) -> None:
    sent = {name: upload(store, name, student=name).submission.id for name in ("ada", "bob")}
    first = store.requests.ask(sent["ada"], "ada", "idea", "Why 1?")
    other = store.requests.ask(sent["bob"], "bob", "idea", "Why 2?")
    second = store.requests.ask(sent["ada"], "ada", "plan", "Why 3?")
    store.requests.reply(first.id, "Because.", by="ta", close=True)
    store.requests.reply(other.id, "So.", by="ta")
    theirs = store.requests.of("ada")
    assert [row.id for row in theirs] == [first.id, second.id]
    assert [reply.text for row in theirs for reply in row.replies] == ["Because."]
    assert theirs == tuple(row for row in store.requests.all() if row.student == "ada")
    assert store.requests.of("eve") == ()
