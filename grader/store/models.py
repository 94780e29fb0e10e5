"""The tables. Results, manual scores and events are only ever added to."""

from django.db import models

from grader.outcomes import Ending
from grader.store.records import (
    BatchRow,
    EventRow,
    ManualScoreRow,
    ResultRow,
    State,
    StudentRow,
    SubmissionRow,
)


class Student(models.Model):
    """A student; never deleted, only set inactive when the roster no longer has them."""

    identifier = models.CharField(max_length=128, unique=True)
    name = models.CharField(max_length=255)
    email = models.CharField(max_length=255)
    section = models.CharField(max_length=64)
    canvas_id = models.CharField(max_length=64)
    active = models.BooleanField(default=True)

    def as_row(self) -> StudentRow:
        """The plain record."""
        return StudentRow(
            self.identifier, self.name, self.email, self.section, self.canvas_id, self.active
        )


class Batch(models.Model):
    """One run of the grader over an assignment."""

    assignment = models.CharField(max_length=128)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    graded = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)

    def as_row(self) -> BatchRow:
        """The plain record."""
        counts = {"graded": self.graded, "failed": self.failed}
        return BatchRow(self.pk, self.assignment, self.started_at, self.finished_at, counts)


class Submission(models.Model):
    """One received file. `lease` is empty unless the state is running."""

    student = models.ForeignKey(Student, models.PROTECT, related_name="submissions")
    assignment = models.CharField(max_length=128)
    sha256 = models.CharField(max_length=64)
    file_name = models.CharField(max_length=255)
    size_bytes = models.PositiveBigIntegerField()
    received_at = models.DateTimeField()
    state = models.CharField(max_length=16)
    attempts = models.PositiveIntegerField(default=0)
    lease = models.CharField(max_length=32, default="")
    note = models.TextField(default="")

    class Meta:
        indexes = (
            models.Index(fields=["assignment", "state"], name="submission_queue"),
            models.Index(fields=["student", "assignment", "received_at"], name="submission_newest"),
        )

    def as_row(self) -> SubmissionRow:
        """The plain record. Reads the student too: select it with the row."""
        return SubmissionRow(
            id=self.pk,
            student=self.student.identifier,
            assignment=self.assignment,
            sha256=self.sha256,
            file_name=self.file_name,
            size_bytes=self.size_bytes,
            received_at=self.received_at,
            state=State(self.state),
            attempts=self.attempts,
            note=self.note,
        )


class Result(models.Model):
    """One grading. The newest of a submission is current; `lease` makes it happen once."""

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="results")
    batch = models.ForeignKey(Batch, models.PROTECT, null=True, related_name="results")
    lease = models.CharField(max_length=32, unique=True)
    checks_version = models.CharField(max_length=128)
    environment = models.CharField(max_length=255)
    earned = models.FloatField()
    points = models.FloatField()
    ending = models.CharField(max_length=32)
    record = models.TextField()
    created_at = models.DateTimeField()

    def as_row(self) -> ResultRow:
        """The plain record. Reads submission and student too: select them with the row."""
        return ResultRow(
            id=self.pk,
            submission_id=self.submission.pk,
            student=self.submission.student.identifier,
            assignment=self.submission.assignment,
            received_at=self.submission.received_at,
            batch_id=self.batch.pk if self.batch else None,
            checks_version=self.checks_version,
            environment=self.environment,
            earned=self.earned,
            points=self.points,
            ending=Ending(self.ending),
            created_at=self.created_at,
            record=self.record,
        )


class ManualScore(models.Model):
    """Points that a person gave. The newest for a submission and question is current."""

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="manual_scores")
    question = models.CharField(max_length=128)
    points = models.FloatField()
    comment = models.TextField()
    by = models.CharField(max_length=255)
    at = models.DateTimeField()

    def as_row(self) -> ManualScoreRow:
        """The plain record. Reads submission and student too: select them with the row."""
        return ManualScoreRow(
            submission_id=self.submission.pk,
            student=self.submission.student.identifier,
            question=self.question,
            points=self.points,
            comment=self.comment,
            by=self.by,
            at=self.at,
        )


class Event(models.Model):
    """One line of history, written in the transaction that it tells of."""

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="events")
    at = models.DateTimeField()
    what = models.CharField(max_length=32)
    detail = models.TextField()

    def as_row(self) -> EventRow:
        """The plain record."""
        return EventRow(self.at, self.what, self.detail)
