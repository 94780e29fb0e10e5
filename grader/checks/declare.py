"""Declaring hidden checks, the mistakes that they must refuse, and the routes they must accept."""

from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from grader.outcomes import Shown


class AuthoringError(Exception):
    """An assignment's checks are written wrongly; the message says where and what to do."""


@dataclass(frozen=True)
class Check:
    """One hidden check. `body(student, inputs)` calls `expect` at least once.

    `seconds` bounds each call into the student's code (None: the course's limit); `x64`
    says whether JAX's 64-bit mode is on during those calls. Another `version` has other inputs.
    `shown` is when students see what it found. `where` are the values of notebook's variables, such
    as a declared choice, that it is for: with others it is left out.
    """

    name: str
    question: str
    points: float
    title: str
    body: Callable[[Any, Any], None]
    seconds: float | None
    x64: bool
    version: int = 1
    shown: Shown = Shown.AFTER_DUE
    where: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Answer:
    """A `function` in place of the student's function `of`.

    `where` sets other names beside it: the choice that it belongs to.
    """

    name: str
    question: str
    of: str
    function: Callable[..., Any]
    where: Mapping[str, Any] = field(default_factory=dict[str, Any], kw_only=True)

    def suits(self, check: Check) -> bool:
        """Whether the check is of this answer's question, and of its choice."""
        agree = all(self.where.get(name, value) == value for name, value in check.where.items())
        return self.question == check.question and agree

    def over(self, solution: Mapping[str, Any]) -> Mapping[str, Any]:
        """The solution's names with this answer's in their place."""
        # Not copied: a solution may define a name only when it is asked for.
        return ChainMap({**self.where, self.of: self.function}, cast(Any, solution))


@dataclass(frozen=True)
class Mutant(Answer):
    """A plausible wrong answer, the checks that must refuse it, and what to tell a student."""

    refused_by: tuple[str, ...]
    says: str


@dataclass(frozen=True)
class Alternate(Answer):
    """A right answer by another route."""

    route: str


def check(
    question: str,
    *,
    points: float,
    title: str,
    seconds: float | None = None,
    x64: bool = True,
    version: int = 1,
    shown: str = Shown.AFTER_DUE,
    where: Mapping[str, Any] | None = None,
) -> Callable[[Callable[[Any, Any], None]], Check]:
    """Declare the decorated function a hidden check of `question`, named as the function is.

    `shown` says when students see what it found: "at once", "after the due date" or "never".
    `where={"PAPER": "maml"}` makes it one for notebooks whose variable `PAPER` is "maml"; each
    choice's checks have the question's points. Raises ValueError for another word of `shown`.
    """

    def declare(body: Callable[[Any, Any], None]) -> Check:
        return Check(
            name=_name(body),
            question=question,
            points=points,
            title=title,
            body=body,
            seconds=seconds,
            x64=x64,
            version=version,
            shown=Shown(shown),
            where=where or {},
        )

    return declare


def mutant(
    question: str,
    *,
    of: str,
    refused_by: str | tuple[str, ...],
    says: str,
    where: Mapping[str, Any] | None = None,
) -> Callable[[Callable[..., Any]], Mutant]:
    """Declare the decorated function a wrong version of the student's function `of`.

    `refused_by` names the checks that must refuse it, each of them. `where` gives other names of
    the notebook a value, such as a choice that the student declares.
    """
    checks = (refused_by,) if isinstance(refused_by, str) else refused_by

    def declare(function: Callable[..., Any]) -> Mutant:
        return Mutant(_name(function), question, of, function, checks, says, where=where or {})

    return declare


def alternate(
    question: str, *, of: str, route: str, where: Mapping[str, Any] | None = None
) -> Callable[[Callable[..., Any]], Alternate]:
    """Declare the decorated function a right version of the student's function `of`.

    `where` is as in `mutant`.
    """

    def declare(function: Callable[..., Any]) -> Alternate:
        return Alternate(_name(function), question, of, function, route, where=where or {})

    return declare


def _name(function: Callable[..., Any]) -> str:
    return function.__name__
