"""`course gradebook`: everybody's scores and totals, and the LMS's file filled with them."""

from pathlib import Path

import click

from grader.cli.in_force import require_in_force
from grader.cli.terminal import json_option, people, print_json, results, table
from grader.cli.workplace import Workplace, pass_workplace
from grader.desk.exporting import (
    TOTAL,
    CannotFill,
    fill_lms_file,
    gradebook_csv,
    number_text,
    scores_data,
)
from grader.gradebook.evidence import gather_evidence
from grader.gradebook.exports import Filled
from grader.gradebook.term import StudentTerm, grade_term


@click.command("gradebook")
@click.option(
    "--csv", "csv_file", type=click.Path(path_type=Path, dir_okay=False), help="Write it as CSV."
)
@click.option(
    "--canvas",
    "canvas_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A gradebook that Canvas or Quercus exported, to be filled.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="ASSIGNMENT=COLUMN",
    help="Which column of it is whose, by its number or name; `total=COLUMN` for the total.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the filled one is written. Without it only the changes are shown.",
)
@json_option
@pass_workplace
def gradebook_command(
    workplace: Workplace,
    csv_file: Path | None,
    canvas_file: Path | None,
    columns: tuple[str, ...],
    output: Path | None,
    as_json: bool,
) -> None:
    """Show everybody's final scores and totals; fill them into the file of an LMS.

    Of an LMS's file only the columns that you name are filled, and what changes is shown. Who is
    excused gets EX, and nobody's score is cleared.
    """
    require_in_force(workplace)
    evidence = gather_evidence(workplace.store, workplace.course)
    terms = grade_term(workplace.course, evidence, workplace.now)
    if csv_file:
        csv_file.write_text(as_csv(workplace, terms), encoding="utf-8-sig", newline="")
        people().print(f"written: {csv_file}", markup=False, soft_wrap=True)
    if canvas_file:
        fill_canvas(workplace, terms, canvas_file, columns, output)
        return
    if as_json:
        print_json({student: scores_data(term) for student, term in terms.items()})
    elif not csv_file:
        say(workplace, terms)


def fill_canvas(
    workplace: Workplace,
    terms: dict[str, StudentTerm],
    file: Path,
    columns: tuple[str, ...],
    output: Path | None,
) -> None:
    """Fill an exported gradebook, say what changes, and write it if told where."""
    wanted = dict(read_column(workplace, text) for text in columns)
    if not wanted:
        raise click.UsageError("say which column is whose, such as --column ps1=12345")
    try:
        filled = fill_lms_file(workplace.course, terms, file.read_bytes(), wanted)
    except CannotFill as refused:
        raise click.UsageError(str(refused)) from refused
    say_filled(filled)
    if output:
        output.write_bytes(filled.data)
        results().print(f"written: {output}; upload it as the gradebook's import", soft_wrap=True)
    elif filled.changes:
        results().print("nothing is written yet: say --output FILE")


def read_column(workplace: Workplace, text: str) -> tuple[str, str]:
    """An assignment, or the total, and its column."""
    name, separator, column = text.partition("=")
    if not separator or not column:
        raise click.UsageError(f"--column is {text!r}, expected ASSIGNMENT=COLUMN")
    if name != TOTAL:
        workplace.assignment(name)
    return name, column


def say_filled(filled: Filled) -> None:
    """What filling changed and what it left, for people."""
    console = results()
    if filled.changes:
        rows = [(one.name, one.assignment, one.old or "–", one.new) for one in filled.changes]
        console.print(table(("student", "of", "in the file", "then"), rows, numbers_from=2))
    console.print(
        f"{len(filled.changes)} cells change; students are matched by {filled.matched_by}"
    )
    for kept in filled.kept:
        told = f"kept: {kept.name}, {kept.assignment}: {kept.cell}, not {kept.score}"
        console.print(f"{told}: {kept.because}", markup=False, soft_wrap=True)
    for one in filled.points_differ:
        there = "none" if one.in_canvas is None else f"{one.in_canvas}"
        what = f"{one.column}: {there} points there, {one.in_course} in course.yaml"
        console.print(f"points differ: {what}", markup=False)
    if filled.not_in_file:
        console.print(f"not in the file: {', '.join(filled.not_in_file)}", markup=False)
    for one in filled.unscored:
        if one.has_number:
            told = f"{one.name}, {one.assignment}: has {one.cell} in the file and no score here"
            console.print(f"warning: {told}; it stays", markup=False, soft_wrap=True)
    unscored = sorted({one.name for one in filled.unscored if not one.has_number})
    if unscored:
        console.print(f"in the file without a score: {', '.join(unscored)}", markup=False)


def say(workplace: Workplace, terms: dict[str, StudentTerm]) -> None:
    """The gradebook as a table."""
    names = list(workplace.course.assignments)
    console = results()
    rows = [
        (
            student,
            *(number_text(term.grades[name].score.final) for name in names),
            number_text(term.total.percent),
            number_text(term.total.so_far),
        )
        for student, term in terms.items()
    ]
    wide = results(max(console.width, 10 * (len(names) + 3)))
    wide.print(table(("student", *names, "total %", "of % so far"), rows))


def as_csv(workplace: Workplace, terms: dict[str, StudentTerm]) -> str:
    """One row a student; an empty cell is 'no score', which is not the same as 0."""
    return gradebook_csv(workplace.course, workplace.store.roster.students(), terms)
