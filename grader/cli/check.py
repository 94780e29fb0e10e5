"""`course check`: test an assignment's tests."""

import math
from typing import Any

import click
from rich.markup import escape

from grader.cli.sandboxes import make_sandbox, sandbox_option
from grader.cli.terminal import json_option, people, print_json, results, table
from grader.cli.workplace import Workplace, pass_workplace
from grader.grading.compiled import use_own_cache, with_compiled_operations
from grader.grading.plan import plan_grading
from grader.grading.verification import CheckMargins, Verification, verify_assignment


@click.command("check")
@click.argument("names", nargs=-1, metavar="[ASSIGNMENT]...")
@click.option("--jobs", type=click.IntRange(1, 64), default=2, show_default=True)
@sandbox_option
@json_option
@pass_workplace
def check_command(
    workplace: Workplace, names: tuple[str, ...], jobs: int, sandbox_name: str, as_json: bool
) -> int:
    """Test the hidden tests of assignments (all of them, or those named).

    The solution must get all points and the starter none; every mutant must be refused and
    every alternate accepted. Each check is printed with its room on both sides: how many times
    the worst right answer fits into the tolerance, and how many times the tolerance fits into the
    nearest wrong one.
    """
    use_own_cache()
    sandbox = make_sandbox(sandbox_name)
    found: dict[str, Verification] = {}
    console = people()
    # A grader started meanwhile would take these containers for leftovers.
    with workplace.store.grading_lock():
        for name in names or tuple(workplace.course.assignments):
            workplace.assignment(name)
            with console.status(f"checking {name}") as status:
                plan = plan_grading(
                    workplace.course,
                    name,
                    secret=workplace.store.secret(),
                    sandbox=sandbox,
                    labels=workplace.labels,
                )
                plan = with_compiled_operations(plan, say=console.print)
                found[name] = verify_assignment(
                    plan, jobs=jobs, on_step=lambda text: status.update(f"checking {text}")
                )
    if as_json:
        print_json({name: as_data(verification) for name, verification in found.items()})
    else:
        for name, verification in found.items():
            show(name, verification)
    return 1 if any(verification.complaints for verification in found.values()) else 0


def show(name: str, found: Verification) -> None:
    """Print one assignment's verification."""
    console = results(120)
    columns = ("check", "points", "mutants", "alternates", "room below", "room above")
    rows = [
        (
            f"{m.check.question} {m.check.name}",
            f"{m.check.points:g}",
            str(m.mutants),
            str(m.alternates),
            room(m.accepting),
            room(m.refusing),
        )
        for m in found.margins
    ]
    console.print(table(columns, rows))
    console.print(
        f"{name}: the solution gets {found.solution.earned:g} of {found.solution.points:g}, "
        f"the starter {found.starter.earned:g}."
    )
    for complaint in found.complaints:
        console.print(f"[red]✗[/] {escape(complaint)}", markup=True)
    if not found.complaints:
        console.print("[green]✓[/] every mutant is refused and every alternate is accepted.")


def room(factor: float | None) -> str:
    """A factor for people: three digits, or a dash where nothing was measured."""
    if factor is None:
        return "–"
    if math.isinf(factor):
        return "exact"
    return f"{factor:.3g}x" if factor < 1000 else f"{factor:.0e}x"


def as_data(found: Verification) -> dict[str, Any]:
    """A verification for scripts."""
    return {
        "solution": {"earned": found.solution.earned, "points": found.solution.points},
        "starter": {"earned": found.starter.earned, "points": found.starter.points},
        "checks": [margins_as_data(margins) for margins in found.margins],
        "complaints": list(found.complaints),
    }


def margins_as_data(margins: CheckMargins) -> dict[str, Any]:
    """One check's room for scripts. JSON has no infinity: exact is null as well."""
    return {
        "check": margins.check.name,
        "question": margins.check.question,
        "points": margins.check.points,
        "mutants": margins.mutants,
        "alternates": margins.alternates,
        "accepting": None if margins.accepting == math.inf else margins.accepting,
        "refusing": margins.refusing,
    }
