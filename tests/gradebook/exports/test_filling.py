"""Filling a Canvas gradebook: our cells change, and not a byte besides."""

import csv
import io
import math
from collections.abc import Mapping
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.course import CourseFileError
from grader.gradebook.exports import (
    Identifier,
    KeptBecause,
    changes_csv,
    fill,
    read_canvas,
)
from tests.gradebook.exports.canvas_files import COLUMNS, POINTS, exported, with_semicolons

Scores = Mapping[tuple[str, str], float]
STUDENTS = ("okafor5", "mueller", "wei.li")
SCORES = st.dictionaries(
    st.tuples(st.sampled_from((*STUDENTS, "dropped")), st.sampled_from(sorted(COLUMNS))),
    st.floats(0, 40),
)


def filled_text(scores: Scores, data: bytes | None = None) -> str:
    return fill(read_canvas(data or exported()), scores, COLUMNS).data.decode()


def test_only_the_cells_with_a_score_change() -> None:
    scores = {("okafor5", "ps1"): 17.0, ("okafor5", "lab04"): 38.125, ("wei.li", "project"): 0.0}
    before = exported().decode().splitlines()
    after = filled_text(scores).splitlines()
    assert after[3] == before[3].replace("12.50,,", "17.00,38.13,")
    assert after[5] == before[5].replace("9,7.5,-", "9,7.5,0.00")
    assert [*after[:3], after[4], after[6]] == [*before[:3], before[4], before[6]]


def test_every_change_is_told_with_what_was_there() -> None:
    scores = {("okafor5", "ps1"): 17.0, ("okafor5", "lab04"): 40.0}
    filled = fill(read_canvas(exported()), scores, COLUMNS)
    told = [(c.student, c.name, c.row, c.column, c.old, c.new) for c in filled.changes]
    assert told == [
        ("okafor5", "Okafor, Ada", 4, "Problem set 1 (101)", "12.50", "17.00"),
        ("okafor5", "Okafor, Ada", 4, "Lab 4 (102)", "", "40.00"),
    ]


def test_words_of_the_staff_stay() -> None:
    scores = {("mueller", assignment): 5.0 for assignment in COLUMNS}
    filled = fill(read_canvas(exported()), scores, COLUMNS)
    assert filled.data == exported()
    assert [(k.assignment, k.cell, k.score, k.because) for k in filled.kept] == [
        ("ps1", "EX", "5.00", KeptBecause.EXCUSED),
        ("lab04", "N/A", "5.00", KeptBecause.NOT_ASSIGNED),
        ("project", "complete", "5.00", KeptBecause.NOT_A_NUMBER),
    ]


@pytest.mark.parametrize(
    ("student", "assignment", "old", "new"),
    [
        ("okafor5", "ps1", "12.50", "EX"),
        ("okafor5", "lab04", "", "EX"),
        ("wei.li", "project", "-", "EX"),
        ("mueller", "ps1", "EX", None),
        ("mueller", "lab04", "N/A", None),
        ("mueller", "project", "complete", None),
    ],
)
def test_who_is_excused_gets_ex_in_place_of_nothing_or_a_number(
    student: str, assignment: str, old: str, new: str | None
) -> None:
    once = fill(read_canvas(exported()), {}, COLUMNS, excused={(student, assignment)})
    changes = [(student, assignment, old, new)] if new else []
    assert [(c.student, c.assignment, c.old, c.new) for c in once.changes] == changes
    assert (once.data == exported()) is (new is None)
    assert [(k.cell, k.score) for k in once.kept] == (
        [(old, "EX")] if old in ("N/A", "complete") else []
    )
    again = fill(read_canvas(once.data), {}, COLUMNS, excused={(student, assignment)})
    assert (again.changes, again.data) == ((), once.data)


def test_a_number_without_a_score_stays_and_is_told_from_an_empty_cell() -> None:
    data = exported("12.50", "0.00")
    filled = fill(read_canvas(data), {("okafor5", "lab04"): 1.0}, COLUMNS)
    stays = [(one.name, one.assignment, one.cell) for one in filled.unscored if one.has_number]
    assert stays == [
        ("Okafor, Ada", "ps1", "0.00"),
        ('="=cmd"', "ps1", "9"),
        ('="=cmd"', "lab04", "7.5"),
    ]
    assert b",0.00,1.00," in filled.data


