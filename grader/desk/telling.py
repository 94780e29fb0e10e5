"""What scripts are told of a student's work: the same by `--json` and by the web's API.

Times are ISO 8601 in the course's zone.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from grader.course.calendar import standing_text
from grader.desk.standing import AssignmentStanding, StudentStanding
from grader.desk.submitting import Submitted
from grader.store import SubmissionRow


@dataclass(frozen=True)
class ToldReceipt:
    """What was taken in, and what it is worth. `receipt` is for `course receipt verify`."""

    submission: int
    student: str
    group: str | None
    assignment: str
    sha256: str
    received_at: str
    due: str
    standing: str
    submissions_left: int | None
    next_from: str | None
    repeated: bool
    state: str
    problems: tuple[str, ...]
    receipt: dict[str, Any]


@dataclass(frozen=True)
class ToldStanding:
    """One assignment of a student.

    `newest` is what they or their group handed in last, `counts` what counts of it: numbers, when
    it was received (`_at`), and of a group's from whom (`_by`).
    """

    assignment: str
    group: str | None
    released: bool
    due: str
    lock: str | None
    newest: int | None
    newest_at: str | None
    newest_by: str | None
    counts: int | None
    counts_at: str | None
    counts_by: str | None
    if_now: str
    submissions_left: int | None
    next_from: str | None


@dataclass(frozen=True)
class ToldStudent:
    """Where a student stands in each assignment."""

    student: str
    assignments: tuple[ToldStanding, ...]
    grace_days_left: int | None


def told_receipt(taken: Submitted, zone: ZoneInfo) -> ToldReceipt:
    """What `course submit --json` prints."""
    row = taken.accepted.submission
    return ToldReceipt(
        submission=row.id,
        student=row.student,
        group=taken.group.name if taken.group else None,
        assignment=row.assignment,
        sha256=row.sha256,
        received_at=row.received_at.astimezone(zone).isoformat(),
        due=taken.dates.due.isoformat(),
        standing=standing_text(taken.standing),
        submissions_left=taken.left.left,
        next_from=_iso(taken.left.opens),
        repeated=taken.accepted.repeated,
        state=row.state.value,
        problems=taken.problems,
        receipt=json.loads(taken.receipt.as_json()),
    )


def told_student(found: StudentStanding, zone: ZoneInfo) -> ToldStudent:
    """What `course status --student STUDENT --json` prints."""
    each = tuple(told_standing(one, zone) for one in found.assignments)
    return ToldStudent(found.student, each, found.grace_left)


def told_standing(one: AssignmentStanding, zone: ZoneInfo) -> ToldStanding:
    """One assignment of that."""
    return ToldStanding(
        assignment=one.assignment,
        group=one.group,
        released=one.is_open,
        due=one.dates.due.isoformat(),
        lock=_iso(one.dates.lock),
        newest=one.newest.id if one.newest else None,
        newest_at=_received(one.newest, zone),
        newest_by=_from_whom(one.newest),
        counts=one.counts.id if one.counts else None,
        counts_at=_received(one.counts, zone),
        counts_by=_from_whom(one.counts),
        if_now=one.if_now,
        submissions_left=one.allowed.left,
        next_from=_iso(one.allowed.opens),
    )


def _received(row: SubmissionRow | None, zone: ZoneInfo) -> str | None:
    return row.received_at.astimezone(zone).isoformat() if row else None


def _from_whom(row: SubmissionRow | None) -> str | None:
    return row.student if row and row.group is not None else None


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
