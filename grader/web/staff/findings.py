"""What grading a submission found, as staff read it: with what students don't see."""

from dataclasses import dataclass
from datetime import datetime

from grader.outcomes import CellStatus, CheckResult, Ending, Outcome
from grader.report.cleaning import clean_block, clean_line
from grader.report.sentences import CELLS, ENDINGS, OUTCOMES
from grader.report.statistics import FAMILIES, Family
from grader.report.wording import bytes_text, points_text, seconds_text, spoken_name
from grader.store import ResultRow

_FAILED = (CellStatus.RAISED, CellStatus.INTERRUPTED)
_FOLDED = (Outcome.PASSED, Outcome.STOPPED)
_SHOWN_CELLS = 20


@dataclass(frozen=True)
class CheckLine:
    """One check; `family` is its colour's number. Students see neither error nor tolerance."""

    question: str
    title: str
    label: str
    family: int
    points: str
    error: str
    allowed: str
    mutant: str
    message: str
    seconds: str


@dataclass(frozen=True)
class CellLine:
    """One cell that failed; counted from 1, text cells too."""

    number: int
    what: str
    error: str
    output: str


@dataclass(frozen=True)
class Finding:
    """One grading. `standing` says whether it counts, waits to be adopted, or is over."""

    number: int
    standing: str
    is_current: bool
    at: datetime
    points: str
    ending: str
    ended_well: bool
    message: str
    failed: tuple[CheckLine, ...]
    not_reached: tuple[CheckLine, ...]
    passed: tuple[CheckLine, ...]
    cells: tuple[CellLine, ...]
    more_cells: int
    not_run: int
    usage: tuple[tuple[str, str], ...]
    phases: tuple[tuple[str, str], ...]
    checks_version: str
    environment: str


def findings(results: tuple[ResultRow, ...]) -> tuple[Finding, ...]:
    """The gradings of a submission, newest first."""
    counting = [row.id for row in results if not row.proposed]
    current = counting[-1] if counting else None
    return tuple(_finding(row, current) for row in reversed(results))


def _finding(row: ResultRow, current: int | None) -> Finding:
    graded = row.graded
    failed = [cell for cell in graded.cells if cell.status in _FAILED]
    ended_well = graded.ending is Ending.FINISHED
    return Finding(
        number=row.id,
        standing=_standing(row, current),
        is_current=row.id == current,
        at=row.created_at,
        points=f"{points_text(row.earned)} of {points_text(row.points)}",
        ending=ENDINGS[graded.ending].label,
        ended_well=ended_well,
        message="" if ended_well else clean_block(graded.message, 12),
        failed=tuple(_check(one) for one in graded.checks if one.outcome not in _FOLDED),
        not_reached=tuple(_check(one) for one in graded.checks if one.outcome is Outcome.STOPPED),
        passed=tuple(_check(one) for one in graded.checks if one.outcome is Outcome.PASSED),
        cells=tuple(
            CellLine(
                cell.index + 1,
                CELLS[cell.status].what,
                clean_block(cell.error),
                clean_block(cell.output, 24),
            )
            for cell in failed[:_SHOWN_CELLS]
        ),
        more_cells=max(0, len(failed) - _SHOWN_CELLS),
        not_run=sum(cell.status is CellStatus.NOT_RUN for cell in graded.cells),
        usage=(
            ("on the clock", seconds_text(graded.usage.wall_seconds)),
            ("of the processor", seconds_text(graded.usage.cpu_seconds)),
            ("memory at most", bytes_text(graded.usage.memory_peak_bytes)),
        ),
        phases=tuple(
            (clean_line(name, 60), seconds_text(seconds)) for name, seconds in graded.phases.items()
        ),
        checks_version=clean_line(row.checks_version, 60),
        environment=clean_line(row.environment, 120),
    )


def _standing(row: ResultRow, current: int | None) -> str:
    if row.id == current:
        return "current"
    if row.proposed:
        return "dropped" if row.dropped else "proposed"
    return "older"


def _check(result: CheckResult) -> CheckLine:
    passed = result.outcome is Outcome.PASSED
    return CheckLine(
        question=clean_line(result.question, 24),
        title=clean_line(result.title),
        label=OUTCOMES[result.outcome].label,
        family=list(Family).index(FAMILIES[result.outcome]),
        points=f"{points_text(result.earned)} / {points_text(result.points)}",
        error="" if result.error is None else f"{result.error:.2e}",
        allowed="" if result.allowed is None else f"{result.allowed:.2e}",
        mutant=spoken_name(result.mutant or ""),
        message="" if passed else clean_block(result.message, 12),
        seconds=seconds_text(result.seconds) if result.seconds else "",
    )
