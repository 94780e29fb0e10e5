"""`course similarity`: notebooks that share code, as a lead for people."""

from pathlib import Path

import click

from grader.cli.terminal import json_option, print_json, results, table
from grader.cli.workplace import Workplace, pass_workplace
from grader.course import Assignment
from grader.gradebook.dates import Calendar
from grader.gradebook.evidence import gather_dates
from grader.intake import Refused, read_notebook
from grader.release import starter_notebook
from grader.report.wording import percent_text
from grader.similarity import SimilarityReport, Work, compare_works, similarity_pages


@click.command("similarity")
@click.argument("name", metavar="ASSIGNMENT")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to write it.  [default: similarity/ASSIGNMENT in the data folder]",
)
@json_option
@pass_workplace
def similarity_command(workplace: Workplace, name: str, output: Path | None, as_json: bool) -> None:
    """Find pairs of notebooks that share code of their own: a lead, never a verdict.

    The starter's code counts for nobody. The pages show both sides with what is shared marked.
    """
    assignment = workplace.assignment(name)
    if assignment.by_hand:
        raise click.UsageError(f"{name} takes PDFs; only notebooks are compared")
    report = compare(workplace, assignment)
    folder = output or workplace.data / "similarity" / name
    folder.mkdir(parents=True, exist_ok=True)
    for older in folder.glob("pair-*.html"):  # there may be fewer pairs now
        older.unlink()
    for file, page in similarity_pages(report).items():
        (folder / file).write_text(page, encoding="utf-8")
    if as_json:
        pairs = [
            {
                "left": pair.left.work.label,
                "right": pair.right.work.label,
                "shares": [pair.left.share, pair.right.share],
            }
            for pair in report.pairs
        ]
        print_json({"assignment": name, "pairs": pairs, "pages": folder / "index.html"})
        return
    console = results()
    rows = [
        (pair.left.work.label, pair.right.work.label,
         percent_text(pair.left.share), percent_text(pair.right.share))
        for pair in report.pairs
    ]  # fmt: skip
    if rows:
        console.print(table(("one", "other", "of one's", "of other's"), rows, numbers_from=2))
    console.print(f"{len(rows)} pairs of {report.compared} notebooks share code: leads, to be read")
    console.print(f"pages: {folder / 'index.html'}", soft_wrap=True)


def compare(workplace: Workplace, assignment: Assignment) -> SimilarityReport:
    """The newest notebooks of all students and groups, compared."""
    store = workplace.store
    calendar = Calendar(workplace.course, gather_dates(store, workplace.course))
    works: list[Work] = []
    for row in store.latest_submissions(assignment.name):
        group = calendar.group_of(assignment, row.student) if row.group is not None else None
        authors = group.members if group else (row.student,)
        try:
            notebook = read_notebook(store.read_notebook_bytes(row))
        except Refused:  # what grading refuses too; it is in the report there
            continue
        label = group.name if group else row.student
        works.append(Work(label, frozenset(authors), notebook))
    starter = read_notebook(starter_notebook(assignment.folder))
    return compare_works(f"{assignment.name}: {assignment.title}", works, [starter])