def test_who_is_missing_on_either_side_is_told() -> None:
    scores = {("okafor5", "lab04"): 1.0, ("dropped", "lab04"): 2.0, ("okafor5", "ps2"): 3.0}
    filled = fill(read_canvas(exported()), scores, {"lab04": "102"})
    assert filled.not_in_file == ("dropped",)
    assert filled.without_column == ("ps2",)
    assert [(u.identifier, u.row, u.cell) for u in filled.unscored] == [
        ("mueller", 5, "N/A"),
        ("wei.li", 6, "7.5"),
    ]


@pytest.mark.parametrize("cell", ["", "EX", "3.00"])
def test_the_test_student_is_never_filled(cell: str) -> None:
    data = exported(",1.00,,,", f",{cell},,,")
    scores = {("b1946ac92492d2347c62", "ps1"): 9.0, ("okafor5", "ps1"): 12.5}
    filled = fill(read_canvas(data), scores, COLUMNS)
    assert filled.data == data
    assert filled.not_in_file == ("b1946ac92492d2347c62",)


def test_points_that_differ_from_the_course_are_told() -> None:
    gradebook = read_canvas(exported("40.00", ""))
    filled = fill(gradebook, {}, COLUMNS, points={**POINTS, "ps1": 18.0})
    assert [(p.assignment, p.in_canvas, p.in_course) for p in filled.points_differ] == [
        ("ps1", Decimal("17.00"), Decimal(18)),
        ("lab04", None, Decimal(40)),
    ]
    assert fill(read_canvas(exported()), {}, COLUMNS, points=POINTS).points_differ == ()


def test_a_comma_stays_the_decimal_mark_where_the_file_has_it() -> None:
    scores = {("okafor5", "lab"): 12.5, ("wei.li", "lab"): 7.25}
    filled = fill(read_canvas(with_semicolons()), scores, {"lab": "Lab 4"})
    assert filled.data == with_semicolons() + b"7,25"
    commas = exported("12.50", '"12,50"').replace(b".00", b"").replace(b"7.5", b"7")
    after = fill(read_canvas(commas), {("okafor5", "ps1"): 1.5}, {"ps1": "101"}).data
    assert after == commas.replace(b'"12,50"', b'"1,50"')


@pytest.mark.parametrize(
    ("students", "matched_by"),
    [
        (("okafor5", "wei.li"), Identifier.SIS_LOGIN_ID),
        (("OKAFOR5", "Wei.Li"), Identifier.SIS_LOGIN_ID),
        (("1001234567", "1001234569"), Identifier.SIS_USER_ID),
        (("9001", "9003"), Identifier.CANVAS_ID),
        (("okafor5", "wei.li", "9002"), Identifier.SIS_LOGIN_ID),
    ],
)
def test_students_are_matched_by_the_column_that_most_are_found_in(
    students: tuple[str, ...], matched_by: Identifier
) -> None:
    filled = fill(read_canvas(exported()), {(s, "lab04"): 4.0 for s in students}, COLUMNS)
    assert filled.matched_by is matched_by
    assert [change.student for change in filled.changes] == list(students[:2])
    assert filled.not_in_file == students[2:]


@pytest.mark.parametrize(
    ("students", "by", "what"),
    [
        (("nobody",), None, "none of our students, such as `nobody`"),
        (("okafor5",), Identifier.CANVAS_ID, "is found in `ID`"),
        (("okafor5", "9003"), None, "but not the same ones; say which"),
        (("okafor5", "Okafor5"), None, "who look the same"),
    ],
)
def test_an_unclear_match_is_refused(
    students: tuple[str, ...], by: Identifier | None, what: str
) -> None:
    with pytest.raises(CourseFileError, match=what):
        fill(read_canvas(exported()), {(s, "ps1"): 1.0 for s in students}, COLUMNS, by=by)


