"""The tables. Results, scores, extensions, requests and history are only ever added to."""

import json

from django.db import models

from grader.outcomes import Ending
from grader.store.live_models import Hold as Hold
from grader.store.live_models import Pause as Pause
from grader.store.live_models import Step as Step
from grader.store.live_models import Worker as Worker
from grader.store.records import (
    ActionRow,
    BatchRow,
    CourseVersionRow,
    EventRow,
    ExtensionRow,
    GroupRow,
    ManualScoreRow,
    OverrideRow,
    ReplyRow,
    RequestRow,
    ResultRow,
    StartRow,
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

    @property
    def owner(self) -> str:
        """As whose individual work is kept."""
        return f"student {self.pk}"

    def as_row(self) -> StudentRow:
        """The plain record."""
        return StudentRow(
            self.identifier, self.name, self.email, self.section, self.canvas_id, self.active
        )


class Group(models.Model):
    """Students who hand in together, in one set of groups; an assignment names its set."""

    group_set = models.CharField(max_length=128)
    name = models.CharField(max_length=128)
    made_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["group_set", "name"], name="group_name_once"),
        )

    @property
    def owner(self) -> str:
        """As whose the group's work is kept."""
        return f"group {self.pk}"

    def as_row(self, members: tuple[str, ...]) -> GroupRow:
        """The plain record, with the identifiers of who is in it now."""
        return GroupRow(self.pk, self.group_set, self.name, members)


class Membership(models.Model):
    """A student in a group, from when until when. In a set, a student is in one at a time."""

    group = models.ForeignKey(Group, models.PROTECT, related_name="memberships")
    student = models.ForeignKey(Student, models.PROTECT, related_name="memberships")
    group_set = models.CharField(max_length=128)
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["student", "group_set"],
                condition=models.Q(left_at=None),
                name="one_group_at_a_time",
            ),
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
    """One received file. `lease` is empty unless the state is running.

    `student` handed it in; `owner` is whose it is: that student, or the group. `members` are the
    identifiers of who was in the group then: whatever groups they are in later, it stays theirs.
    `regrade` says that what grading finds next is proposed only. `receipt` is the receipt's seal.
    `not_before` is when a queued one that failed is tried again.
    """

    student = models.ForeignKey(Student, models.PROTECT, related_name="submissions")
    group = models.ForeignKey(Group, models.PROTECT, null=True, related_name="submissions")
    owner = models.CharField(max_length=32, default="")
    members = models.JSONField(default=list)
    assignment = models.CharField(max_length=128)
    sha256 = models.CharField(max_length=64)
    file_name = models.CharField(max_length=255)
    size_bytes = models.PositiveBigIntegerField()
    received_at = models.DateTimeField()
    state = models.CharField(max_length=16)
    attempts = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    lease = models.CharField(max_length=32, default="")
    note = models.TextField(default="")
    regrade = models.BooleanField(default=False)
    receipt = models.CharField(max_length=64, default="")

    class Meta:
        indexes = (
            models.Index(fields=["assignment", "state"], name="submission_queue"),
            models.Index(fields=["owner", "assignment", "received_at"], name="submission_newest"),
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
            group=self.group.pk if self.group else None,
            members=tuple(self.members),
            receipt=self.receipt,
        )


class Result(models.Model):
    """One grading. The newest of a submission that isn't only proposed is current.

    A proposal that was not adopted is `dropped`, and stays on record.
    `lease` makes it happen once. `questions` is the part that grades need: earned and possible
    points by question, as JSON.
    """

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="results")
    batch = models.ForeignKey(Batch, models.PROTECT, null=True, related_name="results")
    lease = models.CharField(max_length=32, unique=True)
    checks_version = models.CharField(max_length=128)
    environment = models.CharField(max_length=255)
    earned = models.FloatField()
    points = models.FloatField()
    ending = models.CharField(max_length=32)
    questions = models.TextField(default="")
    proposed = models.BooleanField(default=False)
    dropped = models.BooleanField(default=False)
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
            proposed=self.proposed,
            dropped=self.dropped,
        )


class ManualScore(models.Model):
    """Points that a person gave. The newest for a submission and question is current.

    With a rubric, `marks` says as JSON which share of each item was given, and `points` is what is
    added or taken beside it: the sum follows the rubric when its items change.
    """

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="manual_scores")
    question = models.CharField(max_length=128)
    points = models.FloatField()
    marks = models.TextField(default="")
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
            marks=json.loads(self.marks) if self.marks else None,
        )


