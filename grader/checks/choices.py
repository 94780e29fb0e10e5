"""Checks for some notebooks only: students declare a choice, such as the paper that they took.

`PAPER = "maml"` stands in the notebook, and `where={"PAPER": "maml"}` at a check.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from grader.checks.closeness import describe
from grader.checks.declare import Check
from grader.outcomes import CheckResult, Outcome, Shown

Choice = Mapping[str, Any]
UNKNOWN = object()


def choices_of(checks: Sequence[Check]) -> list[tuple[Choice, list[Check]]]:
    """Each choice that a question's checks know, with the checks that apply then.

    A question without choices has one, which is empty.
    """
    choices: list[Choice] = []
    for check in checks:
        if check.where and check.where not in choices:
            choices.append(check.where)
    return [(choice, [c for c in checks if c.where in ({}, choice)]) for choice in choices or [{}]]


def spoken_choice(choice: Choice) -> str:
    """The choice as a student would declare it."""
    return ", ".join(f"{name} = {value!r}" for name, value in choice.items())


def checks_that_apply(
    checks: Sequence[Check], read: Callable[[Check, str], Any]
) -> list[Check | CheckResult]:
    """The checks for what a notebook chose, in their order.

    `read(check, name)` gives the notebook's variable `name`, or UNKNOWN. A question for which no
    known choice was made has one result, without points, in the place of those that depend on it.
    """
    values: dict[str, Any] = {}

    def applies(check: Check) -> bool:
        for name in check.where:
            if name not in values:
                values[name] = read(check, name)
        return all(_same(values[name], wanted) for name, wanted in check.where.items())

    applying = [check.name for check in checks if applies(check)]
    settled = {check.question for check in checks if check.where and check.name in applying}
    found: list[Check | CheckResult] = []
    for check in checks:
        if check.name in applying:
            found.append(check)
        elif check.question not in settled:
            settled.add(check.question)
            found.append(_without_choice(check.question, checks, values))
    return found


def _without_choice(
    question: str, checks: Sequence[Check], values: Mapping[str, Any]
) -> CheckResult:
    depending = [check for check in checks if check.question == question and check.where]
    options = choices_of(depending)
    names = list(options[0][0])
    found = " ".join(_found(name, values[name]) for name in names)
    known = "; ".join(spoken_choice(choice) for choice, _ in options)
    return CheckResult(
        check=f"choice_{question}",
        question=question,
        title=f"The choice of {', '.join(names)}",
        points=sum(check.points for check in options[0][1]),
        earned=0.0,
        outcome=Outcome.MISSING,
        shown=Shown.AT_ONCE,  # it gives nothing away, and can be mended in time
        message=f"{found} Declare one of: {known}.",
    )


def _found(name: str, value: Any) -> str:
    if value is UNKNOWN:
        return f"The notebook defines no `{name}`."
    text = repr(value[:40]) if isinstance(value, str) else describe(value)
    return f"`{name}` is {text}, which is no known choice."


def _same(value: Any, wanted: Any) -> bool:
    return type(value) is type(wanted) and value == wanted
