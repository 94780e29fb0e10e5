"""When feedback and solutions open, against asking for everybody's dates one by one."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.course import Course
from grader.course.student_dates import feedback_from, solution_from
from grader.gradebook.dates import Calendar
from grader.gradebook.evidence import Evidence
from grader.store import ExtensionRow, GroupRow, StudentRow
from tests.term_course import at, term_course

DUE_LINE = "    due: 2027-02-10 23:59\n"
HERE, LEFT = ("ada", "bob", "eve", "joe"), ("kim", "lea")
DUE = at("2027-02-11 04:59")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    more = "    sections: {L2: {due: 2027-02-12 12:00}}\n    solution: after the last due date\n"
    return term_course(tmp_path_factory.mktemp("dates"), (DUE_LINE, DUE_LINE + more))


def extension(number: int, student: str | None, group: int | None, days: int) -> ExtensionRow:
    until = DUE + timedelta(hours=days * 7) if days % 2 else None
    return ExtensionRow(
        number, student, group, "essay", until, "", days // 2, "ill", "prof", DUE, None
    )


@st.composite
def evidences(draw: st.DrawFn) -> Evidence:
    """Students in two groups or none, some of whom have left; extensions of all kinds."""
    sections = st.sampled_from(["", "L1", "L2"])
    students = {name: StudentRow(name, section=draw(sections)) for name in (*HERE, *LEFT)}
    places = {name: draw(st.sampled_from([1, 2, None])) for name in HERE}
    members = {n: tuple(name for name, place in places.items() if place == n) for n in (1, 2)}
    handed = st.frozensets(st.sampled_from((*HERE, *LEFT)), min_size=1, max_size=3)
    work = {n: draw(handed) for n in (1, 2) if draw(st.booleans())}
    granted = st.tuples(
        st.sampled_from([*[(name, None) for name in (*HERE, *LEFT)], (None, 1), (None, 2)]),
        st.integers(0, 9),
    )
    extensions = [
        extension(number, *whose, days)
        for number, (whose, days) in enumerate(draw(st.lists(granted, max_size=4)))
    ]
    return Evidence(
        students=tuple(students[name] for name in HERE),
        left=tuple(students[name] for name in LEFT),
        groups={
            "essay": tuple(GroupRow(n, "essay", f"{n}", names) for n, names in members.items())
        },
        group_work={"essay": work},
        extensions=tuple(extensions),
    )


@given(evidences())
def test_what_waits_for_the_last_due_time_asks_only_the_extended(course: Course, found: Evidence):
    essay = course.assignments["essay"]
    calendar = Calendar(course, found)
    everybody = [
        *(calendar.dates(essay, student) for student in HERE),
        *(calendar.dates_of(essay, "", group) for group in found.group_work["essay"]),
    ]
    assert calendar.feedback_from(essay) == feedback_from(essay, course.zone, everybody)
    assert calendar.solution_from(essay) == solution_from(essay, course.zone, everybody)


def test_an_extension_of_who_has_left_holds_for_the_group_that_they_handed_in_with(course: Course):
    """Whoever is still in it may read feedback only once that is over."""
    own = extension(1, "kim", None, 9)
    essay = course.assignments["essay"]
    alone = Calendar(course, Evidence((), (StudentRow("kim"),), extensions=(own,)))
    with_work = Calendar(
        course,
        Evidence(
            students=(StudentRow("ada"),),
            left=(StudentRow("kim"),),
            groups={"essay": (GroupRow(1, "essay", "A", ("ada",)),)},
            group_work={"essay": {1: frozenset({"kim"})}},
            extensions=(own,),
        ),
    )
    assert alone.feedback_from(essay) == datetime(2027, 2, 12, 17, tzinfo=UTC)  # a section's
    assert with_work.feedback_from(essay) == datetime(2027, 2, 15, 4, 59, tzinfo=UTC)
