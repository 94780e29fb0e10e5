"""Declaring hidden checks, the mistakes that they must refuse, and the routes they must accept."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class AuthoringError(Exception):
    """An assignment's checks are written wrongly; the message says where and what to do."""


@dataclass(frozen=True)
class Check:
    """One hidden check. `body(student, inputs)` calls `expect` at least once.

    `seconds` bounds each call into the student's code (None: the course's limit); `x64`
    says whether JAX's 64-bit mode is on during those calls. Another `version` has other inputs.
    """

    name: str
    question: str
    points: float
    title: str
    body: Callable[[Any, Any], None]
    seconds: float | None
    x64: bool
    version: int = 1


@dataclass(frozen=True)
class Mutant:
    """A plausible wrong `function` for the student's function `of`, and what to tell them."""

    name: str
    question: str
    of: str
    refused_by: tuple[str, ...]
    says: str
    function: Callable[..., Any]


@dataclass(frozen=True)
class Alternate:
    """A right `function` for the student's function `of`, by another route."""

    name: str
    question: str
    of: str
    route: str
    function: Callable[..., Any]


def check(
    question: str,
    *,
    points: float,
    title: str,
    seconds: float | None = None,
    x64: bool = True,
    version: int = 1,
) -> Callable[[Callable[[Any, Any], None]], Check]:
    """Declare the decorated function a hidden check of `question`, named as the function is."""

    def declare(body: Callable[[Any, Any], None]) -> Check:
        return Check(_name(body), question, points, title, body, seconds, x64, version)

    return declare


def mutant(
    question: str, *, of: str, refused_by: str | tuple[str, ...], says: str
) -> Callable[[Callable[..., Any]], Mutant]:
    """Declare the decorated function a wrong version of the student's function `of`.

    `refused_by` names the checks that must refuse it, each of them.
    """
    names = (refused_by,) if isinstance(refused_by, str) else refused_by

    def declare(function: Callable[..., Any]) -> Mutant:
        return Mutant(_name(function), question, of, names, says, function)

    return declare


def alternate(question: str, *, of: str, route: str) -> Callable[[Callable[..., Any]], Alternate]:
    """Declare the decorated function a right version of the student's function `of`."""

    def declare(function: Callable[..., Any]) -> Alternate:
        return Alternate(_name(function), question, of, route, function)

    return declare


def _name(function: Callable[..., Any]) -> str:
    return function.__name__
