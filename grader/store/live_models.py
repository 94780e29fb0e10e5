"""The tables of what goes on just now. Losing their rows loses no result."""

from django.db import models

from grader.store.records import HoldRow, PauseRow, WorkerRow


class Step(models.Model):
    """What a running submission is doing just now; overwritten by what it does next."""

    submission = models.OneToOneField("store.Submission", models.PROTECT, primary_key=True)
    text = models.CharField(max_length=255)
    at = models.DateTimeField()


class Worker(models.Model):
    """A process that grades, and when it was last heard of."""

    name = models.CharField(max_length=128, unique=True)
    jobs = models.PositiveIntegerField()
    doing = models.CharField(max_length=255)
    seen_at = models.DateTimeField()

    def as_row(self) -> WorkerRow:
        """The plain record."""
        return WorkerRow(self.name, self.jobs, self.doing, self.seen_at)


class Pause(models.Model):
    """An assignment whose submissions wait until staff let them be graded again."""

    assignment = models.CharField(max_length=128, unique=True)
    by = models.CharField(max_length=255)
    at = models.DateTimeField()
    reason = models.TextField()

    def as_row(self) -> PauseRow:
        """The plain record."""
        return PauseRow(self.assignment, self.by, self.at, self.reason)


class Hold(models.Model):
    """Who has a question of a submission before them, so that nobody else marks it meanwhile."""

    submission_id: int
    submission = models.ForeignKey("store.Submission", models.PROTECT, related_name="holds")
    question = models.CharField(max_length=128)
    by = models.CharField(max_length=255)
    until = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["submission", "question"], name="held_by_one"),
        )

    def as_row(self) -> HoldRow:
        """The plain record. Costs no query."""
        return HoldRow(self.submission_id, self.question, self.by, self.until)
