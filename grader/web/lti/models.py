"""Which LMS may log people in, whom it has, which of its links lead where, and what was sent.

Nothing that a score was sent through is ever deleted: it is switched off.
"""

from django.db import models

from grader.web.models import Account


class Identified(models.TextChoices):
    """Which claim of an LMS has the roster's identifier of a student."""

    SOURCED_ID = "sourcedid", "its own id of the person (lis person_sourcedid)"
    CUSTOM = "custom", "the custom parameter “student”"
    NOWHERE = "", "none: people are found by address only"


class Platform(models.Model):
    """An LMS. `client` is the id that it gave us; `issuer` is what it calls itself.

    `emails_verified` says that nobody there can give themselves somebody else's address.
    """

    name = models.CharField(max_length=128)
    issuer = models.CharField(max_length=255)
    client = models.CharField(max_length=255)
    login_url = models.CharField(max_length=1024)
    token_url = models.CharField(max_length=1024)
    keys_url = models.CharField(max_length=1024)
    identified_by = models.CharField(max_length=16, blank=True)
    emails_verified = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["issuer", "client"], name="lti_platform_once"),
        )

    def __str__(self) -> str:
        return self.name


class Deployment(models.Model):
    """One installation of our tool in an LMS, such as in one of its courses."""

    platform = models.ForeignKey(Platform, models.PROTECT, related_name="deployments")
    identifier = models.CharField(max_length=255)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["platform", "identifier"], name="lti_deployment_once"),
        )


class ToolKey(models.Model):
    """A key that we sign with: PEM, encrypted by the course's secret."""

    text = models.TextField()
    made_at = models.DateTimeField()


class UsedNonce(models.Model):
    """A launch that was taken; a second one with its nonce is a copy."""

    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(db_index=True)


class Person(models.Model):
    """Whose account it is that the LMS means by a subject."""

    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=191)
    account = models.ForeignKey(Account, models.CASCADE, related_name="lms_people")
    launched_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["issuer", "subject"], name="lti_subject_once"),
        )


class Member(models.Model):
    """In which course of the LMS, its `context`, a person is."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="courses")
    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="members")
    context = models.CharField(max_length=255, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["person", "deployment", "context"], name="lti_member_once"
            ),
        )


class Link(models.Model):
    """A link in the LMS that leads here. `column` is the URL of its line item in the gradebook.

    `may_send` says that the LMS lets us write scores there.
    """

    deployment = models.ForeignKey(Deployment, models.PROTECT, related_name="links")
    resource = models.CharField(max_length=255)
    title = models.CharField(max_length=255, blank=True)
    context = models.CharField(max_length=255, blank=True)
    context_title = models.CharField(max_length=255, blank=True)
    assignment = models.CharField(max_length=128, blank=True, db_index=True)
    column = models.TextField(blank=True)
    may_send = models.BooleanField(default=False)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["deployment", "resource"], name="lti_link_once"),
        )

    @property
    def course(self) -> str:
        """The LMS's course, for people."""
        return self.context_title or self.context or "a course without a title"


class Sent(models.Model):
    """A score that the LMS took. Only the newest of a column and subject is there now."""

    link = models.ForeignKey(Link, models.PROTECT, related_name="sent")
    assignment = models.CharField(max_length=128, db_index=True)
    column = models.TextField()
    subject = models.CharField(max_length=191)
    student = models.CharField(max_length=128)
    points = models.FloatField()
    possible = models.FloatField()
    at = models.DateTimeField()
    by = models.CharField(max_length=128)
