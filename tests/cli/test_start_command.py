"""`course start`: when the time is over, in the course's zone; staff may take it back."""

import json

import pytest

from grader.store import open_store
from tests.cli.term_command import Term, change_course, hand_in

DUE = "    due: 2027-01-28 23:59\n"


@pytest.fixture
def timed(term: Term) -> Term:
    change_course(term, DUE, f"{DUE}    time_allowed: 90 min\n")
    return term


def test_scripts_are_told_both_times_in_the_courses_zone(timed: Term):
    told = json.loads(timed("start", "hw1", "ada", "--json").out)
    assert told == {"started": "2027-01-20T12:00:00-05:00", "due": "2027-01-20T13:30:00-05:00"}


def test_who_began_and_who_took_it_back_is_on_record(timed: Term):
    assert timed("start", "hw1", "ada").code == 0
    ran = timed("start", "hw1", "ada", "--undo", "--reason", "a fire alarm")
    assert ran.out == (
        "hw1 of ada: not begun; to be begun before 23:59 on Thu 28 Jan 2027 (EST, "
        "America/Toronto)\n"
    )
    with open_store(timed.folder / "data") as store:
        told = [(row.by, row.what, row.subject, row.reason) for row in store.record.actions()]
    assert told[-2:] == [
        ("prof", "timed work begun", "hw1 ada", ""),
        ("prof", "timed work not begun", "hw1 ada", "a fire alarm"),
    ]
    again = timed("start", "hw1", "ada", "--json", now="2027-01-21 09:00")
    assert json.loads(again.out)["due"] == "2027-01-21T10:30:00-05:00"


def test_what_was_handed_in_stays_when_a_beginning_is_taken_back_and_that_is_said(timed: Term):
    timed("start", "hw1", "ada")
    assert hand_in(timed).code == 0
    undo = ("start", "hw1", "ada", "--undo", "--reason", "a fire alarm")
    assert "submission 1 stays handed in, and may count" in timed(*undo).words
    timed("start", "hw1", "ada")
    told = json.loads(timed(*undo, "--json").out)
    assert told == {"started": None, "due": "2027-01-28T23:59:00-05:00", "kept": [1]}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--undo",), "say why with --reason"),
        (("--undo", "--reason", "x"), "bob has not begun hw1. There is nothing to take back."),
        (("--undo", "--reason", "x", "--output", "."), "--output is for one"),
        (("--reason", "x"), "--reason is for --undo"),
    ],
)
def test_what_can_not_be_undone_says_why(timed: Term, options: tuple[str, ...], words: str):
    ran = timed("start", "hw1", "bob", *options)
    assert (ran.code, words in ran.words) == (1, True), ran.words
    assert json.loads(timed("start", "hw1", "bob", "--json").out)["started"]
