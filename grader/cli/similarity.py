"""`course similarity`: notebooks that share code, as a lead for people."""

from pathlib import Path

import click

from grader.cli.terminal import json_option, print_json, results, table
from grader.cli.workplace import Workplace, pass_workplace
from grader.course import Assignment
from grader.intake import Refused, read_notebook
from grader.release import starter_notebook
from grader.report.document import json_text
from grader.report.wording import percent_text
from grader.report.writing import write_folder
from grader.similarity import SimilarityReport, Work, compare_works, similarity_pages

JSON_FORMAT = "course-report/similarity-1"


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
    pairs = [
        {
            "left": pair.left.work.label,
            "right": pair.right.work.label,
            "shares": [pair.left.share, pair.right.share],
        }
        for pair in report.pairs
    ]
    document = {"format": JSON_FORMAT, "assignment": name, "pairs": pairs}
    write_folder({**similarity_pages(report), "report.json": json_text(document)}, folder)
    if as_json:
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
    groups = store.groups.all(assignment.group_set) if assignment.group_set else ()
    names = {group.id: group.name for group in groups}
    works: list[Work] = []
    for row in store.latest_submissions(assignment.name):
        try:
            notebook = read_notebook(store.read_notebook_bytes(row))
        except Refused:  # what grading refuses too; it is in the report there
            continue
        label = names.get(row.group or 0, row.student)
        works.append(Work(label, frozenset(row.credited), notebook))
    starter = read_notebook(starter_notebook(assignment.folder))
    return compare_works(f"{assignment.name}: {assignment.title}", works, [starter])
