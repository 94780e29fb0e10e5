"""`course withdraw`: what counts afterwards, and what receipts and feedback say of it."""

import json

import pytest

from tests.cli.term_command import Term, change_course, hand_in
from tests.intake.pdfs import pdf
from tests.term_course import notebook

WHY = ("--reason", "the wrong student")
DUE = "    due: 2027-01-28 23:59\n"
SECOND, CLOSED = "2027-01-21 12:00", "2027-02-20 12:00"


def hand_in_twice(term: Term) -> None:
    hand_in(term)
    (term.folder / "ada.ipynb").write_bytes(notebook("x = 2"))
    assert hand_in(term, now=SECOND).code == 0


@pytest.mark.parametrize(("number", "other"), [("2", "1"), ("1", "2")])
def test_the_one_that_counts_now_is_told(term: Term, number: str, other: str):
    hand_in_twice(term)
    out = term("withdraw", number, *WHY).out.splitlines()
    assert out == [
        f"submission {number}, hw1 of ada: withdrawn",
        f"  submission {other} counts now",
    ]


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (SECOND, "  nothing else was handed in"),
        (CLOSED, "  nothing else was handed in, which counts 0"),
    ],
)
def test_that_nothing_else_is_there_is_told(term: Term, now: str, told: str):
    hand_in(term)
    assert term("withdraw", "1", *WHY, now=now).out.splitlines()[1:] == [told]


def test_what_came_after_the_lock_does_not_count_instead(term: Term):
    change_course(term, DUE, f"{DUE}    lock: 2027-01-28 23:59\n")
    hand_in(term)
    (term.folder / "new").mkdir()
    (term.folder / "new" / "ada.ipynb").write_bytes(notebook("x = 2"))
    late = ("import", "hw1", str(term.folder / "new"), "--anyway", "--reason", "by mail")
    assert term(*late, now="2027-01-29 12:00").code == 0
    assert term("withdraw", "1", *WHY).out.splitlines()[1:] == [
        "  nothing that was handed in counts"
    ]


def test_of_a_groups_work_it_is_told_for_each_whom_it_concerns(term: Term):
    """eve joined since, and had something of her own: that stays hers."""
    term("group", "form", "essay", "A", "ada", "bob")
    term("group", "form", "essay", "B", "eve", "joe")
    assert term("submit", "essay", "eve", str(term.folder / "essay.pdf")).code == 0
    (term.folder / "other.pdf").write_bytes(pdf(body=b"% other\n"))
    assert term("submit", "essay", "ada", str(term.folder / "other.pdf"), now=SECOND).code == 0
    term("group", "leave", "essay", "eve")
    term("group", "join", "essay", "A", "eve")
    told = json.loads(term("withdraw", "2", *WHY, "--json", now=SECOND).out)
    assert (told["state"], told["counts_now"]) == (
        "withdrawn",
        {"ada": None, "bob": None, "eve": 1},
    )
    out = term("withdraw", "2", "--undo", *WHY, now=SECOND).out.splitlines()
    assert out[0].endswith("given back; it is by hand now")
    assert out[1] == "  for ada, bob: submission 2 counts now"
    term("withdraw", "1", *WHY)
    last = term("withdraw", "2", *WHY, now=SECOND).out.splitlines()[1:]
    assert last == ["  for ada, bob, eve: nothing else was handed in"]


def test_a_receipt_of_what_was_withdrawn_is_genuine_and_says_so(term: Term):
    kept = str(term.folder / "receipt.json")
    assert hand_in(term, "ada", "--receipt", kept).code == 0
    before = json.loads(term("receipt", "verify", kept, "--json").out)
    assert before == {"genuine": True, "submission": 1, "withdrawn": False}
    term("withdraw", "1", *WHY)
    told = term("receipt", "verify", kept)
    assert told.code == 0
    assert told.out.startswith("genuine, but withdrawn by staff since: submission 1, hw1 of ada")
    after = json.loads(term("receipt", "verify", kept, "--json").out)
    assert after == {"genuine": True, "submission": 1, "withdrawn": True}
    term("withdraw", "1", "--undo", *WHY)
    assert term("receipt", "verify", kept).out.startswith("genuine: submission 1")


@pytest.mark.parametrize(
    ("missing", "now", "words"),
    [
        ("zero", SECOND, "You may hand in again while the assignment is open."),
        ("zero", CLOSED, "it is too late to hand in again: the assignment counts 0."),
        ("left out", CLOSED, "The teaching staff took back what was handed in for you"),
    ],
)
def test_a_student_whose_only_work_was_withdrawn_is_asked_for_no_receipt(
    term: Term, missing: str, now: str, words: str
):
    change_course(term, "roster: roster.csv\n", f"roster: roster.csv\nmissing: {missing}\n")
    hand_in(term)
    term("withdraw", "1", *WHY)
    told = term("feedback", "hw1", "ada", now=now).words
    assert words in told
    assert "receipt" not in told
    assert "send us your receipt" in term("feedback", "hw1", "bob", now=now).words


def test_who_has_other_work_or_is_excused_is_told_that(term: Term):
    hand_in_twice(term)
    term("withdraw", "2", *WHY)
    assert "waiting to be graded" in term("feedback", "hw1", "ada").words
    term("withdraw", "1", *WHY)
    assert "took back" in term("feedback", "hw1", "ada").words
    term("override", "hw1", "ada", "--excuse", *WHY)
    assert "You are excused" in term("feedback", "hw1", "ada").words
