"""`course receipt`: whether a receipt that somebody shows is genuine."""

from pathlib import Path

import click

from grader.cli.terminal import json_option, print_json, results
from grader.cli.workplace import Workplace, pass_workplace
from grader.store import Receipt, State, UnknownSubmission, is_genuine, read_receipt


@click.group("receipt")
def receipt_command() -> None:
    """Verify what a student says was received."""


@receipt_command.command("verify")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@json_option
@pass_workplace
def verify_command(workplace: Workplace, file: Path, as_json: bool) -> int:
    """Say whether the receipt in FILE is one that this course gave; exit code 1 if it is not.

    It says so too if staff withdrew the submission since.
    """
    try:
        receipt = read_receipt(file.read_bytes())
    except ValueError as error:
        raise click.ClickException(f"{file}: {error}") from error
    genuine = is_genuine(receipt, workplace.store.secret())
    withdrawn = genuine and is_withdrawn(workplace, receipt)
    if as_json:
        told = {"genuine": genuine, "submission": receipt.submission, "withdrawn": withdrawn}
        print_json(told)
        return 0 if genuine else 1
    at = receipt.received_at.astimezone(workplace.course.zone)
    told = (
        f"submission {receipt.submission}, {receipt.assignment} of {receipt.student}, received "
        f"{at:%Y-%m-%d %H:%M:%S %Z}, {receipt.size_bytes} bytes, sha256 {receipt.sha256}"
    )
    verdict = "genuine" if genuine else "NOT genuine: this course never gave it"
    if withdrawn:
        verdict = "genuine, but withdrawn by staff since"
    results().print(f"{verdict}: {told}" if genuine else f"{verdict} ({told})", markup=False)
    return 0 if genuine else 1


def is_withdrawn(workplace: Workplace, receipt: Receipt) -> bool:
    """Whether staff took back what a genuine receipt is for."""
    try:
        row = workplace.store.submission(receipt.submission)
    except UnknownSubmission:  # kept elsewhere, such as in a folder restored from an older backup
        return False
    return row.state is State.WITHDRAWN
