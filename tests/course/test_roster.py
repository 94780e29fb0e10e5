from pathlib import Path

import pytest

from grader.course import CourseFileError
from grader.course.roster import Student, load_roster

HEADER = "student,name,email\n"


def test_students_come_in_the_files_order(tmp_path: Path):
    file = tmp_path / "roster.csv"
    file.write_text(
        'email,student,name,section\nb@x.example,b2,"Bo, Jr.",L1\n\na@x.example, a1 ,Ámi,\n'
    )
    assert load_roster(file) == (
        Student("b2", "Bo, Jr.", "b@x.example", "L1"),
        Student("a1", "Ámi", "a@x.example"),
    )


def test_names_are_composed_so_that_equal_names_are_equal(tmp_path: Path):
    file = tmp_path / "roster.csv"
    file.write_text(HEADER + "a1,A\u0301mi,a@x.example\n")
    assert load_roster(file)[0].name == "\u00c1mi"


# (the file, line:column, column's name, words of the complaint)
MISTAKES = [
    ("", "1:1", "", "empty"),
    (HEADER, "1:1", "", "no students"),
    ("a1,Ami,a@x.example\n", "1:1", "", "saw `a1,Ami,a@x.example`, expected the header"),
    ("student,name,e-mail\n", "1:14", "", "did you mean `email`?"),
    ("studnet,name,email\n", "1:1", "", "did you mean `student`?"),
    ("student,name\n", "1:1", "", "`email` is missing"),
    ("student,name,name,email\n", "1:14", "", "`name` twice"),
    (HEADER + "a1,A,a@x.example\na1,B,b@x.example\n", "3:1", "student", "again, first on line 2"),
    (HEADER + "a1,A,a@x.example\nA1,B,b@x.example\n", "3:1", "student", "again, first on line 2"),
    (HEADER + "a1,A,a@x.example\nb1,B,A@x.example\n", "3:6", "email", "again, first on line 2"),
    (HEADER + ",A,a@x.example\n", "2:1", "student", "saw nothing"),
    (HEADER + "a1, ,a@x.example\n", "2:4", "name", "saw nothing"),
    (HEADER + "../a,A,a@x.example\n", "2:1", "student", "saw `../a`, expected letters"),
    (HEADER + "á1,A,a@x.example\n", "2:1", "student", "expected letters"),
    (HEADER + "a1,A,nobody\n", "2:6", "email", "saw `nobody`, expected an address"),
    (HEADER + "a1,Last, First,a@x.example\n", "2:1", "", "saw 4 cells, expected 3"),
    (HEADER + 'a1,"A,a@x.example\n', "2:1", "", "broken quotes"),
    (HEADER + 'a1,"A"b,a@x.example\n', "2:1", "", "broken quotes"),
    (HEADER + f"a1,{'A' * 201},a@x.example\n", "2:4", "name", "at most 200"),
    (f"student,name,email,section\na1,A,a@x.example,{'L' * 65}\n", "2:18", "section", "at most 64"),
    ("student," * 51, "1:1", "", "saw 52 columns, expected the header"),
    (HEADER + "a1,A,\n" * 300, "1:1", "", "more than 200 mistakes"),
    ("\ufeff" + HEADER + "a1,A,a@x.example\n", "1:1", "", "byte order mark"),
    (HEADER + "a1,A\x00,a@x.example\n", "2:5", "", "invisible character U+0000"),
]


@pytest.mark.parametrize(("text", "place", "column", "words"), MISTAKES)
def test_a_mistake_is_told_by_line_and_column(tmp_path: Path, text, place, column, words):
    file = tmp_path / "roster.csv"
    file.write_bytes(text.encode())
    with pytest.raises(CourseFileError) as caught:
        load_roster(file)
    found = [
        complaint.what
        for complaint in caught.value.complaints
        if (f"{complaint.line}:{complaint.column}", complaint.path) == (place, column)
    ]
    assert len(found) == 1, caught.value
    assert words in found[0]


def test_all_mistakes_are_told_at_once(tmp_path: Path):
    file = tmp_path / "roster.csv"
    file.write_text(HEADER + "a1,,x\na1,B,b@x.example\n")
    with pytest.raises(CourseFileError) as caught:
        load_roster(file)
    assert [(c.line, c.path) for c in caught.value.complaints] == [
        (2, "name"),
        (2, "email"),
        (3, "student"),
    ]
    assert str(caught.value).startswith(f"{file}:2:4: name: saw nothing")


def test_an_address_may_be_unknown(tmp_path: Path):
    file = tmp_path / "roster.csv"
    file.write_text(HEADER + "a1,A,\nb1,B,\n")
    assert [student.email for student in load_roster(file)] == ["", ""]


def test_the_sample_roster_is_clean():
    students = load_roster(Path(__file__).parents[2] / "roster.csv")
    assert len(students) == 24
