"""The `course` command: its options, its subcommands, and what failures exit with."""

import gc
import importlib
import logging
import os
import sys
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from grader.cli.workplace import Workplace

USERS_FAULT = 1
OUR_FAULT = 2
# A large gradebook makes a million objects and drops none of them. At Python's 700, looking for
# garbage among them takes a third of its time.
OBJECTS_BEFORE_COLLECTING = 100_000

# Each subcommand's module, imported when it is used, and its line in `course --help`, which must
# be there without importing anything.
COMMANDS = {
    "new": ("grader.cli.new", "Begin an assignment, or a course with its first one."),
    "check": ("grader.cli.check", "Test the hidden tests of assignments."),
    "calendar": ("grader.cli.calendar", "Print the term, or write it as an iCalendar file."),
    "release": ("grader.cli.release", "Make what students get."),
    "start": ("grader.cli.start", "Begin a timed assignment for a student."),
    "submit": ("grader.cli.submit", "Take in one notebook or PDF."),
    "import": ("grader.cli.submit", "Take in a folder of them, or an LMS's zip."),
    "withdraw": ("grader.cli.withdraw", "Take back a submission that was a mistake."),
    "receipt": ("grader.cli.receipt", "Verify a receipt."),
    "roster": ("grader.cli.roster", "Take the roster from the LMS, list it."),
    "group": ("grader.cli.group", "Form groups, list them."),
    "extend": ("grader.cli.extend", "Give students and groups more time."),
    "grade": ("grader.cli.grade", "Grade what is waiting."),
    "serve": ("grader.cli.serve", "Serve the course's web page."),
    "account": ("grader.cli.account", "Accounts and roles of the course's web page."),
    "worker": ("grader.cli.worker", "Grade for a cluster on this machine."),
    "regrade": ("grader.cli.regrade", "See what grading again changes; adopt or drop it."),
    "mark": ("grader.cli.mark", "Give points by hand."),
    "override": ("grader.cli.mark", "Set a final score."),
    "request": ("grader.cli.request", "Regrade requests and their answers."),
    "report": ("grader.cli.report", "Write the staff's report and the students' feedback."),
    "gradebook": ("grader.cli.gradebook", "Show all scores; fill the LMS's file with them."),
    "lti": ("grader.cli.lti", "Send scores to the LMS itself."),
    "similarity": ("grader.cli.similarity", "Find notebooks that share code: leads."),
    "diff": ("grader.cli.versions", "Show whose grade a changed course.yaml changes."),
    "apply": ("grader.cli.versions", "Let a changed course.yaml count."),
    "feedback": ("grader.cli.feedback", "Show a student what grading found, when it is time."),
    "explain": ("grader.cli.explain", "Show how a grade came about, step by step."),
    "status": ("grader.cli.status", "Say where everything stands."),
    "backup": ("grader.cli.backup", "Write all of the course to one file."),
    "restore": ("grader.cli.backup", "Make a data folder from a backup."),
    "fsck": ("grader.cli.fsck", "Prove that all that was taken in is there."),
    "login": ("grader.cli.login", "Log in at a course's server, for `course --server`."),
    "logout": ("grader.cli.login", "Log out there, and revoke the token."),
    "doctor": ("grader.cli.doctor", "Check this host: engine, limits, disk, clock."),
}


# What `course --server URL` does at a course's server instead.
AT_A_SERVER: dict[str, str] = dict.fromkeys("submit status feedback".split(), "grader.cli.server")

# What may be rehearsed on a real course: these change nothing that students rely on.
READING = frozenset(
    "backup calendar check diff explain feedback fsck gradebook new receipt report restore "
    "similarity status".split()
)


