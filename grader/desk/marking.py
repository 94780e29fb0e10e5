"""Points that people give: which submission they are for, what may be given, what is told of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from grader.course import Assignment, Course
from grader.gradebook import QuestionInfo, questions_of, rubric_points
from grader.gradebook.dates import Calendar
from grader.gradebook.evidence import gather_dates, gather_student
from grader.gradebook.lost_marks import lost_marks
from grader.gradebook.term import Grade, Sheets
from grader.store import OverrideRow, State, Store, SubmissionRow


class CannotMark(ValueError):
    """Points can't be given that way; the message says why, and what can."""


@dataclass(frozen=True)
class Marked:
    """What was given. `told` are lines on marks that change no grade as they are.

    `held` are lines on students whose grade an override keeps where it is.
    """

    earned: float
    info: QuestionInfo
    submission: SubmissionRow
    told: tuple[str, ...]
    held: tuple[str, ...]


def give_marks(
    course: Course,
    store: Store,
    student: str,
    row: SubmissionRow,
    question: str,
    now: datetime,
    *,
    points: float | None,
    marks: Mapping[str, float] | None,
    comment: str,
    by: str,
    is_named: bool,
    option: str = "points",
) -> Marked:
    """Give points for a question of a submission, of which the student has a share.

    With `marks`, the shares of the rubric's items, `points` come on top of them. Unless it
    `is_named` which submission is meant, that an older one was marked before is told. Raises
    `CannotMark`; a message calls the points by the name of the `option` that they were given in.
    """
    info = question_info(course.assignments[row.assignment], question)
    if row.state is State.WITHDRAWN:
        raise CannotMark(f"submission {row.id} was withdrawn, so it never counts")
    if marks is None and points is None:
        there = f": {', '.join(item.name for item in info.rubric)}" if info.rubric else ""
        raise CannotMark(f"give {option}, or the rubric's items that are met{there}")
    given = points or 0.0
    earned = earned_points(info, marks, given, option=option)
    before = () if is_named else marked_before(course, store, student, question, row)
    store.marks.give(row.id, question, given, marks=marks, comment=comment, by=by)
    told = (*before, *told_after(course, store, student, row, now))
    return Marked(earned, info, row, told, tuple(unmoved_by_override(store, student, row)))


def to_mark(
    course: Course, store: Store, name: str, student: str, now: datetime, number: int | None
) -> SubmissionRow:
    """The submission of that number, or the one that counts.

    Raises `CannotMark`, which names theirs if it is none of the student's, or of their group's.
    """
    if number is None:
        grade = counted(course, store, name, student, now)
        row, newer = grade.submission, grade.newer
        assert row is not None
        if newer is not None:
            raise CannotMark(
                f"submission {row.id} counts now, and {newer.id} is newer and may count instead "
                f"once it is graded: say --submission {row.id} or --submission {newer.id}"
            )
        return row
    theirs = work_for(course, store, name, student)
    if number in theirs:
        return theirs[number]
    each = [f"{row.id} (received {clock(course, row.received_at)})" for row in theirs.values()]
    raise CannotMark(
        f"submission {number} is not one that {student} or their group handed in for {name}; "
        + (f"those are {', '.join(each)}" if each else "there is none")
    )


def counted(course: Course, store: Store, name: str, student: str, now: datetime) -> Grade:
    """The student's grade for an assignment of which something was handed in.

    Raises `CannotMark` where nothing was.
    """
    evidence = gather_student(store, course, student)
    grade = Sheets(course, evidence, now).term(student).grades[name]
    if grade.submission is None:
        raise CannotMark(
            f"{student} has handed in nothing for {name}; `course override` can still set a score"
        )
    return grade


def work_for(course: Course, store: Store, name: str, student: str) -> dict[int, SubmissionRow]:
    """What the student or their group handed in for an assignment, by number, oldest first."""
    calendar = Calendar(course, gather_dates(store, course))
    group = calendar.group_of(course.assignments[name], student)
    return {
        row.id: row
        for row in store.work_of(student)
        if row.assignment == name
        and row.state is not State.WITHDRAWN
        and (student in row.credited or (group is not None and row.group == group.id))
    }


def marked_before(
    course: Course, store: Store, student: str, question: str, row: SubmissionRow
) -> tuple[str, ...]:
    """A line if another submission of theirs has marks for the question, and this one none."""
    theirs = work_for(course, store, row.assignment, student)
    given = [
        score
        for score in store.marks.of(row.assignment)
        if score.question == question and score.submission_id in theirs
    ]
    if not given or any(score.submission_id == row.id for score in given):
        return ()
    last = given[-1]
    other = theirs[last.submission_id]
    newer = (row.received_at, row.id) > (other.received_at, other.id)
    return (
        f"{question} was marked before for submission {other.id}, by {last.by} at "
        f"{clock(course, last.at)}; submission {row.id} is {'newer' if newer else 'older'} "
        "and counts instead",
    )


