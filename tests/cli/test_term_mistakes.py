"""Plausible mistakes at a term's commands: told, and nothing happens."""

import json
import shlex

import pytest

from tests.cli.term_command import Term, hand_in


def test_a_mistake_beside_a_group_extends_nothing(term: Term):
    term("group", "form", "essay", "A", "ada", "bob")
    both = term("extend", "essay", "zoe", "--group", "A", "--days", "2", "--reason", "ill")
    assert (both.code, "no student 'zoe'" in both.words) == (1, True)
    timeless = term("extend", "essay", "--group", "A", "--reason", "ill")
    assert (timeless.code, "say until a time" in timeless.words) == (1, True)
    assert "no extensions" in term("extend").out
    given = term("extend", "essay", "--group", "A", "--days", "2", "--reason", "ill")
    assert (given.code, " A " in given.words) == (0, True)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("override hw1 ada --points 950 --reason x", "hw1 has 10 points, not 950"),
        ("override hw1 ada --points nan --reason x", "nan"),
        ("override hw1 ada --points 7 --reason ' '", "needs a reason"),
        ("apply --reason ' '", "say why with --reason"),
        ("request list hw9", "there is no assignment 'hw9'"),
        ("extend hw9", "there is no assignment 'hw9'"),
        ("gradebook --csv /no-such-folder/x.csv", "/no-such-folder/x.csv: No such file"),
        ("submit hw1 ada {}/ada.ipynb --receipt /no-such-folder/r", "there is no such folder"),
        ("group import essay {}/latin.csv", "latin.csv: not UTF-8"),
        ("extend --from {}/latin.csv", "latin.csv: not UTF-8"),
    ],
)
def test_a_plausible_mistake_is_told_and_nothing_happens(term: Term, line: str, words: str):
    header = "group,student" if line.startswith("group") else "assignment,student,until,days,reason"
    (term.folder / "latin.csv").write_bytes(f"{header}\nhw1,Jos\xe9,,2,x\n".encode("latin-1"))
    ran = term(*(word.replace("{}", str(term.folder)) for word in shlex.split(line)))
    assert (ran.code, words in ran.words) == (1, True), ran.words
    assert "Traceback" not in ran.err
    assert json.loads(term("gradebook", "--json").out)["ada"]["scores"]["hw1"] is None
    assert term("status", "hw1", "--student", "ada").words.count("nothing yet") == 1


def test_a_total_of_a_part_of_the_course_does_not_go_to_the_lms(term: Term):
    hand_in(term)
    term.grade("hw1", ("q1", 6, 6), ("q2", 2, 4))
    export = term.folder / "export.csv"
    export.write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section,Total (78)\n"
        "    Points Possible,,,,,100\n"
        '"Lovelace, Ada",1,ada,ada,L1,\n'
    )
    refused = term("gradebook", "--canvas", str(export), "--column", "total=78")
    assert (refused.code, "of a part of the course so far" in refused.words) == (1, True)


def test_a_course_file_whose_folders_are_gone_can_be_put_out_of_force(term: Term):
    assert term("gradebook").code == 0
    text = (term.folder / "course.yaml").read_text()
    start, end = text.index("  hw2:"), text.index("  essay:\n    title")
    changed = (text[:start] + text[end:]).replace("of: [hw1, hw2], drop_lowest: 1", "of: [hw1]")
    (term.folder / "course.yaml").write_text(changed)
    (term.folder / "assignments" / "hw2").rmdir()
    assert "can't be read any more" in term("diff").words
    assert "in force from now on" in term("apply", "--reason", "cut").words
    assert term("gradebook").code == 0
