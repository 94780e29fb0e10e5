"""What the staff's page says of checks: how hard they are, who did not pass, and how."""

from collections.abc import Iterable
from dataclasses import dataclass

from grader.outcomes import CheckResult, Outcome
from grader.report.cleaning import clean_block, clean_line
from grader.report.failures import EndingGroup, Mistake, OutcomeGroup
from grader.report.links import Link, page_link
from grader.report.records import ReportRow
from grader.report.sentences import ENDINGS, OUTCOMES
from grader.report.statistics import FAMILIES, CheckSummary, Family
from grader.report.wording import counted, percent_text, points_text, signed_text, spoken_name

# A kind of failure names this many checks, those that it is most frequent in, and students.
_NAMED_CHECKS = 5
_NAMED_STUDENTS = 8
# From where on a discrimination is called so; the usual words for item-rest correlations.
_FAIR, _GOOD = 0.2, 0.4


@dataclass(frozen=True)
class FailureView:
    """One student's submission that did not pass, with the numbers that students don't see."""

    student: Link
    label: str
    family: int
    earned: str
    error: str
    allowed: str
    mutant: str
    message: str


@dataclass(frozen=True)
class CheckRowView:
    """One check's line and the submissions that did not pass it.

    `asked` says how many submissions it was run on where those are not all.
    """

    question: str
    check: str
    title: str
    points: str
    asked: str
    pass_rate: str
    discrimination: str
    verdict: str
    doubtful: bool
    outcomes: str
    failures: tuple[FailureView, ...]
    heading: str


@dataclass(frozen=True)
class KindView:
    """One kind of failure: how many students met it, where, and who; `many` are folded away."""

    label: str
    family: int | None
    students: str
    where: str
    who: tuple[Link, ...]
    many: bool


@dataclass(frozen=True)
class MistakeView:
    """One known mistake and who made it."""

    count: str
    mutant: str
    check: str
    message: str
    students: tuple[Link, ...]


def check_row(summary: CheckSummary, submissions: int) -> CheckRowView:
    """A check's line, of so many graded submissions in all."""
    failures = [(row, r) for row, r in summary.results if r.outcome is not Outcome.PASSED]
    outcomes = (f"{number} {outcome}" for outcome, number in summary.outcomes.items())
    found = summary.discrimination
    return CheckRowView(
        question=clean_line(summary.question, 24),
        check=clean_line(summary.check, 80),
        title=clean_line(summary.title),
        points=points_text(summary.points),
        asked="" if summary.graded == submissions else f"{summary.graded} of {submissions}",
        pass_rate=percent_text(summary.pass_rate),
        discrimination="–" if found is None else signed_text(found),
        verdict=discrimination_text(found),
        doubtful=found is not None and found < 0,
        outcomes=", ".join(outcomes),
        failures=tuple(_failure(row, result) for row, result in failures),
        heading=f"{counted(len(failures), 'student')} did not pass",
    )


def discrimination_text(found: float | None) -> str:
    """What a discrimination means, in a word or two."""
    if found is None:
        return "not defined"
    if found < 0:
        return "inverted"
    return "weak" if found < _FAIR else "fair" if found < _GOOD else "good"


def kinds(endings: Iterable[EndingGroup], outcomes: Iterable[OutcomeGroup]) -> tuple[KindView, ...]:
    """Programs that did not end well, then what checks found."""
    return (*map(_ending_kind, endings), *map(_outcome_kind, outcomes))


def mistake_view(mistake: Mistake) -> MistakeView:
    """A known mistake."""
    return MistakeView(
        count=counted(len(mistake.rows), "student"),
        mutant=spoken_name(mistake.mutant),
        check=clean_line(f"{mistake.question} · {mistake.title}"),
        message=clean_line(mistake.message, 400),
        students=tuple(map(page_link, mistake.rows)),
    )


def _failure(row: ReportRow, result: CheckResult) -> FailureView:
    return FailureView(
        student=page_link(row),
        label=OUTCOMES[result.outcome].label,
        family=_family(result.outcome),
        earned=points_text(result.earned),
        error="" if result.error is None else f"{result.error:.2e}",
        allowed="" if result.allowed is None else f"{result.allowed:.2e}",
        mutant=spoken_name(result.mutant or ""),
        message=clean_block(result.message, 12),
    )


def _family(outcome: Outcome) -> int:
    return list(Family).index(FAMILIES[outcome])


def _ending_kind(group: EndingGroup) -> KindView:
    return KindView(
        label=f"Program: {ENDINGS[group.ending].label.lower()}",
        family=None,
        students=str(len(group.rows)),
        where="",
        who=tuple(map(page_link, group.rows)),
        many=len(group.rows) > _NAMED_STUDENTS,
    )


def _outcome_kind(group: OutcomeGroup) -> KindView:
    named = (
        f"{clean_line(f'{s.question} · {s.title}', 90)} ({n})"
        for s, n in group.checks[:_NAMED_CHECKS]
    )
    more = len(group.checks) - _NAMED_CHECKS
    return KindView(
        label=OUTCOMES[group.outcome].label,
        family=_family(group.outcome),
        students=str(len(group.rows)),
        where="; ".join(named) + (f"; {counted(more, 'more check')}" if more > 0 else ""),
        who=tuple(map(page_link, group.rows)),
        many=len(group.rows) > _NAMED_STUDENTS,
    )
