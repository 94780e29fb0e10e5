"""Accounts and roles as instructors change them; each change is in the course's record."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from grader.store import Store, StudentRow
from grader.web.account.inviting import standing
from grader.web.models import Account, StaffRole
from grader.web.visits import Role

_AT_ONCE = 500
_LONGEST_SECTION = 64


class CannotChange(Exception):
    """An account can't be made or changed that way; the message says why."""


@dataclass(frozen=True)
class Made:
    """Accounts that were made; `taken` are students whose login is somebody else's."""

    accounts: tuple[str, ...]
    taken: tuple[str, ...]


def without_account(students: Iterable[StudentRow]) -> list[StudentRow]:
    """Those students whom no account is of."""
    known = set(Account.objects.exclude(student="").values_list("student", flat=True))
    return [row for row in students if row.identifier not in known]


def make_student_accounts(store: Store, *, by: str) -> Made:
    """An account, without a password, for everybody on the roster who has none."""
    with transaction.atomic():
        logins = {login.casefold() for login in Account.objects.values_list("login", flat=True)}
        missing = without_account(store.roster.students())
        taken = [row for row in missing if row.identifier.casefold() in logins]
        new = [row for row in missing if row.identifier.casefold() not in logins]
        Account.objects.bulk_create(
            (
                Account(
                    login=row.identifier,
                    student=row.identifier,
                    name=row.name,
                    email=row.email,
                    password=make_password(None),
                )
                for row in new
            ),
            batch_size=_AT_ONCE,
        )
        names = tuple(row.identifier for row in new)
        if names:
            store.record.note(
                by=by,
                what="accounts made",
                subject=f"{len(names)} students",
                detail=", ".join(names),
            )
    return Made(names, tuple(row.identifier for row in taken))


def make_staff_account(store: Store, login: str, name: str, email: str, *, by: str) -> Account:
    """An account for somebody who isn't on the roster, without a password and without a role.

    Raises `CannotChange`.
    """
    if store.roster.find(login) is not None:
        raise CannotChange(f"{login} is a student's identifier: choose another login")
    with transaction.atomic():
        _require_free(login)
        account = Account.objects.create_user(login, name=name[:255], email=email[:255])
        store.record.note(by=by, what="account made", subject=login, detail=name)
    return account


def make_student_account(store: Store, student: StudentRow, login: str, *, by: str) -> Account:
    """The account of somebody on the roster, without a password. Raises `CannotChange`."""
    name = student.identifier
    with transaction.atomic():
        if theirs := Account.objects.filter(student=name).first():
            raise CannotChange(f"{name} has an account already: {theirs.login}")
        if login != name and store.roster.find(login) is not None:
            raise CannotChange(f"{login} is another student's identifier: choose another login")
        _require_free(login)
        account = Account.objects.create_user(
            login, student=name, name=student.name[:255], email=student.email[:255]
        )
        store.record.note(by=by, what="account made", subject=login, detail=f"of student {name}")
    return account


def set_password(store: Store, account: Account, password: str, *, by: str) -> None:
    """Let somebody log in by this password from now on; links of theirs end.

    Raises `CannotChange` for a password that is too easy.
    """
    try:
        validate_password(password, account)
    except ValidationError as error:
        raise CannotChange(" ".join(error.messages)) from error
    with transaction.atomic():
        account.set_password(password)
        account.save(update_fields=["password"])
        now = timezone.now()
        standing(now).filter(account=account).update(used_at=now)
        store.record.note(by=by, what="password set", subject=account.login, detail="by staff")


def give_role(store: Store, account: Account, role: Role, section: str, *, by: str) -> None:
    """Let somebody be a TA of a section, or of all (""), or an instructor.

    Raises `CannotChange`.
    """
    if role is Role.STUDENT:
        raise CannotChange("who is a student, the roster says")
    if role is Role.INSTRUCTOR and section:
        raise CannotChange("an instructor is one for all sections")
    if len(section) > _LONGEST_SECTION:
        raise CannotChange(f"a section's name has at most {_LONGEST_SECTION} characters")
    detail = role_text(role, section)
    with transaction.atomic():
        _, is_new = StaffRole.objects.get_or_create(account=account, role=role, section=section)
        if not is_new:
            raise CannotChange(f"{account.login} is {detail} already")
        store.record.note(by=by, what="role given", subject=account.login, detail=detail)


def take_role(store: Store, role: StaffRole, *, by: str) -> None:
    """Take a role away. Raises `CannotChange` for that of the last instructor."""
    login, detail = role.account.login, role_text(Role(role.role), role.section)
    with _an_instructor_stays():
        role.delete()
        store.record.note(by=by, what="role taken", subject=login, detail=detail)


def set_active(store: Store, account: Account, is_active: bool, *, by: str) -> None:
    """Let somebody log in, or not any more. Raises `CannotChange` for the last instructor."""
    what = "account let in again" if is_active else "account shut"
    with _an_instructor_stays():
        Account.objects.filter(pk=account.pk).update(is_active=is_active)
        store.record.note(by=by, what=what, subject=account.login, detail="")


def role_text(role: Role, section: str) -> str:
    """A role for people.

    >>> role_text(Role.TA, "LEC0101")
    'TA of LEC0101'
    """
    if role is Role.INSTRUCTOR:
        return "instructor"
    return f"TA of {section}" if section else "TA of all sections"


def instructors() -> "QuerySet[StaffRole]":
    """The roles of the instructors who can log in."""
    return StaffRole.objects.filter(role=Role.INSTRUCTOR, account__is_active=True)


def _require_free(login: str) -> None:
    if not login or len(login) > 128 or not login.isprintable() or " " in login:
        raise CannotChange(f"{login[:40]!r} is no login: letters and digits without blanks")
    if Account.objects.filter(login__iexact=login).exists():
        raise CannotChange(f"there is an account {login} already")


@contextmanager
def _an_instructor_stays() -> Iterator[None]:
    """Undo what is done within if nobody could run the course after it."""
    with transaction.atomic():
        # Locked, so that two instructors can't take each other's role away at once.
        list(instructors().select_for_update(of=("self",)))
        yield
        if not instructors().exists():
            raise CannotChange("that is the last instructor: give somebody else the role first")
