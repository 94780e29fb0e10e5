"""Regrade requests: a student asks, staff answer, and close."""

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from grader.store.records import ReplyRow, RequestRow, UnknownRequest

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from grader.store.models import RegradeRequest, Reply
    from grader.store.tables import Tables


class Requests:
    """The regrade requests of a course."""

    def __init__(self, tables: "Tables") -> None:
        self._tables = tables

    def ask(self, submission_id: int, student: str, question: str, text: str) -> RequestRow:
        """Ask about a question's grade. Raises `ValueError` if one of it is open already."""
        if not text.strip():
            raise ValueError("a request says what should be looked at again")
        with self._tables.transaction():
            person = self._tables.locked_student(student)
            submission = self._tables.submission(submission_id)
            theirs = self._tables.requests().filter(submission=submission, question=question)
            if theirs.filter(student=person, closed_at=None).exists():
                raise ValueError(f"a request about {question} is open already; reply to that")
            row = self._tables.requests().create(
                submission=submission,
                student=person,
                question=question,
                text=text,
                at=datetime.now(UTC),
            )
            self._tables.note(submission, "regrade asked for", f"{question}, by {student}")
            return row.as_row(())

    def reply(self, request_id: int, text: str, *, by: str, close: bool = False) -> RequestRow:
        """Answer, and close it if told to. Raises `UnknownRequest`."""
        with self._tables.transaction():
            row = self._locked(request_id)
            now = datetime.now(UTC)
            self._tables.replies().create(request=row, text=text, by=by, at=now)
            if close and row.closed_at is None:
                row.closed_at = now
                row.save(using=self._tables.alias)
                self._tables.note(row.submission, "regrade answered", f"{row.question}, by {by}")
        return self.one(request_id)

    def one(self, request_id: int) -> RequestRow:
        """That request. Raises `UnknownRequest`."""
        with self._tables.reading():
            rows = self._tables.requests().filter(pk=request_id)
            found = self._rows(rows, self._tables.replies().filter(request=request_id))
        if not found:
            raise UnknownRequest(f"there is no regrade request {request_id}")
        return found[0]

    def all(self) -> tuple[RequestRow, ...]:
        """All of them, oldest first."""
        with self._tables.reading():
            return self._rows(self._tables.requests(), self._tables.replies())

    def of(self, student: str) -> tuple[RequestRow, ...]:
        """The requests of one student, oldest first."""
        with self._tables.reading():
            rows = self._tables.requests().filter(student__identifier=student)
            replies = self._tables.replies().filter(request__student__identifier=student)
            return self._rows(rows, replies)

    def _rows(
        self, rows: "QuerySet[RegradeRequest]", replies: "QuerySet[Reply]"
    ) -> tuple[RequestRow, ...]:
        given: defaultdict[int, list[ReplyRow]] = defaultdict(list)
        for reply in replies.order_by("pk"):
            given[reply.request.pk].append(reply.as_row())
        return tuple(row.as_row(tuple(given[row.pk])) for row in rows.order_by("pk"))

    def _locked(self, request_id: int) -> "RegradeRequest":
        rows = self._tables.requests().select_for_update(of=("self",))
        row = rows.filter(pk=request_id).first()
        if row is None:
            raise UnknownRequest(f"there is no regrade request {request_id}")
        return row
