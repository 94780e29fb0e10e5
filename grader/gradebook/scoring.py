"""From a graded submission, its lateness and the grades by hand to a score.

The order is fixed: points of the checks, then what people gave or overrode of a question, then
lateness on the sum, then one rounding; a score that a person set for the whole replaces all that.
Where our side failed there is no score.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from grader.course import Assignment
from grader.gradebook.records import (
    Lateness,
    ManualScore,
    Override,
    Pending,
    QuestionInfo,
    QuestionScore,
    QuestionState,
    Score,
)
from grader.gradebook.rounding import round_points
from grader.outcomes import GradedSubmission

ON_TIME = Lateness()

# (earned, possible) of each question.
PointsByQuestion = Mapping[str, tuple[float, float]]

# Partial credit such as 4/3 + 4/3 + 4/3 sums to 4 only up to rounding.
_SAME_POINTS = 1e-6


def questions_of(assignment: Assignment) -> tuple[QuestionInfo, ...]:
    """The questions of a course's assignment, as the gradebook and the report take them."""
    return tuple(
        QuestionInfo(q.name, q.title, float(q.points), manual=q.manual, rubric=q.rubric)
        for q in assignment.questions
    )


def score_submission(
    student: str,
    questions: Sequence[QuestionInfo],
    graded: GradedSubmission | PointsByQuestion | None,
    *,
    lateness: Lateness = ON_TIME,
    manual: Iterable[ManualScore] = (),
    override: Override | None = None,
) -> Score:
    """The score of one submission; `graded` is None while our side has not graded it, or need not.

    Of a grading, its points by question are enough. A record of other checks than the course now
    has (a question without checks, or worth other points) is stale: no final score until it is
    graded again. Raises `ValueError` for a grade by hand that names no question or lies outside
    the question's points.
    """
    given = _manual_by_question(questions, manual)
    delayed = graded is None
    results = graded.points_by_question() if isinstance(graded, GradedSubmission) else graded or {}
    scores = tuple(
        _question_score(info, given.get(info.name), results.get(info.name), delayed)
        for info in questions
    )
    found = with_lateness(_on_time(student, questions, scores, results, delayed), lateness)
    return overridden(found, override) if override else found


def with_lateness(score: Score, lateness: Lateness) -> Score:
    """A score of work that came on time, as it is for work that came late."""
    if lateness == ON_TIME:
        return score
    kept = lateness.apply(score.raw)
    return replace(
        score,
        late_days=lateness.days,
        credit=lateness.credit,
        penalty=score.raw - kept,
        final=None if score.pending else round_points(kept),
        points_off=lateness.points_off,
        grace_days=lateness.grace_days,
    )


def overridden(score: Score, override: Override) -> Score:
    """The score with what a person set for the whole as its final one; None who is excused."""
    if override.points is None:
        return replace(score, final=None, pending=Pending.EXCUSED, override=override)
    final = round_points(override.points)
    return replace(score, final=final, pending=None, override=override)


def rubric_points(info: QuestionInfo, marks: Mapping[str, float], extra: float) -> float:
    """The points of the rubric's items by their shares, with what was added beside them.

    From 0 to the question's points. An item that the rubric no longer has is worth nothing.
    """
    items = math.fsum(item.points * marks.get(item.name, 0.0) for item in info.rubric)
    return min(max(items + extra, 0.0), info.points)


def unscored(student: str, questions: Sequence[QuestionInfo], pending: Pending) -> Score:
    """The empty score of a student with nothing to grade, for the reason given."""
    state = {Pending.QUEUED: QuestionState.DELAYED, Pending.DELAYED: QuestionState.DELAYED}.get(
        pending, QuestionState.ABSENT
    )
    scores = tuple(QuestionScore(q.name, q.points, None, state) for q in questions)
    return Score(student, scores, 0.0, 0.0, 0.0, _points(questions), pending=pending)


def missing(student: str, questions: Sequence[QuestionInfo]) -> Score:
    """The score of a student who handed in nothing while there was time: 0."""
    nothing = unscored(student, questions, Pending.NOT_SUBMITTED)
    return replace(nothing, final=0.0, pending=None)


def _manual_by_question(
    questions: Sequence[QuestionInfo], manual: Iterable[ManualScore]
) -> dict[str, ManualScore]:
    points = {info.name: info.points for info in questions}
    given: dict[str, ManualScore] = {}
    for grade in manual:
        if grade.question not in points:
            raise ValueError(f"a grade by hand names {grade.question!r}, which is no question")
        if grade.question in given:
            raise ValueError(f"two grades by hand for {grade.question!r}; give one")
        limit = points[grade.question]
        if not (math.isfinite(grade.points) and 0.0 <= grade.points <= limit):
            raise ValueError(
                f"a grade by hand gives {grade.points:g} points for {grade.question!r}, "
                f"which has 0 to {limit:g}"
            )
        given[grade.question] = grade
    return given


def _question_score(
    info: QuestionInfo,
    grade: ManualScore | None,
    found: tuple[float, float] | None,
    delayed: bool,
) -> QuestionScore:
    if grade is not None:
        state = QuestionState.GRADED if info.manual else QuestionState.OVERRIDDEN
        return QuestionScore(info.name, info.points, grade.points, state, grade.comment)
    if info.manual:
        return QuestionScore(info.name, info.points, None, QuestionState.UNGRADED)
    if delayed or found is None or not _covers(info, *found):
        return QuestionScore(info.name, info.points, None, QuestionState.DELAYED)
    return QuestionScore(info.name, info.points, found[0], QuestionState.GRADED)


def _covers(info: QuestionInfo, earned: float, possible: float) -> bool:
    """Whether the points are of the question as it is now, and sane ones."""
    sane = -_SAME_POINTS <= earned <= possible + _SAME_POINTS
    return sane and abs(possible - info.points) <= _SAME_POINTS


def _on_time(
    student: str,
    questions: Sequence[QuestionInfo],
    scores: tuple[QuestionScore, ...],
    results: PointsByQuestion,
    delayed: bool,
) -> Score:
    automatic = [info.name for info in questions if not info.manual]
    auto = math.fsum(results[name][0] for name in automatic if name in results)
    by_hand = {info.name for info in questions if info.manual}
    manual = math.fsum(s.earned or 0.0 for s in scores if s.question in by_hand)
    raw = math.fsum(s.earned or 0.0 for s in scores)
    pending = _why_pending(scores, delayed)
    kept = ON_TIME.apply(raw)
    return Score(
        student=student,
        questions=scores,
        auto=auto,
        manual=manual,
        raw=raw,
        points=_points(questions),
        penalty=raw - kept,
        final=None if pending else round_points(kept),
        pending=pending,
    )


def _why_pending(scores: tuple[QuestionScore, ...], delayed: bool) -> Pending | None:
    states = {score.state for score in scores}
    if QuestionState.DELAYED in states:
        return Pending.DELAYED if delayed else Pending.STALE
    return Pending.UNGRADED if QuestionState.UNGRADED in states else None


def _points(questions: Sequence[QuestionInfo]) -> float:
    return math.fsum(info.points for info in questions)