class Override(models.Model):
    """The final score of a student's assignment as a person set it. The newest is current.

    `points` None takes an earlier one back, or excuses the student.
    """

    student = models.ForeignKey(Student, models.PROTECT, related_name="overrides")
    assignment = models.CharField(max_length=128)
    points = models.FloatField(null=True)
    excused = models.BooleanField(default=False)
    reason = models.TextField()
    by = models.CharField(max_length=255)
    at = models.DateTimeField()

    def as_row(self) -> OverrideRow:
        """The plain record. Reads the student too."""
        return OverrideRow(
            student=self.student.identifier,
            assignment=self.assignment,
            points=self.points,
            reason=self.reason,
            by=self.by,
            at=self.at,
            excused=self.excused,
        )


class Extension(models.Model):
    """More time for a student, or for all of a group. `until` is also kept as it was written.

    `time_factor` lengthens the time of a timed assignment.
    """

    student = models.ForeignKey(Student, models.PROTECT, null=True, related_name="extensions")
    group = models.ForeignKey(Group, models.PROTECT, null=True, related_name="extensions")
    assignment = models.CharField(max_length=128)
    until = models.DateTimeField(null=True)
    until_text = models.CharField(max_length=64, default="")
    days = models.PositiveIntegerField(default=0)
    time_factor = models.FloatField(default=1.0)
    reason = models.TextField()
    by = models.CharField(max_length=255)
    at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    def as_row(self) -> ExtensionRow:
        """The plain record. Reads student and group too."""
        return ExtensionRow(
            id=self.pk,
            student=self.student.identifier if self.student else None,
            group=self.group.pk if self.group else None,
            assignment=self.assignment,
            until=self.until,
            until_text=self.until_text,
            days=self.days,
            time_factor=self.time_factor,
            reason=self.reason,
            by=self.by,
            at=self.at,
            withdrawn_at=self.withdrawn_at,
        )


class Start(models.Model):
    """When a student began a timed assignment; once, and for good."""

    student = models.ForeignKey(Student, models.PROTECT, related_name="starts")
    assignment = models.CharField(max_length=128)
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["student", "assignment"], name="started_once"),
        )

    def as_row(self) -> StartRow:
        """The plain record. Reads the student too."""
        return StartRow(self.student.identifier, self.assignment, self.at)


class RegradeRequest(models.Model):
    """A student's question about a grade; open until staff close it."""

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="requests")
    student = models.ForeignKey(Student, models.PROTECT, related_name="requests")
    question = models.CharField(max_length=128)
    text = models.TextField()
    at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    def as_row(self, replies: tuple[ReplyRow, ...]) -> RequestRow:
        """The plain record. Reads submission and student too."""
        return RequestRow(
            id=self.pk,
            submission_id=self.submission.pk,
            assignment=self.submission.assignment,
            student=self.student.identifier,
            question=self.question,
            text=self.text,
            at=self.at,
            closed_at=self.closed_at,
            replies=replies,
        )


class Reply(models.Model):
    """An answer to a request, by staff or by the student again."""

    request = models.ForeignKey(RegradeRequest, models.PROTECT, related_name="replies")
    text = models.TextField()
    by = models.CharField(max_length=255)
    at = models.DateTimeField()

    def as_row(self) -> ReplyRow:
        """The plain record."""
        return ReplyRow(self.text, self.by, self.at)


class CourseVersion(models.Model):
    """A course file that grades were computed by, and what had to be known of it."""

    digest = models.CharField(max_length=64)
    text = models.TextField()
    reason = models.TextField()
    by = models.CharField(max_length=255)
    at = models.DateTimeField()

    def as_row(self) -> CourseVersionRow:
        """The plain record."""
        return CourseVersionRow(self.pk, self.digest, self.text, self.reason, self.by, self.at)


class Action(models.Model):
    """What staff changed: who, when, what of whom, and why."""

    at = models.DateTimeField()
    by = models.CharField(max_length=255)
    what = models.CharField(max_length=64)
    subject = models.CharField(max_length=255)
    detail = models.TextField()
    reason = models.TextField()

    class Meta:
        indexes = (models.Index(fields=["subject"], name="action_subject"),)

    def as_row(self) -> ActionRow:
        """The plain record."""
        return ActionRow(self.at, self.by, self.what, self.subject, self.detail, self.reason)


class Event(models.Model):
    """One line of history, written in the transaction that it tells of."""

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="events")
    at = models.DateTimeField()
    what = models.CharField(max_length=32)
    detail = models.TextField()

    def as_row(self) -> EventRow:
        """The plain record."""
        return EventRow(self.at, self.what, self.detail)
