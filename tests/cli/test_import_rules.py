"""`course import` asks what `course submit` asks, and `course withdraw` takes a mistake back."""

import json

import pytest

from tests.cli.term_command import Term, change_course, hand_in, steps
from tests.intake.pdfs import pdf
from tests.term_course import notebook

OPEN = "2027-01-20 12:00"


def folder_of(term: Term, *names: str, turn: int = 0) -> str:
    """A folder with a file a student; another `turn`, other bytes."""
    folder = term.folder / f"in-{turn}"
    folder.mkdir()
    for name in names:
        student, _, kind = name.partition(".")
        data = pdf(body=f"% {name} {turn}\n".encode()) if kind == "pdf" else notebook(f"x = {turn}")
        (folder / f"{student}.{kind}").write_bytes(data)
    return str(folder)


LOCK = "    due: 2027-01-28 23:59\n"
RULES = [
    pytest.param("", "hw1", "ada.ipynb", "2027-01-14 17:59", "hw1 is not released yet", id="early"),
    pytest.param(
        f"{LOCK}    lock: 2027-01-29 12:00\n",
        "hw1",
        "ada.ipynb",
        "2027-01-29 12:00",
        "hw1 is closed: nothing is taken since 2027-01-29 12:00 EST",
        id="locked",
    ),
    pytest.param(
        "", "essay", "ada.pdf", OPEN, "groups of 2 to 3, and ada is in none", id="without a group"
    ),
]


@pytest.mark.parametrize(("change", "name", "file", "now", "words"), RULES)
def test_what_a_student_can_not_hand_in_is_refused_unless_staff_say_anyway(
    term: Term, change: str, name: str, file: str, now: str, words: str
):
    if change:
        change_course(term, LOCK, change)
    folder = folder_of(term, file)
    ran = term("import", name, folder, now=now)
    assert (ran.code, f"{name}: 0 taken in, 1 refused" in ran.out) == (1, True)
    assert words in ran.words
    ran = term("import", name, folder, "--anyway", "--reason", "ill", now=now)
    assert (ran.code, f"{name}: 1 taken in, 0 refused" in ran.out) == (0, True)


def test_the_number_of_submissions_holds_for_imports_too(term: Term):
    change_course(term, LOCK, f"{LOCK}    attempts: {{limit: 1}}\n")
    first = folder_of(term, "ada.ipynb", "bob.ipynb")
    assert term("import", "hw1", first).code == 0
    assert "2 already there" in term("import", "hw1", first).out
    more = term("import", "hw1", folder_of(term, "ada.ipynb", "eve.ipynb", turn=1))
    assert "hw1: 1 taken in, 1 refused" in more.out
    assert "ada.ipynb: all 1 submissions of hw1 are used up" in more.words


def test_what_was_handed_in_last_may_be_imported_again_after_the_lock(term: Term):
    change_course(term, LOCK, f"{LOCK}    lock: 2027-01-29 12:00\n")
    folder = folder_of(term, "ada.ipynb")
    assert term("import", "hw1", folder).code == 0
    ran = term("import", "hw1", folder, now="2027-02-01 12:00")
    assert (ran.code, "0 taken in, 1 already there, 0 refused" in ran.out) == (0, True)


def test_what_comes_after_the_lock_displaces_nothing_that_waits(term: Term):
    change_course(term, LOCK, f"{LOCK}    lock: 2027-01-29 12:00\n")
    assert term("import", "hw1", folder_of(term, "ada.ipynb")).code == 0
    late = folder_of(term, "ada.ipynb", turn=1)
    assert (
        term("import", "hw1", late, "--anyway", "--reason", "ill", now="2027-01-30 12:00").code == 0
    )
    term.grade("hw1", ("q1", 6, 6), ("q2", 2, 4))
    assert steps(term, "ada", "hw1")["submission"].startswith("number 1,")
    assert steps(term, "ada", "hw1")["raw score"] == "6 + 2 = 8 of 10"


@pytest.mark.parametrize("command", ["import", "submit"])
def test_nothing_is_received_at_a_time_to_come(term: Term, command: str):
    folder = folder_of(term, "ada.ipynb")
    words = ["hw1", folder] if command == "import" else ["hw1", "ada", f"{folder}/ada.ipynb"]
    ran = term(command, *words, "--at", "2027-01-20 12:01", "--reason", "by mail")
    assert ran.code == 1
    assert "--at 2027-01-20 12:01 is yet to come; say when the file was received" in ran.words
    assert term(command, *words, "--at", OPEN, "--reason", "by mail").code == 0


def test_a_withdrawn_submission_uses_up_no_attempt_and_the_older_one_counts(term: Term):
    change_course(term, LOCK, f"{LOCK}    attempts: {{limit: 2}}\n")
    first = json.loads(hand_in(term, "ada", "--json").out)["submission"]
    assert term("import", "hw1", folder_of(term, "ada.ipynb", turn=1)).code == 0
    ran = term("withdraw", "2", "--reason", "Bob's file")
    assert ran.out == "submission 2, hw1 of ada: withdrawn\n  submission 1 counts now\n"
    assert steps(term, "ada", "hw1")["submission"].startswith(f"number {first},")
    told = json.loads(term("status", "hw1", "--student", "ada", "--json").out)["assignments"][0]
    assert told["submissions_left"] == 1
    ran = term("withdraw", "2", "--undo", "--reason", "it was hers")
    told = "submission 2, hw1 of ada: given back; it is queued now\n  submission 2 counts now\n"
    assert ran.out == told
    assert steps(term, "ada", "hw1")["submission"].startswith("number 2,")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("9", "--reason", "x"), "there is no submission 9"),
        (("1", "--reason", " "), "say why with --reason"),
        (("1", "--undo", "--reason", "x"), "submission 1 is not withdrawn, but queued"),
        (("1",), "Missing option '--reason'"),
    ],
)
def test_a_withdrawal_that_can_not_be_says_why(term: Term, words: tuple[str, ...], message: str):
    hand_in(term)
    ran = term("withdraw", *words)
    assert ran.code == 1
    assert message in ran.words
