"""What `course check` found last of each assignment, kept in the data folder for pages.

It is a note, not the truth: another `course check` makes it anew.
"""

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from grader.course import Assignment
from grader.store import write_durably

if TYPE_CHECKING:  # grading brings jax along, which a page has no need of
    from grader.grading.otter_verification import OtterVerification
    from grader.grading.verification import Verification


@dataclass(frozen=True)
class CheckRow:
    """One check's room, as text: `below` and `above` are factors, such as `3.11x`."""

    question: str
    check: str
    points: float
    mutants: int
    alternates: int
    below: str
    above: str


@dataclass(frozen=True)
class BudgetRow:
    """One budget's counts, as text."""

    question: str
    check: str
    unit: str
    allowed: str
    solution: str
    worst_alternate: str
    cheapest_mutant: str


@dataclass(frozen=True)
class Found:
    """What one `course check` of an assignment found. It may be used without `complaints`.

    `digest` is of the assignment's files and questions as they were then.
    """

    at: datetime
    by: str
    digest: str
    solution: tuple[float, float] | None
    starter: tuple[float, float] | None
    draws: int
    complaints: tuple[str, ...]
    unchecked: tuple[str, ...] = ()
    checks: tuple[CheckRow, ...] = ()
    budgets: tuple[BudgetRow, ...] = ()


_FOUND: TypeAdapter[Found] = TypeAdapter(Found)


def keep_found(
    data: Path,
    assignment: Assignment,
    found: "Verification | OtterVerification",
    *,
    at: datetime,
    by: str,
) -> None:
    """Keep what was found of an assignment, for `found_of`."""
    graded = [one and (one.earned, one.points) for one in (found.solution, found.starter)]
    kept = Found(
        at=at,
        by=by,
        digest=digest_of_assignment(assignment),
        solution=graded[0],
        starter=graded[1],
        draws=getattr(found, "draws", 0),
        complaints=found.complaints,
        unchecked=getattr(found, "unchecked", ()),
        checks=tuple(_check_rows(found)),
        budgets=tuple(_budget_rows(found)),
    )
    folder = data / "checked"
    folder.mkdir(mode=0o700, exist_ok=True)
    write_durably(
        folder / f"{assignment.name}.json", json.dumps(asdict(kept), default=str).encode()
    )


def found_of(data: Path, assignment: Assignment) -> Found | None:
    """What was found last, or None where nothing was kept that can be read."""
    try:
        return _FOUND.validate_json((data / "checked" / f"{assignment.name}.json").read_bytes())
    except (OSError, ValidationError):  # an older form of it, say
        return None


def is_of_now(found: Found, assignment: Assignment) -> bool:
    """Whether the assignment is as it was when it was checked."""
    return found.digest == digest_of_assignment(assignment)


def digest_of_assignment(assignment: Assignment) -> str:
    """A digest of an assignment's files, and of its questions in course.yaml."""
    digest = hashlib.sha256(json.dumps([one.model_dump() for one in assignment.questions]).encode())
    for path in sorted(assignment.folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            name = str(path.relative_to(assignment.folder))
            digest.update(hashlib.sha256(name.encode() + b"\0" + path.read_bytes()).digest())
    return digest.hexdigest()


def room(factor: float | None) -> str:
    """A factor for people: three digits, or a dash where nothing was measured."""
    if factor is None:
        return "–"
    if math.isinf(factor):
        return "exact"
    return f"{factor:.3g}x" if factor < 1000 else f"{factor:.0e}x"


def amount(count: float | None) -> str:
    """A count for people: whole above 100, or a dash where there is none."""
    if count is None:
        return "–"
    return f"{count:,.0f}" if count >= 100 else f"{count:.3g}"


def _check_rows(found: "Verification | OtterVerification") -> Iterator[CheckRow]:
    for one in getattr(found, "margins", ()):
        yield CheckRow(
            one.check.question,
            one.check.name,
            one.check.points,
            one.mutants,
            one.alternates,
            room(one.accepting),
            room(one.refusing),
        )


def _budget_rows(found: "Verification | OtterVerification") -> Iterator[BudgetRow]:
    for one in getattr(found, "margins", ()):
        for budget in one.budgets:
            counts: Sequence[float | None] = (
                *(budget.allowed, budget.solution),
                *(budget.worst_alternate, budget.cheapest_mutant),
            )
            yield BudgetRow(one.check.question, one.check.name, budget.unit, *map(amount, counts))
