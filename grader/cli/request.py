"""`course request`: students ask for another look, staff answer."""

from dataclasses import asdict

import click

from grader.cli.in_force import in_force, require_in_force
from grader.cli.terminal import json_option, print_json, results
from grader.cli.workplace import Workplace, pass_workplace
from grader.desk.asking import ask_again
from grader.store import RequestRow


@click.group("request")
def request_command() -> None:
    """Regrade requests: ask, answer, close, list."""


@request_command.command("ask")
@click.argument("name", metavar="ASSIGNMENT")
@click.argument("student")
@click.argument("question")
@click.argument("text")
@pass_workplace
def ask_command(workplace: Workplace, name: str, student: str, question: str, text: str) -> None:
    """Ask, as STUDENT, that QUESTION be looked at again, and say why in TEXT."""
    workplace = in_force(workplace)
    assignment = workplace.assignment(name)
    workplace.student(student)
    course, store = workplace.course, workplace.store
    say(ask_again(course, store, assignment, student, question, text, workplace.now))


@request_command.command("reply")
@click.argument("number", type=int)
@click.argument("text")
@click.option("--close", is_flag=True, help="The request is settled by this.")
@pass_workplace
def reply_command(workplace: Workplace, number: int, text: str, close: bool) -> None:
    """Answer request NUMBER. A changed grade is given by `course mark`."""
    require_in_force(workplace)
    say(workplace.store.requests.reply(number, text, by=workplace.by, close=close))


@request_command.command("list")
@click.argument("name", metavar="[ASSIGNMENT]", required=False)
@click.option("--all", "closed_too", is_flag=True, help="Closed ones too.")
@json_option
@pass_workplace
def list_command(workplace: Workplace, name: str | None, closed_too: bool, as_json: bool) -> None:
    """List the requests that wait, oldest first."""
    workplace = in_force(workplace)
    if name:
        workplace.assignment(name)
    found = [
        row
        for row in workplace.store.requests.all()
        if name in (None, row.assignment) and (closed_too or row.closed_at is None)
    ]
    if as_json:
        print_json([asdict(row) for row in found])
        return
    for row in found:
        say(row)
    if not found:
        results().print("no requests are open")


def say(row: RequestRow) -> None:
    """A request with its answers, for people."""
    console = results()
    state = "closed" if row.closed_at else "open"
    console.print(
        f"{row.id}: {row.assignment} {row.question}, {row.student} ({state})", markup=False
    )
    console.print(f"  {row.text}", markup=False)
    for reply in row.replies:
        console.print(f"  {reply.by}: {reply.text}", markup=False)