def test_an_unclear_match_is_settled_by_saying_which_column() -> None:
    scores = {("okafor5", "lab04"): 1.0, ("9003", "lab04"): 2.0}
    filled = fill(read_canvas(exported()), scores, COLUMNS, by=Identifier.CANVAS_ID)
    assert filled.not_in_file == ("okafor5",)


@pytest.mark.parametrize(
    ("columns", "old", "new", "what"),
    [
        ({"ps1": "Lab 5"}, "", "", "no assignment's column is named `Lab 5`; did you mean `Lab 4`"),
        ({"ps1": "Notes"}, "", "", "ends in its number in parentheses"),
        ({"ps1": "Final Score"}, "", "", "no assignment's column"),
        ({"ps1": "2027"}, "", "", "no assignment's column"),
        ({"ps1": "101", "lab04": "Problem set 1"}, "", "", "is already that of ps1"),
        ({"ps1": "101"}, "17.00", "(read only)", "is read only in Canvas"),
        ({"lab04": "Lab 4"}, "Problem set 1", "Lab 4", "say which by its id, of 101, 102"),
    ],
)
def test_an_unclear_column_is_refused(
    columns: dict[str, str], old: str, new: str, what: str
) -> None:
    with pytest.raises(CourseFileError) as refused:
        fill(read_canvas(exported(old, new)), {}, columns)
    assert what in str(refused.value)


@pytest.mark.parametrize("score", [-0.01, math.nan, math.inf])
def test_a_score_that_cannot_be_is_refused(score: float) -> None:
    with pytest.raises(ValueError, match="points must be"):
        fill(read_canvas(exported()), {("okafor5", "ps1"): score}, COLUMNS)


def test_the_list_of_changes_is_safe_in_a_spreadsheet() -> None:
    filled = fill(read_canvas(exported()), {("wei.li", "ps1"): 1.0}, COLUMNS)
    rows = list(csv.reader(io.StringIO(changes_csv(filled))))
    assert rows[1] == ["wei.li", '\'="=cmd"', "6", "ps1", "Problem set 1 (101)", "9", "1.00"]
    assert '"=""=cmd"""' in filled.data.decode()


@given(SCORES)
def test_filling_twice_is_filling_once(scores: Scores) -> None:
    if any(student in STUDENTS for student, _ in scores):
        once = fill(read_canvas(exported()), scores, COLUMNS).data
        again = fill(read_canvas(once), scores, COLUMNS)
        assert again.data == once
        assert again.changes == ()


@given(SCORES)
def test_filling_with_the_scores_that_are_there_changes_not_a_byte(scores: Scores) -> None:
    present = {key: score for key, score in scores.items() if key[0] in STUDENTS}
    data = fill(read_canvas(exported()), present, COLUMNS).data if present else exported()
    rows = list(csv.DictReader(io.StringIO(data.decode())))
    headers = {"ps1": "Problem set 1 (101)", "lab04": "Lab 4 (102)"}
    there = {
        (row["SIS Login ID"], assignment): float(row[header])
        for row in rows[2:5]
        for assignment, header in headers.items()
        if row[header].replace(".", "").isdecimal()
    }
    filled = fill(read_canvas(data), there, COLUMNS)
    assert filled.data == data
    assert filled.changes == ()


@given(SCORES, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
def test_columns_that_are_not_ours_are_untouched(
    scores: Scores, line_end: str, bom: bool, cut: bool
) -> None:
    text = exported().decode().replace("\n", line_end)
    data = (b"\xef\xbb\xbf" if bom else b"") + (text[: -len(line_end)] if cut else text).encode()
    ours = {"lab04": "102"}
    known = {key: score for key, score in scores.items() if key[0] in STUDENTS}
    after = fill(read_canvas(data), known, ours).data
    assert cells_but(after, "Lab 4 (102)") == cells_but(data, "Lab 4 (102)")
    assert after.startswith(b"\xef\xbb\xbf") is bom
    assert after.endswith(line_end.encode()) is not cut
    assert after.count(line_end.encode()) == data.count(line_end.encode())


def cells_but(data: bytes, column: str) -> list[list[str]]:
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    index = rows[0].index(column)
    return [[*row[:index], *row[index + 1 :]] for row in rows]
