"""How a grade came about, step by step, in sentences that anybody can check by hand."""

from collections.abc import Iterator
from dataclasses import dataclass

from grader.course import Course
from grader.course.calendar import due_text, standing_text
from grader.gradebook.records import Pending, QuestionState, Score
from grader.gradebook.term import Grade, StudentTerm


@dataclass(frozen=True)
class Step:
    """One step of a grade: what it is about, what was found, and the points after it."""

    title: str
    text: str
    points: float | None = None


def explain(course: Course, term: StudentTerm, assignment: str) -> tuple[Step, ...]:
    """The steps from what was handed in to the score, and to its part of the total.

    Raises KeyError for an assignment that the course doesn't have.
    """
    grade = term.grades[assignment]
    steps = [_due(course, grade), _submission(course, grade)]
    if grade.submission is not None:
        steps += _questions(grade.score)
        if grade.score.pending in (Pending.QUEUED, Pending.DELAYED, Pending.STALE):
            steps += [Step("lateness", standing_text(grade.standing))] if grade.standing else []
        else:
            steps.append(Step("raw score", _sum_text(grade.score), grade.score.raw))
            steps.append(_lateness(grade.score))
    if grade.score.override is not None:
        steps.append(_override(grade.score))
    steps.append(_final(grade))
    steps.append(_weight(course, term, assignment))
    return tuple(steps)


def _due(course: Course, grade: Grade) -> Step:
    dates = grade.dates
    text = due_text(dates.due, course.zone)
    if dates.time_allowed is not None:
        minutes = dates.time_allowed.total_seconds() / 60
        began = dates.started and dates.started.astimezone(course.zone)
        text += f"; timed: {minutes:g} min, "
        text += f"begun at {began:%Y-%m-%d %H:%M:%S}" if began else "not begun"
    elif dates.set_due is not None and dates.set_due != dates.due:
        text += f"; extended, for others {due_text(dates.set_due, course.zone)}"
    if dates.lock is not None:
        text += f"; nothing is taken from {dates.lock:%Y-%m-%d %H:%M} on"
    return Step("due", text)


def _submission(course: Course, grade: Grade) -> Step:
    row = grade.submission
    if row is None:
        text = "none was taken"
        if grade.closes is not None:
            at = grade.closes.astimezone(course.zone)
            text += f"; from {at:%Y-%m-%d %H:%M %Z} on one is worth nothing"
        return Step("submission", text)
    at = row.received_at.astimezone(course.zone)
    who = f", handed in by {row.student}" if row.group is not None else ""
    text = f"number {row.id}, received {at:%Y-%m-%d %H:%M:%S %Z}{who}: it is the one that counts"
    return Step("submission", text)


def _questions(score: Score) -> Iterator[Step]:
    sources = {
        QuestionState.GRADED: "",
        QuestionState.OVERRIDDEN: "set by hand",
        QuestionState.UNGRADED: "waits for a grade by hand",
        QuestionState.DELAYED: "not graded yet",
        QuestionState.ABSENT: "not handed in",
    }
    for question in score.questions:
        earned = "–" if question.earned is None else f"{question.earned:g}"
        note = sources[question.state]
        text = f"{earned} of {question.points:g}" + (f" ({note})" if note else "")
        yield Step(question.question, text, question.earned)


def _sum_text(score: Score) -> str:
    parts = [f"{q.earned:g}" for q in score.questions if q.earned is not None]
    return f"{' + '.join(parts) or '0'} = {score.raw:g} of {score.points:g}"


def _lateness(score: Score) -> Step:
    if not score.late_days:
        return Step("lateness", "on time: nothing is taken off", score.raw)
    kept = score.raw - score.penalty
    days = "1 day" if score.late_days == 1 else f"{score.late_days} days"
    text = f"{days} late"
    if score.grace_days:
        text += f", {score.grace_days} of them grace days"
    text += f": {score.raw:g} x {100 * score.credit:g} %"
    if score.points_off:
        text += f" - {score.points_off:g}"
    return Step("lateness", f"{text} = {kept:g}", kept)


def _override(score: Score) -> Step:
    set_by = score.override
    assert set_by is not None
    what = "excused the student" if set_by.points is None else f"set the score to {set_by.points:g}"
    return Step("override", f"{set_by.by} {what}: {set_by.reason}", set_by.points)


def _final(grade: Grade) -> Step:
    score = grade.score
    if grade.submission is None and score.final == 0 and score.override is None:
        return Step("score", f"0 of {score.points:g}: nothing was handed in", 0.0)
    if score.final is not None:
        return Step("score", f"{score.final:g} of {score.points:g}, rounded once", score.final)
    pending = score.pending or Pending.QUEUED
    return Step("score", f"none yet: {pending}")


def _weight(course: Course, term: StudentTerm, assignment: str) -> Step:
    part = next((one for one in course.weights if assignment in one.assignments), None)
    if part is None:
        return Step("weight", "it does not count for the total")
    total = next(one for one in term.total.parts if one.name == part.name)
    if term.grades[assignment].score.pending in (Pending.EXCUSED, Pending.LEFT_OUT):
        return Step("weight", "it is no part of the student's total")
    if assignment in total.dropped:
        return Step("weight", f"dropped, as the lowest of {part.name}")
    of = f" of {part.name}, with {len(part.assignments) - 1} more" if part.drop_lowest else ""
    of = of or (f" of {part.name}" if part.name != assignment else "")
    return Step("weight", f"part{of}: {part.percent:g} % of the total")
