"""`course lti`: an assignment's scores to the LMS that students open it from."""

from typing import TYPE_CHECKING

import click

from grader.cli.in_force import require_in_force
from grader.cli.terminal import json_option, people, print_json, results, table
from grader.cli.web_project import set_up_web
from grader.cli.workplace import REHEARSAL, Workplace, pass_workplace
from grader.desk.exporting import number_text
from grader.report.cleaning import clean_line

if TYPE_CHECKING:
    from grader.web.lti.planning import Line, Plan
    from grader.web.lti.sending import Outcome


@click.group("lti")
def lti_command() -> None:
    """Send scores to the LMS (LTI). Instructors register it on the course's page."""


@lti_command.command("send")
@click.argument("name", metavar="ASSIGNMENT")
@click.option("--dry-run", is_flag=True, help="Only show who would get what.")
@json_option
@pass_workplace
def send_command(workplace: Workplace, name: str, dry_run: bool, as_json: bool) -> int:
    """Send an assignment's final scores to the LMS, where it doesn't have them yet.

    Of whom nothing is final, and whom the LMS doesn't know here, nothing is sent. The exit code is
    1 if a score was not taken.
    """
    set_up_web(workplace)
    from grader.web.lti.passback import note
    from grader.web.lti.planning import plan_of
    from grader.web.lti.sending import CannotSend, Outcome, alone, send

    assignment = workplace.assignment(name)
    require_in_force(workplace)
    rehearses = workplace.now_option is not None or (workplace.data / REHEARSAL).exists()
    outcome = Outcome()
    try:
        with alone(workplace.data):
            plan = plan_of(workplace.course, workplace.store, assignment, workplace.now)
            if plan.lines and not dry_run:
                outcome = send(
                    plan, by=workplace.by, clock=lambda: workplace.now, is_rehearsal=rehearses
                )
                note(workplace.store, name, outcome, by=workplace.by)
    except CannotSend as why:
        raise click.UsageError(str(why)) from why
    if as_json:
        print_json(as_data(plan, outcome))
    else:
        say(plan, outcome, is_dry=dry_run)
    return 1 if outcome.failed or outcome.left else 0


def as_data(plan: "Plan", outcome: "Outcome") -> dict[str, object]:
    """All of it for scripts."""
    return {
        "to_send": [line_data(line) for line in plan.lines],
        "there_already": plan.unchanged,
        "sent": [line_data(line) for line in outcome.sent],
        "failed": [{**line_data(line), "why": why} for line, why in outcome.failed],
        "not_tried": [line_data(line) for line in outcome.left],
        "without_score": {one.student.identifier: one.why for one in plan.waiting},
        "never_came": [one.identifier for one in plan.unlinked],
    }


def line_data(line: "Line") -> dict[str, object]:
    """One score for scripts."""
    return {
        "student": line.student.identifier,
        "lms": line.link.deployment.platform.name,
        "column": line.link.column,
        "before": line.before,
        "points": line.points,
        "of": line.possible,
    }


def say(plan: "Plan", outcome: "Outcome", *, is_dry: bool) -> None:
    """The same for people."""
    console = results()
    if plan.lines:
        rows = [
            (
                line.student.identifier,
                clean_line(f"{line.link.deployment.platform.name}, {line.link.course}", 60),
                number_text(line.before) or "–",
                number_text(line.points),
                number_text(line.possible),
            )
            for line in plan.lines
        ]
        console.print(table(("student", "to", "sent before", "then", "of"), rows, numbers_from=2))
    there = f"; {plan.unchanged} are there already" if plan.unchanged else ""
    done = f"{len(plan.lines)} to send" if is_dry else f"{len(outcome.sent)} sent"
    console.print(f"{done}{there}", markup=False)
    say_left_out(plan)
    for line, why in outcome.failed:
        people().print(f"not taken: {line.student.identifier}: {why}", markup=False, soft_wrap=True)
    for platform, why in outcome.stopped.items():
        people().print(f"{platform} is asked no further: {why}", markup=False, soft_wrap=True)
    if outcome.left:
        names = ", ".join(line.student.identifier for line in outcome.left)
        people().print(f"not tried: {names}", markup=False, soft_wrap=True)


def say_left_out(plan: "Plan") -> None:
    """Who gets nothing, and why."""
    console = results()
    if not plan.links:
        console.print("no link in an LMS has a column for these scores", markup=False)
    if plan.unlinked:
        names = ", ".join(one.identifier for one in plan.unlinked)
        told = f"never came from that LMS course, and get theirs once they did: {names}"
        console.print(told, markup=False, soft_wrap=True)
    reasons: dict[str, list[str]] = {}
    for one in plan.waiting:
        reasons.setdefault(str(one.why), []).append(one.student.identifier)
        if one.before is not None:
            told = f"{one.student.identifier} has {number_text(one.before)} in the LMS"
            console.print(f"warning: {told}, and no score here: {one.why}; it stays", markup=False)
    for why, names in reasons.items():
        console.print(f"{why}: {', '.join(names)}", markup=False, soft_wrap=True)
