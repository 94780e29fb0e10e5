"""One student's term: which submission counts for each assignment, and what it is worth.

Nothing is cached and no clock is read: the result is a function of the submissions, the dates
and the policies as they are now, so a changed date or extension changes every standing at once.
Grace days are charged assignment by assignment, in order of due date before extensions.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo

from grader.course.calendar import (
    Standing,
    best_after_penalty,
    no_credit_from,
    standing,
    standing_text,
    time_text,
)
from grader.course.policy import GraceDays, LatePolicy
from grader.course.student_dates import Dates, is_locked


@dataclass(frozen=True)
class Attempt:
    """A submission. `points` are raw: before any penalty; None while there are none.

    `dates` hold for it where they are not the work's: a student may have handed in with one group
    and then with another.
    """

    submission: int
    received: datetime
    points: float | None
    dates: Dates | None = None


@dataclass(frozen=True)
class Work:
    """What a student, or their group, sent for one assignment."""

    assignment: str
    dates: Dates
    policy: LatePolicy
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True)
class Settled:
    """The submission that counts; both are None where nothing was taken."""

    assignment: str
    submission: int | None
    standing: Standing | None


def settle(works: Iterable[Work], zone: tzinfo) -> dict[str, Settled]:
    """What counts for each assignment of one student's term, by the assignment's name.

    Raises:
        ValueError: two works for one assignment, two budgets of grace days, or a naive time.
    """
    ordered = sorted(works, key=_turn)
    names = [work.assignment for work in ordered]
    if len(set(names)) < len(names):
        raise ValueError(f"an assignment is there twice: {', '.join(names)}")
    left = _budget(ordered)
    settled: dict[str, Settled] = {}
    for work in ordered:
        found = _counted(work, left, zone)
        settled[work.assignment] = found
        if left is not None and found.standing is not None:
            left -= found.standing.grace_days
    return settled


def grace_left(works: Iterable[Work], zone: tzinfo) -> int | None:
    """The grace days that the student still has, or None if no policy has any."""
    each = list(works)
    budget = _budget(each)
    if budget is None:
        return None
    found = settle(each, zone).values()
    return budget - sum(one.standing.grace_days for one in found if one.standing)


def closing_time(dates: Dates, policy: LatePolicy, zone: tzinfo) -> datetime | None:
    """From when on handing in is worth nothing: the lock, or when no credit is left; None if never.

    Of grace days all are reckoned with, as if none had been used.
    """
    ends = [dates.lock, no_credit_from(dates.due, policy, zone)]
    known = [end for end in ends if end is not None]
    return min(known, key=lambda end: end.astimezone(UTC)) if known else None


def preview(works: Iterable[Work], assignment: str, now: datetime, zone: tzinfo) -> Standing:
    """What a submission received now would be worth if it counted; no credit after the lock.

    Raises:
        KeyError: there is no work for that assignment.
    """
    each = _as_if_sent(works, assignment, now)
    found = settle(each.values(), zone)[assignment].standing
    if found is not None:
        return found
    dates, policy = each[assignment].dates, each[assignment].policy
    return replace(standing(now, dates.due, policy, zone), credit=0.0, grace_days=0, points_off=0.0)


def preview_text(works: Iterable[Work], assignment: str, now: datetime, zone: tzinfo) -> str:
    """`preview` for people, with the grace days that would be left. Raises as `preview`."""
    each = _as_if_sent(works, assignment, now)
    lock = each[assignment].dates.lock
    if lock is not None and is_locked(now, each[assignment].dates):
        return f"closed: nothing is taken from {time_text(lock, zone)} on"
    text = f"if you submit now: {standing_text(preview(each.values(), assignment, now, zone))}"
    left = grace_left(each.values(), zone)
    if left is None or not isinstance(each[assignment].policy, GraceDays):
        return text
    return f"{text}; then {left} grace {'day is' if left == 1 else 'days are'} left"


def _as_if_sent(works: Iterable[Work], assignment: str, now: datetime) -> dict[str, Work]:
    """The works with one submission for an assignment, received now."""
    each = {work.assignment: work for work in works}
    each[assignment] = replace(each[assignment], attempts=(Attempt(0, now, None),))
    return each


def _turn(work: Work) -> tuple[datetime, str]:
    return (work.dates.set_due or work.dates.due).astimezone(UTC), work.assignment


def _budget(works: Iterable[Work]) -> int | None:
    budgets = {work.policy.budget for work in works if isinstance(work.policy, GraceDays)}
    if len(budgets) > 1:
        raise ValueError(f"a term has one budget of grace days, not {sorted(budgets)}")
    return budgets.pop() if budgets else None


def _counted(work: Work, left: int | None, zone: tzinfo) -> Settled:
    judged: list[tuple[Attempt, Standing]] = []
    for one in sorted(work.attempts, key=_arrival):
        dates = one.dates or work.dates
        if not is_locked(one.received, dates):
            found = standing(one.received, dates.due, work.policy, zone, grace_left=left)
            judged.append((one, found))
    if not judged:
        return Settled(work.assignment, None, None)
    attempt, found = judged[-1] if work.policy.counts == "newest" else _best(judged)
    return Settled(work.assignment, attempt.submission, found)


def _arrival(attempt: Attempt) -> tuple[datetime, int]:
    return attempt.received.astimezone(UTC), attempt.submission


def _best(judged: list[tuple[Attempt, Standing]]) -> tuple[Attempt, Standing]:
    """The best attempt after its penalty; while none has points, the newest with most credit.

    One without points yet never displaces one that has them.
    """
    graded = [(one, found) for one, found in judged if one.points is not None]
    best = best_after_penalty((one.points or 0.0, found) for one, found in graded)
    if best is not None:
        return graded[best]
    return max(reversed(judged), key=lambda pair: (pair[1].credit, -pair[1].points_off))
