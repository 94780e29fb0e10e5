"""Reading a Canvas gradebook: what is understood, and what is refused and where."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.course import CourseFileError
from grader.gradebook.exports import Identifier, read_canvas
from grader.gradebook.exports.delimited import written
from tests.gradebook.exports.canvas_files import EXPORTED, exported, with_semicolons


def test_a_gradebook_is_read_with_its_columns_and_students() -> None:
    gradebook = read_canvas(exported())
    assert [(c.title, c.canvas_id, c.points, c.read_only) for c in gradebook.columns] == [
        ("Problem set 1", "101", Decimal(17), False),
        ("Lab 4", "102", Decimal(40), False),
        ("Project, part 1", "103", Decimal(25), False),
    ]
    assert [(s.name, s.row, s.is_test) for s in gradebook.students] == [
        ("Okafor, Ada", 4, False),
        ("Müller, Jörg", 5, False),
        ('="=cmd"', 6, False),
        ("Student, Test", 7, True),
    ]
    assert gradebook.students[0].identifiers == {
        Identifier.SIS_USER_ID: "1001234567",
        Identifier.SIS_LOGIN_ID: "okafor5",
        Identifier.CANVAS_ID: "9001",
    }


def test_semicolons_decimal_commas_and_a_byte_order_mark_are_understood() -> None:
    gradebook = read_canvas(with_semicolons())
    assert (gradebook.delimiter, gradebook.decimal_mark, gradebook.bom) == (
        ";",
        ",",
        b"\xef\xbb\xbf",
    )
    assert gradebook.columns[0].points == Decimal(40)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("", "", id="as it is"),
        pytest.param(",,,,,,Manual Posting,,,,,\n", "", id="no posting row"),
        pytest.param("Manual Posting", "Manual Posting (scores hidden)", id="hidden scores"),
        pytest.param('"Student, Test"', ",,,,,,,,,,,\n\nTest", id="blank rows"),
        pytest.param("Section,", "Root Account,Section,", id="one more column"),
    ],
)
def test_the_variants_that_canvas_writes_are_read(old: str, new: str) -> None:
    data = exported(old, new)
    if new.startswith("Root Account"):
        data = data.replace(b",LEC", b",a.example,LEC").replace(b'7,"LEC', b'7,a.example,"LEC')
        data = data.replace(b'mueller,"', b'mueller,a.example,"')
        data = data.replace(b"\n,,", b"\n,,,").replace(b"Possible,", b"Possible,,")
    gradebook = read_canvas(data)
    assert len(gradebook.columns) == 3
    assert len(gradebook.students) == 4
    assert written(gradebook.records, ",").encode() == data


def test_names_in_two_columns_are_read() -> None:
    data = (
        b"LastName,FirstName,ID,SIS Login ID,Section,Lab (1)\n"
        b"    Points Possible,,,,,4.00\nOkafor,Ada,1,okafor5,A,\nStudent,Test,2,,A,\n"
    )
    students = read_canvas(data).students
    assert [(s.name, s.is_test) for s in students] == [
        ("Okafor, Ada", False),
        ("Student, Test", True),
    ]


def test_bytes_that_are_not_utf_8_are_kept() -> None:
    data = EXPORTED.encode("windows-1252")
    gradebook = read_canvas(data)
    assert gradebook.encoding == "latin-1"
    assert written(gradebook.records, ",").encode("latin-1") == data


@pytest.mark.parametrize(
    ("old", "new", "place", "what"),
    [
        (EXPORTED, "", (1, 1), "expected the header of a Canvas gradebook"),
        ("Student,ID", "Name,ID", (1, 1), "expected the header"),
        ("Section", "Group", (1, 1), "expected the header"),
        ("Student,", "\0Student,", (1, 1), "UTF-16"),
        ("    Points Possible", "", (1, 1), "saw 0 rows of `Points Possible`"),
        ('"Student, Test"', "Points Possible", (7, 1), "saw 2 rows"),
        ("Manual Posting", "12", (2, 1), "above the row of"),
        ("Manual Posting", " " * 100_000 + "x", (2, 1), "above the row of"),
        ("EX,N/A", "EX", (5, 1), "saw 11 cells, expected 12"),
        ('said ""hi""', 'said "hi""', (4, 54), "saw 'h' after a cell"),
        ("Lab 4 (102)", "Lab 4 (101)", (1, 71), "the assignment 101 again"),
        ("mueller", "OKAFOR5", (5, 32), "`OKAFOR5` again, first in row 4"),
        ("9003", "9001", (6, 13), "`9001` again, first in row 4"),
    ],
)
def test_what_is_no_gradebook_is_refused_with_its_place(
    old: str, new: str, place: tuple[int, int], what: str
) -> None:
    with pytest.raises(CourseFileError) as refused:
        read_canvas(exported(old, new), "quercus.csv")
    complaint = refused.value.complaints[0]
    assert what in str(complaint)
    assert (complaint.line, complaint.column) == place
    assert str(refused.value).startswith(f"quercus.csv:{place[0]}:{place[1]}: ")


@given(
    st.integers(0, len(EXPORTED)),
    st.integers(0, 40),
    st.binary(max_size=6) | st.sampled_from([b'"', b",", b"\n", b'""', b"Points Possible", b";"]),
)
def test_a_damaged_gradebook_is_refused_or_kept_whole(start: int, gone: int, put: bytes) -> None:
    sound = EXPORTED.encode()
    damaged = sound[:start] + put + sound[start + gone :]
    try:
        gradebook = read_canvas(damaged)
    except CourseFileError:
        return
    text = written(gradebook.records, gradebook.delimiter)
    assert gradebook.bom + text.encode(gradebook.encoding) == damaged
