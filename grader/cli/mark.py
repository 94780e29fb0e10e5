"""`course mark` and `course override`: points that people give."""

import click

from grader.cli.terminal import results
from grader.cli.workplace import Workplace, pass_workplace
from grader.gradebook import QuestionInfo, questions_of, rubric_points
from grader.gradebook.evidence import gather_student
from grader.gradebook.term import Grade, Sheets


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
    help="A rubric item that is met, or the share of it such as 2=0.5; repeat it.",
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
    comment: str,
) -> None:
    """Give points for QUESTION of what STUDENT, or their group, handed in.

    Of a question that the checks grade this replaces what they gave. Marks by rubric items follow
    the rubric: when an item's points change in course.yaml, so does everybody's score.
    """  # fmt: skip
    grade = counted(workplace, name, student)
    info = question_info(workplace, name, question)
    marks = read_items(info, items) if items else None
    if marks is None and points is None:
        raise click.UsageError("give --points, or the rubric's items that are met by --item")
    given = points or 0.0
    earned = given if marks is None else rubric_points(info, marks, given)
    if not 0 <= earned <= info.points:
        raise click.UsageError(f"{question} has 0 to {info.points:g} points, not {earned:g}")
    assert grade.submission is not None
    workplace.store.marks.give(
        grade.submission.id, question, given, marks=marks, comment=comment, by=workplace.by
    )
    number = f"submission {grade.submission.id} of {grade.submission.student}"
    told = f"{name} {question} of {student}: {earned:g} of {info.points:g}, for {number}"
    results().print(told, markup=False)


@click.command("override")
@click.argument("name", metavar="ASSIGNMENT")
@click.argument("student")
@click.option("--points", type=click.FloatRange(min=0), help="The final score.")
@click.option("--above", is_flag=True, help="Allow more points than the assignment has.")
@click.option("--withdraw", is_flag=True, help="Take an earlier one back.")
@click.option("--reason", required=True, help="Why; it is kept in the course's record.")
@pass_workplace
def override_command(
    workplace: Workplace,
    name: str,
    student: str,
    points: float | None,
    above: bool,
    withdraw: bool,
    reason: str,
) -> None:
    """Set STUDENT's final score for ASSIGNMENT, whatever was computed."""
    assignment = workplace.assignment(name)
    if (points is None) != withdraw:
        raise click.UsageError("say either --points or --withdraw")
    if points is not None and points > assignment.points and not above:
        most = f"{assignment.points:g}"
        raise click.UsageError(f"{name} has {most} points, not {points:g}; --above allows more")
    try:
        workplace.store.marks.override(student, name, points, reason=reason, by=workplace.by)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    told = "computed again" if points is None else f"{points:g} of {assignment.points:g}"
    results().print(f"{name} of {student}: {told}", markup=False)


def counted(workplace: Workplace, name: str, student: str) -> Grade:
    """The student's grade for an assignment of which something was handed in."""
    workplace.assignment(name)
    workplace.student(student)
    evidence = gather_student(workplace.store, workplace.course, student)
    grade = Sheets(workplace.course, evidence).term(student).grades[name]
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


def read_items(info: QuestionInfo, items: tuple[str, ...]) -> dict[str, float]:
    """The shares of rubric items such as `clarity` or `2=0.5`."""
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
