"""`course doctor`: whether this host is fit for grading."""

import textwrap
import time
from collections.abc import Sequence

import click
from rich.console import Console
from rich.text import Text

from grader.cli.terminal import json_option, people, print_json, results
from grader.cli.workplace import Workplace, pass_workplace
from grader.doctor import Examined, Mark, Subject, examine

_COLUMNS = 80
_STYLES = {Mark.OK: "green", Mark.WARNING: "yellow", Mark.FAILED: "red"}
_MARK, _NAME = 9, 17


@click.command("doctor")
@json_option
@pass_workplace
def doctor_command(workplace: Workplace, as_json: bool) -> int:
    """Check this host: the engine, each limit tried in a container, disks, clock, data.

    Exit code 0 if all is well or worth a warning at most, 1 if something is to be mended.
    """
    subject = Subject(workplace.course_file.absolute(), workplace.data, workplace.labels)
    started = time.monotonic()
    found: list[Examined] = []
    console = results(_COLUMNS)
    with people().status("looking at this host"):
        for one in examine(subject):
            found.append(one)
            if not as_json:
                say_finding(console, one)
    seconds = time.monotonic() - started
    failed = sum(one.finding.mark is Mark.FAILED for one in found)
    if as_json:
        print_json(as_data(found, seconds))
    else:
        warnings = sum(one.finding.mark is Mark.WARNING for one in found)
        console.print(
            f"{len(found)} checks in {seconds:.0f} s; warnings: {warnings}, failed: {failed}",
        )
    return 1 if failed else 0


def say_finding(console: Console, one: Examined) -> None:
    """A line; and beneath it, if something is to be done, what was looked at and what to do."""
    finding = one.finding
    name = f"{one.check:<{_NAME - 1}} "
    room = _COLUMNS - _MARK - len(name)
    short = textwrap.shorten(finding.found, room, placeholder=" ...") or finding.found[:room]
    line = Text(f"{finding.mark:<{_MARK}}", style=_STYLES[finding.mark])
    line.append(name, style="default")
    line.append(short, style="default")
    console.print(line, soft_wrap=True)
    if not finding.do:
        return
    details = {"looked at": finding.looked_at, "do": finding.do}
    if short != finding.found:
        details = {"found": finding.found} | details
    for title, text in details.items():
        for wrapped in lines_of(title, text):
            console.print(wrapped, markup=False, soft_wrap=True)


def lines_of(title: str, text: str) -> list[str]:
    """A detail under its line, indented; a long path stays whole."""
    return textwrap.wrap(
        f"{title}: {text}",
        _COLUMNS,
        initial_indent=" " * _MARK,
        subsequent_indent=" " * (_MARK + 2),
        break_long_words=False,
        break_on_hyphens=False,
    )


def as_data(found: Sequence[Examined], seconds: float) -> dict[str, object]:
    """The findings for scripts."""
    return {
        "fit": all(one.finding.mark is not Mark.FAILED for one in found),
        "seconds": round(seconds, 3),
        "checks": [
            {
                "check": one.check,
                "mark": str(one.finding.mark),
                "tried": one.tried,
                "looked_at": one.finding.looked_at,
                "found": one.finding.found,
                "do": one.finding.do,
                "seconds": one.seconds,
            }
            for one in found
        ],
    }
