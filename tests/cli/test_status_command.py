"""`course status`: a table that fits a terminal, and what counts for who left a group."""

import json

import pytest

from grader.store import open_store
from tests.cli.term_command import Term, hand_in
from tests.intake.pdfs import pdf
from tests.term_course import notebook

SECOND = "2027-01-21 12:00"


def header(out: str) -> list[str]:
    return out.splitlines()[0].replace("by hand", "by_hand").split()


def test_only_states_that_something_is_in_have_a_column(term: Term):
    assert header(term("status").out) == ["assignment", "queued", "graded", "due"]
    hand_in(term)
    term("submit", "essay", "ada", str(term.folder / "essay.pdf"))
    assert header(term("status").out) == ["assignment", "queued", "graded", "due"]
    term("group", "form", "essay", "A", "ada", "bob")
    assert term("submit", "essay", "ada", str(term.folder / "essay.pdf")).code == 0
    assert header(term("status").out) == ["assignment", "queued", "graded", "by_hand", "due"]
    assert header(term("status", "hw1").out) == ["assignment", "queued", "graded", "due"]


def test_the_table_of_a_term_under_way_fits_80_columns(term: Term, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "80")
    hand_in(term, "bob")
    term.grade("hw1", ("q1", 6, 6), ("q2", 2, 4))
    hand_in(term)
    (term.folder / "ada.ipynb").write_bytes(notebook("x = 2"))
    hand_in(term, now=SECOND)
    term("group", "form", "essay", "A", "ada", "bob")
    term("submit", "essay", "ada", str(term.folder / "essay.pdf"))
    hand_in(term, "kim")
    assert term("withdraw", "5", "--reason", "a test").code == 0
    lines = term("status").out.splitlines()
    states = ["queued", "graded", "superseded", "by_hand", "withdrawn"]
    assert header(lines[0]) == ["assignment", *states, "due"]
    assert [line.split() for line in lines[1:4]] == [
        ["hw1", "1", "1", "1", "0", "1", "2027-01-28", "23:59"],
        ["hw2", "0", "0", "0", "0", "0", "2027-02-11", "23:59"],
        ["essay", "0", "0", "0", "1", "0", "2027-02-10", "23:59"],
    ]
    assert max(map(len, lines[:4])) <= 80


@pytest.fixture
def left(term: Term) -> Term:
    """ada handed in with group A (1), left it, and is in group B, which handed in nothing."""
    term("group", "form", "essay", "A", "ada", "bob")
    assert term("submit", "essay", "bob", str(term.folder / "essay.pdf")).code == 0
    term("group", "leave", "essay", "ada")
    term("group", "form", "essay", "B", "ada", "eve")
    return term


def essay_of(term: Term, student: str) -> dict[str, object]:
    told = json.loads(term("status", "essay", "--student", student, "--json").out)
    return told["assignments"][0]


def test_who_left_a_group_sees_what_counts_beside_what_the_new_one_handed_in(left: Term):
    out = left("status", "essay", "--student", "ada").out
    assert "nothing yet (group B)" in out
    assert out.splitlines()[-1] == "essay: what counts is submission 1, 2027-01-20 12:00 by bob"
    assert [essay_of(left, "ada")[key] for key in ("newest", "counts")] == [None, 1]
    assert "counts" not in left("status", "essay", "--student", "bob").words
    assert "counts" not in left("status", "essay", "--student", "eve").words
    assert [essay_of(left, "eve")[key] for key in ("newest", "counts")] == [None, None]


def test_once_the_new_group_hands_in_that_is_what_counts(left: Term):
    (left.folder / "new.pdf").write_bytes(pdf(body=b"% new\n"))
    assert left("submit", "essay", "eve", str(left.folder / "new.pdf"), now=SECOND).code == 0
    told = left("status", "essay", "--student", "ada", now=SECOND).words
    assert "2027-01-21 12:00 by eve" in told
    assert "what counts" not in told


def test_who_is_excused_has_nothing_that_counts(left: Term):
    left("override", "essay", "ada", "--excuse", "--reason", "ill")
    assert essay_of(left, "ada")["counts"] is None


def test_what_counts_tells_nothing_that_hidden_tests_found(term: Term):
    """The first is worth more, but until results are shown students are told of the newest."""
    text = (term.folder / "course.yaml").read_text()
    policy = "{kind: percent per day, percent: 10, max_days: 3"
    (term.folder / "course.yaml").write_text(text.replace(policy, f"{policy}, counts: best"))
    hand_in(term)
    term.grade("hw1", ("q1", 6, 6), ("q2", 4, 4))
    (term.folder / "ada.ipynb").write_bytes(notebook("x = 2"))
    hand_in(term, now=SECOND)
    term.grade("hw1", ("q1", 0, 6), ("q2", 0, 4))
    with open_store(term.folder / "data") as store:
        assert [row.state for row in store.submissions("hw1")] == ["graded", "graded"]
    early = term("status", "hw1", "--student", "ada", now=SECOND).words
    assert "what counts" not in early
    later = term("status", "hw1", "--student", "ada", now="2027-02-20 12:00").words
    assert "hw1: what counts is submission 1, 2027-01-20 12:00" in later
