"""`course check`: test an assignment's tests."""

import math
from datetime import UTC, datetime
from functools import partial
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.status import Status

from grader.cli.otter import otter_as_data, show_otter
from grader.cli.sandboxes import make_sandbox, sandbox_option
from grader.cli.terminal import json_option, people, print_json, results, table
from grader.cli.workplace import Workplace, pass_workplace
from grader.desk.checking import amount as amount
from grader.desk.checking import keep_found
from grader.desk.checking import room as room
from grader.grading.compiled import with_compiled_operations
from grader.grading.kept import kept_for
from grader.grading.otter_verification import OtterVerification, verify_otter
from grader.grading.own_programs import use_own_cache
from grader.grading.plan import GradingPlan, plan_grading
from grader.grading.verification import (
    DRAWS,
    Budget,
    CheckMargins,
    Verification,
    try_checks,
    verify_assignment,
)


@click.command("check")
@click.argument("names", nargs=-1, metavar="[ASSIGNMENT]...")
@click.option("--all", "everything", is_flag=True, help="All assignments, as without a name.")
@click.option(
    "--question",
    "questions",
    multiple=True,
    metavar="QUESTION",
    help="Try this question's checks only, and run no notebook. May be repeated.",
)
@click.option(
    "--seeds",
    type=click.IntRange(1, 1000),
    default=DRAWS,
    show_default=True,
    help="How many draws of the hidden inputs each answer must be judged rightly in.",
)
@click.option("--fresh", is_flag=True, help="Try all again, also what has not changed.")
@click.option("--jobs", type=click.IntRange(1, 64), default=2, show_default=True)
@sandbox_option
@json_option
@pass_workplace
def check_command(
    workplace: Workplace,
    names: tuple[str, ...],
    everything: bool,
    questions: tuple[str, ...],
    seeds: int,
    fresh: bool,
    jobs: int,
    sandbox_name: str,
    as_json: bool,
) -> int:
    """Test the hidden tests of assignments (all of them, or those named).

    The solution must get all points and the starter none; over many draws of the hidden inputs,
    every mutant must be refused by each check that it names, every alternate accepted. Each
    check is printed with its room on both sides: how many times the worst right answer fits into
    the tolerance, and how many times the tolerance fits into the nearest wrong one.
    """
    if everything and names:
        raise click.UsageError("give names or --all, not both")
    if questions and len(names) != 1:
        raise click.UsageError("--question goes with one assignment")
    chosen = [workplace.assignment(name) for name in names or workplace.course.assignments]
    nothing = {one.name: {"complaints": []} for one in chosen if one.by_hand}
    if not as_json:
        for name in nothing:
            results().print(f"{name} is graded by hand: there is nothing to check")
    if len(nothing) == len(chosen):
        if as_json:
            print_json(nothing)
        return 0
    use_own_cache()
    sandbox = make_sandbox(sandbox_name)
    found: dict[str, Verification | OtterVerification] = {}
    console = people()
    # A grader started meanwhile would take these containers for leftovers.
    with workplace.store.grading_lock():
        for name in (one.name for one in chosen if not one.by_hand):
            with console.status(f"checking {name}") as status:
                course, secret = workplace.course, workplace.store.secret()
                plan = plan_grading(
                    course,
                    name,
                    secret=secret,
                    sandbox=sandbox,
                    labels=workplace.labels,
                    with_files=not questions,
                )
                options: dict[str, Any] = {
                    "kept": kept_for(plan, secret, fresh=fresh),
                    "secret": secret,
                    "draws": seeds,
                    "jobs": jobs,
                    "on_step": partial(say_step, console, status, name),
                }
                if plan.otter:
                    found[name] = verify_otter(plan, on_step=options["on_step"])
                elif questions:
                    checks = checks_of(plan, questions)
                    found[name] = try_checks(course, plan, checks, **options)
                else:
                    plan = with_compiled_operations(plan, say=console.print)
                    found[name] = verify_assignment(course, plan, **options)
            if not questions:
                told = {"at": datetime.now(UTC), "by": workplace.by}
                keep_found(workplace.data, course.assignments[name], found[name], **told)
            if not as_json:
                show_found(name, found[name])
    if as_json:
        print_json(nothing | {name: found_as_data(one) for name, one in found.items()})
    return 1 if any(verification.complaints for verification in found.values()) else 0


def say_step(console: Console, status: Status, name: str, text: str) -> None:
    """Tell what is being tried: in place on a terminal, else a line each."""
    status.update(f"checking {name}: {text}")
    if not console.is_terminal:
        console.print(f"{name}: {text}")


def checks_of(plan: GradingPlan, questions: tuple[str, ...]) -> list[Any]:
    """The checks of these questions. Raises a click error for one that has none."""
    known = dict.fromkeys(check.question for check in plan.loaded.checks)
    for question in questions:
        if question not in known:
            raise click.UsageError(
                f"{plan.assignment.name} has no checks of {question!r}, but of {', '.join(known)}"
            )
    return [check for check in plan.loaded.checks if check.question in questions]


def show_found(name: str, found: Verification | OtterVerification) -> None:
    """Print an assignment's verification, of either kind."""
    if isinstance(found, OtterVerification):
        show_otter(name, found)
    else:
        show(name, found)


def found_as_data(found: Verification | OtterVerification) -> dict[str, Any]:
    """A verification of either kind for scripts."""
    return otter_as_data(found) if isinstance(found, OtterVerification) else as_data(found)


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
    budgets = [(m.check, budget) for m in found.margins for budget in m.budgets]
    if budgets:
        columns = ("budget", "unit", "allowed", "solution", "worst alternate", "cheapest mutant")
        rows = [
            (
                f"{check.question} {check.name}",
                budget.unit,
                amount(budget.allowed),
                amount(budget.solution),
                amount(budget.worst_alternate),
                amount(budget.cheapest_mutant),
            )
            for check, budget in budgets
        ]
        console.print()
        console.print(table(columns, rows, numbers_from=2))
    if found.solution and found.starter:
        console.print(
            f"{name}: the solution gets {found.solution.earned:g} of {found.solution.points:g}, "
            f"the starter {found.starter.earned:g}."
        )
    for complaint in found.complaints:
        console.print(f"[red]✗[/] {escape(complaint)}", markup=True)
    if not found.complaints:
        console.print(
            f"[green]✓[/] {name}: every mutant is refused and every right answer accepted, "
            f"in {found.draws} draws of the hidden inputs."
        )


def as_data(found: Verification) -> dict[str, Any]:
    """A verification for scripts."""
    notebooks = {"solution": found.solution, "starter": found.starter}
    return {
        **{
            who: {"earned": graded.earned, "points": graded.points}
            for who, graded in notebooks.items()
            if graded
        },
        "draws": found.draws,
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
        "budgets": [budget_as_data(budget) for budget in margins.budgets],
    }


def budget_as_data(budget: Budget) -> dict[str, Any]:
    """One budget's counts for scripts."""
    return {
        "unit": budget.unit,
        "allowed": budget.allowed,
        "solution": budget.solution,
        "worst_alternate": budget.worst_alternate,
        "cheapest_mutant": budget.cheapest_mutant,
    }
