"""`course gradebook`: everybody's scores and totals, and the LMS's file filled with them."""

from pathlib import Path

import click

from grader.cli.in_force import require_in_force
from grader.cli.terminal import json_option, people, print_json, results, table
from grader.cli.workplace import Workplace, pass_workplace
from grader.gradebook import Pending
from grader.gradebook.evidence import gather_evidence
from grader.gradebook.exports import Filled, csv_text, fill, read_canvas
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
        print_json({student: as_data(term) for student, term in terms.items()})
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
        if grade.score.pending is Pending.EXCUSED and name in wanted
    }
    unfinished = [student for student, term in terms.items() if round(term.total.so_far, 6) < 100]
    if "total" in wanted and unfinished:
        raise click.UsageError(
            f"the total of {len(unfinished)} students is of a part of the course so far (of "
            f"{', '.join(unfinished[:5])}...): the rest would not count. `course explain STUDENT` "
            "shows what waits; `course override` sets a score or excuses"
        )
    totals = {
        (student, "total"): term.total.percent
        for student, term in terms.items()
        if term.total.percent is not None
    }
    points = {name: one.points for name, one in workplace.course.assignments.items()}
    filled = fill(
        read_canvas(file.read_bytes()),
        {key: value for key, value in (scores | totals).items() if key[1] in wanted},
        wanted,
        excused=excused,
        points={name: points[name] for name in wanted if name in points},
    )
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
    if name != "total":
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
            *(number(term.grades[name].score.final) for name in names),
            number(term.total.percent),
            number(term.total.so_far),
        )
        for student, term in terms.items()
    ]
    wide = results(max(console.width, 10 * (len(names) + 3)))
    wide.print(table(("student", *names, "total %", "of % so far"), rows))


def number(value: float | None) -> str:
    """A score, or nothing where there is none: that is not 0."""
    return "" if value is None else f"{value:.4g}" if value >= 1000 else f"{round(value, 2):g}"


def as_csv(workplace: Workplace, terms: dict[str, StudentTerm]) -> str:
    """One row a student; an empty cell is 'no score', which is not the same as 0."""
    names = {row.identifier: row for row in workplace.store.roster.students()}
    assignments = list(workplace.course.assignments)
    header = ["student", "name", "section", *assignments, "total_percent", "percent_so_far"]
    return csv_text(
        header,
        (
            [
                student,
                names[student].name,
                names[student].section,
                *(number(term.grades[name].score.final) for name in assignments),
                number(term.total.percent),
                number(term.total.so_far),
            ]
            for student, term in terms.items()
        ),
    )


def as_data(term: StudentTerm) -> dict[str, object]:
    """A student's scores for scripts."""
    return {
        "scores": {name: grade.score.final for name, grade in term.grades.items()},
        "pending": {
            name: grade.score.pending for name, grade in term.grades.items() if grade.score.pending
        },
        "total_percent": term.total.percent,
        "percent_so_far": term.total.so_far,
    }
