"""Everybody's scores for others: a table for spreadsheets, data for scripts, the LMS's own file."""

from collections.abc import Iterable, Mapping

from grader.course import Course
from grader.gradebook import Pending
from grader.gradebook.exports import Filled, csv_text, fill, read_canvas
from grader.gradebook.term import StudentTerm
from grader.store import StudentRow

# The name of the column's own for the total, beside the assignments'.
TOTAL = "total"
_NAMED = 5


class CannotFill(ValueError):
    """The LMS's file can't be filled so; the message says why and what to do."""


def gradebook_csv(
    course: Course, students: Iterable[StudentRow], terms: Mapping[str, StudentTerm]
) -> str:
    """One row a student; an empty cell is 'no score', which is not the same as 0."""
    names = {row.identifier: row for row in students}
    assignments = list(course.assignments)
    header = ["student", "name", "section", *assignments, "total_percent", "percent_so_far"]
    return csv_text(
        header,
        (
            [
                student,
                names[student].name,
                names[student].section,
                *(number_text(term.grades[name].score.final) for name in assignments),
                number_text(term.total.percent),
                number_text(term.total.so_far),
            ]
            for student, term in terms.items()
        ),
    )


def scores_data(term: StudentTerm) -> dict[str, object]:
    """A student's scores for scripts."""
    return {
        "scores": {name: grade.score.final for name, grade in term.grades.items()},
        "pending": {
            name: grade.score.pending for name, grade in term.grades.items() if grade.score.pending
        },
        "total_percent": term.total.percent,
        "percent_so_far": term.total.so_far,
    }


def fill_lms_file(
    course: Course, terms: Mapping[str, StudentTerm], data: bytes, columns: Mapping[str, str]
) -> Filled:
    """An exported gradebook with these students' scores in the columns of `columns`.

    Those are named by assignment, or `TOTAL`. Raises `CannotFill` for a total that is not known
    in full of everybody, and `CourseFileError` for what is wrong with the file or a column.
    """
    if not columns:
        raise CannotFill("say which column is whose")
    scores = {
        (student, name): grade.score.final
        for student, term in terms.items()
        for name, grade in term.grades.items()
        if grade.score.final is not None
    }
    excused = {
        (student, name)
        for student, term in terms.items()
        for name, grade in term.grades.items()
        if grade.score.pending is Pending.EXCUSED and name in columns
    }
    unfinished = [student for student, term in terms.items() if round(term.total.so_far, 6) < 100]
    if TOTAL in columns and unfinished:
        raise CannotFill(
            f"the total of {len(unfinished)} students is of a part of the course so far (of "
            f"{', '.join(unfinished[:_NAMED])}...): the rest would not count. `course explain "
            "STUDENT` shows what waits; `course override` sets a score or excuses"
        )
    totals = {
        (student, TOTAL): term.total.percent
        for student, term in terms.items()
        if term.total.percent is not None
    }
    points = {name: one.points for name, one in course.assignments.items()}
    return fill(
        read_canvas(data),
        {key: value for key, value in (scores | totals).items() if key[1] in columns},
        columns,
        excused=excused,
        points={name: points[name] for name in columns if name in points},
    )


def number_text(value: float | None) -> str:
    """A score, or nothing where there is none: that is not 0."""
    return "" if value is None else f"{value:.4g}" if value >= 1000 else f"{round(value, 2):g}"
