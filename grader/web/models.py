"""Who may log in, and as what. Students' work is in `grader.store`."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class Accounts(BaseUserManager["Account"]):
    """Makes accounts."""

    def create_user(self, login: str, password: str | None = None, **fields: str) -> "Account":
        """A new account; without a password nobody can log in by one."""
        account = self.model(login=login, **fields)
        account.set_password(password)
        account.save(using=self._db)
        return account


class Account(AbstractBaseUser):
    """Somebody who can log in. `student` is the roster's identifier; staff have none.

    Whether that student is in the course, the roster says, at every request.
    """

    login = models.CharField(max_length=128, unique=True)
    name = models.CharField(max_length=255, blank=True)
    email = models.CharField(max_length=255, blank=True)
    student = models.CharField(max_length=128, blank=True, db_index=True)
    zone = models.CharField(max_length=64, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "login"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []  # pyright: ignore[reportIncompatibleVariableOverride]
    objects: ClassVar[Accounts] = Accounts()  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.login

    def get_full_name(self) -> str:
        """The name for people."""
        return self.name or self.login


class StaffRole(models.Model):
    """What an account may do as staff: `ta` or `instructor`; a TA of a section, or of all ("")."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="roles")
    role = models.CharField(max_length=16)
    section = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["account", "role", "section"], name="role_once"),
        )


class Token(models.Model):
    """What a script or the `course` command shows instead of a password; kept as its hash only."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="tokens")
    label = models.CharField(max_length=128)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)


class DeviceLogin(models.Model):
    """A command that waits for somebody to let it in, by the code that it shows (RFC 8628).

    `account` is who let it in; `asked_at` is when the command asked last.
    """

    digest = models.CharField(max_length=64, unique=True)
    code = models.CharField(max_length=16, unique=True)
    label = models.CharField(max_length=128)
    account = models.ForeignKey(Account, models.CASCADE, null=True, related_name="devices")
    denied = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)


class Invitation(models.Model):
    """A link by which somebody sets their first password; used once, and kept as its hash."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="invitations")
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class Draft(models.Model):
    """What somebody has typed for a question of a submission, and not given as a mark yet.

    `text` is the comment; `marks` are the other fields of the form, as they were typed.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="drafts")
    submission = models.BigIntegerField()
    question = models.CharField(max_length=64)
    text = models.TextField(blank=True)
    marks = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["account", "submission", "question"], name="one_draft_of_a_question"
            ),
        )
