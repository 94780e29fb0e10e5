"""Many records at once, read as columns: a term has tens of thousands.

Making a model object of each row first, with those that it refers to, takes five times as long.
Each function gives what the objects' `as_row` would.
"""

import json
from typing import TYPE_CHECKING

from grader.store.records import ManualScoreRow, State, SubmissionRow, SummaryRow

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from grader.store.models import ManualScore, Result, Submission

_STATES = {str(state): state for state in State}


def submission_rows(rows: "QuerySet[Submission]") -> tuple[SubmissionRow, ...]:
    """The submissions' plain records, in the order of the rows."""
    columns = rows.values_list(
        *("pk", "student__identifier", "assignment", "sha256", "file_name", "size_bytes"),
        *("received_at", "state", "attempts", "note", "group_id", "members", "receipt"),
    )
    return tuple(
        SubmissionRow(
            number, student, assignment, sha256, file_name, size_bytes,
            received_at, _STATES[state], attempts, note, group, tuple(members), receipt,
        )
        for (
            number, student, assignment, sha256, file_name, size_bytes,
            received_at, state, attempts, note, group, members, receipt,
        ) in columns
    )  # fmt: skip


def newest_summaries(rows: "QuerySet[Result]") -> tuple[SummaryRow, ...]:
    """The newest of each submission's results, without what was found."""
    columns = rows.order_by("pk").values_list(
        "submission_id", "pk", "checks_version", "questions", "created_at"
    )
    newest = {submission: rest for submission, *rest in columns}
    return tuple(
        SummaryRow(number, submission, version, _points(questions), created_at)
        for submission, (number, version, questions, created_at) in newest.items()
    )


def manual_rows(rows: "QuerySet[ManualScore]") -> tuple[ManualScoreRow, ...]:
    """The plain records of points given by hand, in the order of the rows."""
    columns = rows.values_list(
        *("submission_id", "submission__student__identifier", "question", "points"),
        *("comment", "by", "at", "marks"),
    )
    return tuple(
        ManualScoreRow(*values, marks=json.loads(marks) if marks else None)
        for *values, marks in columns
    )


def _points(questions: str) -> dict[str, tuple[float, float]]:
    return {name: (earned, possible) for name, (earned, possible) in json.loads(questions).items()}
