import difflib
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.course import load_course
from grader.course.editing import ORDER, CannotEdit, with_field, written_time
from tests.term_course import COURSE, write_term_course

TORONTO = ZoneInfo("America/Toronto")
NOW = "2027-01-20 12:00"


def changed_lines(before: str, after: str) -> list[str]:
    lines = difflib.ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True))
    return [line for line in lines if line[0] in "+-"]


def hw1(text: str, field: str, value: str = NOW) -> str:
    return with_field(text, ("assignments", "hw1", field), value).text


def test_a_field_that_is_there_is_replaced_and_its_comment_stays():
    text = COURSE.replace("due: 2027-01-28 23:59\n", "due:   2027-01-28 23:59   # a Thursday\n", 1)
    assert changed_lines(text, hw1(text, "due")) == [
        "-     due:   2027-01-28 23:59   # a Thursday\n",
        "+     due:   2027-01-20 12:00   # a Thursday\n",
    ]


def test_what_is_in_quotes_is_replaced_with_them():
    text = COURSE.replace("due: 2027-01-28 23:59", "due: '2027-01-28 23:59'", 1)
    assert hw1(text, "due") == COURSE.replace("2027-01-28 23:59", NOW, 1)


def test_a_field_that_is_not_there_gets_a_line_after_those_before_it():
    text = COURSE.replace("due: 2027-01-28 23:59\n", "due: 2027-01-28 23:59  # noon?\n\n", 1)
    edited = with_field(text, ("assignments", "hw1", "feedback"), NOW)
    assert changed_lines(text, edited.text) == ["+     feedback: 2027-01-20 12:00\n"]
    lines = edited.text.splitlines()
    assert lines[edited.line - 2 : edited.line] == [
        "    due: 2027-01-28 23:59  # noon?",
        "    feedback: 2027-01-20 12:00",
    ]
    assert (edited.before, edited.after) == ("", "feedback: 2027-01-20 12:00")


def test_the_line_and_both_forms_of_what_is_replaced_are_told():
    edited = with_field(COURSE, ("assignments", "hw1", "due"), NOW)
    assert COURSE.splitlines()[edited.line - 1].strip() == edited.before == "due: 2027-01-28 23:59"
    assert edited.after == "due: 2027-01-20 12:00"


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("field", ["due", "lock"])
def test_line_ends_are_kept(field: str, ending: str):
    edited = hw1(COURSE.replace("\n", ending), field)
    assert edited == hw1(COURSE, field).replace("\n", ending)


def test_a_last_line_without_an_end_gets_one():
    text = "assignments:\n  hw1:\n    points: 1\n    due: 2027-01-28 23:59"
    edited = with_field(text, ("assignments", "hw1", "lock"), NOW)
    assert edited.text == f"{text}\n    lock: {NOW}"
    assert edited.line == 5


def test_a_time_within_braces_is_replaced_there():
    text = "assignments:\n  hw1: {release: 2027-01-14 18:00, due: 2027-01-28 23:59}  # in one\n"
    assert hw1(text, "due") == text.replace("2027-01-28 23:59", NOW)


@pytest.mark.parametrize(
    ("text", "field", "value", "told"),
    [
        (
            "a: 1\nassignments:\n  hw1: {release: 2027-01-14 18:00}\n", "lock", NOW,
            "line 3: assignments.hw1 can't be edited by itself, as its fields are in braces. Open "
            f"the file and write `lock: {NOW}` there.",
        ),
        (
            "assignments:\n  hw1:\n    due: >-\n      2027-01-14\n      18:00\n", "lock", NOW,
            "line 2: assignments.hw1 can't be edited by itself, as its fields share a line",
        ),
        (
            "assignments:\n  hw1:\n    due: [1, 2]\n", "due", NOW,
            "line 3: assignments.hw1.due can't be edited by itself, as it is more than one value",
        ),
        ("assignments:\n  hw1:\n    points: 1\n", "lock", NOW, "none of title, release, due is"),
        ("assignments:\n  hw1:\n    due: 1\n", "due", "1 # 2", "the line would mean something"),
        ("assignments:\n  hw1: {due: 1}\n", "due", "1, lock: 2", "the line would mean something"),
        ("assignments:\n  hw1:\n    due: 1\n", "due", "1\n  hw2: 3", "would mean something"),
        ("assignments: [\n", "due", NOW, "course.yaml has mistakes (line 2: "),
        ("assignments:\n  hw1:\n    due: 1\n    due: 2\n", "due", NOW, "(line 4: assignments.hw1"),
    ],
)  # fmt: skip
def test_what_cannot_be_set_by_itself_is_refused_with_its_place(
    text: str, field: str, value: str, told: str
):
    with pytest.raises(CannotEdit) as refused:
        hw1(text, field, value)
    assert told in str(refused.value)


@pytest.mark.parametrize("name", ["hw1", "hw2", "essay"])
@pytest.mark.parametrize("field", ORDER[1:])
def test_a_course_with_a_field_set_can_be_loaded(tmp_path: Path, name: str, field: str):
    file = write_term_course(tmp_path)
    value = {"release": "2027-01-12 08:00"}.get(field, "2027-04-01 23:59")
    text = with_field(COURSE, ("assignments", name, field), value).text
    found = getattr(load_course(file, text=text).assignments[name], field)
    assert f"{found:%Y-%m-%d %H:%M}" == value


def test_the_repositorys_own_course_keeps_every_other_byte():
    text = (Path(__file__).parents[2] / "course.yaml").read_text()
    edited = with_field(text, ("assignments", "ps1", "feedback"), "after the last due date")
    assert changed_lines(text, edited.text) == ["+     feedback: after the last due date\n"]


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        ("2027-01-20T17:00:00", "2027-01-20 12:00"),
        ("2027-07-20T17:00:09", "2027-07-20 13:00:09"),
        ("2027-11-07T05:30:00", "2027-11-07 01:30 -04:00"),
        ("2027-11-07T06:30:00", "2027-11-07 01:30 -05:00"),
    ],
)
def test_a_moment_is_written_by_the_courses_clocks(moment: str, text: str):
    assert written_time(datetime.fromisoformat(moment).replace(tzinfo=UTC), TORONTO) == text


@given(st.text(alphabet="a1 :#{}[],'\"\n-|>&*!%\t", max_size=12))
def test_no_value_changes_anything_else(value: str):
    try:
        text = hw1(COURSE, "due", value)
    except CannotEdit:
        return
    before = COURSE.index("2027-01-28 23:59")
    assert text[:before] == COURSE[:before]
    assert text.endswith(COURSE[before + len("2027-01-28 23:59") :])
