"""`course feedback`: what a student may read of their grading now."""

from pathlib import Path

import click
from rich.console import Console

from grader.cli.in_force import in_force
from grader.cli.report import gather
from grader.cli.terminal import results
from grader.cli.workplace import Workplace, pass_workplace
from grader.course import Assignment
from grader.gradebook.exports import NoScore, gradescope_results
from grader.report.feedback import FeedbackView, feedback_view
from grader.report.pages import feedback_page


@click.command("feedback")
@click.argument("name", metavar="ASSIGNMENT")
@click.argument("student")
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), help="Write it as a page too."
)
@click.option(
    "--gradescope",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write it as Gradescope's results.json, hidden tests marked as such.",
)
@pass_workplace
def feedback_command(
    workplace: Workplace, name: str, student: str, html: Path | None, gradescope: Path | None
) -> None:
    """Show what STUDENT may read of ASSIGNMENT now.

    What hidden tests found is there from the last individual due time on, or when the assignment's
    `feedback` in course.yaml says.
    """
    workplace = in_force(workplace)
    assignment = workplace.assignment(name)
    workplace.student(student)
    report = gather(workplace, assignment, shows_all=False)
    (row,) = (row for row in report.rows_for_students if row.student == student)
    say(results(), feedback_view(report, row))
    if html:
        html.write_text(feedback_page(report, row), encoding="utf-8")
        results().print(f"page: {html}", markup=False, soft_wrap=True)
    if gradescope:
        write_gradescope(workplace, assignment, student, gradescope)


def write_gradescope(
    workplace: Workplace, assignment: Assignment, student: str, file: Path
) -> None:
    """Write a student's results.json. It holds all: Gradescope hides what is to be hidden."""
    report = gather(workplace, assignment)
    (row,) = (row for row in report.rows if row.student == student)
    try:
        text = gradescope_results(row.score, row.graded, report.questions)
    except NoScore as error:
        raise click.ClickException(str(error)) from error
    file.write_text(text, encoding="utf-8")
    results().print(f"results.json: {file}", markup=False, soft_wrap=True)


def say(console: Console, view: FeedbackView) -> None:
    """A student's page as text."""

    def line(text: str, style: str = "") -> None:
        console.print(text, markup=False, style=style, soft_wrap=True)

    line(f"{view.title}: {view.name}", "bold")
    if view.score:
        line(f"{view.score_label}: {view.score} of {view.out_of}")
    for words in (view.lateness, view.note, view.trust):
        if words:
            line(words)
    for sentence in (view.notice, view.ending):
        if sentence:
            line(f"{sentence.label}. {sentence.what} {sentence.advice}")
    for question in view.questions:
        line(f"\n{question.name} {question.title}: {question.points}", "bold")
        for words in (question.note, question.comment):
            if words:
                line(f"  {words}")
        for check in question.checks:
            line(f"  {'✓' if check.passed else '✗'} {check.title} ({check.points}, {check.label})")
            if check.message:
                line(f"    {check.message} {check.advice}".rstrip())
    for cell in view.cells:
        line(f"\ncell {cell.number}: {cell.what}", "bold")
        if cell.error:
            line(cell.error)
