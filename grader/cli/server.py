"""`course --server URL`: handing in, status and feedback at a course's server.

What is printed is the same as without a server; whose work it is, the token says.
"""

import json
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import click
from pydantic import TypeAdapter, ValidationError

from grader.cli.feedback import say
from grader.cli.server_access import Server, ServerRefused
from grader.cli.server_tokens import read_address
from grader.cli.status import say_standing
from grader.cli.submit import say_submitted
from grader.cli.terminal import json_option, results
from grader.course.complaints import did_you_mean
from grader.desk.telling import ToldReceipt, ToldStudent
from grader.outcomes import GraderError
from grader.report.feedback import FeedbackView

T = TypeVar("T")


def server_of(context: click.Context) -> Server:
    """The server that `--server` or COURSE_SERVER names, with one's token for it."""
    return Server.logged_in(read_address(context.find_root().params["server"]))


@click.command("submit")
@click.argument("name", metavar="ASSIGNMENT")
@click.argument("files", metavar="FILE", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--receipt",
    "receipt_file",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Keep the receipt in this file.",
)
@json_option
@click.pass_context
def submit_command(
    context: click.Context,
    name: str,
    files: tuple[Path, ...],
    receipt_file: Path | None,
    as_json: bool,
) -> None:
    """Submit FILE at the server, for you or for all of your group, and print the receipt.

    A refusal says why, and uses up nothing.
    """
    if len(files) != 1:
        raise click.UsageError(
            "at a server it is `course submit ASSIGNMENT FILE`, without a student: your token says "
            "who you are. On this machine instead: unset COURSE_SERVER"
        )
    (file,) = files
    if not file.is_file():
        raise click.UsageError(f"{file}: there is no such file")
    if receipt_file and not receipt_file.absolute().parent.is_dir():
        raise click.UsageError(f"--receipt {receipt_file}: there is no such folder")
    server = server_of(context)
    try:
        answer = server.send_file(f"assignments/{quote(name, safe='')}/submissions", file)
    except ServerRefused as refused:
        if refused.status == 404:
            raise unknown(server, name) from refused
        raise click.ClickException(f"{file}: {refused.message}") from refused
    told = read(ToldReceipt, answer, server)
    if receipt_file:
        receipt_file.write_text(json.dumps(told.receipt, indent=2) + "\n")
    say_submitted(told, receipt_file, as_json=as_json)


@click.command("status")
@click.argument("name", metavar="[ASSIGNMENT]", required=False)
@json_option
@click.pass_context
def status_command(context: click.Context, name: str | None, as_json: bool) -> None:
    """Say where you stand at the server: what is due, handed in, and worth if handed in now."""
    server = server_of(context)
    told = read(ToldStudent, server.get("assignments"), server)
    if name is not None and name not in {one.assignment for one in told.assignments}:
        raise unknown(server, name)
    say_standing(told, name, as_json=as_json)


@click.command("feedback")
@click.argument("name", metavar="ASSIGNMENT")
@click.pass_context
def feedback_command(context: click.Context, name: str) -> None:
    """Show what you may read of ASSIGNMENT now, at the server."""
    server = server_of(context)
    try:
        answer = server.get(f"assignments/{quote(name, safe='')}/feedback")
    except ServerRefused as refused:
        raise (unknown(server, name) if refused.status == 404 else refused) from refused
    say(results(), read(FeedbackView, answer, server))


def unknown(server: Server, name: str) -> click.ClickException:
    """That there is no such assignment, or not yet, with the known names."""
    told = read(ToldStudent, server.get("assignments"), server)
    known = {one.assignment: one for one in told.assignments}
    if name in known and not known[name].released:
        return click.ClickException(f"{name} is not released yet: it {known[name].if_now}")
    hint = did_you_mean(name, known) or f"there are {', '.join(known)}"
    return click.UsageError(f"there is no assignment {name!r} at {server.address}; {hint}")


def read(kind: type[T], answer: Any, server: Server) -> T:
    """An answer as what it should be. Raises `GraderError` for something else."""
    try:
        return TypeAdapter(kind).validate_python(answer)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise GraderError(
            f"{server.address} answers in another form than this version of `course` reads "
            f"({where}: {first['msg']}). Update `course`."
        ) from error
