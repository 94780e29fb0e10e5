"""What people give: points and rubric marks of a question, and final scores that replace all."""

import json
import math
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from grader.store.many import manual_rows
from grader.store.records import ManualScoreRow, OverrideRow

if TYPE_CHECKING:
    from grader.store.tables import Tables


class Marks:
    """Points that people gave. Only ever added to: the newest counts."""

    def __init__(self, tables: "Tables") -> None:
        self._tables = tables

    def give(
        self,
        submission_id: int,
        question: str,
        points: float,
        *,
        marks: Mapping[str, float] | None = None,
        comment: str = "",
        by: str,
    ) -> ManualScoreRow:
        """Give points for a question by hand.

        With `marks`, the share of each rubric item by its name, `points` comes on top of what the
        items are worth. The course's record tells of it. Raises `UnknownSubmission`, and
        `ValueError` for numbers that are none.
        """
        shares = list((marks or {}).values())
        if not all(map(math.isfinite, [points, *shares])) or not all(0 <= s <= 1 for s in shares):
            raise ValueError("points must be a number, and a share of an item from 0 to 1")
        with self._tables.transaction():
            row = self._tables.submission(submission_id)
            score = self._tables.manual_scores().create(
                submission=row,
                question=question,
                points=points,
                marks="" if marks is None else json.dumps(dict(marks), sort_keys=True),
                comment=comment,
                by=by,
                at=datetime.now(UTC),
            )
            subject = f"{row.assignment} {question} {row.student.identifier}"
            detail = f"{_given(points, marks)}, submission {row.pk}"
            self._tables.act(by, "mark", subject, detail, comment)
            return score.as_row()

    def of(
        self, assignment: str, *, only: Collection[int] | None = None
    ) -> tuple[ManualScoreRow, ...]:
        """All of an assignment (of `only` these submissions), oldest first.

        The last for a submission and question counts.
        """
        with self._tables.reading():
            rows = self._tables.manual_scores().filter(submission__assignment=assignment)
            if only is not None:
                rows = rows.filter(submission__in=list(only))
            return manual_rows(rows.order_by("pk"))

    def comments(
        self, assignment: str, question: str, *, most: int, only: Collection[str] | None = None
    ) -> tuple[tuple[str, str], ...]:
        """(comment, by) of what was said of a question, newest first, each once; `most` of them.

        Of what `only` these students handed in.
        """
        from django.db.models import Max

        with self._tables.reading():
            rows = self._tables.manual_scores().filter(question=question)
            rows = rows.filter(submission__assignment=assignment).exclude(comment="")
            if only is not None:
                rows = rows.filter(submission__student__identifier__in=list(only))
            each = rows.order_by().values_list("comment", "by").annotate(last=Max("pk"))
            return tuple((comment, by) for comment, by, _ in each.order_by("-last")[:most])

    def of_submissions(self, submissions: Collection[int]) -> tuple[ManualScoreRow, ...]:
        """All of these submissions, of whatever assignments; oldest first, as `of`."""
        with self._tables.reading():
            rows = self._tables.manual_scores().filter(submission__in=list(submissions))
            return manual_rows(rows.order_by("pk"))

    def override(
        self,
        student: str,
        assignment: str,
        points: float | None,
        *,
        excused: bool = False,
        reason: str,
        by: str,
    ) -> OverrideRow:
        """Set a student's final score, or excuse them; neither takes that back.

        Raises `UnknownStudent`, and `ValueError` without a reason or for no number of points.
        """
        if not reason.strip():
            raise ValueError("an override needs a reason; it is kept in the course's record")
        if excused and points is not None:
            raise ValueError("who is excused has no score: say one of the two")
        if points is not None and not (math.isfinite(points) and points >= 0):
            raise ValueError(f"{points} is no number of points")
        with self._tables.transaction():
            row = self._tables.overrides().create(
                student=self._tables.locked_student(student),
                assignment=assignment,
                points=points,
                excused=excused,
                reason=reason,
                by=by,
                at=datetime.now(UTC),
            )
            kept = "excused" if excused else "taken back"
            detail = kept if points is None else f"{points:g} points"
            self._tables.act(by, "override", f"{assignment} {student}", detail, reason)
            return row.as_row()

    def overrides(self) -> tuple[OverrideRow, ...]:
        """All of them, oldest first: the last for a student and assignment counts."""
        with self._tables.reading():
            return tuple(row.as_row() for row in self._tables.overrides().order_by("pk"))


def _given(points: float, marks: Mapping[str, float] | None) -> str:
    """What was given, such as `7 points`, or `clarity=1, depth=0.5, -1 points`."""
    if marks is None:
        return f"{points:g} points"
    items = [f"{name}={share:g}" for name, share in marks.items()] or ["no items"]
    return ", ".join([*items, f"{points:g} points"] if points else items)
