"""`course mark` and `course override`: points that people give."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import click

from grader.cli.in_force import require_in_force
from grader.cli.terminal import json_option, print_json, results
from grader.cli.workplace import Workplace, pass_workplace
from grader.desk import marking


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
    assignment = workplace.assignment(name)
    workplace.student(student)
    course, store, now = workplace.course, workplace.store, workplace.now
    with refusing():
        row = marking.to_mark(course, store, name, student, now, number)
        info = marking.question_info(assignment, question)
        marks = marking.read_items(info, items, option="--item") if items else None
    if marks is None and points is None:
        there = f": {', '.join(item.name for item in info.rubric)}" if info.rubric else ""
        raise click.UsageError(
            f"give --points, or the rubric's items that are met by --item{there}"
        )
    with refusing():
        found = marking.give_marks(
            course,
            store,
            student,
            row,
            question,
            now,
            points=points,
            marks=marks,
            comment=comment,
            by=workplace.by,
            is_named=number is not None,
            option="--points",
        )
    earned = f"{found.earned:g} of {info.points:g}, for submission {row.id} of {row.student}"
    results().print(f"{name} {question} of {student}: {earned}", markup=False)
    for line in (*found.told, *found.held):
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
    with refusing():
        row = marking.set_score(
            workplace.store,
            assignment,
            student,
            points,
            excused=excuse,
            above=above,
            reason=reason,
            by=workplace.by,
            option="--above",
        )
    if as_json:
        print_json(asdict(row))
        return
    told = "excused" if excuse else "computed again"
    if points is not None:
        told = f"{points:g} of {assignment.points:g}"
    results().print(f"{name} of {student}: {told}", markup=False)


@contextmanager
def refusing() -> Iterator[None]:
    """Let what the desk refuses be a click error."""
    try:
        yield
    except marking.CannotMark as error:
        raise click.UsageError(str(error)) from error
