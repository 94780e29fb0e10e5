"""Rubrics that change after marks were given: who keeps which points, and what is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.course import Course, load_course
from grader.gradebook.evidence import Evidence, Handed
from grader.gradebook.lost_marks import LostMarks, lost_marks
from grader.gradebook.term import grade_term
from grader.gradebook.versions import FieldChange, digest_of, grade_changes, setting_changes
from grader.store import ManualScoreRow, State, StudentRow, SubmissionRow
from tests.term_course import COURSE, at, write_term_course

RUBRIC = """\
          - {name: question, points: 2, text: A question}
          - {name: why, points: 1, text: Why it is open}
"""
NOW = at("2027-01-21 12:00")
PLACE = "assignments.essay.questions.idea"


@dataclass(frozen=True)
class Item:
    name: str
    points: int
    text: str = "What it is for"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_term_course(tmp_path_factory.mktemp("course"))


def course_of(file: Path, items: Sequence[Item]) -> Course:
    """The term's course with this rubric for the essay's idea, which is worth its sum."""
    points = sum(item.points for item in items)
    lines = [f"          - {{name: {i.name}, points: {i.points}, text: {i.text}}}\n" for i in items]
    assert RUBRIC in COURSE
    text = COURSE.replace(RUBRIC, "".join(lines))
    text = text.replace("\n    points: 5\n", f"\n    points: {points + 2}\n")
    text = text.replace("\n        points: 3\n", f"\n        points: {points}\n")
    return load_course(file, text=text)


def marked(number: int, marks: Mapping[str, float] | None, *, points: float = 0) -> ManualScoreRow:
    row = ManualScoreRow(number, "ada", "idea", points, "", "ta", NOW)
    return replace(row, marks=None if marks is None else dict(marks))


def essays(*marks: ManualScoreRow) -> Evidence:
    """An essay each of ada (number 1) and bob (number 2), with these marks for the idea."""
    rows = tuple(
        SubmissionRow(n, name, "essay", "0" * 64, "a.pdf", 1, NOW, State.BY_HAND, 0, "")
        for n, name in enumerate(("ada", "bob"), start=1)
    )
    students = (StudentRow("ada"), StudentRow("bob"))
    return replace(Evidence(students), handed={"essay": Handed(rows, (), marks)})


def earned(course: Course, evidence: Evidence, student: str = "ada") -> float | None:
    """What the student has for the idea."""
    score = grade_term(course, evidence, NOW)[student].grades["essay"].score
    return {one.question: one.earned for one in score.questions}["idea"]


def lost(course: Course, evidence: Evidence) -> tuple[LostMarks, ...]:
    return lost_marks(course, evidence, NOW)


THREE = (Item("data", 1), Item("clarity", 2), Item("depth", 4))
SHARES = {"data": 1.0, "clarity": 0.5, "depth": 0.25}


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_moving_items_changes_no_points_and_no_setting(file: Path, order: tuple[int, ...]):
    before, after = course_of(file, THREE), course_of(file, [THREE[i] for i in order])
    marks = essays(marked(1, SHARES), marked(2, {"depth": 1.0}))
    for student, points in (("ada", 1 + 1 + 1), ("bob", 4)):
        assert earned(before, marks, student) == earned(after, marks, student) == points
    assert setting_changes(before, after) == ()
    assert digest_of(before) == digest_of(after)


@pytest.mark.parametrize("place", range(4))
def test_an_inserted_item_is_worth_nothing_to_who_was_marked_before(file: Path, place: int):
    before = course_of(file, THREE)
    after = course_of(file, [*THREE[:place], Item("new", 3), *THREE[place:]])
    marks = essays(marked(1, SHARES), marked(2, {"depth": 1.0}))
    for student in ("ada", "bob"):
        assert earned(before, marks, student) == earned(after, marks, student)
    again = essays(marked(1, SHARES | {"new": 1.0}), marked(2, {"depth": 1.0}))
    assert (earned(after, again), earned(after, again, "bob")) == (6.0, 4.0)


names = st.text("abcdefgh_123", min_size=1, max_size=6).filter(lambda name: name[0] != "_")
items = st.lists(
    st.builds(Item, names.map("n{}".format), st.integers(1, 9)),
    min_size=1, max_size=6, unique_by=lambda item: item.name,
)  # fmt: skip
shares = st.sampled_from((0.0, 0.25, 0.5, 1.0))


@settings(max_examples=40, deadline=None)
@given(items, st.data())
def test_points_change_by_an_items_own_change_alone(file: Path, rubric: list[Item], data):
    """Items are moved, one gets other points and one is inserted, all at once."""
    marks = {item.name: data.draw(shares) for item in rubric}
    changed = data.draw(st.sampled_from(rubric))
    more = data.draw(st.integers(0, 5))
    new = [replace(item, points=item.points + more * (item is changed)) for item in rubric]
    mixed = data.draw(st.permutations([*new, Item("inserted", 7, "New")]))
    rows = essays(marked(1, marks))
    was, now = (earned(course_of(file, some), rows) for some in (rubric, mixed))
    assert was is not None
    assert now == pytest.approx(was + more * marks[changed.name], abs=1e-9)
    assert lost(course_of(file, mixed), rows) == ()


def test_other_words_are_a_change_to_see_and_no_marks_are_lost(file: Path):
    before = course_of(file, THREE)
    after = course_of(file, [THREE[0], replace(THREE[1], text="Clear words"), THREE[2]])
    marks = essays(marked(1, SHARES))
    assert setting_changes(before, after) == (
        FieldChange(f"{PLACE}.rubric.clarity.text", "What it is for", "Clear words"),
    )
    assert grade_changes(before, after, marks, NOW) == ()
    assert lost(after, marks) == ()


@pytest.mark.parametrize(
    ("rubric", "gone", "points"),
    [
        pytest.param((replace(THREE[0], name="sources"), *THREE[1:]), ["data"], 2.0, id="renamed"),
        pytest.param(THREE[1:], ["data"], 2.0, id="removed"),
        pytest.param(THREE[:1], ["clarity", "depth"], 1.0, id="two removed"),
        pytest.param(THREE, [], 3.0, id="as it was"),
    ],
)
def test_marks_by_an_item_that_is_gone_are_told(
    file: Path, rubric: tuple[Item, ...], gone: list[str], points: float
):
    after = course_of(file, rubric)
    rows = essays(marked(1, SHARES), marked(2, SHARES))
    assert earned(after, rows) == points
    assert lost(after, rows) == tuple(LostMarks("essay", "idea", name, (1, 2)) for name in gone)


@pytest.mark.parametrize(
    ("later", "students"),
    [
        pytest.param((), ("ada", "bob"), id="marked once"),
        pytest.param((marked(1, {"depth": 1.0}),), ("bob",), id="ada was marked again"),
        pytest.param((marked(1, None, points=2),), ("bob",), id="ada got points instead"),
    ],
)
def test_what_is_lost_is_told_until_it_is_marked_again(
    file: Path, later: tuple[ManualScoreRow, ...], students: tuple[str, ...]
):
    rows = essays(marked(1, {"data": 1.0}), marked(2, {"data": 0.5}), *later)
    numbers = tuple({"ada": 1, "bob": 2}[student] for student in students)
    after = course_of(file, THREE[1:])
    assert lost(after, rows) == (LostMarks("essay", "idea", "data", numbers),)
    assert lost_marks(after, rows, NOW, only=["eve"]) == ()


def test_an_item_that_was_not_met_is_not_lost(file: Path):
    assert lost(course_of(file, THREE[1:]), essays(marked(1, {"data": 0.0}))) == ()


def test_what_can_not_count_is_not_lost(file: Path):
    rows = essays(marked(1, {"data": 1.0}))
    newer = replace(rows.handed["essay"].submissions[0], id=3, received_at=at("2027-01-22 12:00"))
    handed = rows.handed["essay"]
    both = replace(
        rows, handed={"essay": replace(handed, submissions=(*handed.submissions, newer))}
    )
    assert lost(course_of(file, THREE[1:]), both) == ()


def test_marks_of_a_question_that_is_gone_are_told(file: Path):
    row = replace(marked(1, None, points=2), question="method")
    (found,) = lost(course_of(file, THREE), essays(row))
    assert found == LostMarks("essay", "method", "", (1,))
    assert found.text == (
        "essay method: what submission 1 got by hand is worth nothing, as there is no such "
        "question any more"
    )


def test_many_submissions_are_counted_in_a_sentence():
    text = LostMarks("essay", "idea", "data", tuple(range(1, 13))).text
    assert "what submissions 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more got by hand for" in text
