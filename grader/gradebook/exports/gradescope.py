"""The `results.json` that Gradescope reads from an autograder, for one submission.

Only fields of its documented format are written
(gradescope-autograders.readthedocs.io, "Autograder Specifications"): `score`,
`execution_time`, `output`, `output_format`, `visibility` and `tests`, and of a test `name`,
`score`, `max_score`, `status`, `output`, `output_format` and `visibility`. There is no
`max_score` for the whole: Gradescope has it from the assignment's settings.
"""

import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from grader.gradebook.records import Pending, QuestionInfo, QuestionScore, QuestionState, Score
from grader.gradebook.rounding import round_points
from grader.outcomes import CheckResult, Ending, GradedSubmission, Outcome, Shown


class NoScore(Exception):
    """There is no score to give. Gradescope would take a file without one for a zero."""


class HeldBack(StrEnum):
    """Until when Gradescope holds back what students see after the due date.

    Gradescope knows one due date for the assignment. Where a student has a later one of ours,
    hold back until grades are published.
    """

    AFTER_DUE_DATE = "after_due_date"
    AFTER_PUBLISHED = "after_published"


def gradescope_results(
    score: Score,
    graded: GradedSubmission | None,
    questions: tuple[QuestionInfo, ...],
    *,
    held_back: HeldBack = HeldBack.AFTER_DUE_DATE,
) -> str:
    """The text of `results.json`.

    The score is final, after lateness; while people have yet to grade a question it is what is
    known so far, after lateness, and says so. `graded` is None for what is graded by hand alone.
    Raises `NoScore` where nothing was measured or our side failed.
    """
    if score.final is None and score.pending is not Pending.UNGRADED:
        raise NoScore(f"{score.student} has no score to export: {score.pending}")
    document: dict[str, Any] = {
        "score": round_points(score.raw * score.credit) if score.final is None else score.final,
        "output": _sound(_overall(score, graded)),
        "output_format": "text",
        "visibility": "visible",
        "tests": [*_checks(score, graded, held_back), *_by_hand(score, questions)],
    }
    if graded is not None:
        document["execution_time"] = round(graded.usage.wall_seconds, 3)
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def _overall(score: Score, graded: GradedSubmission | None) -> str:
    """What concerns the whole submission: how it ended, lateness, what is missing."""
    lines: list[str] = []
    if graded is not None and graded.ending is not Ending.FINISHED:
        lines.append(f"The notebook did not run to its end: {graded.ending}.")
        lines += [graded.message] if graded.message else []
    if score.late_days or score.credit != 1.0:
        days = "1 day" if score.late_days == 1 else f"{score.late_days} days"
        lines.append(f"{days} late: {100 * score.credit:.6g} % of the points count.")
    waiting = [q.question for q in score.questions if q.state is QuestionState.UNGRADED]
    if waiting:
        lines.append(f"Not graded yet, by hand, and not in this score: {', '.join(waiting)}.")
    return "\n".join(lines)


def _checks(
    score: Score, graded: GradedSubmission | None, held_back: HeldBack
) -> Iterator[dict[str, Any]]:
    overridden = {q.question for q in score.questions if q.state is QuestionState.OVERRIDDEN}
    for result in graded.checks if graded else ():
        # Where a person set the points, those count, and the question's own entry has them.
        points = {} if result.question in overridden else _points(result.earned, result.points)
        yield {
            "name": _sound(f"{result.question}: {result.title}"),
            **points,
            "status": "passed" if result.outcome is Outcome.PASSED else "failed",
            "output": _sound(_found(result)),
            "output_format": "text",
            "visibility": _visibility(result.shown, held_back),
        }


def _found(result: CheckResult) -> str:
    """What students may read of a check: never its error, tolerance or mutant."""
    return result.message or ("" if result.outcome is Outcome.PASSED else str(result.outcome))


def _visibility(shown: Shown, held_back: HeldBack) -> str:
    match shown:
        case Shown.AT_ONCE:
            return "visible"
        case Shown.AFTER_DUE:
            return str(held_back)
        case Shown.NEVER:
            return "hidden"


def _by_hand(score: Score, questions: tuple[QuestionInfo, ...]) -> Iterator[dict[str, Any]]:
    """An entry for each question whose points a person gave."""
    infos = {info.name: info for info in questions}
    for question in score.questions:
        if question.earned is not None and _is_by_hand(question, infos[question.question]):
            title = infos[question.question].title
            yield {
                "name": _sound(f"{question.question}: {title} (by hand)"),
                **_points(question.earned, question.points),
                "output": _sound(question.comment),
                "output_format": "text",
                "visibility": "visible",
            }


def _is_by_hand(question: QuestionScore, info: QuestionInfo) -> bool:
    return info.manual or question.state is QuestionState.OVERRIDDEN


def _points(earned: float, points: float) -> dict[str, float]:
    return {"score": round_points(earned), "max_score": points}


def _sound(text: str) -> str:
    """`text` without half surrogate pairs, which UTF-8 has no bytes for."""
    return text.encode("utf-8", "replace").decode("utf-8")
