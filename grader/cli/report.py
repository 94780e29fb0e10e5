"""`course report`: the staff's report and the students' feedback, or the staff's of the term."""

from pathlib import Path

import click

from grader.cli.in_force import require_in_force
from grader.cli.terminal import json_option, print_json, results, table
from grader.cli.workplace import Workplace, pass_workplace
from grader.course import Assignment
from grader.report import (
    AssignmentReport,
    gather_assignment,
    score_table,
    score_table_columns,
    write_report,
)
from grader.report.pdf import NoPdf


@click.command("report")
@click.argument("name", metavar="[ASSIGNMENT]", required=False)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to write it.  [default: reports/ASSIGNMENT, or term, in the data folder]",
)
@click.option("--pdf", is_flag=True, help="The staff's pages as PDF too.")
@click.option(
    "--show-hidden",
    is_flag=True,
    help="Feedback with what hidden tests found, though students may not see that yet.",
)
@json_option
@pass_workplace
def report_command(
    workplace: Workplace,
    name: str | None,
    output: Path | None,
    pdf: bool,
    show_hidden: bool,
    as_json: bool,
) -> None:
    """Write the report of ASSIGNMENT: HTML for staff, a feedback page a student, CSV, JSON.

    Feedback pages say what hidden tests found from the last individual due time on, or when the
    assignment's `feedback` in course.yaml says.

    Without ASSIGNMENT it is the term's report, for staff only: the gradebook, totals, how far each
    assignment is, who has not submitted what, and the use of grace days.
    """
    if name is None and show_hidden:
        raise click.UsageError("--show-hidden is for feedback pages; name an assignment")
    try:
        if name is None:
            report_term(workplace, output or workplace.data / "term", pdf, as_json)
        else:
            folder = output or workplace.data / "reports" / name
            assignment = workplace.assignment(name)
            report_assignment(workplace, assignment, folder, pdf, show_hidden, as_json)
    except NoPdf as error:
        raise click.ClickException(str(error)) from error


def report_assignment(
    workplace: Workplace,
    assignment: Assignment,
    folder: Path,
    pdf: bool,
    show_hidden: bool,
    as_json: bool,
) -> None:
    """Write an assignment's report and say where it is."""
    require_in_force(workplace)
    report = gather(workplace, assignment, shows_all=show_hidden)
    paths = write_report(report, folder, pdf=pdf)
    if as_json:
        print_json(
            {
                "index": paths.index,
                "scores": paths.scores_csv,
                "difficulty": paths.difficulty_csv,
                "json": paths.report_json,
                "pdf": paths.pdf,
            }
        )
        return
    console = results()
    wide = results(max(console.width, 120))
    wide.print(table(score_table_columns(report), score_table(report)))
    console.print(f"\nreport: {paths.index}", soft_wrap=True)
    if paths.pdf:
        console.print(f"PDF: {paths.pdf}", soft_wrap=True)
    if report.hidden_until:
        shown = report.hidden_until.astimezone(workplace.course.zone)
        when = f"{shown:%Y-%m-%d %H:%M %Z}"
        console.print(f"feedback pages show what hidden tests found from {when} on (--show-hidden)")


def report_term(workplace: Workplace, folder: Path, pdf: bool, as_json: bool) -> None:
    """Write the term's report and say where it is."""
    from grader.report.term import gather_term, write_term_report
    from grader.report.term.tables import SUMMARY_COLUMNS, summary_table

    require_in_force(workplace)
    report = gather_term(workplace.store, workplace.course, now=workplace.now)
    paths = write_term_report(report, folder, pdf=pdf)
    if as_json:
        print_json(
            {
                "index": paths.index,
                "gradebook": paths.gradebook,
                "gradebook_csv": paths.gradebook_csv,
                "missing": paths.missing_csv,
                "json": paths.report_json,
                "pdf": paths.index_pdf,
                "gradebook_pdf": paths.gradebook_pdf,
            }
        )
        return
    console = results()
    console.print(table(SUMMARY_COLUMNS, summary_table(report)))
    for what, path in (
        ("report", paths.index),
        ("gradebook", paths.gradebook),
        ("PDF", paths.index_pdf),
        ("PDF", paths.gradebook_pdf),
    ):
        if path:
            console.print(f"{what}: {path}", soft_wrap=True)


def gather(
    workplace: Workplace, assignment: Assignment, *, shows_all: bool = True
) -> AssignmentReport:
    """What the store knows of an assignment now. Unless it `shows_all`, as students may see it."""
    return gather_assignment(
        workplace.store, workplace.course, assignment, now=workplace.now, shows_all=shows_all
    )
