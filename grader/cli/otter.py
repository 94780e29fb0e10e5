"""How `course check` tells what it found of an otter assignment."""

from typing import Any

from rich.markup import escape

from grader.cli.terminal import results
from grader.grading.otter_verification import OtterVerification


def show_otter(name: str, found: OtterVerification) -> None:
    """Print one otter assignment's verification."""
    console = results(120)
    for who, graded in (("solution", found.solution), ("starter", found.starter)):
        if graded:
            console.print(f"{name}: the {who} gets {graded.earned:g} of {graded.points:g}.")
    for complaint in found.complaints:
        console.print(f"[red]✗[/] {escape(complaint)}", markup=True)
    for sentence in found.unchecked:
        console.print(f"[yellow]?[/] {name}: {escape(sentence)}", markup=True)
    if not found.complaints:
        console.print(f"[green]✓[/] {name}: nothing is wrong with what was checked.")


def otter_as_data(found: OtterVerification) -> dict[str, Any]:
    """An otter assignment's verification for scripts."""
    notebooks = {"solution": found.solution, "starter": found.starter}
    return {
        **{
            who: {"earned": graded.earned, "points": graded.points}
            for who, graded in notebooks.items()
            if graded
        },
        "complaints": list(found.complaints),
        "unchecked": list(found.unchecked),
    }
