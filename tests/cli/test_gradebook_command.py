"""`course gradebook --canvas`: excused students, and numbers of which nothing is left here."""

import json
from pathlib import Path

from tests.cli.term_command import Term, hand_in

CLOSED = "2027-02-20 12:00"
HEADER = (
    "Student,ID,SIS User ID,SIS Login ID,Section,First homework (77)\n    Points Possible,,,,,10\n"
)


def export(term: Term, ada: str, bob: str) -> Path:
    file = term.folder / "export.csv"
    rows = f'"Lovelace, Ada",1,ada,ada,L1,{ada}\n"Builder, Bob",2,bob,bob,L1,{bob}\n'
    file.write_text(f'{HEADER}{rows}"Adam, Eve",3,eve,eve,L1,0.00\n')
    return file


def fill(term: Term, file: Path) -> tuple[str, list[str]]:
    """What is said, and the two students' cells in the filled file."""
    filled = term.folder / "filled.csv"
    ran = term(
        "gradebook", "--canvas", str(file), "--column", "hw1=77", "--output", str(filled),
        now=CLOSED,
    )  # fmt: skip
    assert ran.code == 0, ran.words
    return ran.words, [line.rsplit(",", 1)[1] for line in filled.read_text().splitlines()[2:4]]


def test_a_zero_in_the_file_becomes_ex_once_the_student_is_excused(term: Term):
    file = export(term, "", "0.00")
    _, before = fill(term, file)
    assert before == ["0.00", "0.00"]
    term("override", "hw1", "bob", "--excuse", "--reason", "ill")
    said, after = fill(term, file)
    assert after == ["0.00", "EX"]
    assert "Builder, Bob hw1 0.00 EX" in said
    assert "2 cells change" in said
    said, again = fill(term, export(term, *after))
    assert (again, "0 cells change" in said, "kept" in said) == (after, True, False)


def test_who_is_excused_no_longer_keeps_ex_and_both_are_told(term: Term):
    hand_in(term, "bob")
    term.grade("hw1", ("q1", 6, 6), ("q2", 2, 4))
    said, cells = fill(term, export(term, "0.00", "EX"))
    assert cells == ["0.00", "EX"]
    assert "kept: Builder, Bob, hw1: EX, not 8.00: the student is excused there" in said


def test_a_zero_that_an_extension_took_away_stays_and_is_a_warning(term: Term):
    file = export(term, "0.00", "")
    term("extend", "hw1", "ada", "bob", "--days", "60", "--reason", "ill", now=CLOSED)
    scores = json.loads(term("gradebook", "--json", now=CLOSED).out)
    assert scores["ada"]["scores"]["hw1"] is None
    said, cells = fill(term, file)
    assert cells == ["0.00", ""]
    assert "warning: Lovelace, Ada, hw1: has 0.00 in the file and no score here; it stays" in said
    assert "in the file without a score: Builder, Bob" in said
