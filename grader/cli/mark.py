"""`course mark` and `course override`: points that people give."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime

import click

from grader.cli.in_force import require_in_force
from grader.cli.terminal import json_option, print_json, results
from grader.cli.workplace import Workplace, pass_workplace
from grader.gradebook import QuestionInfo, questions_of, rubric_points
from grader.gradebook.dates import Calendar
from grader.gradebook.evidence import gather_dates, gather_student
from grader.gradebook.lost_marks import lost_marks
from grader.gradebook.term import Grade, Sheets
from grader.store import State, SubmissionRow


@click.command("mark")
@click.argument("name", metavar="ASSIGNMENT")
@click.argument("student")
@click.argument("question")
@click.option(
    "--points", type=float, help="Points; with items, what is added or taken beside them."
)
@click.option(
    "--item",
    "items",
    multiple=True,
    metavar="NAME[=SHARE]",
    help="A rubric item that is met, or the share of it such as depth=0.5; repeat it.",
)
@click.option(
    "--submission", "number", type=int, help="Mark that one, instead of the one that counts now."
)
@click.option("--comment", default="", help="For the student.")
@pass_workplace
def mark_command(
    workplace: Workplace,
    name: str,
    student: str,
    question: str,
    points: float | None,
    items: tuple[str, ...],
    number: int | None,
    comment: str,
) -> None:
    """Give points for QUESTION of what STUDENT, or their group, handed in.

    They are for the submission that counts now; if an older one was marked before, that is told.
    Of a question that the checks grade this replaces what they gave. Marks by rubric items follow
    the rubric: when an item's points change in course.yaml, so does everybody's score.
    """  # fmt: skip
    require_in_force(workplace)
    row = to_mark(workplace, name, student, number)
    info = question_info(workplace, name, question)
    marks = read_items(info, items) if items else None
    if marks is None and points is None:
        there = f": {', '.join(item.name for item in info.rubric)}" if info.rubric else ""
        raise click.UsageError(
            f"give --points, or the rubric's items that are met by --item{there}"
        )
    given = points or 0.0
    earned = earned_points(info, marks, given)
    before = marked_before(workplace, student, question, row) if number is None else ()
    workplace.store.marks.give(
        row.id, question, given, marks=marks, comment=comment, by=workplace.by
    )
    told = f"{earned:g} of {info.points:g}, for submission {row.id} of {row.student}"
    results().print(f"{name} {question} of {student}: {told}", markup=False)
    unmoved = unmoved_by_override(workplace, student, row)
    for line in (*before, *told_after(workplace, student, row), *unmoved):
        results().print(line, markup=False, soft_wrap=True)


@click.command("override")
@click.argument("name", metavar="ASSIGNMENT")
@click.argument("student")
@click.option("--points", type=click.FloatRange(min=0), help="The final score.")
@click.option("--above", is_flag=True, help="Allow more points than the assignment has.")
@click.option("--excuse", is_flag=True, help="No score, and no part of the total.")
@click.option("--withdraw", is_flag=True, help="Take an earlier one back.")
@click.option("--reason", required=True, help="Why; it is kept in the course's record.")
@json_option
@pass_workplace
def override_command(
    workplace: Workplace,
    name: str,
    student: str,
    points: float | None,
    above: bool,
    excuse: bool,
    withdraw: bool,
    reason: str,
    as_json: bool,
) -> None:
    """Set STUDENT's final score for ASSIGNMENT, whatever was computed, or excuse them from it."""
    assignment = workplace.assignment(name)
    require_in_force(workplace)
    if [points is not None, excuse, withdraw].count(True) != 1:
        raise click.UsageError("say one of --points, --excuse and --withdraw")
    if points is not None and points > assignment.points and not above:
        most = f"{assignment.points:g}"
        raise click.UsageError(f"{name} has {most} points, not {points:g}; --above allows more")
    try:
        row = workplace.store.marks.override(
            student, name, points, excused=excuse, reason=reason, by=workplace.by
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if as_json:
        print_json(asdict(row))
        return
    told = "excused" if excuse else "computed again"
    if points is not None:
        told = f"{points:g} of {assignment.points:g}"
    results().print(f"{name} of {student}: {told}", markup=False)


def to_mark(workplace: Workplace, name: str, student: str, number: int | None) -> SubmissionRow:
    """The submission of that number, or the one that counts.

    Raises a click error that names theirs if it is none of the student's, or of their group's.
    """
    if number is None:
        grade = counted(workplace, name, student)
        row, newer = grade.submission, grade.newer
        assert row is not None
        if newer is not None:
            raise click.UsageError(
                f"submission {row.id} counts now, and {newer.id} is newer and may count instead "
                f"once it is graded: say --submission {row.id} or --submission {newer.id}"
            )
        return row
    workplace.assignment(name)
    workplace.student(student)
    theirs = work_for(workplace, name, student)
    if number in theirs:
        return theirs[number]
    each = [f"{row.id} (received {clock(workplace, row.received_at)})" for row in theirs.values()]
    raise click.UsageError(
        f"submission {number} is not one that {student} or their group handed in for {name}; "
        + (f"those are {', '.join(each)}" if each else "there is none")
    )


def marked_before(
    workplace: Workplace, student: str, question: str, row: SubmissionRow
) -> tuple[str, ...]:
    """A line if another submission of theirs has marks for the question, and this one none."""
    theirs = work_for(workplace, row.assignment, student)
    given = [
        score
        for score in workplace.store.marks.of(row.assignment)
        if score.question == question and score.submission_id in theirs
    ]
    if not given or any(score.submission_id == row.id for score in given):
        return ()
    last = given[-1]
    other = theirs[last.submission_id]
    newer = (row.received_at, row.id) > (other.received_at, other.id)
    return (
        f"{question} was marked before for submission {other.id}, by {last.by} at "
        f"{clock(workplace, last.at)}; submission {row.id} is {'newer' if newer else 'older'} "
        "and counts instead",
    )


def told_after(workplace: Workplace, student: str, row: SubmissionRow) -> tuple[str, ...]:
    """Lines on marks that change no grade as they are: of what doesn't count, or of lost items."""
    name, course = row.assignment, workplace.course
    evidence = gather_student(workplace.store, course, student)
    counts = Sheets(course, evidence, workplace.now).term(student).grades[name].submission
    lines: list[str] = []
    if counts is None:
        lines.append(f"submission {row.id} doesn't count, and no other one does")
    elif counts.id != row.id:
        lines.append(f"submission {row.id} doesn't count: submission {counts.id} does")
    lost = lost_marks(course, evidence, workplace.now, only=[student])
    return (*lines, *(one.text for one in lost if one.assignment == name))


def work_for(workplace: Workplace, name: str, student: str) -> dict[int, SubmissionRow]:
    """What the student or their group handed in for an assignment, by number, oldest first."""
    calendar = Calendar(workplace.course, gather_dates(workplace.store, workplace.course))
    group = calendar.group_of(workplace.assignment(name), student)
    return {
        row.id: row
        for row in workplace.store.work_of(student)
        if row.assignment == name
        and row.state is not State.WITHDRAWN
        and (student in row.credited or (group is not None and row.group == group.id))
    }


def unmoved_by_override(workplace: Workplace, student: str, row: SubmissionRow) -> Iterator[str]:
    """A line for each of whom the work is, and whose grade an override keeps where it is."""
    newest = {
        one.student: one
        for one in workplace.store.marks.overrides()
        if one.assignment == row.assignment
    }
    for each in dict.fromkeys((student, *row.credited)):
        held = newest.get(each)
        if held is None or (held.points is None and not held.excused):
            continue
        what = "excused them" if held.points is None else f"set the score to {held.points:g}"
        yield f"the grade of {each} doesn't move because of it: {held.by} {what} ({held.reason})"


def clock(workplace: Workplace, at: datetime) -> str:
    """A time by the course's clock."""
    return f"{at.astimezone(workplace.course.zone):%Y-%m-%d %H:%M %Z}"


def counted(workplace: Workplace, name: str, student: str) -> Grade:
    """The student's grade for an assignment of which something was handed in."""
    workplace.assignment(name)
    workplace.student(student)
    evidence = gather_student(workplace.store, workplace.course, student)
    grade = Sheets(workplace.course, evidence, workplace.now).term(student).grades[name]
    if grade.submission is None:
        raise click.UsageError(
            f"{student} has handed in nothing for {name}; `course override` can still set a score"
        )
    return grade


def question_info(workplace: Workplace, name: str, question: str) -> QuestionInfo:
    """The question of that name. Raises a click error with the known ones."""
    infos = {info.name: info for info in questions_of(workplace.assignment(name))}
    if question not in infos:
        raise click.UsageError(f"{name} has no question {question!r}; it has {', '.join(infos)}")
    return infos[question]


def earned_points(info: QuestionInfo, marks: Mapping[str, float] | None, given: float) -> float:
    """The points of a question by its items and what is given beside them, or by that alone.

    Raises a click error for more than the question has, or less than none.
    """
    worth = 0.0 if marks is None else rubric_points(info, marks, 0.0)
    least, most = 0.0 - worth, info.points - worth
    # Shares of items add up to the question's points only up to rounding.
    if not least - 1e-9 <= given <= most + 1e-9:
        if marks is None:
            raise click.UsageError(f"{info.name} has 0 to {most:g} points, not {given:g}")
        raise click.UsageError(
            f"the items are worth {worth:g} of {info.points:g}, so --points beside them may be "
            f"{least:g} to {most:g}, not {given:g}"
        )
    return min(max(worth + given, 0.0), info.points)


def read_items(info: QuestionInfo, items: tuple[str, ...]) -> dict[str, float]:
    """The shares of rubric items such as `clarity` or `depth=0.5`."""
    known = [item.name for item in info.rubric]
    marks: dict[str, float] = {}
    for text in items:
        name, _, share = text.partition("=")
        try:
            marks[name] = float(share or 1)
        except ValueError:
            raise click.UsageError(f"--item {text}: {share!r} is no share from 0 to 1") from None
        if name not in known:
            there = ", ".join(known) or "none"
            raise click.UsageError(f"{info.name} has no rubric item {name!r}; it has: {there}")
        if not 0 <= marks[name] <= 1:
            raise click.UsageError(f"--item {text}: a share lies between 0 and 1")
    return marks