class LazyGroup(click.Group):
    """Knows its subcommands by name and imports one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        name = COMMANDS[cmd_name][0]
        if ctx.params.get("server"):
            name = AT_A_SERVER.get(cmd_name, name)
        module = importlib.import_module(name)
        return getattr(module, f"{cmd_name}_command")

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--course",
    "course_file",
    type=click.Path(path_type=Path),
    default="course.yaml",
    envvar="COURSE_FILE",
    show_default=True,
    help="The course file.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="COURSE_DATA",
    help="Where submissions and results are kept.  [default: .course beside the course file]",
)
@click.option(
    "--roster",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Another roster than the one that the course file names.",
)
@click.option(
    "--now",
    metavar="'YYYY-MM-DD HH:MM'",
    envvar="COURSE_NOW",
    help="Rehearse: act as if it were this time, in the course's zone. What changes something does "
    "so in a data folder that was made by a rehearsal only.",
)
@click.option(
    "--server",
    metavar="URL",
    envvar="COURSE_SERVER",
    help="Submit, status and feedback at the course's server, where you did `course login URL`. "
    "Neither a course file nor a student is named then.",
)
@click.pass_context
def group(
    ctx: click.Context,
    course_file: Path,
    data: Path | None,
    roster: Path | None,
    now: str | None,
    server: str | None,
) -> None:
    """Release assignments, take submissions, grade them in containers, report.

    Exit codes: 0 all well, 1 something of yours to mend, 2 something of ours failed.
    """
    named = ctx.get_parameter_source("server") is ParameterSource.COMMANDLINE
    if server and named and ctx.invoked_subcommand not in AT_A_SERVER:
        told = ", ".join(AT_A_SERVER)
        raise click.UsageError(f"--server is for {told}; the others work on this machine")
    if server and ctx.invoked_subcommand in AT_A_SERVER:
        if now:
            raise click.UsageError("--now rehearses on this machine; a server has its own clock")
        return
    ctx.obj = Workplace(course_file, data, roster, now)
    if now and ctx.invoked_subcommand not in READING:
        ctx.obj.require_rehearsal(str(ctx.invoked_subcommand))


def main(args: list[str] | None = None) -> None:
    """Run `course`; never returns."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    # The grader itself computes small things; a GPU is for the containers.
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    gc.set_threshold(OBJECTS_BEFORE_COLLECTING)
    sys.exit(run(args))


def run(args: list[str] | None = None) -> int:
    """Run `course` and say the exit code. Here failures end; nowhere else are codes chosen."""
    try:
        code: Any = group.main(args, prog_name="course", standalone_mode=False)
    except click.exceptions.Abort:
        return complain(
            "interrupted; what was finished is kept, try again to go on",
            USERS_FAULT,
        )
    except click.ClickException as error:
        error.show()
        return USERS_FAULT
    except Exception as error:
        if is_users_fault(error):
            return complain(str(error), USERS_FAULT)
        if isinstance(error, OSError) and error.filename is not None:
            return complain(f"{error.filename}: {error.strerror}", USERS_FAULT)
        from grader.outcomes import GraderError

        if isinstance(error, GraderError):
            return complain(f"the grader could not go on: {error}", OUR_FAULT)
        logging.exception("this is a defect of the grader")
        return OUR_FAULT
    return code if isinstance(code, int) else 0


def is_users_fault(error: Exception) -> bool:
    """Whether the message tells whoever typed the command what to mend."""
    from grader.course import CourseFileError
    from grader.desk.in_force import CannotReadVersion
    from grader.intake import Refused
    from grader.release import LeakFound, MasterError
    from grader.report.writing import FolderTaken
    from grader.scaffold import CannotStart
    from grader.store import (
        CannotGroup,
        CannotWithdraw,
        GradingLocked,
        UnknownExtension,
        UnknownGroup,
        UnknownRequest,
        UnknownStudent,
        UnknownSubmission,
    )
    from grader.store.archive import BackupRefused

    kinds: tuple[type[Exception], ...] = (
        BackupRefused,
        CannotGroup,
        CannotReadVersion,
        CannotStart,
        CannotWithdraw,
        CourseFileError,
        FolderTaken,
        GradingLocked,
        LeakFound,
        MasterError,
        Refused,
        UnknownExtension,
        UnknownGroup,
        UnknownRequest,
        UnknownStudent,
        UnknownSubmission,
    )
    if "grader.checks.declare" in sys.modules:
        kinds = (*kinds, sys.modules["grader.checks.declare"].AuthoringError)
    return isinstance(error, kinds)


def complain(text: str, code: int) -> int:
    """Say what is wrong on stderr and pass the exit code on."""
    click.echo(text, err=True)
    return code