def told_after(
    course: Course, store: Store, student: str, row: SubmissionRow, now: datetime
) -> tuple[str, ...]:
    """Lines on marks that change no grade as they are: of what doesn't count, or of lost items."""
    name = row.assignment
    evidence = gather_student(store, course, student)
    counts = Sheets(course, evidence, now).term(student).grades[name].submission
    lines: list[str] = []
    if counts is None:
        lines.append(f"submission {row.id} doesn't count, and no other one does")
    elif counts.id != row.id:
        lines.append(f"submission {row.id} doesn't count: submission {counts.id} does")
    lost = lost_marks(course, evidence, now, only=[student])
    return (*lines, *(one.text for one in lost if one.assignment == name))


def unmoved_by_override(store: Store, student: str, row: SubmissionRow) -> Iterator[str]:
    """A line for each of whom the work is, and whose grade an override keeps where it is."""
    newest = {
        one.student: one for one in store.marks.overrides() if one.assignment == row.assignment
    }
    for each in dict.fromkeys((student, *row.credited)):
        held = newest.get(each)
        if held is None or (held.points is None and not held.excused):
            continue
        what = "excused them" if held.points is None else f"set the score to {held.points:g}"
        yield f"the grade of {each} doesn't move because of it: {held.by} {what} ({held.reason})"


def question_info(assignment: Assignment, question: str) -> QuestionInfo:
    """The question of that name. Raises `CannotMark` with the known ones."""
    infos = {info.name: info for info in questions_of(assignment)}
    if question not in infos:
        known = ", ".join(infos)
        raise CannotMark(f"{assignment.name} has no question {question!r}; it has {known}")
    return infos[question]


def earned_points(
    info: QuestionInfo,
    marks: Mapping[str, float] | None,
    given: float,
    *,
    option: str = "points",
) -> float:
    """The points of a question by its items and what is given beside them, or by that alone.

    Raises `CannotMark` for more than the question has, or less than none.
    """
    worth = 0.0 if marks is None else rubric_points(info, marks, 0.0)
    least, most = 0.0 - worth, info.points - worth
    # Shares of items add up to the question's points only up to rounding.
    if not least - 1e-9 <= given <= most + 1e-9:
        if marks is None:
            raise CannotMark(f"{info.name} has 0 to {most:g} points, not {given:g}")
        raise CannotMark(
            f"the items are worth {worth:g} of {info.points:g}, so {option} beside them may be "
            f"{least:g} to {most:g}, not {given:g}"
        )
    return min(max(worth + given, 0.0), info.points)


def read_items(info: QuestionInfo, items: Iterable[str], *, option: str = "") -> dict[str, float]:
    """The shares of rubric items such as `clarity` or `depth=0.5`. Raises `CannotMark`."""
    known = [item.name for item in info.rubric]
    marks: dict[str, float] = {}
    for text in items:
        told = f"{option} {text}".strip()
        name, _, share = text.partition("=")
        try:
            marks[name] = float(share or 1)
        except ValueError:
            raise CannotMark(f"{told}: {share!r} is no share from 0 to 1") from None
        if name not in known:
            there = ", ".join(known) or "none"
            raise CannotMark(f"{info.name} has no rubric item {name!r}; it has: {there}")
        if not 0 <= marks[name] <= 1:
            raise CannotMark(f"{told}: a share lies between 0 and 1")
    return marks


def set_score(
    store: Store,
    assignment: Assignment,
    student: str,
    points: float | None,
    *,
    excused: bool = False,
    above: bool = False,
    reason: str,
    by: str,
    option: str = "“above”",
) -> OverrideRow:
    """Set a student's final score, or excuse them; neither takes an earlier one back.

    Raises `CannotMark` for more points than the assignment has unless they may be `above`, which
    the message calls by the name of the `option`, and for what `Marks.override` refuses;
    `UnknownStudent` too.
    """
    if points is not None and points > assignment.points and not above:
        most = f"{assignment.points:g}"
        raise CannotMark(
            f"{assignment.name} has {most} points, not {points:g}; {option} allows more"
        )
    try:
        return store.marks.override(
            student, assignment.name, points, excused=excused, reason=reason, by=by
        )
    except ValueError as error:
        raise CannotMark(str(error)) from error


def clock(course: Course, at: datetime) -> str:
    """A time by the course's clock."""
    return f"{at.astimezone(course.zone):%Y-%m-%d %H:%M %Z}"
