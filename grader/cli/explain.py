"""`course explain`: how a grade came about, step by step."""

from dataclasses import asdict

import click

from grader.cli.in_force import require_in_force
from grader.cli.terminal import json_option, print_json, results, table
from grader.cli.workplace import Workplace, pass_workplace
from grader.gradebook.evidence import gather_student
from grader.gradebook.explaining import explain
from grader.gradebook.term import Sheets


@click.command("explain")
@click.argument("student")
@click.argument("name", metavar="[ASSIGNMENT]", required=False)
@json_option
@pass_workplace
def explain_command(workplace: Workplace, student: str, name: str | None, as_json: bool) -> None:
    """Show how STUDENT's grade for ASSIGNMENT came about, or all of the term's."""
    workplace.student(student)
    names = [workplace.assignment(name).name] if name else list(workplace.course.assignments)
    require_in_force(workplace)
    evidence = gather_student(workplace.store, workplace.course, student)
    term = Sheets(workplace.course, evidence, workplace.now).term(student)
    steps = {each: explain(workplace.course, term, each) for each in names}
    if as_json:
        told = {each: [asdict(step) for step in found] for each, found in steps.items()}
        print_json({"student": student, "steps": told, "total": asdict(term.total)})
        return
    console = results()
    for each, found in steps.items():
        console.print(f"{each}: {workplace.course.assignments[each].title}", style="bold")
        rows = [(step.title, step.text) for step in found]
        console.print(table(("step", "what"), rows, numbers_from=2))
        console.print()
    if term.total.percent is not None:
        known = f"of the {term.total.so_far:g} % that are final so far"
        console.print(f"total: {term.total.percent:.2f} % {known}")
